//! Where `http` listens besides a host and a port: a local socket, and behind a proxy.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::Args;

use super::super::Desk;
use super::super::endpoint::listeners;
use crate::args::LocalArgs;
use crate::engine::{BACKLOG, Listener, hold_signals};
use crate::net::{
    Address, BoundPath, CallError, Endpoint, EndpointError, Family, Kind, Protocol, Socket,
    UnixName, notify_ready,
};
use crate::output::{Usage, Warning};

/// Local sockets, and proxies.
#[derive(Args, Debug)]
#[command(next_help_heading = "Local sockets and proxies")]
pub(super) struct ListenArgs {
    /// Listen on a local socket: /path, ./path or @name (abstract; \0 is a NUL byte); as ADDR these work too
    #[arg(long, value_name = "PATH", conflicts_with_all = ["addr", "host", "port", "listen"])]
    unix: Option<OsString>,
    #[command(flatten)]
    local: LocalArgs,
    /// Each connection begins with a header of the PROXY protocol (v1 or v2), which tells the client's address; one
    /// without is closed
    #[arg(long)]
    pub(super) proxy_protocol: bool,
}

/// Where to listen.
pub(super) enum ListenAt {
    /// A host and a port, or what was inherited.
    Endpoint(Endpoint),
    /// A local socket.
    Local(UnixName),
}

impl ListenAt {
    /// Whether others may listen there too.
    pub(super) fn is_inherited(&self) -> bool {
        matches!(self, Self::Endpoint(Endpoint::Inherited(_)))
    }
}

/// What was opened.
pub(super) struct Opened {
    pub(super) listeners: Vec<Listener>,
    /// The file of a local socket: it is removed when this is dropped.
    pub(super) file: Option<BoundPath>,
}

impl ListenArgs {
    /// Where to listen: the local socket of `--unix` or of an ADDR that is one, or whatever `endpoint` makes of the rest.
    /// `is_apart` where a host or a port was given by a flag.
    pub(super) fn place(
        &self,
        addr: Option<&str>,
        is_apart: bool,
        endpoint: impl FnOnce() -> Result<Endpoint, EndpointError>,
    ) -> anyhow::Result<ListenAt> {
        let local = addr.map(OsStr::new).filter(|word| is_local(word));
        if local.is_some() && is_apart {
            let why = "a local socket has neither --host nor --port";
            return Err(Usage::new(why, "ADDR alone").into());
        }
        let name = self.unix.as_deref().or(local);
        if name.is_none() && self.local.is_given() {
            let why =
                "--mode, --group, --replace and --keep-file are for the file of a local socket";
            return Err(Usage::new(why, "--unix PATH, or /path as ADDR").into());
        }
        match name {
            Some(name) => Ok(ListenAt::Local(UnixName::parse(name)?)),
            None => Ok(ListenAt::Endpoint(endpoint()?)),
        }
    }

    /// Listen there, with sockets that were prepared.
    pub(super) fn open(
        &self,
        place: ListenAt,
        family: Option<Family>,
        prepare: &dyn Fn(&Socket, Family) -> Result<(), CallError>,
        desk: &Desk,
    ) -> anyhow::Result<Opened> {
        match place {
            ListenAt::Local(name) => Ok(self.open_local(name, prepare, desk)?),
            ListenAt::Endpoint(endpoint) => {
                let transport = (Kind::Stream, Protocol::TCP);
                let listeners =
                    listeners(endpoint, family, transport, BACKLOG, prepare, None, desk)?;
                let file = None;
                Ok(Opened { listeners, file })
            }
        }
    }

    fn open_local(
        &self,
        name: UnixName,
        prepare: &dyn Fn(&Socket, Family) -> Result<(), CallError>,
        desk: &Desk,
    ) -> Result<Opened, CallError> {
        let (kind, explain) = (Kind::Stream, &desk.explain);
        let mut socket = Socket::open(Family::Unix, kind, Protocol::DEFAULT, explain)?;
        prepare(&socket, Family::Unix)?;
        // From here on a signal waits for the loop that ends with it, so that the file is removed in every case.
        hold_signals()?;
        let file = self.local.bind(&mut socket, &name, explain)?;
        socket.listen(BACKLOG)?;
        let local = Address::Unix(name);
        let listeners = vec![Listener {
            socket,
            local,
            everywhere: false,
        }];
        Ok(Opened { listeners, file })
    }
}

/// Tell the service manager that is waiting for it that clients can come.
pub(super) fn tell_manager(desk: &Desk) -> anyhow::Result<()> {
    let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    if let Err(error) = notify_ready(&name, &desk.explain) {
        // It may have been meant for a parent, whose socket is out of reach.
        let message = format!("NOTIFY_SOCKET: {error}");
        desk.output.tell(&Warning { message })?;
    }
    Ok(())
}

/// `/path`, `./path`, `../path` or `@name`.
fn is_local(word: &OsStr) -> bool {
    let starts = [&b"/"[..], b"./", b"../", b"@"];
    starts
        .iter()
        .any(|start| word.as_bytes().starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_words() {
        for (word, local) in [
            ("/run/x.sock", true),
            ("./x.sock", true),
            ("../x.sock", true),
            ("@name", true),
            ("x.sock", false),
            ("localhost:80", false),
            (".", false),
            ("", false),
            (":80", false),
            ("fd:3", false),
        ] {
            assert_eq!(is_local(OsStr::new(word)), local, "{word}");
        }
    }
}
