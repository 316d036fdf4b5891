//! How an option's value is laid out in memory, what it counts, and which of its numbers have names.

use libc::c_int;

use super::record::Field;

/// The layout of an option's value.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// An int that is 0 or 1.
    Bool,
    /// A number.
    Number(Number),
    /// An int whose bits have names.
    Flags(&'static [Name]),
    /// An int that is a constant of the socket API; the function gives its symbol. Such options are only read.
    Symbol(fn(c_int) -> String),
    /// `struct linger`, socket(7).
    Linger,
    /// `struct timeval`; zero means no limit.
    Timeval,
    /// Characters, ended by NUL or by the length.
    Text,
    /// The index of a network interface, 0 for none, in the byte order of the host.
    Interface,
    /// The index of a network interface, 0 for none, in the byte order of the network.
    InterfaceBigEndian,
    /// `struct in_addr`.
    Ipv4,
    /// Two ports in a u32, the lower one in the lower half; 0 for none.
    PortRange,
    /// `struct ip_mreqn`: a group and an interface.
    Membership4,
    /// `struct ipv6_mreq`: a group and an interface.
    Membership6,
    /// A struct that the kernel fills, field by field.
    Record(&'static [Field]),
    /// Bytes, shown and typed as hex.
    Opaque,
}

/// A number's width, unit and names.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// Its width.
    pub width: Width,
    /// What it counts.
    pub unit: Unit,
    /// The numbers that have names.
    pub names: &'static [Name],
}

/// How wide a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// int
    Int,
    /// unsigned int
    U32,
    /// A 64-bit unsigned number.
    U64,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing, or what the option's name says.
    None,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
}

/// A number that has a name: the word that people type, the constant of the socket API, the number.
pub type Name = (&'static str, &'static str, u64);

impl Form {
    /// An int.
    pub const INT: Self = Self::number(Width::Int, Unit::None);
    /// An unsigned int.
    pub const U32: Self = Self::number(Width::U32, Unit::None);
    /// A 64-bit unsigned number.
    pub const U64: Self = Self::number(Width::U64, Unit::None);
    /// An int of bytes.
    pub const SIZE: Self = Self::number(Width::Int, Unit::Bytes);
    /// An int of seconds.
    pub const SECONDS: Self = Self::number(Width::Int, Unit::Seconds);
    /// An int of milliseconds.
    pub const MILLISECONDS: Self = Self::number(Width::Int, Unit::Milliseconds);
    /// An int of microseconds.
    pub const MICROSECONDS: Self = Self::number(Width::Int, Unit::Microseconds);

    /// A number without names.
    pub const fn number(width: Width, unit: Unit) -> Self {
        Self::Number(Number {
            width,
            unit,
            names: &[],
        })
    }

    /// An int some of whose numbers have names.
    pub const fn named(names: &'static [Name]) -> Self {
        Self::Number(Number {
            width: Width::Int,
            unit: Unit::None,
            names,
        })
    }

    /// The word for the type, as `options list` shows it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Number(number) => number.width.word(),
            Self::Flags(_) => "flags",
            Self::Symbol(_) => "constant",
            Self::Linger => "linger",
            Self::Timeval => "timeval",
            Self::Text => "text",
            Self::Interface | Self::InterfaceBigEndian => "interface",
            Self::Ipv4 => "address",
            Self::PortRange => "ports",
            Self::Membership4 | Self::Membership6 => "group",
            Self::Record(_) => "struct",
            Self::Opaque => "hex",
        }
    }

    /// What the value counts; [`Unit::None`] where it counts nothing.
    pub const fn unit(&self) -> Unit {
        match self {
            Self::Number(number) => number.unit,
            Self::Linger => Unit::Seconds,
            _ => Unit::None,
        }
    }

    /// How many bytes the kernel is offered for an answer. Some options insist on the exact length.
    pub(super) const fn capacity(&self) -> usize {
        match self {
            Self::Bool | Self::Flags(_) | Self::Symbol(_) | Self::Ipv4 | Self::PortRange => 4,
            Self::Interface | Self::InterfaceBigEndian => 4,
            Self::Number(number) => number.width.bytes(),
            Self::Linger => size_of::<libc::linger>(),
            Self::Timeval => size_of::<libc::timeval>(),
            Self::Membership4 => size_of::<libc::ip_mreqn>(),
            Self::Membership6 => size_of::<libc::ipv6_mreq>(),
            Self::Text => 256,
            Self::Record(_) | Self::Opaque => 4096,
        }
    }
}

impl Width {
    /// The C type's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::U32 => "u32",
            Self::U64 => "u64",
        }
    }

    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Int | Self::U32 => 4,
            Self::U64 => 8,
        }
    }
}

impl Unit {
    /// The unit's sign, as it stands behind a number; empty where there is none.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes/s",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
        }
    }
}
