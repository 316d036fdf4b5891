//! A hop as traceroute(8) writes it.

use std::fmt::{self, Display, Write};
use std::net::SocketAddr;

use crate::commands::trip::Millis;
use crate::engine::ping::Trouble;
use crate::engine::trace::{Answer, AnswerKind, Hop, HopNames, Meaning, Outcome};
use crate::net::Address;
use crate::output::harmless;
use crate::wire::Label;

/// ` 2  router (10.99.2.2)  0.131 ms  0.008 ms  *`
pub(super) fn line(ttl: u8, hop: &Hop, names: &HopNames, numeric: bool) -> String {
    let mut line = format!("{ttl:2} ");
    let mut last: Option<&Answer> = None;
    for outcome in hop.outcomes() {
        let Outcome::Answered(answer) = outcome else {
            line.push_str(" *");
            continue;
        };
        let is_same = |last: &Answer| (last.from, &last.labels) == (answer.from, &answer.labels);
        if !last.is_some_and(is_same) {
            line.push(' ');
            line.push_str(&who(answer.from, names, numeric));
            stack(&answer.labels, &mut line);
        }
        last = Some(answer);
        // Writing to a string does not fail.
        let _ = write!(line, "  {} ms", Millis(answer.rtt));
        if let Some(mtu) = answer.mtu {
            let _ = write!(line, " F={mtu}");
        }
        let _ = write!(line, "{}", Sign(answer));
    }
    line
}

/// `router (10.99.2.2)`; the address twice where it has no name, as people know it.
fn who(from: Option<SocketAddr>, names: &HopNames, numeric: bool) -> String {
    let Some(from) = from else {
        return "?".to_owned();
    };
    let addr = Address::Inet(from).host();
    match names.name(from.ip()) {
        _ if numeric => addr,
        Some(name) => format!("{} ({addr})", harmless_name(name)),
        None => format!("{addr} ({addr})"),
    }
}

/// A name as others gave it, who may mean harm to the terminal.
pub(super) fn harmless_name(name: &str) -> String {
    harmless(name.as_bytes()).replace('\n', "\\n")
}

/// ` <MPLS:L=24001,E=0,S=1,T=1>`
fn stack(labels: &[Label], line: &mut String) {
    for (at, entry) in labels.iter().enumerate() {
        line.push_str(if at == 0 { " <MPLS:" } else { "/" });
        let Label {
            label,
            class,
            is_bottom,
            ttl,
        } = entry;
        let bottom = u8::from(*is_bottom);
        let _ = write!(line, "L={label},E={class},S={bottom},T={ttl}");
    }
    if !labels.is_empty() {
        line.push('>');
    }
}

/// What is wrong, in a few letters behind a blank; nothing where nothing is.
struct Sign<'a>(&'a Answer);

impl Display for Sign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AnswerKind::Error(Trouble::Icmp {
            is_v6,
            kind,
            code,
            mtu,
            ..
        }) = &self.0.kind
        else {
            return match self.0.kind {
                AnswerKind::Error(_) => f.write_str(" !H"),
                _ => Ok(()),
            };
        };
        let mtu = mtu.unwrap_or(0);
        let is_reached = self.0.meaning == Meaning::Reached;
        f.write_str(match (is_v6, kind, code) {
            (false, 11, 0) | (true, 3, 0) => return Ok(()),
            // A port that nobody listens on: that of the host itself is what is waited for.
            (false, 3, 3) | (true, 1, 4) if is_reached => return Ok(()),
            (false, 3, 0 | 6 | 8 | 11) | (true, 1, 0) => " !N",
            (false, 3, 1 | 7 | 12) | (true, 1, 2 | 3) => " !H",
            (false, 3, 2) | (true, 4, 1) => " !P",
            (false, 3, 9 | 10 | 13) | (true, 1, 1) => " !X",
            (false, 3, 5) => " !S",
            (false, 3, 14) => " !V",
            (false, 3, 15) => " !C",
            (false, 3, 4) | (true, 2, _) => return write!(f, " !F-{mtu}"),
            (false, 3, _) | (true, 1, _) => return write!(f, " !<{code}>"),
            _ => return write!(f, " !<{kind}-{code}>"),
        })
    }
}
