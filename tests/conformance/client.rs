//! A client over a raw socket: its bytes whole, one by one, or cut at random.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crate::kit::stream_to;
use crate::reader::{Response, response};

/// How many bytes at the beginning and at the end of a long request are sent one by one.
const SINGLE: usize = 1000;

/// How the bytes of a request are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Not at all.
    Whole,
    /// Behind each byte.
    Bytes,
    /// Somewhere, and elsewhere for another seed.
    Random(u64),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order.
    Closed,
    /// With a reset.
    Reset,
    /// Not within the deadline.
    Open,
}

/// What comes back for `bytes` until the server closes; with `ends` the client half-closes behind them.
pub(crate) fn exchange(port: u16, bytes: &[u8], ends: bool, cut: Cut) -> (Vec<u8>, End) {
    let mut client = stream_to(("127.0.0.1", port));
    client.set_nodelay(true).unwrap();
    let writer = client.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || send(writer, bytes, ends, cut));
        let mut heard = Vec::new();
        let end = match client.read_to_end(&mut heard) {
            Ok(_) => End::Closed,
            Err(error) if error.kind() == ErrorKind::WouldBlock => End::Open,
            Err(_) => End::Reset,
        };
        // A writer that is still at it ends with the connection.
        let _ = client.shutdown(Shutdown::Both);
        (heard, end)
    })
}

/// A server that has closed takes no more: that is its right, and the judge looks at what it said.
fn send(mut client: TcpStream, bytes: &[u8], ends: bool, cut: Cut) {
    let mut rest = bytes;
    let mut sent = 0;
    let mut random = Random(cut);
    while !rest.is_empty() {
        let count = match cut {
            Cut::Whole => rest.len(),
            Cut::Bytes if sent < SINGLE || rest.len() <= SINGLE => 1,
            Cut::Bytes => rest.len() - SINGLE,
            Cut::Random(_) => random.up_to(bytes.len() / 3 + 1).min(rest.len()),
        };
        let (piece, behind) = rest.split_at(count);
        if client.write_all(piece).is_err() {
            return;
        }
        // The server may take it before the next one comes; nothing depends on whether it does.
        thread::yield_now();
        sent += count;
        rest = behind;
    }
    if ends {
        let _ = client.shutdown(Shutdown::Write);
    }
}

struct Random(Cut);

impl Random {
    /// A number from 1 to `most`.
    fn up_to(&mut self, most: usize) -> usize {
        let Cut::Random(state) = &mut self.0 else {
            return most;
        };
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        1 + usize::try_from(*state % most as u64).unwrap()
    }
}

/// A connection that goes on: one request, one response.
pub(crate) struct Kept {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Kept {
    /// A new connection.
    pub(crate) fn to(port: u16) -> Self {
        let stream = stream_to(("127.0.0.1", port));
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            heard: Vec::new(),
        }
    }

    /// Its socket.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Send bytes.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Hear `count` bytes, which stay to be read.
    pub(crate) fn hear(&mut self, count: usize) {
        let kept = self.heard.len();
        self.heard.resize(kept + count, 0);
        self.stream.read_exact(&mut self.heard[kept..]).unwrap();
    }

    /// Hear as many answers as status lines tell, and forget them; the last of them has no content.
    pub(crate) fn hear_until(&mut self, answers: usize) {
        let mut buffer = vec![0; 1 << 16];
        let mut count = 0;
        while count < answers || !self.heard.ends_with(b"\r\n\r\n") {
            let read = self.stream.read(&mut buffer).unwrap();
            assert!(read > 0, "{count} of {answers} answers");
            self.heard.extend_from_slice(&buffer[..read]);
            let lines = self.heard.windows(9).filter(|nine| nine == b"HTTP/1.1 ");
            count = lines.count();
        }
        self.heard.clear();
    }

    /// The next final response, which has a length or chunks.
    pub(crate) fn response(&mut self, is_head: bool) -> Response {
        let mut buffer = vec![0; 1 << 18];
        loop {
            if let Ok((read, rest)) = response(&self.heard, is_head) {
                self.heard = rest.to_vec();
                if read.status >= 200 {
                    return read;
                }
                continue;
            }
            let count = self.stream.read(&mut buffer).unwrap();
            let heard = &self.heard[..self.heard.len().min(400)];
            assert!(count > 0, "no whole response: {}", heard.escape_ascii());
            self.heard.extend_from_slice(&buffer[..count]);
        }
    }

    /// The response to GET of `path`.
    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.send(get(path));
        self.response(false)
    }
}

/// A request for `path` whose connection goes on.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// The response to GET of `path` with these fields, each with its line end, on a connection of its own.
pub(crate) fn fetch(port: u16, path: &str, fields: &str) -> Response {
    asked(port, "GET", path, fields)
}

/// The response to one request on a connection of its own.
pub(crate) fn asked(port: u16, method: &str, path: &str, fields: &str) -> Response {
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}\r\n");
    let (heard, end) = exchange(port, request.as_bytes(), false, Cut::Whole);
    assert_eq!(end, End::Closed, "{request}");
    let (response, rest) = response(&heard, method == "HEAD")
        .unwrap_or_else(|why| panic!("{why}: {request}: {}", heard.escape_ascii()));
    assert!(rest.is_empty(), "{request}: {}", rest.escape_ascii());
    response
}
