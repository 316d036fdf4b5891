//! What `tcp connect` says on the way: attempts that failed, proxies that connected, ports.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::commands::trip::to_millis;
use crate::engine::PortState;
use crate::output::{Event, Face};

/// An attempt failed, and another one follows.
#[derive(Debug, Serialize)]
pub(super) struct Failed {
    /// Which one, counted from 1.
    pub(super) attempt: u32,
    /// How long is waited before the next.
    #[serde(rename = "pause_ms", serialize_with = "to_millis")]
    pub(super) pause: Duration,
    /// Why.
    pub(super) reason: String,
}

/// A proxy has done as it was asked.
#[derive(Debug, Serialize)]
pub(super) struct Proxied {
    /// Its URL, without the password.
    pub(super) proxy: String,
    /// Which one on the way, counted from 1.
    pub(super) hop: usize,
    /// How many there are.
    pub(super) hops: usize,
    /// What it is connected to.
    pub(super) target: String,
}

/// A port was asked.
#[derive(Debug, Serialize)]
pub(super) struct PortEvent {
    /// Host and port, the host as it was typed.
    pub(super) peer: String,
    /// The port's number.
    pub(super) port: u16,
    /// `open`, `closed`, `filtered`.
    #[serde(serialize_with = "word")]
    pub(super) state: PortState,
    /// The name that services(5) has for it; `None` where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    /// How long it took to find out.
    #[serde(rename = "took_ms", serialize_with = "to_millis")]
    pub(super) took: Duration,
    /// Why it is not open; `None` where nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// Whether the line has the reason too.
    #[serde(skip)]
    pub(super) is_detailed: bool,
}

impl Event for Failed {
    const NAME: &'static str = "retry";
    const FACE: Face = Face::Detail;
}

impl Event for Proxied {
    const NAME: &'static str = "proxied";
    const FACE: Face = Face::Detail;
}

impl Event for PortEvent {
    const NAME: &'static str = "port";
    const FACE: Face = Face::Data;
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            attempt, reason, ..
        } = self;
        let pause = Milliseconds(self.pause);
        write!(f, "attempt {attempt} failed, again in {pause}: {reason}")
    }
}

impl fmt::Display for Proxied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proxy, target, .. } = self;
        write!(f, "proxy {proxy} is connected to {target}")
    }
}

impl fmt::Display for PortEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = &self.peer;
        let service = self.service.as_deref().unwrap_or("-");
        let (state, took) = (name(self.state), Milliseconds(self.took));
        write!(f, "{peer} {state} {service} {took}")?;
        match &self.reason {
            Some(reason) if self.is_detailed => write!(f, " {reason}"),
            _ => Ok(()),
        }
    }
}

/// A time to tenths of a millisecond, as `0.3ms`.
struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}ms", self.0.as_secs_f64() * 1000.0)
    }
}

fn name(state: PortState) -> &'static str {
    match state {
        PortState::Open => "open",
        PortState::Closed => "closed",
        PortState::Filtered => "filtered",
    }
}

fn word<S: Serializer>(state: &PortState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*state))
}
