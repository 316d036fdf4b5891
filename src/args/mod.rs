//! Groups of flags that commands share, and their parsers: from what was typed to what is meant.

mod address;
mod duration;
mod framing;
mod host;
mod lifetime;
mod local;
mod ready;
mod shape;
mod size;
mod socket;
mod source;
mod timing;
mod tls;
mod view;

pub use address::{AddressArgs, FamilyArgs, combine};
pub use duration::duration;
pub use framing::{DATAGRAM, FramingArgs};
pub use host::HostArgs;
pub use lifetime::LifetimeArgs;
pub use local::LocalArgs;
pub use ready::{PortArgs, ReadyArgs};
pub use shape::{ShapeArgs, Typing};
pub use size::size;
pub use socket::{Preparation, SocketArgs};
pub use source::SourceArgs;
pub use timing::TimingArgs;
pub use tls::{AlpnArgs, ClientTlsArgs, ServerTlsArgs};
pub use view::{FromHex, ViewArgs, from_hex};
