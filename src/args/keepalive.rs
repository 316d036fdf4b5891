//! Probes of a connection that has nothing to say.

use std::time::Duration;

use clap::Args;
use libc::c_int;

use super::duration::duration;
use crate::net::{CallError, Socket};

/// Whether a silent connection is probed, tcp(7).
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct KeepaliveArgs {
    /// Probe a silent connection (SO_KEEPALIVE): after IDLE, every INTERVAL, COUNT times, as 60s,10s,5; the kernel has values for what is left out
    #[arg(
        long,
        value_name = "IDLE,INTERVAL,COUNT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = keepalive
    )]
    keepalive: Option<Keepalive>,
}

/// TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT; `None` leaves one to the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Keepalive {
    idle: Option<c_int>,
    interval: Option<c_int>,
    count: Option<c_int>,
}

impl KeepaliveArgs {
    /// setsockopt(2) for what was asked for.
    pub fn apply(&self, socket: &Socket) -> Result<(), CallError> {
        let Some(keepalive) = self.keepalive else {
            return Ok(());
        };
        socket.set_int(libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1)?;
        for (option, value) in [
            (libc::TCP_KEEPIDLE, keepalive.idle),
            (libc::TCP_KEEPINTVL, keepalive.interval),
            (libc::TCP_KEEPCNT, keepalive.count),
        ] {
            if let Some(value) = value {
                socket.set_int(libc::IPPROTO_TCP, option, value)?;
            }
        }
        Ok(())
    }
}

fn keepalive(word: &str) -> Result<Keepalive, String> {
    if word.is_empty() {
        return Ok(Keepalive::default());
    }
    let words: Vec<&str> = word.split(',').collect();
    let (idle, interval, count) = match words.as_slice() {
        [idle] => (idle, None, None),
        [idle, interval] => (idle, Some(interval), None),
        [idle, interval, count] => (idle, Some(interval), Some(count)),
        _ => return Err("it is IDLE,INTERVAL,COUNT, as 60s,10s,5".to_owned()),
    };
    Ok(Keepalive {
        idle: Some(seconds(idle)?),
        interval: interval.map(|word| seconds(word)).transpose()?,
        count: count.map(|word| probes(word)).transpose()?,
    })
}

/// The kernel counts whole seconds, from 1 to MAX_TCP_KEEPIDLE.
fn seconds(word: &str) -> Result<c_int, String> {
    let limits = || "keepalive counts whole seconds, from 1s to 32767s".to_owned();
    let time = duration(word)?;
    let is_whole = time == Duration::from_secs(time.as_secs());
    let seconds = c_int::try_from(time.as_secs()).map_err(|_| limits())?;
    match is_whole && (1..=32767).contains(&seconds) {
        true => Ok(seconds),
        false => Err(limits()),
    }
}

/// From 1 to MAX_TCP_KEEPCNT.
fn probes(word: &str) -> Result<c_int, String> {
    let count = word.parse().ok().filter(|count| (1..=127).contains(count));
    count.ok_or_else(|| "the number of probes is from 1 to 127".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let given = |idle, interval, count| {
            Some(Keepalive {
                idle,
                interval,
                count,
            })
        };
        for (word, read) in [
            ("", given(None, None, None)),
            ("60", given(Some(60), None, None)),
            ("1m,10s", given(Some(60), Some(10), None)),
            ("60s,10s,5", given(Some(60), Some(10), Some(5))),
            (",", None),
            ("60s,", None),
            ("0", None),
            ("500ms", None),
            ("1.5", None),
            ("32768", None),
            ("60,10,0", None),
            ("60,10,128", None),
            ("60,10,5,1", None),
            ("x", None),
        ] {
            assert_eq!(keepalive(word).ok(), read, "{word}");
        }
    }
}
