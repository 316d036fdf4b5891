//! `sockkit options set`: what was asked for, and what the kernel granted.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::get::width;
use super::subject::Subject;
use super::{About, refused, worse};
use crate::commands::Desk;
use crate::net::sockopt::{Setting, Target, Value};
use crate::net::{CallError, Socket};
use crate::output::{Event, Exit, Face, Harmless};

/// Set options of a fresh socket, or of an inherited one, and show what the kernel made of them
///
/// The change lasts as long as the socket: it is of use to those who share an inherited one, and to see what is granted.
/// Exit status: 1 where the kernel or the socket has no such option, 2 for any other refusal.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Set {
    /// The options in order: SO_RCVBUF=1M, nodelay=on, TCP_USER_TIMEOUT=2s, LEVEL:NUM:int:5, LEVEL:NUM:hex:0500
    #[arg(value_name = "NAME=VALUE", required = true)]
    settings: Vec<String>,
    #[command(flatten)]
    subject: Subject,
}

const EXAMPLES: &str = "\
Examples:
  sockkit options set SO_RCVBUF=100000            Linux doubles it
  sockkit options set IP_TOS=lowdelay SO_LINGER=5 in this order
  sockkit options set keepalive=on --fd 0         on the connection on stdin
  sockkit options set SOL_SOCKET:8:int:4096       by numbers
  sockkit options set 1:13:hex:0100000005000000   any bytes";

/// A setting that the kernel took.
#[derive(Serialize)]
struct Granted<'a> {
    #[serde(flatten)]
    about: About,
    asked: &'a Value,
    /// What is read afterwards; `None` for an option that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<Value>,
    #[serde(skip)]
    target: &'a Target,
    #[serde(skip)]
    width: usize,
}

impl Set {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let settings: Vec<Setting> = self
            .settings
            .iter()
            .map(|text| Setting::parse(text))
            .collect::<Result<_, _>>()?;
        let targets: Vec<Target> = settings.iter().map(|setting| setting.target).collect();
        let socket = self.subject.open(&targets, desk)?;
        let width = width(&targets);
        let mut exit = Exit::Done;
        for setting in &settings {
            match grant(setting, &socket) {
                Ok(granted) => desk.output.tell(&Granted {
                    about: About::of(&setting.target),
                    asked: &setting.value,
                    granted,
                    target: &setting.target,
                    width,
                })?,
                Err(error) => exit = worse(exit, refused(error, &desk.output)),
            }
        }
        Ok(exit)
    }
}

fn grant(setting: &Setting, socket: &Socket) -> Result<Option<Value>, CallError> {
    setting.apply(socket)?;
    match setting.target.option {
        Some(option) if option.access.reads() => setting.target.read(socket).map(Some),
        Some(_) => Ok(None),
        // Nobody knows whether it can be read.
        None => Ok(setting.target.read(socket).ok()),
    }
}

impl Event for Granted<'_> {
    const NAME: &'static str = "option";
    const FACE: Face = Face::Data;
}

impl fmt::Display for Granted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = &self.target.form;
        let (name, width) = (self.target.to_string(), self.width);
        let asked = self.asked.show(form);
        // The unit stands behind the second number.
        let asked = match self.granted {
            Some(_) => asked.trim_end_matches(form.unit().sign()).trim_end(),
            None => &asked,
        };
        write!(f, "{name:width$}  asked {}", Harmless(asked))?;
        match &self.granted {
            Some(granted) => write!(f, "  granted {}", Harmless(&granted.show(form))),
            None => Ok(()),
        }
    }
}
