//! `sockkit udp`: datagrams (sendto, recvfrom, and connect on SOCK_DGRAM).

mod connect;
mod listen;
mod send;
mod target;
mod transport;

use clap::{Args, Subcommand};

use self::connect::Connect;
use self::listen::Listen;
use self::send::SendTo;
use super::Desk;
use crate::output::Exit;

/// Send, hear and exchange UDP datagrams
#[derive(Args, Debug)]
pub struct Udp {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Send(SendTo),
    Connect(Connect),
    Listen(Listen),
}

impl Udp {
    /// Send, exchange, or hear.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        match &self.verb {
            Verb::Send(send) => send.run(desk),
            Verb::Connect(connect) => connect.run(desk),
            Verb::Listen(listen) => listen.run(desk),
        }
    }
}
