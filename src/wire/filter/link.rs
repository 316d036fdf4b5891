//! What a filter asks of a link's header: its addresses, and the tags of virtual networks.

use super::assembler::{Condition, Label, Load};
use super::compile::{Compiler, ETHERTYPE, HARDWARE_TYPE, KNOWN, LOOPBACK, Sight};

/// Offsets from here on begin at the link's header: SKF_LL_OFF of `<linux/filter.h>`.
pub(super) const LINK: u32 = 0xffe0_0000;
/// What the kernel knows of the tag that it has taken out, and whether it has.
const TAG: u32 = KNOWN + 44;
pub(super) const IS_TAGGED: u32 = KNOWN + 48;
/// ARPHRD_ETHER.
const ETHERNET: u32 = 1;
/// The types of tags, where the kernel has left one in a frame, and the bits of a tag that name the network.
const TAGS: [u32; 3] = [0x8100, 0x88a8, 0x9100];
const TAG_NAME: u32 = 0xfff;

impl Compiler {
    /// Whether it is of a virtual network: the kernel has taken the tag out of the frame, or has left it there.
    pub(super) fn tagged(&mut self, name: Option<u16>, yes: Label, no: Label) {
        self.blind |= matches!(self.sight, Sight::Ipv4 | Sight::Ipv6(_));
        let [taken, inside, left] = [(); 3].map(|()| self.assembler.label());
        self.is(Load::Byte, IS_TAGGED, 0, inside, taken);
        self.assembler.place(taken);
        self.is_named(TAG, name, yes, no);
        self.assembler.place(inside);
        for ethertype in TAGS {
            let next = self.assembler.label();
            match self.sight {
                Sight::Ethernet => self.is(Load::Half, 12, ethertype, left, next),
                _ => self.is(Load::Word, ETHERTYPE, ethertype, left, next),
            }
            self.assembler.place(next);
        }
        self.always(false, yes, no);
        self.assembler.place(left);
        self.is_named(self.network(), name, yes, no);
    }

    fn is_named(&mut self, tag: u32, name: Option<u16>, yes: Label, no: Label) {
        let Some(name) = name else {
            return self.always(true, yes, no);
        };
        self.load(Load::Half, tag);
        self.assembler.load(Load::Mask, TAG_NAME);
        self.assembler.jump(Condition::Equal, name.into(), yes, no);
    }

    /// Where the header of an Ethernet begins; other links have none, so they are `no`.
    pub(super) fn link(&mut self, no: Label) -> u32 {
        match self.sight {
            Sight::Ethernet => return 0,
            Sight::Cooked => {}
            Sight::Ipv4 | Sight::Ipv6(_) => self.blind = true,
        }
        let (other, here) = (self.assembler.label(), self.assembler.label());
        self.is(Load::Word, HARDWARE_TYPE, ETHERNET, here, other);
        self.assembler.place(other);
        self.assembler.jump(Condition::Equal, LOOPBACK, here, no);
        self.assembler.place(here);
        LINK
    }

    /// Whether an address of an Ethernet is there.
    pub(super) fn mac(&mut self, at: u32, octets: [u8; 6], yes: Label, no: Label) {
        let [a, b, c, d, e, f] = octets;
        let next = self.assembler.label();
        self.is(
            Load::Word,
            at + 2,
            u32::from_be_bytes([c, d, e, f]),
            next,
            no,
        );
        self.assembler.place(next);
        self.is(Load::Half, at, u16::from_be_bytes([a, b]).into(), yes, no);
    }
}
