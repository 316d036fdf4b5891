//! What opening sockets took is given up once they are open; that it stays is said, and no reason to stop.

use std::fmt;

use serde::Serialize;

use super::Desk;
use crate::net::{drop_privileges, drop_what_sockets_needed};
use crate::output::{Event, Face};

/// Give up every capability: nothing but open sockets is needed from here on.
pub(super) fn give_up_all(desk: &Desk) -> anyhow::Result<()> {
    told(drop_privileges(), desk)
}

/// Give up what only sockets needed: files are still written and removed, commands ended.
pub(super) fn give_up_sockets(desk: &Desk) -> anyhow::Result<()> {
    told(drop_what_sockets_needed(), desk)
}

fn told(given_up: Result<(), String>, desk: &Desk) -> anyhow::Result<()> {
    if let Err(message) = given_up {
        desk.output.tell(&PrivilegeKept { message })?;
    }
    Ok(())
}

/// The privilege that opened the socket could not be given up.
#[derive(Serialize)]
struct PrivilegeKept {
    /// Why.
    message: String,
}

impl Event for PrivilegeKept {
    const NAME: &'static str = "privilege_kept";
    const FACE: Face = Face::Detail;
}

impl fmt::Display for PrivilegeKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "capabilities are kept: {}", self.message)
    }
}
