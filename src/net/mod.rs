//! The socket API: one method is one system call, told as it happens.
//!
//! This floor opens, names and configures sockets. It has no loop, no clock and no output of its own: what a call did
//! is handed to [`Explain`], what it refused comes back as a [`CallError`].

mod account;
mod address;
mod ancillary;
mod batch;
mod credentials;
mod endpoint;
mod error;
mod explain;
mod family;
mod inherit;
mod interface;
mod limit;
mod link_name;
mod message;
mod moving;
mod multicast;
mod network;
mod packet;
mod packet_ring;
mod poll;
mod privilege;
mod record;
mod resolve;
mod rights;
mod service_manager;
mod socket;
mod socket_option;
mod stamped;
mod sys;
mod tcp_info;
mod unix_name;
mod unix_path;

pub mod sockopt;

pub use account::{Account, group, group_name, user_name};
pub use address::Address;
pub use ancillary::{Control, Notes};
pub use batch::{BATCH, Inbox, Letter, Memory, Slot};
pub use credentials::Credentials;
pub use endpoint::{DEFAULT_PORT, Descriptor, Endpoint, EndpointError, Host, HostPort, Port};
pub use error::{CallError, errno_name, reason};
pub use explain::{Explain, Outcome, Quoted, Told};
pub use family::{Family, Kind, Protocol};
pub use inherit::{InheritError, inherit, inherit_descriptor, inherit_systemd};
pub use interface::{addresses_of_interfaces, index_of_interface, name_of_interface};
pub use limit::{descriptor_limit, raise_descriptor_limit, with_descriptor_limit};
pub use link_name::LinkName;
pub use moving::widen_pipe;
pub use multicast::Membership;
pub use network::Network;
pub use packet::{Batch, Envelope};
pub use packet_ring::PacketRing;
pub use poll::{milliseconds, poll_readable, poll_writable};
pub use privilege::{
    bound_privileges, drop_privileges, drop_what_sockets_needed, gain_no_privileges, raise_net_raw,
};
pub use resolve::{NameError, Names, Resolver};
pub use rights::Handed;
pub use service_manager::notify_ready;
pub use socket::{Recv, Send, Shutdown, Socket};
pub use stamped::{Stamped, ToldError};
pub use sys::{begin, keep_from_children, notify, open_process, restore_sigpipe};
pub use tcp_info::{Moved, RoundTrip};
pub use unix_name::{UnixName, UnixNameError};
pub use unix_path::{BoundPath, SocketFile, bind_unix};
