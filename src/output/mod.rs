//! Events out: each has a human face and a JSON line, and nothing else ever asks which one is wanted.

mod bytes;
mod connection;
mod datagram;
mod dump;
mod event;
mod exit;
mod failure;
mod harmless;
mod hexdump;
mod palette;
mod progress;
mod qr_code;
mod service;
mod talk;
mod transfer;

pub use bytes::Bytes;
pub use connection::{
    Accepted, Closed, Connected, HandedOver, Listening, PeerCredentials, Received, Warning,
};
pub use datagram::{Datagram, Dropped, FirstHeard, LeftOut, Record, Sender, Sent};
pub use dump::{Direction, Dump, DumpForm};
pub use event::{Event, Face, Output, Style};
pub use exit::Exit;
pub use failure::{Failure, NoAnswer, Usage};
pub use harmless::{Harmless, harmless};
pub use hexdump::HexDump;
pub use palette::Palette;
pub use progress::Progress;
pub use qr_code::QrCode;
pub use service::{Denied, Noted, Ran, Spoken};
pub use transfer::{Stats, Way, rate};
