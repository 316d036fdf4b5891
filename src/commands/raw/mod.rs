//! `sockkit raw`: packets of any protocol as they are, SOCK_RAW, raw(7).

mod capture;
mod caught;
mod craft;
mod ear;
mod event;
mod hearing;
mod link_ear;
mod listen;
mod names;
mod open;
mod send;

use clap::{Args, Subcommand};

use self::listen::Listen;
use self::send::Send;
use super::Desk;
use crate::net::Protocol;
use crate::output::Exit;

/// Send and hear packets of any protocol (SOCK_RAW)
#[derive(Args, Debug)]
pub struct Raw {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Send(Send),
    Listen(Listen),
}

impl Raw {
    /// Run the verb.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        match &self.verb {
            Verb::Send(send) => send.run(desk),
            Verb::Listen(listen) => listen.run(desk),
        }
    }
}

/// A protocol that fits into an IP header: a word or a number.
fn protocol(word: &str) -> Result<Protocol, String> {
    Protocol::parse(word)
        .filter(|protocol| u8::try_from(protocol.0).is_ok())
        .ok_or_else(|| "a protocol is icmp, icmp6, tcp, udp or a number from 0 to 255".to_owned())
}
