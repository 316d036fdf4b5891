//! TLS in a program that was built without: whoever asks for it is told so, and nothing of it can come to be.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::TlsError;
use super::fingerprint::Fingerprint;
use super::session::TlsSession;
use super::terms::{ClientTerms, ServerTerms};
use crate::engine::transport::Line;
use crate::net::{CallError, Recv, Send};

/// Nothing.
#[derive(Debug)]
pub struct ClientTls(Infallible);

/// Nothing.
#[derive(Clone, Debug)]
pub struct ServerTls(Infallible);

/// Nothing.
#[derive(Clone, Debug)]
pub struct Acceptor(Infallible);

/// Nothing.
#[derive(Debug)]
pub struct TlsStream<L>(Infallible, PhantomData<L>);

fn without<T>() -> Result<T, TlsError> {
    let hint = "build it with the default features, or: cargo build --features tls";
    Err(TlsError::new("this sockkit was built without TLS", hint))
}

impl ClientTls {
    /// Refused.
    pub fn new(_: &ClientTerms) -> Result<Self, TlsError> {
        without()
    }

    /// Never called.
    pub fn open<L: Line>(&self, _: L) -> Result<TlsStream<L>, CallError> {
        match self.0 {}
    }
}

impl ServerTls {
    /// Refused.
    pub fn from_files(_: &Path, _: &Path, _: &ServerTerms) -> Result<Self, TlsError> {
        without()
    }

    /// Refused.
    pub fn temporary(_: &[String], _: SystemTime, _: &ServerTerms) -> Result<Self, TlsError> {
        without()
    }

    /// Never called.
    pub fn reload(&self) -> Result<bool, TlsError> {
        match self.0 {}
    }

    /// Never called.
    pub fn files(&self) -> Option<[&PathBuf; 2]> {
        match self.0 {}
    }

    /// Never called.
    pub fn fingerprint(&self) -> Fingerprint {
        match self.0 {}
    }

    /// Never called.
    pub fn pem(&self) -> String {
        match self.0 {}
    }
}

impl Acceptor {
    /// Never called.
    pub fn new(tls: &ServerTls) -> Self {
        match tls.0 {}
    }

    /// Never called.
    pub fn accept<L: Line>(&self, _: L) -> Result<TlsStream<L>, CallError> {
        match self.0 {}
    }
}

impl<L: Line> TlsStream<L> {
    /// Never called.
    pub fn greet(&mut self) -> Result<(), CallError> {
        match self.0 {}
    }

    /// Never called.
    pub fn session(&self) -> TlsSession {
        match self.0 {}
    }

    /// Never called.
    pub fn line(&self) -> &L {
        match self.0 {}
    }

    /// Never called.
    pub fn line_mut(&mut self) -> &mut L {
        match self.0 {}
    }

    /// Never called.
    pub fn is_greeting(&self) -> bool {
        match self.0 {}
    }

    /// Never called.
    pub fn is_ready(&self) -> bool {
        match self.0 {}
    }

    /// Never called.
    pub fn wants_write(&self) -> bool {
        match self.0 {}
    }

    /// Never called.
    pub fn take_moved(&mut self) -> bool {
        match self.0 {}
    }

    /// Never called.
    pub fn recv(&mut self, _: &mut [u8]) -> Result<Recv, CallError> {
        match self.0 {}
    }

    /// Never called.
    pub fn send(&mut self, _: &[u8], _: bool) -> Result<Send, CallError> {
        match self.0 {}
    }

    /// Never called.
    pub fn sendfile(&mut self, _: BorrowedFd<'_>, _: u64, _: usize) -> Result<Send, CallError> {
        match self.0 {}
    }

    /// Never called.
    pub fn flush(&mut self) -> Result<bool, CallError> {
        match self.0 {}
    }

    /// Never called.
    pub fn shutdown(&mut self) -> Result<(), CallError> {
        match self.0 {}
    }

    /// Never called.
    pub fn say_end(&mut self) {
        match self.0 {}
    }
}
