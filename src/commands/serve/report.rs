//! What happens in a hub, told.

use nix::sys::wait::WaitStatus;

use crate::commands::account;
use crate::commands::stream::{Stream, View, closed};
use crate::engine::{HubEvent, LoopError, StdoutError};
use crate::net::{Address, Socket};
use crate::output::{Accepted, Denied, Ran, Warning};

/// Tells what happens.
pub(super) struct Report<'a> {
    pub(super) stream: &'a Stream<'a>,
    pub(super) view: View<'a>,
}

impl Report<'_> {
    pub(super) fn hear(&mut self, event: &HubEvent<'_>) -> Result<(), StdoutError> {
        let output = self.view.output;
        match event {
            HubEvent::Accepted {
                conn,
                socket,
                peer,
                local,
            } => {
                output.offer(&Accepted {
                    conn: *conn,
                    peer: (*peer).clone(),
                    local: (*local).clone(),
                })?;
                self.view.came(*conn, (*local).clone());
                self.welcome(*conn, socket)
            }
            HubEvent::Received { conn, peer, piece } => self.view.show(*conn, peer, piece),
            HubEvent::Account {
                conn,
                peer,
                socket,
                moved,
                since,
            } => output.offer(&account::stats(*conn, peer, *moved, socket, *since)),
            HubEvent::Closed {
                conn,
                peer,
                moved,
                dropped,
                failure,
            } => {
                self.view.ended(*conn);
                if *dropped > 0 {
                    self.warn(format!("{dropped} bytes were left out for {conn} {peer}"))?;
                }
                let reason = failure.map(ToString::to_string);
                output.offer(&closed(*conn, (*peer).clone(), *moved, reason))
            }
            HubEvent::Cut {
                peer,
                heard,
                length,
            } => self.view.cut(peer, *heard, *length),
            HubEvent::Denied { peer } => output.offer(&Denied {
                peer: peer.to_string(),
            }),
            HubEvent::Ran { conn, status } => output.offer(&Ran {
                conn: *conn,
                status: status_of(*status),
            }),
            event => self.warn(trouble(event)),
        }
    }

    fn warn(&self, message: String) -> Result<(), StdoutError> {
        self.view.output.offer(&Warning { message })
    }

    /// One of many who cannot be welcomed ends nobody else's connection.
    fn welcome(&self, conn: u64, socket: &Socket) -> Result<(), StdoutError> {
        match self.stream.welcome(conn, socket) {
            Err(LoopError::Stdout(error)) => Err(error),
            Err(error) => self.warn(error.to_string()),
            Ok(()) => Ok(()),
        }
    }
}

/// What goes wrong for one, or for a while.
fn trouble(event: &HubEvent<'_>) -> String {
    let named = |conn: &u64, peer: &Address| format!("{conn} {peer}");
    match event {
        HubEvent::Dropping { conn, peer } => {
            let who = named(conn, peer);
            format!("{who} takes less than it is told: from here on something is left out for it")
        }
        HubEvent::TooLong { conn, peer, length } => {
            let who = named(conn, peer);
            format!("a record of {length} bytes is too long for {who}: it is left out")
        }
        HubEvent::Stalled { conn, peer } => {
            let who = named(conn, peer);
            format!("{who} takes nothing while the others wait for it: it is cut off")
        }
        HubEvent::NotRun { conn, error } => format!("{conn} {error}"),
        HubEvent::NotKept { conn, error } => format!("{conn} {error}: it is cut off"),
        HubEvent::Refused(error) => error.to_string(),
        _ => String::new(),
    }
}

/// As a shell shows it: 128 + n after signal n.
pub(in super::super) fn status_of(status: WaitStatus) -> u8 {
    match status {
        WaitStatus::Exited(_, code) => u8::try_from(code & 0xff).unwrap_or(u8::MAX),
        WaitStatus::Signaled(_, signal, _) => u8::try_from(128 + signal as i32).unwrap_or(u8::MAX),
        _ => 0,
    }
}
