//! Who the other end is, and descriptors from one process to another: SO_PEERCRED and SCM_RIGHTS, unix(7).

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::{Args, value_parser};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::{SFlag, fstat};

use super::target::Type;
use crate::args::TimingArgs;
use crate::commands::Desk;
use crate::commands::stream::Stream;
use crate::engine::{CannotRun, Connection, LoopError, Reactor, Timer, deliver, take_descriptors};
use crate::net::{Family, Handed, Kind, Socket, group_name, inherit_descriptor, user_name};
use crate::output::{Bytes, Exit, HandedOver, NoAnswer, PeerCredentials, Usage};

/// The one byte that goes with a descriptor that nothing else goes with: a stream carries none by itself, unix(7).
pub(super) const ALONE: &[u8] = b"\0";
/// How much may come along with a descriptor.
const MESSAGE: usize = 64 * 1024;

/// Flags of what only local sockets can tell and carry.
#[derive(Args, Clone, Debug)]
pub(super) struct RightsArgs {
    /// Show the process, the user and the group at the other end, as the kernel knows them (SO_PEERCRED)
    #[arg(long)]
    show_cred: bool,
    /// First of all hand the inherited descriptor N to the peer (SCM_RIGHTS), along with one NUL byte
    #[arg(long, value_name = "N", value_parser = value_parser!(i32).range(0..))]
    send_fd: Option<i32>,
    /// Take a descriptor from the peer (SCM_RIGHTS) and go on with it: a connection is joined to stdin and stdout
    #[arg(long, conflicts_with = "send_fd", group = "takes_command")]
    recv_fd: bool,
    /// The command and its words; that of --recv-fd has the descriptor as stdin and stdout, as far as it can be read and
    /// written
    #[arg(last = true, value_name = "COMMAND", requires = "takes_command")]
    command: Vec<OsString>,
}

/// What is done with each connection before anything is said.
pub(super) struct Rights {
    show_cred: bool,
    hand: Option<OwnedFd>,
}

impl RightsArgs {
    /// Take what is to be handed over; before anything is opened.
    pub(super) fn parse(&self, kind: Type) -> anyhow::Result<Rights> {
        if kind == Type::Dgram && self.recv_fd {
            let why = "--recv-fd is for connections";
            return Err(Usage::new(why, "--type stream or seqpacket").into());
        }
        Ok(Rights {
            show_cred: self.show_cred,
            hand: self.send_fd.map(inherit_descriptor).transpose()?,
        })
    }

    /// Whether the other end is to be shown.
    pub(super) fn shows(&self) -> bool {
        self.show_cred
    }

    /// Whether the connection is for a descriptor alone.
    pub(super) fn receives(&self) -> bool {
        self.recv_fd
    }

    /// The command behind --, whichever flag it belongs to.
    pub(super) fn command(&self) -> &[OsString] {
        &self.command
    }

    /// Take the descriptor that a connection brings, and go on with it.
    pub(super) fn go_on(
        &self,
        reactor: &mut Reactor,
        connection: Connection,
        timing: TimingArgs,
        stream: &Stream<'_>,
    ) -> anyhow::Result<Exit> {
        let mut timers = timing.timers(stream.start);
        timers.start(Timer::Answer, timing.timeout, Instant::now());
        let mut buffer = vec![0; MESSAGE];
        let taken = take_descriptors(reactor, &connection.socket, &timers, &mut buffer)?;
        let Handed {
            length,
            descriptors,
        } = match taken {
            Ok(handed) => handed,
            Err(signal) => return Ok(Exit::Signal(signal)),
        };
        let Some(descriptor) = descriptors.into_iter().next() else {
            let why = format!("{} ended without a descriptor", connection.peer);
            let hint = "sockkit unix connect PATH --send-fd 0 hands its stdin over".to_owned();
            let hint = Some(hint);
            return Err(NoAnswer { why, hint }.into());
        };
        stream.desk.output.tell(&HandedOver {
            conn: 1,
            fd: descriptor.as_raw_fd(),
            kind: kind_of(&descriptor),
            bytes: Bytes(buffer.get(..length).unwrap_or_default()),
        })?;
        drop(connection);
        match self.command.split_first() {
            Some((program, words)) => Err(run(program, words, descriptor).into()),
            None => join(descriptor, stream),
        }
    }
}

impl Rights {
    /// Whether there is anything to do.
    pub(super) fn is_any(&self) -> bool {
        self.show_cred || self.hand.is_some()
    }

    /// Show who it is, and hand over what is to be handed over.
    pub(super) fn welcome(
        &self,
        conn: u64,
        socket: &Socket,
        limit: Option<Duration>,
        desk: &Desk,
    ) -> Result<(), LoopError> {
        if self.show_cred {
            let credentials = socket.peer_credentials()?;
            desk.output.offer(&PeerCredentials {
                conn,
                pid: credentials.pid,
                uid: credentials.uid,
                user: user_name(credentials.uid),
                gid: credentials.gid,
                group: group_name(credentials.gid),
            })?;
        }
        if let Some(descriptor) = &self.hand {
            hand_over(socket, ALONE, descriptor, limit, desk)?;
        }
        Ok(())
    }
}

/// Send bytes with a copy of a descriptor, of which there is at least one; how many were taken.
pub(super) fn hand_over(
    socket: &Socket,
    bytes: &[u8],
    descriptor: &impl AsFd,
    limit: Option<Duration>,
    desk: &Desk,
) -> Result<usize, LoopError> {
    deliver(socket, &desk.explain, limit, |socket| {
        socket.send_descriptor(bytes, descriptor.as_fd())
    })
}

/// Join a connection that was handed over to stdin and stdout.
fn join(descriptor: OwnedFd, stream: &Stream<'_>) -> anyhow::Result<Exit> {
    let kind = kind_of(&descriptor);
    if kind != "socket" {
        let why = format!("a {kind} was handed over, which is no connection");
        let hint = "-- COMMAND gets it as its stdin and stdout: --recv-fd -- cat";
        return Err(Usage::new(why, hint).into());
    }
    let socket = Socket::from_fd(descriptor, &stream.desk.explain);
    let kind = socket.kind()?;
    if !kind.is_some_and(Kind::has_connections) || socket.listens()? {
        let why = "a socket was handed over that is no connection";
        let hint = "-- COMMAND gets it as its stdin: --recv-fd -- sockkit tcp listen fd:0";
        return Err(Usage::new(why, hint).into());
    }
    let (peer, local) = (socket.getpeername()?, socket.getsockname()?);
    let stream = Stream {
        proto: match peer.family() {
            Family::Unix => "unix",
            _ => "tcp",
        },
        records: (kind == Some(Kind::SeqPacket)).then(|| stream.records.unwrap_or_default()),
        widens: stream.widens && peer.family() == Family::Unix,
        welcome: None,
        sight: stream.sight.clone(),
        ..*stream
    };
    stream.converse(Connection {
        socket,
        peer,
        local,
        reset: None,
    })
}

/// Become the command; why not.
fn run(program: &OsString, words: &[OsString], descriptor: OwnedFd) -> CannotRun {
    let mut command = Command::new(program);
    command.args(words);
    let error = match give(&mut command, descriptor) {
        Ok(()) => command.exec(),
        Err(error) => error,
    };
    CannotRun {
        command: program.to_string_lossy().into_owned(),
        cause: Errno::from_raw(error.raw_os_error().unwrap_or(libc::EINVAL)),
    }
}

/// The descriptor as the command's stdin where it can be read, as its stdout where it can be written to.
fn give(command: &mut Command, descriptor: OwnedFd) -> io::Result<()> {
    let flags = fcntl(&descriptor, FcntlArg::F_GETFL)?;
    let access = OFlag::from_bits_truncate(flags) & OFlag::O_ACCMODE;
    if access != OFlag::O_WRONLY {
        command.stdin(Stdio::from(descriptor.try_clone()?));
    }
    if access != OFlag::O_RDONLY {
        command.stdout(Stdio::from(descriptor));
    }
    Ok(())
}

/// What a descriptor is, in a word.
fn kind_of(descriptor: &OwnedFd) -> &'static str {
    let mode = fstat(descriptor).map_or(0, |stat| stat.st_mode);
    match SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFSOCK => "socket",
        SFlag::S_IFREG => "file",
        SFlag::S_IFIFO => "pipe",
        SFlag::S_IFDIR => "directory",
        SFlag::S_IFCHR | SFlag::S_IFBLK => "device",
        _ => "descriptor",
    }
}
