//! Groups of flags that commands share, and their parsers: from what was typed to what is meant.

mod address;
mod duration;
mod payload;
mod ready;

pub use address::{AddressArgs, FamilyArgs};
pub use duration::duration;
pub use payload::ViewArgs;
pub use ready::ReadyArgs;
