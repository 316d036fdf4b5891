//! `sockkit tcp`: a TCP connection joined to stdin and stdout (socket, connect, listen, accept, send, recv, shutdown).

mod connect;
mod dial;
mod event;
mod listen;
mod peer_certificate;
mod probe;
mod retry;

use clap::{Args, Subcommand};

use self::connect::Connect;
use self::listen::Listen;
use super::Desk;
use crate::net::{Kind, Protocol};
use crate::output::Exit;

/// Connect to, or listen on, a TCP port
#[derive(Args, Debug)]
pub struct Tcp {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Connect(Connect),
    Listen(Listen),
}

/// Transports that are used like TCP.
#[derive(Args, Clone, Copy, Debug)]
struct TransportArgs {
    /// Multipath TCP (IPPROTO_MPTCP)
    #[arg(long)]
    mptcp: bool,
    /// SCTP in its one-to-one style (IPPROTO_SCTP)
    #[arg(long, conflicts_with = "mptcp")]
    sctp: bool,
    /// DCCP (SOCK_DCCP, IPPROTO_DCCP)
    #[arg(long, conflicts_with_all = ["mptcp", "sctp"])]
    dccp: bool,
}

impl Tcp {
    /// Connect, or listen.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        match &self.verb {
            Verb::Connect(connect) => connect.run(desk),
            Verb::Listen(listen) => listen.run(desk),
        }
    }
}

impl TransportArgs {
    fn socket(self) -> (Kind, Protocol) {
        match self {
            Self { mptcp: true, .. } => (Kind::Stream, Protocol::MPTCP),
            Self { sctp: true, .. } => (Kind::Stream, Protocol::SCTP),
            Self { dccp: true, .. } => (Kind::Dccp, Protocol::DCCP),
            _ => (Kind::Stream, Protocol::TCP),
        }
    }

    fn word(self) -> &'static str {
        self.socket().1.word().unwrap_or("tcp")
    }
}
