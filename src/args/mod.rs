//! Groups of flags that commands share, and their parsers: from what was typed to what is meant.

mod address;
mod duration;
mod framing;
mod host;
mod keepalive;
mod lifetime;
mod local;
mod ports;
mod proxy;
mod ready;
mod retry;
mod shape;
mod sight;
mod size;
mod socket;
mod source;
mod timing;
mod view;

pub use address::{AddressArgs, FamilyArgs, combine};
pub use duration::duration;
pub use framing::{DATAGRAM, FramingArgs};
pub use host::{HostArgs, parse_host};
pub use keepalive::KeepaliveArgs;
pub use lifetime::LifetimeArgs;
pub use local::LocalArgs;
pub use ports::{Ports, combine_ports};
pub use proxy::{PROXY_AUTH, Proxy, ProxyArgs};
pub use ready::{PortArgs, ReadyArgs};
pub use retry::RetryArgs;
pub use shape::{Escaped, ShapeArgs, Typing, escaped};
pub use sight::{DumpForm, SightArgs};
pub use size::size;
pub use socket::{Preparation, SocketArgs};
pub use source::SourceArgs;
pub use timing::TimingArgs;
pub use view::{FromHex, ViewArgs, from_hex};
