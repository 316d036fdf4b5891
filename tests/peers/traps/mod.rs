//! The known traps of netcats, each as one test: a driver that is run against sockkit, which passes, and against a tool
//! that has the trap, which shows it.
//!
//! A test's doc line says which tool has it. Where none of those that can be installed today does, or where it has been
//! mended since, the line says so, and the test is of sockkit alone. A tool of another version is passed over.

mod bytes;
mod commands;
mod crowd;
mod datagrams;
mod ends;
mod local;
mod proxy;
mod reaching;
mod running;
#[cfg(feature = "tls")]
mod secure;
mod serving;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::kit::{Start, accept, listener, peer, program, sockkit};

/// How long a tool is watched for not doing what it should.
const WATCHED: Duration = Duration::from_secs(1);

/// The tools, and the versions that were looked at.
const NC: (&str, &str, &str) = ("nc", "-h", "OpenBSD netcat (Debian patchlevel 1.2");
const NCAT: (&str, &str, &str) = ("ncat", "--version", "Ncat: Version 7.93");
const SOCAT: (&str, &str, &str) = ("socat", "-V", "socat version 1.7.4");

/// The tool, if it is installed and of the version that has the trap.
fn tool((name, about, version): (&str, &str, &str), words: &[&str]) -> Option<Start> {
    peer(name)?;
    let shown = program(name, [about]).run();
    let known = shown.stderr.contains(version) || shown.text().contains(version);
    if !known {
        let _ = writeln!(io::stderr(), "passed over: {name} is no {version}");
        return None;
    }
    Some(program(name, words))
}

fn nc(words: &str) -> Option<Start> {
    tool(NC, &split(words))
}

fn ncat(words: &str) -> Option<Start> {
    tool(NCAT, &split(words))
}

fn socat(words: &str) -> Option<Start> {
    tool(SOCAT, &split(words))
}

fn ours(words: &str) -> Start {
    sockkit(split(words))
}

fn split(words: &str) -> Vec<&str> {
    words.split_whitespace().collect()
}

/// Each client of 127.0.0.1 by its name: sockkit, and the tools that are here.
fn clients(port: u16) -> Vec<(&'static str, Start)> {
    let mut clients = vec![("sockkit", ours(&format!("tcp connect {port}")))];
    let tools = [
        ("nc", nc(&format!("127.0.0.1 {port}"))),
        ("nc -N", nc(&format!("-N 127.0.0.1 {port}"))),
        ("ncat", ncat(&format!("127.0.0.1 {port}"))),
        ("socat", socat(&format!("- TCP:127.0.0.1:{port}"))),
    ];
    clients.extend(
        tools
            .into_iter()
            .filter_map(|(name, start)| Some((name, start?))),
    );
    clients
}

/// Run `drive` for each client of a server of its own, and hand what came of it to `judge`.
fn each_client<T>(drive: impl Fn(&str, Start, &TcpListener) -> T, judge: impl Fn(&str, T)) {
    for index in 0..clients(1).len() {
        let (server, port) = listener();
        let (name, client) = clients(port).remove(index);
        judge(name, drive(name, client, &server));
    }
}

/// A server of one client: what it hears up to the client's end, then `delay`, then `answer`; whether it heard the end.
fn answering(
    server: &TcpListener,
    delay: Duration,
    answer: &'static [u8],
) -> JoinHandle<io::Result<Vec<u8>>> {
    let server = server.try_clone().unwrap();
    thread::spawn(move || {
        let mut client = accept(&server);
        client.set_read_timeout(Some(WATCHED))?;
        let mut heard = Vec::new();
        client.read_to_end(&mut heard)?;
        thread::sleep(delay);
        client.write_all(answer)?;
        Ok(heard)
    })
}

/// Write all and half-close.
fn say(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
}
