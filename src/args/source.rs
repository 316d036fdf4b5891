//! Where a socket speaks from.

use std::net::Ipv6Addr;

use clap::Args;
use nix::errno::Errno;

use crate::net::{
    Address, CallError, DEFAULT_PORT, Endpoint, EndpointError, Family, HostPort, Port, Socket,
};

/// The source address.
#[derive(Args, Clone, Debug, Default)]
pub struct SourceArgs {
    /// The address to speak from: HOST, HOST:PORT or :PORT
    #[arg(long, value_name = "ADDR")]
    bind: Option<String>,
}

impl SourceArgs {
    /// The source as typed, with port 0 where none is named; `None` leaves it to the kernel.
    pub fn bind(&self) -> Result<Option<HostPort>, EndpointError> {
        let Some(word) = &self.bind else {
            return Ok(None);
        };
        match Endpoint::parse(word).map_err(|error| of_source(word, error))? {
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

    /// Bind a socket that will speak to a target of family `target` to that one of `sources`.
    pub fn apply(
        &self,
        socket: &mut Socket,
        target: Family,
        sources: &[Address],
    ) -> Result<(), CallError> {
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

/// A source has no port that it is likely to want.
fn of_source(word: &str, error: EndpointError) -> EndpointError {
    match word.parse::<Ipv6Addr>() {
        // What could be an address with its port is hinted at as that.
        Ok(_) if error.hint == Some(format!("[{word}]:{DEFAULT_PORT}")) => EndpointError {
            hint: Some(format!("[{word}]")),
            ..error
        },
        _ => error,
    }
}
