//! Where a socket speaks from.

use clap::Args;
use nix::errno::Errno;

use crate::net::{Address, CallError, Endpoint, EndpointError, Family, HostPort, Port, Socket};

/// The most bytes that an interface's name may have, netdevice(7): IFNAMSIZ less its NUL.
const NAME_LIMIT: usize = 15;

/// The network interface.
#[derive(Args, Clone, Debug, Default)]
pub struct InterfaceArgs {
    /// The network interface to use (SO_BINDTODEVICE)
    #[arg(long, value_name = "IF", value_parser = interface)]
    interface: Option<String>,
}

/// The source address and the interface.
#[derive(Args, Clone, Debug, Default)]
pub struct SourceArgs {
    /// The address to speak from: HOST, HOST:PORT or :PORT
    #[arg(long, value_name = "ADDR")]
    bind: Option<String>,
    #[command(flatten)]
    interface: InterfaceArgs,
}

impl InterfaceArgs {
    /// Bind a socket to the interface, if one was named.
    pub fn apply(&self, socket: &Socket) -> Result<(), CallError> {
        let Some(name) = &self.interface else {
            return Ok(());
        };
        let shown = format_args!("{name:?}");
        socket.setsockopt(
            libc::SOL_SOCKET,
            libc::SO_BINDTODEVICE,
            name.as_bytes(),
            shown,
        )
    }
}

impl SourceArgs {
    /// The source as typed, with port 0 where none is named; `None` leaves it to the kernel.
    pub fn bind(&self) -> Result<Option<HostPort>, EndpointError> {
        let Some(word) = &self.bind else {
            return Ok(None);
        };
        match Endpoint::parse(word)? {
            Endpoint::Network(HostPort { host, port }) => Ok(Some(HostPort {
                host,
                port: port.or(Some(Port::Number(0))),
            })),
            Endpoint::Inherited(_) => Err(EndpointError {
                why: "a source address is no descriptor".to_owned(),
                hint: Some("--bind HOST, HOST:PORT or :PORT".to_owned()),
            }),
        }
    }

    /// Bind a socket that will speak to a target of family `target` to that one of `sources`, and to the interface.
    pub fn apply(
        &self,
        socket: &mut Socket,
        target: Family,
        sources: &[Address],
    ) -> Result<(), CallError> {
        self.interface.apply(socket)?;
        match (
            sources.iter().find(|source| source.family() == target),
            sources.first(),
        ) {
            (Some(source), _) => socket.bind(source),
            (None, None) => Ok(()),
            // A source of the other family never reaches the target: the kernel's word for it.
            (None, Some(other)) => Err(CallError::new("bind", other, Errno::EAFNOSUPPORT)),
        }
    }
}

/// An interface's name; the kernel would cut a longer one and take another interface.
fn interface(word: &str) -> Result<String, String> {
    if word.is_empty() || word.len() > NAME_LIMIT {
        return Err(format!("an interface's name has 1 to {NAME_LIMIT} bytes"));
    }
    Ok(word.to_owned())
}
