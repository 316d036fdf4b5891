//! A socket that a proxy may have handed on: its header comes first, and tells who the client is.
//!
//! Behind the header, and where none is expected, a recv is a recv.

use std::ffi::OsString;
use std::fmt::Display;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::time::SystemTime;

use super::plain_http;
use crate::engine::{Line, Transport};
use crate::net::{Address, CallError, Recv, Socket, UnixName};
use crate::wire::{Client, Preface};

/// The way to a client.
pub(super) type Stream = Transport<Handed>;

/// What is learnt of a client before it says anything.
#[derive(Debug)]
pub(super) enum News {
    /// Its address, from a proxy.
    Client(Address),
    /// It is not served, and why.
    Refused(String),
}

/// A socket, and what was heard of the header in front.
#[derive(Debug)]
pub(super) struct Handed {
    socket: Socket,
    preface: Option<Vec<u8>>,
    news: Option<Box<News>>,
}

impl Handed {
    /// A connection that is the client's own, or begins with a header of the PROXY protocol.
    pub(super) fn new(socket: Socket, by_proxy: bool) -> Self {
        Self {
            socket,
            preface: by_proxy.then(Vec::new),
            news: None,
        }
    }

    /// What was learnt since this was last asked for.
    pub(super) fn take_news(&mut self) -> Option<News> {
        self.news.take().map(|news| *news)
    }

    fn hear_preface(&mut self, mut heard: Vec<u8>, buffer: &mut [u8]) -> Result<Recv, CallError> {
        let room = buffer.len().saturating_sub(heard.len());
        let count = match self
            .socket
            .recv(buffer.get_mut(..room).unwrap_or_default())?
        {
            Recv::Bytes(0) => return Err(self.refused("it ended before its PROXY header")),
            Recv::Bytes(count) => count,
            Recv::WouldBlock => 0,
        };
        heard.extend_from_slice(buffer.get(..count).unwrap_or_default());
        match Preface::parse(&heard) {
            Preface::Partial => {
                self.preface = Some(heard);
                Ok(Recv::WouldBlock)
            }
            Preface::Refused(why) => Err(self.refused(why)),
            Preface::Complete { client, length } => {
                self.news = address_of(client).map(|client| Box::new(News::Client(client)));
                let rest = heard.get(length..).unwrap_or_default();
                if let Some(front) = buffer.get_mut(..rest.len()) {
                    front.copy_from_slice(rest);
                }
                Ok(match rest.len() {
                    0 => Recv::WouldBlock,
                    count => Recv::Bytes(count),
                })
            }
        }
    }

    fn refused(&mut self, why: &'static str) -> CallError {
        let news = format!("PROXY header: {why}");
        self.news = Some(Box::new(News::Refused(news)));
        let cause = io::Error::new(io::ErrorKind::InvalidData, why);
        CallError::new("recv", self.socket.about(), cause)
    }
}

impl Line for Handed {
    const IS_DUPLEX: bool = false;

    fn socket(&self) -> &Socket {
        &self.socket
    }

    /// recv(2) of what is behind the header; an error when there is none.
    fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        match self.preface.take() {
            None => self.socket.recv(buffer),
            Some(preface) => self.hear_preface(preface, buffer),
        }
    }

    fn answer(&self, first: u8) -> Option<String> {
        plain_http::is_plain(first).then(|| plain_http::answer(SystemTime::now()))
    }

    fn refuse(&mut self, why: &dyn Display) -> bool {
        self.news = Some(Box::new(News::Refused(why.to_string())));
        true
    }
}

/// An address to show; `None` where the connection's own stands.
fn address_of(client: Client) -> Option<Address> {
    match client {
        Client::Proxy => None,
        Client::Inet(address) => Some(Address::Inet(address).unmapped()),
        Client::Unix(name) => Some(Address::Unix(match name.split_first() {
            None => UnixName::Unnamed,
            Some((0, rest)) => UnixName::Abstract(rest.to_vec()),
            Some(_) => UnixName::Path(OsString::from_vec(name).into()),
        })),
    }
}
