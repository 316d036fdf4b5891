//! `sockkit unix connect`.

use std::ffi::OsString;
use std::time::Instant;

use clap::Args;

use super::target::{TalkArgs, Target, TargetArgs, Type, connect};
use crate::commands::Desk;
use crate::commands::endpoint::inherited;
use crate::net::{SocketFile, UnixName, bind_unix};
use crate::output::Exit;

/// Connect to a local socket: stdin is sent, what arrives goes to stdout
///
/// The rules of ends are those of `tcp connect`. With --type dgram the socket binds itself to a name, so that it can be
/// answered, and each read of stdin is a datagram.
#[derive(Args, Debug)]
#[command(after_help = CONNECT_EXAMPLES)]
pub(super) struct Connect {
    #[command(flatten)]
    target: TargetArgs,
    /// The own name, for answers to datagrams; the kernel chooses one if left out
    #[arg(long, value_name = "PATH")]
    bind: Option<OsString>,
    #[command(flatten)]
    talk: TalkArgs,
}

const CONNECT_EXAMPLES: &str = "\
Examples:
  sockkit unix connect ./app.sock
  sockkit unix connect @name              an abstract name
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sockkit unix connect ./http.sock";

impl Connect {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        self.talk.check(self.target.kind)?;
        let preparation = self.talk.socket.parse()?;
        let own = self.bind.as_deref().map(UnixName::parse).transpose()?;
        let mut bound = None;
        let socket = match self.target.parse()? {
            Target::Inherited(descriptor) => inherited(descriptor, &preparation, desk)?,
            Target::Name(name) => {
                let mut socket = self.target.kind.open(desk)?;
                preparation.apply(&socket)?;
                let own =
                    own.or_else(|| (self.target.kind == Type::Dgram).then_some(UnixName::Unnamed));
                if let Some(own) = own {
                    bound = bind_unix(&mut socket, &own, SocketFile::PRIVATE, &desk.explain)?;
                }
                connect(&mut socket, name, self.talk.timing.to_connect())?;
                socket
            }
        };
        let exit = self.talk.converse(self.target.kind, socket, start, desk);
        drop(bound);
        exit
    }
}
