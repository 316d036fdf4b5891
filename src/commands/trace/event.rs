//! What `trace` says to programs, probe by probe and hop by hop.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::commands::trip::{Times, to_millis};
use crate::engine::ping::{Clock, Trouble};
use crate::engine::trace::{Answer, AnswerKind, Meaning};
use crate::net::Address;
use crate::output::{Event, Face};
use crate::wire::Label;

/// A path is asked for from now on.
#[derive(Debug, Serialize)]
pub(super) struct Begun<'a> {
    /// As typed.
    pub(super) host: &'a str,
    /// Its address.
    pub(super) addr: &'a str,
    /// `udp`, `icmp` or `tcp`.
    pub(super) proto: &'static str,
    /// Which port; `None` for echo requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
    /// The last hop that is asked.
    pub(super) max_hops: u8,
    /// How many bytes a packet has, headers included.
    pub(super) length: u32,
}

/// What became of a probe.
#[derive(Debug, Default, Serialize)]
pub(super) struct Probed<'a> {
    /// How many routers it was to meet.
    pub(super) ttl: u8,
    /// Which of the hop's probes, counted from 1.
    pub(super) r#try: u32,
    /// By which flow it went.
    pub(super) flow: usize,
    /// `hop`, `reached`, `unreachable` or `timeout`.
    pub(super) status: &'static str,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) addr: Option<String>,
    /// What answered: `error`, `echo`, `open`, `closed`, `datagram`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<&'static str>,
    /// ICMP's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<u8>,
    /// ICMP's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<u8>,
    /// Both in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<&'a str>,
    /// How long it took.
    #[serde(rename = "rtt_ms", skip_serializing_if = "Option::is_none")]
    pub(super) rtt: Option<Millis>,
    /// By whose clock: `kernel` or `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clock: Option<&'static str>,
    /// How many routers might still have passed the answer on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_ttl: Option<u8>,
    /// The largest packet that goes so far, in bytes, where that is news.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mtu: Option<u32>,
    /// The labels that it carried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mpls: Vec<Switched>,
}

/// A label.
#[derive(Debug, Serialize)]
pub(super) struct Switched {
    label: u32,
    class: u8,
    bottom: bool,
    ttl: u8,
}

/// A time, in milliseconds.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Millis(#[serde(serialize_with = "to_millis")] pub(super) Duration);

/// What is known of a hop; for people it is a line.
#[derive(Debug, Serialize)]
pub(super) struct HopEvent<'a> {
    /// How many routers it is away.
    pub(super) ttl: u8,
    /// Who answered.
    pub(super) addrs: Vec<Named<'a>>,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) loss_pct: f64,
    #[serde(rename = "rtt_ms", skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<Times>,
    /// Whether it loses answers, and hops behind it do not: it answers so often and no more.
    pub(super) limited: bool,
    /// For people.
    #[serde(skip)]
    pub(super) line: String,
}

/// An address, and its name where it has one.
#[derive(Debug, Serialize)]
pub(super) struct Named<'a> {
    pub(super) addr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
}

/// The end.
#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    pub(super) host: &'a str,
    pub(super) addr: &'a str,
    /// Whether the host answered.
    pub(super) reached: bool,
    /// The farthest hop that answered.
    pub(super) hops: u8,
    /// The largest packet that goes all the way; `None` where that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path_mtu: Option<u32>,
    /// Answers that came twice.
    pub(super) duplicates: u64,
    /// Answers that came when nobody waited for them any more.
    pub(super) late: u64,
    #[serde(rename = "elapsed_ms", serialize_with = "to_millis")]
    pub(super) elapsed: Duration,
}

impl<'a> Probed<'a> {
    /// It was answered so; `message` is what that says.
    pub(super) fn answered(answer: &Answer, message: Option<&'a str>) -> Self {
        let told = match &answer.kind {
            AnswerKind::Error(Trouble::Icmp { kind, code, .. }) => Some((*kind, *code)),
            _ => None,
        };
        Self {
            ttl: answer.ttl,
            r#try: answer.attempt,
            flow: answer.flow,
            status: match answer.meaning {
                Meaning::Hop => "hop",
                Meaning::Reached => "reached",
                Meaning::Unreachable => "unreachable",
            },
            addr: answer.from.map(|from| Address::Inet(from).host()),
            answer: Some(match answer.kind {
                AnswerKind::Error(_) => "error",
                AnswerKind::Echo => "echo",
                AnswerKind::Open => "open",
                AnswerKind::Closed => "closed",
                AnswerKind::Datagram => "datagram",
            }),
            r#type: told.map(|(kind, _)| kind),
            code: told.map(|(_, code)| code),
            message,
            rtt: Some(Millis(answer.rtt)),
            clock: Some(match answer.clock {
                Clock::Kernel => "kernel",
                Clock::User => "user",
            }),
            reply_ttl: answer.reply_ttl,
            mtu: answer.mtu,
            mpls: answer.labels.iter().map(Switched::from).collect(),
        }
    }
}

impl From<&Label> for Switched {
    fn from(label: &Label) -> Self {
        Self {
            label: label.label,
            class: label.class,
            bottom: label.is_bottom,
            ttl: label.ttl,
        }
    }
}

impl Event for Begun<'_> {
    const NAME: &'static str = "trace";
    const FACE: Face = Face::Data;
}

impl Event for Probed<'_> {
    const NAME: &'static str = "probe";
    const FACE: Face = Face::Unseen;
}

impl Event for HopEvent<'_> {
    const NAME: &'static str = "hop";
    const FACE: Face = Face::Data;
}

impl Event for Summary<'_> {
    const NAME: &'static str = "summary";
    const FACE: Face = Face::Unseen;
}

impl fmt::Display for Begun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            addr,
            max_hops,
            length,
            ..
        } = self;
        write!(
            f,
            "traceroute to {host} ({addr}), {max_hops} hops max, {length} byte packets"
        )
    }
}

impl fmt::Display for Probed<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl fmt::Display for HopEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
