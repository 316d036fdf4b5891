//! What a server holds: descriptors, memory, processor time; proc(5).

use std::fs;
use std::time::{Duration, Instant};

use crate::kit::{DEADLINE, Running};

/// How many descriptors two workers may open for files that are asked for again: the files, and pipes for their pages.
pub(crate) const KEPT: usize = 12;

/// How many descriptors it has open.
pub(crate) fn descriptors(server: &Running) -> usize {
    let open = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    open.count()
}

/// How many of them are sockets.
pub(crate) fn sockets(server: &Running) -> usize {
    let open = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let targets = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let sockets = targets.filter(|target| target.to_string_lossy().starts_with("socket:"));
    sockets.count()
}

/// How many KiB of memory are its own.
pub(crate) fn memory(server: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}

/// Wait until it holds `most` descriptors at most: what a client has left behind is noticed in the next turn.
pub(crate) fn settle(server: &Running, most: usize) {
    falls(server, most, descriptors);
}

/// Wait until it holds `most` sockets at most: until every other one is closed.
pub(crate) fn hang_up(server: &Running, most: usize) {
    falls(server, most, sockets);
}

fn falls(server: &Running, most: usize, count: fn(&Running) -> usize) {
    let until = Instant::now() + DEADLINE;
    while count(server) > most {
        let open = count(server);
        assert!(Instant::now() < until, "{open} descriptors, {most} before");
        std::thread::sleep(Duration::from_millis(1));
    }
}
