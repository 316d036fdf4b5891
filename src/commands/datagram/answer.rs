//! What a listener does with datagrams besides showing them.

use std::ffi::OsString;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};

use super::Service;
use crate::args::duration;
use crate::commands::serve::{CommandArgs, Reply, reply};
use crate::engine::{Answer, Answering, Program, Runner};

const HEADING: &str = "Who answers";

/// How long a silent peer is remembered, unless it is said.
pub(super) const EXPIRE: Duration = Duration::from_secs(30);

/// Flags of answers, of which there is one at most.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("answer").conflicts_with_all(["to", "lines", "whole", "size", "from_hex", "send_empty"]))]
pub(in super::super) struct AnswerArgs {
    /// Whom stdin's datagrams go to
    #[arg(long, value_enum, value_name = "WHOM", default_value_t = Whom::Last, help_heading = HEADING)]
    to: Whom,
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
    /// Forget a peer that has been silent for D: its command's stdin ends, --to all leaves it out [default: 30s]
    #[arg(long, value_name = "D", value_parser = duration, help_heading = HEADING)]
    expire: Option<Duration>,
    #[command(flatten)]
    command: CommandArgs,
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
        Ok(Service {
            answering: match self.to {
                Whom::Last => Answering::LastHeard,
                Whom::All => Answering::AllHeard,
            },
            answer: self.answer(proto)?,
            expire: self.expire.unwrap_or(EXPIRE),
        })
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

impl Service {
    /// For those who know no other whom than the last.
    pub(in super::super) fn of(answer: Answer) -> Self {
        Self {
            answering: Answering::LastHeard,
            answer,
            expire: EXPIRE,
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
