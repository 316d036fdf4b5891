//! Relations as a program: numbers are made in the accumulator, and kept while another one is made.

use super::assembler::{Condition, Label, Load};
use super::compile::{Compiler, OFFSET, Sight};
use super::relation::{Comparison, Header, Number, Relation};
use super::words::{IPV4, IPV6};

/// No packet is so long, and no offset in one so large.
const FAR: u32 = 1 << 24;

impl Compiler {
    /// Whether the packet has the headers that the numbers are of, and the numbers are so to each other.
    pub(super) fn relation(&mut self, relation: &Relation, yes: Label, no: Label) {
        let Relation {
            left,
            comparison,
            opposite,
            right,
        } = relation;
        self.has_headers(left, no);
        self.has_headers(right, no);
        let (yes, no) = if *opposite { (no, yes) } else { (yes, no) };
        if let Number::Plain(right) = right {
            self.number(left, 0, no);
            let condition = match comparison {
                Comparison::Equal => Condition::Equal,
                Comparison::Greater => Condition::Greater,
                Comparison::AtLeast => Condition::AtLeast,
            };
            return self.assembler.jump(condition, *right, yes, no);
        }
        self.two(left, right, 0, no);
        let condition = match comparison {
            Comparison::Equal => Condition::EqualIndex,
            Comparison::Greater => Condition::GreaterIndex,
            Comparison::AtLeast => Condition::AtLeastIndex,
        };
        self.assembler.jump(condition, 0, yes, no);
    }

    fn has_headers(&mut self, number: &Number, no: Label) {
        match number {
            Number::Plain(_) | Number::Length => {}
            Number::Of(_, left, right) => {
                self.has_headers(left, no);
                self.has_headers(right, no);
            }
            Number::Bytes(header, at, _) => {
                self.has_headers(at, no);
                self.has(*header, no);
            }
        }
    }

    fn has(&mut self, header: Header, no: Label) {
        let here = self.assembler.label();
        match header {
            Header::Link => {
                self.link(no);
                return;
            }
            Header::Network(ethertype) => self.carries(ethertype, here, no),
            Header::Inside4(protocol) => {
                let inside = self.assembler.label();
                self.last(IPV4, no, |this| this.inside_v4(Some(protocol), inside, no));
                self.assembler.place(inside);
                self.load(Load::Half, self.network() + 6);
                self.assembler.jump(Condition::AnyBit, OFFSET, no, here);
            }
            Header::Inside6(protocol) => {
                let at = self.network().wrapping_add(6);
                self.last(IPV6, no, |this| match this.sight {
                    Sight::Ipv6(known) => this.always(known == protocol, here, no),
                    _ => this.is(Load::Byte, at, protocol.into(), here, no),
                });
            }
        }
        self.assembler.place(here);
    }

    /// Make a number, in the accumulator; `kept` others are kept meanwhile.
    fn number(&mut self, number: &Number, kept: u32, no: Label) {
        match number {
            Number::Plain(number) => self.assembler.load(Load::Number, *number),
            Number::Length => self.assembler.load(Load::Length, 0),
            Number::Bytes(header, at, size) => self.bytes(*header, at, *size, kept, no),
            Number::Of(operator, left, right) => {
                if let Number::Plain(right) = **right {
                    self.number(left, kept, no);
                    self.assembler.load(Load::Compute(*operator), right);
                } else {
                    self.two(left, right, kept, no);
                    self.assembler.load(Load::ComputeIndex(*operator), 0);
                }
            }
        }
    }

    /// Make two: the left one in the accumulator, the right one in the index register.
    fn two(&mut self, left: &Number, right: &Number, kept: u32, no: Label) {
        self.number(right, kept, no);
        self.assembler.load(Load::Keep, kept);
        self.number(left, kept + 1, no);
        self.assembler.load(Load::IndexKept, kept);
    }

    fn bytes(&mut self, header: Header, at: &Number, size: u32, kept: u32, no: Label) {
        let start = match (header, self.sight) {
            // What is not there was asked for before.
            (Header::Link, Sight::Ethernet | Sight::Ipv4 | Sight::Ipv6(_)) => 0,
            (Header::Link, Sight::Cooked) => super::link::LINK,
            (Header::Inside6(_), Sight::Ipv6(_)) => 0,
            (Header::Inside6(_), _) => self.network() + 40,
            _ => self.network(),
        };
        let (load, beyond) = match size {
            1 => (Load::Byte, Load::ByteBeyond),
            2 => (Load::Half, Load::HalfBeyond),
            _ => (Load::Word, Load::WordBeyond),
        };
        if let (Number::Plain(at @ ..FAR), false) = (at, matches!(header, Header::Inside4(_))) {
            return self.load(load, start.wrapping_add(*at));
        }
        self.number(at, kept, no);
        if let Header::Inside4(_) = header {
            self.assembler.load(Load::HeaderLength, self.network());
            self.assembler.load(Load::AddIndex, 0);
        }
        let (short, near, enough) = (self.short, self.assembler.label(), self.assembler.label());
        self.assembler.jump(Condition::AtLeast, FAR, short, near);
        self.assembler.place(near);
        self.assembler.load(Load::ToIndex, 0);
        if start < FAR {
            self.assembler.load(Load::Length, 0);
            self.assembler.load(Load::Add, FAR);
            self.assembler.load(Load::LessIndex, 0);
            let least = FAR + start + size;
            self.assembler
                .jump(Condition::AtLeast, least, enough, short);
        } else {
            self.always(true, enough, short);
        }
        self.assembler.place(enough);
        self.assembler.load(beyond, start);
    }
}
