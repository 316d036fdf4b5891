//! Why a run failed, in one line with a hint and an exit status: the one place that knows which error means what.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use serde::Serialize;

use super::event::{Event, Output};
use super::exit::Exit;
use super::harmless::Harmless;
use super::palette::Palette;
use crate::engine::{
    CannotRun, ChainError, ConnectError, Expired, LoopError, StdoutError, TlsError, TlsFailure,
    pending_signal,
};
use crate::net::sockopt::{SettingError, advice};
use crate::net::{CallError, EndpointError, InheritError, NameError, UnixNameError, errno_name};
use crate::wire::filter::FilterError;

/// A wish that makes no sense: nothing was attempted.
#[derive(Debug)]
pub struct Usage {
    /// What is wrong with it.
    pub why: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// The network's answer is no, though no call failed: a reply that did not come.
#[derive(Debug)]
pub struct NoAnswer {
    /// What is missing.
    pub why: String,
    /// What may help.
    pub hint: Option<String>,
}

/// A failed run.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// What was tried, on which address, and why it failed.
    pub message: String,
    /// What may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The symbol of the error, where the kernel or the resolver refused a call: `ECONNREFUSED`, `EAI_NONAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// The exit status.
    pub status: u8,
    #[serde(skip)]
    exit: Exit,
    #[serde(skip)]
    is_usage: bool,
}

impl Usage {
    /// A usage error with a hint.
    pub fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: Some(hint.into()),
        }
    }
}

impl Failure {
    /// What an error means to the one who called.
    pub fn of(error: &anyhow::Error) -> Self {
        let (exit, hint) = judge(error);
        let errno = error.chain().find_map(symbol);
        Self {
            message: format!("{error:#}"),
            hint,
            errno,
            status: exit.status(),
            exit,
            is_usage: error.is::<Usage>() || error.is::<EndpointError>(),
        }
    }

    /// The same failure where it means another exit.
    #[must_use]
    pub fn ending(self, exit: Exit) -> Self {
        Self {
            status: exit.status(),
            exit,
            ..self
        }
    }

    /// Say it on stderr, and to programs as an event, and hand on the exit. The end of stdout's reader is no news.
    pub fn report(&self, output: &Output) -> Exit {
        if matches!(self.exit, Exit::Signal(_)) {
            return self.exit;
        }
        if output.style().json {
            // A time limit holds for the telling too: a reader who does not read is not waited for.
            let told = if self.exit == Exit::TimedOut {
                output.offer(self)
            } else {
                output.tell(self)
            };
            drop(told);
        }
        let style = output.style();
        if !style.quiet || (style.usage && self.is_usage) {
            output.say(Painted(self, output.style().palette));
            output.end();
        }
        self.exit
    }
}

/// The exit status and the hint of the first cause that has one.
fn judge(error: &anyhow::Error) -> (Exit, Option<String>) {
    error
        .chain()
        .find_map(judge_one)
        .unwrap_or((Exit::Trouble, None))
}

fn judge_one(cause: &(dyn Error + 'static)) -> Option<(Exit, Option<String>)> {
    if let Some(call) = cause.downcast_ref::<CallError>() {
        return Some((exit_of(call), hint_of(call)));
    } else if let Some(connect) = cause.downcast_ref::<ConnectError>() {
        return Some(judge_connect(connect));
    } else if let Some(chain) = cause.downcast_ref::<ChainError>() {
        return Some(judge_chain(chain));
    } else if let Some(ended) = cause.downcast_ref::<LoopError>() {
        return ended.cause().and_then(judge_one);
    } else if let Some(name) = cause.downcast_ref::<NameError>() {
        let exit = if name.trouble {
            Exit::Trouble
        } else {
            Exit::No
        };
        return Some((exit, name.hint.map(str::to_owned)));
    } else if let Some(stdout) = cause.downcast_ref::<StdoutError>() {
        return Some((exit_of_stdout(stdout), None));
    } else if cause.is::<Expired>() {
        return Some((Exit::TimedOut, None));
    } else if let Some(endpoint) = cause.downcast_ref::<EndpointError>() {
        return Some((Exit::Trouble, endpoint.hint.clone()));
    } else if let Some(setting) = cause.downcast_ref::<SettingError>() {
        return Some((Exit::Trouble, Some(setting.hint.clone())));
    } else if let Some(usage) = cause.downcast_ref::<Usage>() {
        return Some((Exit::Trouble, usage.hint.clone()));
    } else if cause.is::<FilterError>() {
        let hint = "--filter 'tcp and port 80 and not host 127.0.0.1'";
        return Some((Exit::Trouble, Some(hint.to_owned())));
    } else if let Some(no) = cause.downcast_ref::<NoAnswer>() {
        return Some((Exit::No, no.hint.clone()));
    } else if let Some(command) = cause.downcast_ref::<CannotRun>() {
        return Some(judge_command(command));
    } else if let Some(InheritError::Call(call)) = cause.downcast_ref::<InheritError>() {
        return Some((Exit::Trouble, hint_of(call)));
    } else if let Some(InheritError::Environment(_)) = cause.downcast_ref::<InheritError>() {
        let hint = "a service manager sets LISTEN_PID and LISTEN_FDS, sd_listen_fds(3)";
        return Some((Exit::Trouble, Some(hint.to_owned())));
    } else if let Some(tls) = cause.downcast_ref::<TlsError>() {
        return Some((Exit::Trouble, Some(tls.hint.clone())));
    } else if cause.is::<UnixNameError>() {
        return Some((
            Exit::Trouble,
            Some("a path, or @name for an abstract one".to_owned()),
        ));
    }
    None
}

/// As a shell has it: 127 where there is no such command, 126 where it cannot be run.
fn judge_command(command: &CannotRun) -> (Exit, Option<String>) {
    let (exit, hint) = match command.is_missing() {
        true => {
            let hint = "a path, or the name of a program in PATH; a shell's line: -- sh -c '...'";
            (Exit::NotFound, hint)
        }
        false if command.cause == Errno::ENOEXEC => {
            let hint = "a script begins with what runs it, as #!/bin/sh; or: -- sh SCRIPT";
            (Exit::NotRun, hint)
        }
        false => (Exit::NotRun, "a file that this user may execute"),
    };
    (exit, Some(hint.to_owned()))
}

/// One address that said no is the network's answer, whatever became of the others.
fn judge_connect(error: &ConnectError) -> (Exit, Option<String>) {
    let hint = error.failures().iter().find_map(hint_of);
    match error {
        ConnectError::Expired(..) => (Exit::TimedOut, hint),
        ConnectError::Failed(_, failures) => {
            let no = failures.iter().any(|failure| exit_of(failure) == Exit::No);
            (if no { Exit::No } else { Exit::Trouble }, hint)
        }
    }
}

/// What a proxy says is the network's answer.
fn judge_chain(error: &ChainError) -> (Exit, Option<String>) {
    if let Some(connect) = error.connect() {
        return judge_connect(connect);
    } else if let Some(call) = error.call() {
        return (exit_of(call), hint_of(call));
    }
    let hint = "who asks: SOCKKIT_PROXY_AUTH=USER:PASSWORD, or --proxy-auth @FILE";
    let hint = error.is_unknown().then(|| hint.to_owned());
    match error.is_expired() {
        true => (Exit::TimedOut, None),
        false => (Exit::No, hint),
    }
}

fn exit_of_stdout(error: &StdoutError) -> Exit {
    if error.is_broken_pipe() {
        Exit::Signal(Signal::SIGPIPE)
    } else if error.is_interrupted() {
        Exit::Signal(pending_signal().unwrap_or(Signal::SIGTERM))
    } else {
        Exit::Trouble
    }
}

/// The symbol of the call's, or the resolver's, error.
fn symbol(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(name) = cause.downcast_ref::<NameError>() {
        return Some(name.symbol.to_owned());
    }
    let ended = cause.downcast_ref::<LoopError>().and_then(LoopError::cause);
    let connect = cause.downcast_ref::<ConnectError>();
    let call = ended.unwrap_or(cause).downcast_ref::<CallError>();
    let chain = cause.downcast_ref::<ChainError>();
    let connect = connect.or_else(|| chain.and_then(ChainError::connect));
    let call = call.or_else(|| connect.and_then(|connect| connect.failures().first()));
    let call = call.or_else(|| chain.and_then(ChainError::call));
    let call = call.filter(|call| call.errno() != 0);
    call.map(|call| errno_name(&call.cause).into_owned())
}

/// The network's answers are a no, everything else is trouble here.
fn exit_of(call: &CallError) -> Exit {
    if TlsFailure::of(call).is_some() {
        return Exit::No;
    }
    match call.errno() {
        // The socket that was handed over is no connection: the network was not asked.
        libc::ENOTCONN if call.call == "getpeername" => Exit::Trouble,
        // No such local socket; a file of ours that cannot be made is trouble.
        libc::ENOENT if ["connect", "sendto"].contains(&call.call) => Exit::No,
        libc::ECONNREFUSED
        | libc::ECONNRESET
        | libc::ECONNABORTED
        | libc::EPIPE
        | libc::ENOTCONN
        | libc::EHOSTUNREACH
        | libc::EHOSTDOWN
        | libc::ENETUNREACH
        | libc::ENETDOWN
        | libc::ETIMEDOUT => Exit::No,
        _ => Exit::Trouble,
    }
}

fn hint_of(call: &CallError) -> Option<String> {
    if let Some(failure) = TlsFailure::of(call) {
        return failure.hint.clone();
    }
    let hint = match (call.call, call.errno()) {
        ("socket" | "raw socket", libc::EPERM | libc::EACCES) => {
            "needs CAP_NET_RAW: run as root, or: sudo setcap cap_net_raw+ep $(command -v sockkit)"
        }
        ("icmp socket", libc::EPERM | libc::EACCES) => {
            "needs CAP_NET_RAW: run as root, or: sudo setcap cap_net_raw+ep $(command -v sockkit); for everybody here: \
             sudo sysctl -w net.ipv4.ping_group_range='0 2147483647'"
        }
        ("socket", libc::EPROTONOSUPPORT | libc::ESOCKTNOSUPPORT | libc::EAFNOSUPPORT) => {
            return missing_protocol(&call.on);
        }
        ("bind", libc::EADDRINUSE) if call.on.starts_with('@') => {
            "another socket has this name: `ss -lxp` shows whose"
        }
        ("bind", libc::EADDRINUSE) if call.on.parse::<SocketAddr>().is_err() => {
            "a file is there, or a socket on which somebody listens (`ss -lxp`): a listener takes the place of a dead \
             socket with --replace, and of nothing else"
        }
        ("bind", libc::EADDRINUSE) => "another socket has this address: `ss -ltunp` shows whose",
        ("bind", libc::EADDRNOTAVAIL) => {
            "no interface here has this address: `ip addr` lists those that do"
        }
        ("bind", libc::EACCES) => {
            "ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE"
        }
        ("getsockopt" | "setsockopt", errno) => return advice(&call.on, errno),
        ("if_nametoindex", _) => "`ip link` lists the interfaces",
        ("inherit", libc::EBADF) => {
            "the program that starts sockkit hands the descriptor over: sockkit ... 3<&0"
        }
        ("getpeername", libc::ENOTCONN) => {
            "the socket is not connected; one that listens goes to `listen`"
        }
        ("connect", libc::EPROTOTYPE) => "the socket there is of another --type",
        ("connect", libc::ECONNREFUSED) if call.on.starts_with('@') => {
            "no socket of this --type listens by that name"
        }
        ("join", libc::ENODEV) => {
            "no route says which interface: --interface IF does, or --join GROUP%IF"
        }
        ("sendto" | "connect", libc::EACCES) if call.on.contains(':') => {
            "a broadcast address is only allowed with --broadcast"
        }
        ("sendto" | "connect", libc::EACCES) if call.on.parse::<std::net::IpAddr>().is_ok() => {
            "to all of a link it takes -o SO_BROADCAST=1"
        }
        ("send" | "sendto" | "sendmsg", libc::EMSGSIZE)
            if call.on.parse::<std::net::SocketAddr>().is_ok() =>
        {
            "a datagram has 65507 bytes at most: --size N cuts stdin"
        }
        (_, libc::EMFILE) => "`ulimit -n` raises the number of open descriptors",
        ("connect" | "sendto", libc::EINVAL) if call.on.contains("fe80:") => {
            "a link-local address needs its zone: fe80::1%eth0, or [fe80::1%eth0]:80"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn missing_protocol(on: &str) -> Option<String> {
    let module = ["sctp", "dccp", "mptcp", "udplite"]
        .into_iter()
        .find(|word| on.contains(&word.to_ascii_uppercase()))?;
    Some(match module {
        "mptcp" => "this kernel has no MPTCP (CONFIG_MPTCP), or net.mptcp.enabled is 0".to_owned(),
        "udplite" => "this kernel has no UDP-Lite (CONFIG_IP_UDPLITE)".to_owned(),
        module => format!("this kernel lacks the module {module}: sudo modprobe {module}"),
    })
}

impl Event for Failure {
    const NAME: &'static str = "error";
}

/// A failure in colours; without them it reads as the failure does.
struct Painted<'a>(&'a Failure, Palette);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(failure, palette) = self;
        let message = Harmless(&failure.message);
        write!(f, "{} {message}", palette.failed("sockkit:"))?;
        match &failure.hint {
            Some(hint) => write!(f, "\n  {} {}", palette.strong("hint:"), Harmless(hint)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Painted(self, Palette::default()).fmt(f)
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Error for Usage {}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Error for NoAnswer {}
