//! Classic BPF: instructions and labels in, a program out. Filters only ever jump forward.

use super::parse::{FilterError, error};

/// The most instructions that the kernel takes, BPF_MAXINSNS.
pub const PROGRAM_LIMIT: usize = 4096;

/// `struct sock_filter` of `<linux/filter.h>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What is done.
    pub code: u16,
    /// How many instructions are left out where the condition holds.
    pub then: u8,
    /// How many where it does not.
    pub otherwise: u8,
    /// The operand.
    pub k: u32,
}

/// A place in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(usize);

/// What is done with the accumulator, or to it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
    /// A byte, two, or four at an offset.
    Byte,
    Half,
    Word,
    /// Two bytes at an offset beyond the index register.
    HalfBeyond,
    /// The length of an IPv4 header at an offset, into the index register.
    HeaderLength,
    /// The bits of the operand alone are kept.
    Mask,
    /// How many bytes the packet has.
    Length,
    /// The operand is added.
    Add,
    /// The index register is taken away.
    LessIndex,
    /// A byte, or four, at an offset beyond the index register.
    ByteBeyond,
    WordBeyond,
    /// The operand itself.
    Number,
    /// What is loaded is kept in this place, or is the index register's from now on.
    Keep,
    ToIndex,
    /// What was kept in this place, into the index register.
    IndexKept,
    /// The index register is added.
    AddIndex,
    /// The operand, or the index register, is reckoned with.
    Compute(Operator),
    ComputeIndex(Operator),
}

/// What two numbers of 32 bits make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    And,
    Or,
    Xor,
    Left,
    Right,
}

/// What the accumulator is compared by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition {
    Equal,
    Greater,
    AtLeast,
    AnyBit,
    /// The same with the index register in place of the operand.
    EqualIndex,
    GreaterIndex,
    AtLeastIndex,
}

#[derive(Debug)]
enum Op {
    Load(Load, u32),
    Jump(Condition, u32, Label, Label),
    Place(Label),
    Return(u32),
}

/// A program that is being written.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    ops: Vec<Op>,
    labels: usize,
}

const JUMP: u16 = 0x05;

impl Assembler {
    /// A label that is yet to be placed.
    pub(super) fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    /// The label is here.
    pub(super) fn place(&mut self, label: Label) {
        self.ops.push(Op::Place(label));
    }

    /// Load, or mask what is loaded.
    pub(super) fn load(&mut self, load: Load, k: u32) {
        self.ops.push(Op::Load(load, k));
    }

    /// Go on at one label or the other.
    pub(super) fn jump(&mut self, condition: Condition, k: u32, then: Label, otherwise: Label) {
        self.ops.push(Op::Jump(condition, k, then, otherwise));
    }

    /// End, keeping so many bytes.
    pub(super) fn finish(&mut self, kept: u32) {
        self.ops.push(Op::Return(kept));
    }

    /// The program. A conditional jump reaches 255 instructions far; one that must go farther leads to two that go
    /// anywhere.
    pub(super) fn program(&self) -> Result<Vec<Instruction>, FilterError> {
        let mut far = vec![false; self.ops.len()];
        loop {
            let places = self.places(&far);
            let mut grown = false;
            let mut at = 0;
            for (op, far) in self.ops.iter().zip(&mut far) {
                at += size(op, *far);
                if let Op::Jump(_, _, then, otherwise) = op
                    && !*far
                    && [then, otherwise]
                        .iter()
                        .any(|to| reach(&places, **to, at) > 255)
                {
                    *far = true;
                    grown = true;
                }
            }
            if !grown {
                return self.write(&far, &places);
            }
        }
    }

    fn places(&self, far: &[bool]) -> Vec<usize> {
        let (mut places, mut at) = (vec![0; self.labels], 0);
        for (op, far) in self.ops.iter().zip(far) {
            if let Op::Place(Label(label)) = op
                && let Some(place) = places.get_mut(*label)
            {
                *place = at;
            }
            at += size(op, *far);
        }
        places
    }

    fn write(&self, far: &[bool], places: &[usize]) -> Result<Vec<Instruction>, FilterError> {
        let mut program = Vec::new();
        for (op, far) in self.ops.iter().zip(far) {
            let at = program.len() + size(op, *far);
            match op {
                Op::Place(_) => {}
                Op::Return(kept) => program.push(plain(0x06, *kept)),
                Op::Load(load, k) => program.push(plain(load.code(), *k)),
                Op::Jump(condition, k, then, otherwise) if *far => {
                    let to = |label, from| u32::try_from(reach(places, label, from)).unwrap_or(0);
                    program.push(Instruction {
                        otherwise: 1,
                        ..plain(condition.code(), *k)
                    });
                    program.push(plain(JUMP, to(*then, at - 1)));
                    program.push(plain(JUMP, to(*otherwise, at)));
                }
                Op::Jump(condition, k, then, otherwise) => {
                    let to = |label| u8::try_from(reach(places, label, at)).unwrap_or(0);
                    program.push(Instruction {
                        then: to(*then),
                        otherwise: to(*otherwise),
                        ..plain(condition.code(), *k)
                    });
                }
            }
        }
        if program.len() > PROGRAM_LIMIT {
            let why = format!(
                "it takes {} instructions, and the kernel takes {PROGRAM_LIMIT}",
                program.len()
            );
            return Err(error(why));
        }
        Ok(program)
    }
}

/// How many instructions lie between here and a label.
fn reach(places: &[usize], Label(label): Label, at: usize) -> usize {
    places
        .get(label)
        .map_or(0, |place| place.saturating_sub(at))
}

fn size(op: &Op, far: bool) -> usize {
    match op {
        Op::Place(_) => 0,
        Op::Jump(..) if far => 3,
        _ => 1,
    }
}

fn plain(code: u16, k: u32) -> Instruction {
    Instruction {
        code,
        then: 0,
        otherwise: 0,
        k,
    }
}

impl Load {
    fn code(self) -> u16 {
        match self {
            Self::Word => 0x20,
            Self::Half => 0x28,
            Self::Byte => 0x30,
            Self::HalfBeyond => 0x48,
            Self::HeaderLength => 0xb1,
            Self::Mask => 0x54,
            Self::Length => 0x80,
            Self::Add => 0x04,
            Self::LessIndex => 0x1c,
            Self::ByteBeyond => 0x50,
            Self::WordBeyond => 0x40,
            Self::Number => 0x00,
            Self::Keep => 0x02,
            Self::ToIndex => 0x07,
            Self::IndexKept => 0x61,
            Self::AddIndex => 0x0c,
            Self::Compute(operator) => operator.code(),
            Self::ComputeIndex(operator) => operator.code() | 8,
        }
    }

    /// How many bytes of the packet it looks at, at its offset.
    pub(super) fn size(self) -> u32 {
        match self {
            Self::Byte | Self::HeaderLength => 1,
            Self::Half | Self::HalfBeyond => 2,
            Self::Word => 4,
            _ => 0,
        }
    }
}

impl Condition {
    fn code(self) -> u16 {
        match self {
            Self::Equal => 0x15,
            Self::Greater => 0x25,
            Self::AtLeast => 0x35,
            Self::AnyBit => 0x45,
            Self::EqualIndex => 0x1d,
            Self::GreaterIndex => 0x2d,
            Self::AtLeastIndex => 0x3d,
        }
    }
}

impl Operator {
    fn code(self) -> u16 {
        match self {
            Self::Add => 0x04,
            Self::Subtract => 0x14,
            Self::Multiply => 0x24,
            Self::Divide => 0x34,
            Self::Or => 0x44,
            Self::And => 0x54,
            Self::Left => 0x64,
            Self::Right => 0x74,
            Self::Modulo => 0x94,
            Self::Xor => 0xa4,
        }
    }

    /// Why the kernel does not take this number on the right.
    pub(super) fn refuses(self, right: u32) -> Option<&'static str> {
        match self {
            Self::Divide | Self::Modulo if right == 0 => Some("a division by 0"),
            Self::Left | Self::Right if right > 31 => Some("a shift is by 0 to 31 bits"),
            _ => None,
        }
    }

    /// What two numbers make of which the right one is not refused.
    pub(super) fn of(self, left: u32, right: u32) -> u32 {
        match self {
            Self::Add => left.wrapping_add(right),
            Self::Subtract => left.wrapping_sub(right),
            Self::Multiply => left.wrapping_mul(right),
            Self::Divide => left.checked_div(right).unwrap_or(0),
            Self::Modulo => left.checked_rem(right).unwrap_or(0),
            Self::And => left & right,
            Self::Or => left | right,
            Self::Xor => left ^ right,
            Self::Left => left.wrapping_shl(right),
            Self::Right => left.wrapping_shr(right),
        }
    }
}
