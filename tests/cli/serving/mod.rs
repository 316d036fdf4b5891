//! What listeners do for their connections: many at once, commands, small services, and who may come.

mod access;
mod command;
mod crowd;
mod services;
mod shaped;
mod slow;
mod talk;

use std::net::TcpStream;

use crate::kit::{Running, Start, sockkit, stream_to};

/// `tcp listen` on a port that the kernel chooses.
fn listen(words: &str) -> Start {
    sockkit(
        ["tcp", "listen", "127.0.0.1:0"]
            .into_iter()
            .chain(words.split_whitespace()),
    )
}

/// `tcp listen` with a line of the shell for each connection.
fn shell(words: &str, line: &str) -> Start {
    listen(words).args(["--sh", line])
}

/// `tcp connect` to a listener.
fn connect(port: u16) -> Start {
    sockkit(["tcp", "connect", &format!("127.0.0.1:{port}")])
}

fn client(port: u16) -> TcpStream {
    stream_to(("127.0.0.1", port))
}

/// Whether something comes true, however long the machine takes for it.
fn becomes(mut holds: impl FnMut() -> bool) -> bool {
    (0..1000).any(|_| {
        let holds = holds();
        if !holds {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        holds
    })
}

/// How many descriptors a process has open.
fn descriptors(running: &Running) -> usize {
    let folder = format!("/proc/{}/fd", running.pid());
    std::fs::read_dir(folder).unwrap().count()
}
