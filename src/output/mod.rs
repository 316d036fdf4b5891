//! Events out: each has a human face and a JSON line, and nothing else ever asks which one is wanted.

mod bytes;
mod event;
mod exit;
mod failure;
mod harmless;
mod hexdump;

pub use bytes::Bytes;
pub use event::{Event, Face, Output, Style};
pub use exit::Exit;
pub use failure::{Failure, Usage};
pub use harmless::{Harmless, harmless};
pub use hexdump::HexDump;
