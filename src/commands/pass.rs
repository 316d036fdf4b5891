//! `--pass-fd`: a connection made here and used by whoever started us (SCM_RIGHTS), as OpenSSH's ProxyUseFdpass wants it.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use clap::Args;

use super::Desk;
use crate::engine::{Connection, deliver};
use crate::net::{Family, Socket};
use crate::output::{Connected, Exit, Usage};

/// The byte that carries the descriptor: a stream carries none by itself, unix(7).
const BYTE: &[u8] = b"\0";

/// Whom the connection is for.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct PassArgs {
    /// Once connected, pass the socket on through stdout, itself a local socket (SCM_RIGHTS), and end: for ssh's
    /// ProxyUseFdpass
    #[arg(long)]
    pass_fd: bool,
}

/// stdout, as the socket that it must be.
pub(super) struct Door(Socket);

impl PassArgs {
    /// stdout, looked at before anything is opened; `None` where the connection is ours.
    pub(super) fn door(self, desk: &Desk) -> anyhow::Result<Option<Door>> {
        if !self.pass_fd {
            return Ok(None);
        }
        if desk.output.style().json {
            let why = "--pass-fd needs stdout for the descriptor alone";
            return Err(Usage::new(why, "leave out --json").into());
        }
        let door = io::stdout().as_fd().try_clone_to_owned().ok();
        let door = door.map(|fd| Socket::from_fd(fd, &desk.explain));
        let is_local = |door: &Socket| matches!(door.family(), Ok(Some(Family::Unix)));
        match door.filter(is_local) {
            Some(door) => Ok(Some(Door(door))),
            None => {
                let why = "--pass-fd: stdout is no local socket to pass a descriptor through";
                let hint = "ssh -o ProxyUseFdpass=yes -o ProxyCommand='sockkit tcp connect %h:%p --pass-fd' HOST";
                Err(Usage::new(why, hint).into())
            }
        }
    }
}

impl Door {
    /// Pass the connection on; ours is closed. `limit` is how long the other side may not take it.
    pub(super) fn pass(
        &self,
        connection: &Connection,
        proto: &str,
        limit: Option<Duration>,
        desk: &Desk,
    ) -> anyhow::Result<Exit> {
        desk.output.tell(&Connected {
            proto,
            peer: connection.peer.clone(),
            local: connection.local.clone(),
        })?;
        // Whoever gets it knows nothing of how it was opened.
        connection.socket.set_blocking()?;
        deliver(&self.0, &desk.explain, limit, |door| {
            door.send_descriptor(BYTE, connection.socket.as_fd())
        })?;
        Ok(Exit::Done)
    }
}
