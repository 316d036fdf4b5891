//! What a listener does for its connections, instead of joining them to stdin and stdout.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use clap::{ArgGroup, Args};

use super::broker::Broker;
use super::chat::Chat;
use super::folder::Folder;
use crate::args::{Escaped, escaped};
use crate::commands::datagram::DatagramArgs;
use crate::commands::stream::{Stream, StreamArgs};
use crate::engine::{Answer, Crlf, OnPeerEof, Program, Runner, Service};
use crate::net::CallError;
use crate::output::Usage;

const HEADING: &str = "Instead of stdin and stdout";

/// How many descriptors are for other things than connections.
const SPARE: usize = 16;

/// Flags of services, of which there is one at most.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("service"))]
pub(super) struct ServiceArgs {
    /// Run the command behind -- for each connection, which is its stdin and stdout; SOCKKIT_PEER_ADDR and others tell of it
    #[arg(long, group = "service", group = "takes_command", requires = "command")]
    exec: bool,
    /// Run a line of the shell for each connection: sh -c LINE
    #[arg(long, value_name = "LINE", group = "service")]
    sh: Option<OsString>,
    /// Give the command a terminal of its own: its stdin, stdout and stderr
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["echo", "discard", "reply", "broker", "chat", "output_dir"])]
    pty: bool,
    /// Send back what comes
    #[arg(long, help_heading = HEADING, group = "service")]
    echo: bool,
    /// Drop what comes
    #[arg(long, help_heading = HEADING, group = "service")]
    discard: bool,
    /// Send each connection TEXT, with escapes as --preamble, or what is in @FILE, and end; what it says is dropped
    #[arg(
        long,
        help_heading = HEADING,
        value_name = "TEXT|@FILE",
        value_parser = reply,
        group = "service"
    )]
    reply: Option<Reply>,
    /// Send what one says, and what stdin says, to all the others (-k is meant)
    #[arg(long, help_heading = HEADING, group = "service")]
    broker: bool,
    /// Let people talk: lines, with names (/nick NAME); you see them and speak too (-k is meant)
    #[arg(long, help_heading = HEADING, group = "service")]
    chat: bool,
    /// Keep what each connection says in a file of its own in DIR; stdin goes to all
    #[arg(long, help_heading = HEADING, value_name = "DIR", group = "service")]
    output_dir: Option<PathBuf>,
}

/// What each connection is told.
#[derive(Clone, Debug)]
pub(in super::super) enum Reply {
    Text(Escaped),
    File(PathBuf),
}

/// The words of a command.
#[derive(Args, Clone, Debug, Default)]
pub(in super::super) struct CommandArgs {
    /// The command of --exec and its words
    #[arg(last = true, value_name = "COMMAND", requires = "takes_command")]
    pub(in super::super) command: Vec<OsString>,
}

/// What is to be done for connections.
pub(super) enum Wish {
    /// They are joined to stdin and stdout.
    Join,
    Run {
        program: Program,
        terminal: bool,
        crlf: bool,
    },
    Echo,
    Discard,
    Reply(Rc<[u8]>),
    Broker,
    Chat,
    Keep(PathBuf),
}

impl ServiceArgs {
    /// Whether one connection alone makes no sense.
    pub(super) fn is_for_many(&self) -> bool {
        self.broker || self.chat
    }

    pub(super) fn is_given(&self) -> bool {
        [self.exec, self.echo, self.discard, self.broker, self.chat].contains(&true)
            || self.sh.is_some()
            || self.reply.is_some()
            || self.output_dir.is_some()
    }

    /// The flag that was typed; `None` where stdin and stdout are joined to what comes.
    fn flag(&self) -> Option<&'static str> {
        let flags = [
            ("--exec", self.exec),
            ("--sh", self.sh.is_some()),
            ("--echo", self.echo),
            ("--discard", self.discard),
            ("--reply", self.reply.is_some()),
            ("--broker", self.broker),
            ("--chat", self.chat),
            ("--output-dir", self.output_dir.is_some()),
        ];
        let typed = flags.into_iter().find(|(_, is_typed)| *is_typed);
        typed.map(|(flag, _)| flag)
    }

    /// What is said of stdin and stdout makes no sense where a service takes their place.
    pub(super) fn check(&self, args: &StreamArgs) -> Result<(), Usage> {
        let Some(flag) = self.flag() else {
            return Ok(());
        };
        let (shape, view) = (&args.shape, args.view);
        let runs = self.exec || self.sh.is_some();
        let is_deaf = runs || self.echo || self.discard || self.reply.is_some();
        let keeps = self.output_dir.is_some();
        let policy = args.lifetime.on_peer_eof();
        for (is_wrong, what, hint) in [
            (
                view.hex,
                format!("--hex shows what comes on stdout, where {flag} puts none of it"),
                "--dump hex shows it on stderr, and with --dump-to in a file",
            ),
            (
                shape.send_only,
                format!("--send-only sends stdin and drops what comes, and {flag} does not"),
                "leave one of them out",
            ),
            (
                shape.recv_only && !self.discard && !keeps,
                format!("--recv-only sends nothing, and {flag} is there to be heard"),
                "--discard drops what comes, --output-dir keeps it",
            ),
            (
                shape.measures_stdin() && is_deaf,
                format!("--max-bytes counts what stdin says, which {flag} does not send"),
                "--preamble is sent first, whatever the service",
            ),
            (
                view.from_hex && is_deaf,
                format!("--from-hex decodes what stdin says, which {flag} does not send"),
                "--preamble is sent first, and knows \\xHH",
            ),
            (
                shape.crlf && (self.echo || self.discard),
                format!("--crlf ends lines that are said here, and {flag} says none"),
                "--exec, --sh and --reply have lines to end",
            ),
            (
                policy != OnPeerEof::Auto && !keeps,
                format!("--on-peer-eof asks whether stdin is heard out, which {flag} does not do"),
                "--linger bounds how long a command goes on",
            ),
            (
                args.lifetime.linger.is_some() && !runs && !keeps,
                format!(
                    "--linger waits behind the end of stdin or of a command's input, and {flag} has neither"
                ),
                "--idle-timeout ends a silent connection",
            ),
        ] {
            if is_wrong {
                return Err(Usage::new(what, hint));
            }
        }
        Ok(())
    }

    /// The same of records: which of them are shown, and how stdin is cut.
    pub(super) fn check_records(&self, records: &DatagramArgs) -> Result<(), Usage> {
        let Some(flag) = self.flag() else {
            return Ok(());
        };
        if records.shows() {
            let why = format!("--format shows what comes on stdout, where {flag} puts none of it");
            return Err(Usage::new(why, "--dump line shows it on stderr"));
        }
        if records.cuts() && !self.broker && self.output_dir.is_none() {
            let why =
                format!("--lines and its like cut what stdin says, which {flag} does not send");
            return Err(Usage::new(why, "leave them out"));
        }
        Ok(())
    }

    /// What was asked for, looked up.
    pub(super) fn parse(&self, command: &[OsString], crlf: bool) -> anyhow::Result<Wish> {
        if self.pty && !self.exec && self.sh.is_none() {
            let why = "--pty gives a terminal to the command of --exec or --sh";
            return Err(Usage::new(why, "--pty --exec -- bash -i").into());
        }
        Ok(if self.exec {
            self.run(command, crlf)?
        } else if let Some(line) = &self.sh {
            self.run(&["/bin/sh".into(), "-c".into(), line.clone()], crlf)?
        } else if self.echo {
            Wish::Echo
        } else if self.discard {
            Wish::Discard
        } else if let Some(reply) = &self.reply {
            let bytes = reply.bytes()?;
            Wish::Reply(match crlf {
                true => Crlf::default().end_lines(&bytes).into(),
                false => bytes.into(),
            })
        } else if self.broker {
            Wish::Broker
        } else if self.chat {
            Wish::Chat
        } else if let Some(folder) = &self.output_dir {
            Folder::make(folder)?;
            Wish::Keep(folder.clone())
        } else {
            Wish::Join
        })
    }

    fn run(&self, words: &[OsString], crlf: bool) -> anyhow::Result<Wish> {
        Ok(Wish::Run {
            program: Program::find(words, |_| false)?,
            terminal: self.pty,
            crlf,
        })
    }
}

pub(in super::super) fn reply(word: &str) -> Result<Reply, String> {
    Ok(match word.strip_prefix('@') {
        Some(file) => Reply::File(file.into()),
        None => Reply::Text(escaped(word)?),
    })
}

impl Reply {
    pub(in super::super) fn bytes(&self) -> Result<Vec<u8>, CallError> {
        match self {
            Self::Text(Escaped(bytes)) => Ok(bytes.clone()),
            Self::File(file) => {
                fs::read(file).map_err(|cause| CallError::new("read", file.display(), cause))
            }
        }
    }
}

impl Wish {
    /// The same for datagrams, as far as it can be done for them.
    pub(super) fn answer(self, proto: &str) -> Result<Answer, Usage> {
        Ok(match self {
            Self::Join => Answer::Stdin,
            Self::Echo => Answer::Echo,
            Self::Discard => Answer::Discard,
            Self::Reply(text) => Answer::Reply(text),
            Self::Run {
                program,
                terminal: false,
                crlf,
            } => Answer::Run(Runner {
                program,
                terminal: false,
                proto: proto.to_owned(),
                descriptors: None,
                crlf,
            }),
            _ => {
                let why = "--pty, --broker, --chat and --output-dir are for connections";
                return Err(Usage::new(why, "--type stream"));
            }
        })
    }

    /// Whether it has something for stdout.
    pub(super) fn speaks(&self) -> bool {
        matches!(self, Self::Join | Self::Chat)
    }

    /// How many connections fit into so many descriptors, where each takes more than its own. Of the others as many are
    /// accepted as the kernel gives.
    pub(super) fn fits(&self, descriptors: usize) -> usize {
        let each = match self {
            // Its connection, two streams and the process.
            Self::Run { .. } => 4,
            Self::Keep(_) => 2,
            _ => return usize::MAX,
        };
        (descriptors.saturating_sub(SPARE) / each).max(1)
    }

    /// What does it; a command gets back the limit of descriptors that was `inherited`.
    pub(super) fn make<'a>(self, stream: &'a Stream<'_>, inherited: Option<u64>) -> Service<'a> {
        let output = &stream.desk.output;
        match self {
            Self::Join => Service::Join,
            Self::Echo => Service::Echo,
            Self::Discard => Service::Discard,
            Self::Reply(text) => Service::Reply(text),
            Self::Broker => Service::Moderate(Box::new(Broker::new(output))),
            Self::Chat => Service::Moderate(Box::new(Chat::new(output))),
            Self::Keep(folder) => Service::Keep(Box::new(Folder::new(folder))),
            Self::Run {
                program,
                terminal,
                crlf,
            } => Service::Run(Runner {
                program,
                terminal,
                crlf,
                proto: stream.proto.to_owned(),
                descriptors: inherited,
            }),
        }
    }
}
