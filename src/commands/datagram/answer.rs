//! What a listener does with datagrams besides showing them.

use std::ffi::OsString;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};

use super::Service;
use crate::args::{DATAGRAM, duration};
use crate::commands::serve::{CommandArgs, Reply, reply};
use crate::engine::{Answer, Answering, Program, Runner};
use crate::output::Usage;

const HEADING: &str = "Who answers";

/// How long a silent peer is remembered, unless it is said.
pub(super) const EXPIRE: Duration = Duration::from_secs(30);

/// Flags of answers, of which there is one at most.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("answer").conflicts_with_all(["to", "lines", "whole", "size", "from_hex", "send_empty"]))]
pub(in super::super) struct AnswerArgs {
    #[command(flatten)]
    crowd: CrowdArgs,
    /// Run the command behind -- for each peer: it is fed what that peer sends, without boundaries, and each of its writes is
    /// a datagram to that peer; SOCKKIT_PEER_ADDR and others tell of it
    #[arg(long, group = "answer", group = "takes_command", requires = "command", help_heading = HEADING)]
    exec: bool,
    /// Run a line of the shell for each peer: sh -c LINE
    #[arg(long, value_name = "LINE", group = "answer", help_heading = HEADING)]
    sh: Option<OsString>,
    /// Send each datagram back
    #[arg(long, group = "answer", help_heading = HEADING)]
    echo: bool,
    /// Drop what comes
    #[arg(long, group = "answer", help_heading = HEADING)]
    discard: bool,
    /// Answer each datagram with TEXT, with escapes as \n and \xHH, or with what is in @FILE
    #[arg(long, value_name = "TEXT|@FILE", value_parser = reply, group = "answer", help_heading = HEADING)]
    reply: Option<Reply>,
    #[command(flatten)]
    command: CommandArgs,
}

/// Flags of those who are heard.
#[derive(Args, Clone, Copy, Debug)]
pub(in super::super) struct CrowdArgs {
    /// Whom stdin's datagrams go to [default: last]
    #[arg(long, value_enum, value_name = "WHOM", help_heading = HEADING)]
    to: Option<Whom>,
    /// Forget a peer that has been silent for D: its command's stdin ends, and it is asked to end soon after, or killed when
    /// the peer speaks again; --to all leaves it out [default: 30s]
    #[arg(long, value_name = "D", value_parser = duration, help_heading = HEADING)]
    expire: Option<Duration>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Whom {
    /// To whoever was heard last
    Last,
    /// To all who were heard, until they expire
    All,
}

impl AnswerArgs {
    /// What was asked for, looked up.
    pub(in super::super) fn service(&self, proto: &str) -> anyhow::Result<Service> {
        Ok(self.crowd.service(self.answer(proto)?))
    }

    fn answer(&self, proto: &str) -> anyhow::Result<Answer> {
        Ok(if self.exec {
            run(&self.command.command, proto)?
        } else if let Some(line) = &self.sh {
            run(&["/bin/sh".into(), "-c".into(), line.clone()], proto)?
        } else if self.echo {
            Answer::Echo
        } else if self.discard {
            Answer::Discard
        } else if let Some(reply) = &self.reply {
            Answer::Reply(reply.bytes()?.into())
        } else {
            Answer::Stdin
        })
    }
}

impl CrowdArgs {
    /// What was asked for, with what answers besides.
    pub(in super::super) fn service(self, answer: Answer) -> Service {
        Service {
            answering: match self.to {
                Some(Whom::All) => Answering::AllHeard,
                _ => Answering::LastHeard,
            },
            answer,
            expire: self.expire.unwrap_or(EXPIRE),
        }
    }

    /// Whether anything was asked for.
    pub(in super::super) fn is_given(self) -> bool {
        self.to.is_some() || self.expire.is_some()
    }

    /// Whether it was asked whom stdin speaks to.
    pub(in super::super) fn is_stdins(self) -> bool {
        self.to.is_some()
    }
}

impl Service {
    /// A reply that no datagram of UDP can hold would fail for each that is to be answered.
    pub(in super::super) fn check_size(&self) -> Result<(), Usage> {
        match &self.answer {
            Answer::Reply(reply) if reply.len() > DATAGRAM => {
                let why = format!("a reply of {} bytes is too long", reply.len());
                Err(Usage::new(
                    why,
                    format!("a datagram holds {DATAGRAM} at most"),
                ))
            }
            _ => Ok(()),
        }
    }
}

fn run(words: &[OsString], proto: &str) -> anyhow::Result<Answer> {
    Ok(Answer::Run(Runner {
        program: Program::find(words, |_| false)?,
        terminal: false,
        proto: proto.to_owned(),
        descriptors: None,
        crlf: false,
    }))
}
