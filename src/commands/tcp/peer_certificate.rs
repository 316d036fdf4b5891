//! `--show-cert`: what certificate a server shows, how long it holds, and whether it is trusted.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::commands::stream::{Opened, Stream};
use crate::engine::{Fingerprint, TlsSession};
use crate::output::{Event, Exit, Face, Harmless};
use crate::wire::Certificate;

/// One day, in seconds.
const DAY: i64 = 24 * 60 * 60;

/// What a server showed, and what was agreed on.
#[derive(Debug, Serialize)]
pub(super) struct PeerCertificate {
    #[serde(flatten)]
    own: Option<Shown>,
    /// The certificates above its own, as it sent them.
    chain: Vec<Shown>,
    /// Whether it is believed.
    trusted: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    protocol: &'static str,
    cipher: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<String>,
    /// The protocol inside TLS, where one was agreed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    alpn: Option<String>,
}

/// One certificate.
#[derive(Debug, Serialize)]
struct Shown {
    subject: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    issuer: String,
    not_before: String,
    not_after: String,
    /// Whole days until it ends; below zero when it has ended.
    days_left: i64,
    serial: String,
    key: String,
    signature: String,
    sha256: String,
    authority: bool,
}

/// The handshake is done: tell what was shown, and end.
pub(super) fn show(stream: &Stream<'_>, opened: Opened) -> anyhow::Result<Exit> {
    let Opened { mut transport, .. } = opened;
    transport.say_end();
    let Some(session) = transport.session() else {
        return Ok(Exit::Done);
    };
    let doubt = session.doubt.clone();
    let output = &stream.desk.output;
    output.tell(&PeerCertificate::new(session, output.now()))?;
    match doubt {
        None => Ok(Exit::Done),
        Some(doubt) => Err(doubt.on("tls", transport.socket().about()).into()),
    }
}

impl PeerCertificate {
    /// What a session is known by at `now`.
    pub(super) fn new(session: TlsSession, now: SystemTime) -> Self {
        let mut chain = session
            .chain
            .into_iter()
            .map(|(print, read)| Shown::new(print, read, now));
        let own = chain.next();
        let chain = chain.collect();
        Self {
            own,
            chain,
            trusted: session.doubt.is_none(),
            reason: session.doubt.map(|doubt| doubt.why),
            protocol: session.version,
            cipher: session.cipher,
            exchange: session.exchange,
            alpn: session.alpn,
        }
    }
}

impl Shown {
    fn new(print: Fingerprint, read: Result<Certificate, String>, now: SystemTime) -> Self {
        let sha256 = print.to_string();
        let read = match read {
            Ok(read) => read,
            Err(why) => return Self::unread(&why, sha256),
        };
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Self {
            subject: read.subject,
            names: read.names,
            issuer: read.issuer,
            not_before: date(read.not_before),
            not_after: date(read.not_after),
            days_left: read.not_after.saturating_sub(now).div_euclid(DAY),
            serial: read.serial,
            key: read.key,
            signature: read.signature,
            sha256,
            authority: read.is_authority,
        }
    }

    /// One that cannot be read still has a fingerprint.
    fn unread(why: &str, sha256: String) -> Self {
        Self {
            subject: format!("(unreadable: {why})"),
            names: Vec::new(),
            issuer: String::new(),
            not_before: String::new(),
            not_after: String::new(),
            days_left: 0,
            serial: String::new(),
            key: String::new(),
            signature: String::new(),
            sha256,
            authority: false,
        }
    }

    /// How long it still holds, for people.
    fn left(&self) -> String {
        match self.days_left {
            0 => "ends within a day".to_owned(),
            1 => "1 day left".to_owned(),
            2.. => format!("{} days left", self.days_left),
            -1 => "ended within the last day".to_owned(),
            past => format!("ended {} days ago", -past - 1),
        }
    }
}

/// A second since 1970, RFC 3339; nothing where the calendar has no such year.
fn date(second: i64) -> String {
    let since = u64::try_from(second).ok().map(Duration::from_secs);
    let at = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    let is_shown = (0..253_402_300_800).contains(&second);
    match at.filter(|_| is_shown) {
        Some(at) => humantime::format_rfc3339_seconds(at).to_string(),
        None => String::new(),
    }
}

impl Event for PeerCertificate {
    const NAME: &'static str = "peer_certificate";
    const FACE: Face = Face::Data;
}

impl fmt::Display for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, text: &str| writeln!(f, "{name:<12}{}", Harmless(text));
        if let Some(own) = &self.own {
            row("subject", &own.subject)?;
            for (at, name) in own.names.iter().enumerate() {
                row(if at == 0 { "names" } else { "" }, name)?;
            }
            row("issuer", &own.issuer)?;
            row("valid from", &own.not_before)?;
            row("valid until", &format!("{}, {}", own.not_after, own.left()))?;
            row("serial", &own.serial)?;
            row("key", &own.key)?;
            row("signature", &own.signature)?;
            row("sha256", &own.sha256)?;
        }
        for (at, above) in self.chain.iter().enumerate() {
            let text = format!("{}, until {}", above.subject, above.not_after);
            row(if at == 0 { "chain" } else { "" }, &text)?;
        }
        let exchange = self.exchange.as_deref().unwrap_or_default();
        row(
            "protocol",
            &[self.protocol, self.cipher.as_str(), exchange].join(" "),
        )?;
        row("alpn", self.alpn.as_deref().unwrap_or("none"))?;
        let trusted = match &self.reason {
            None => "yes".to_owned(),
            Some(reason) => format!("no: {reason}"),
        };
        write!(f, "{:<12}{}", "trusted", Harmless(&trusted))
    }
}
