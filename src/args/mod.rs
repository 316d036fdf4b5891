//! Groups of flags that commands share, and their parsers: from what was typed to what is meant.

mod address;
mod duration;
mod host;
mod payload;
mod ready;

pub use address::{AddressArgs, FamilyArgs};
pub use duration::duration;
pub use host::HostArgs;
pub use payload::{ViewArgs, from_hex};
pub use ready::ReadyArgs;
