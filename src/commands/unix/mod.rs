//! `sockkit unix`: local sockets of every type (AF_UNIX: socket, bind, listen, accept, connect, send, recv, sendto).

mod connect;
mod listen;
mod rights;
mod send;
mod target;

use clap::{Args, Subcommand};

use self::connect::Connect;
use self::listen::Listen;
use self::send::SendTo;
use super::Desk;
use crate::output::Exit;

/// Connect to, listen on, and send to local sockets
#[derive(Args, Debug)]
pub struct Unix {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Connect(Connect),
    Listen(Listen),
    Send(SendTo),
}

impl Unix {
    /// Connect, listen, or send.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        match &self.verb {
            Verb::Connect(connect) => connect.run(desk),
            Verb::Listen(listen) => listen.run(desk),
            Verb::Send(send) => send.run(desk),
        }
    }
}
