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
    let until = Instant::now() + DEADLINE;
    while descriptors(server) > most {
        let open = descriptors(server);
        assert!(Instant::now() < until, "{open} descriptors, {most} before");
        std::thread::sleep(Duration::from_millis(1));
    }
}
