//! TLS in a program that was built without: whoever asks for it is told so, and nothing of it can come to be.

use std::convert::Infallible;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::handed::Handed;
use super::tls_error::TlsError;
use crate::net::{CallError, Recv, Send, Socket};

/// Nothing.
#[derive(Clone, Debug)]
pub struct Tls(Infallible);

/// Nothing.
#[derive(Debug)]
pub(super) struct Acceptor(Infallible);

/// Nothing.
#[derive(Debug)]
pub(super) struct TlsStream(Infallible);

fn without<T>() -> Result<T, TlsError> {
    let hint = "build it with the default features, or: cargo build --features tls";
    Err(TlsError::new("this sockkit was built without TLS", hint))
}

impl Tls {
    /// Refused.
    pub fn from_files(_: &Path, _: &Path) -> Result<Self, TlsError> {
        without()
    }

    /// Refused.
    pub fn temporary(_: &[String], _: SystemTime) -> Result<Self, TlsError> {
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
    pub fn fingerprint(&self) -> String {
        match self.0 {}
    }

    /// Never called.
    pub fn pem(&self) -> String {
        match self.0 {}
    }
}

impl Acceptor {
    pub(super) fn new(tls: &Tls) -> Self {
        match tls.0 {}
    }

    pub(super) fn accept(&self, _: Handed) -> Result<TlsStream, CallError> {
        match self.0 {}
    }
}

impl TlsStream {
    pub(super) fn line(&mut self) -> &mut Handed {
        match self.0 {}
    }

    pub(super) fn socket(&self) -> &Socket {
        match self.0 {}
    }

    pub(super) fn has_ended(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn wants_write(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn take_moved(&mut self) -> bool {
        match self.0 {}
    }

    pub(super) fn recv(&mut self, _: &mut [u8]) -> Result<Recv, CallError> {
        match self.0 {}
    }

    pub(super) fn send(&mut self, _: &[u8], _: bool) -> Result<Send, CallError> {
        match self.0 {}
    }

    pub(super) fn sendfile(
        &mut self,
        _: BorrowedFd<'_>,
        _: u64,
        _: usize,
    ) -> Result<Send, CallError> {
        match self.0 {}
    }

    pub(super) fn flush(&mut self) -> Result<bool, CallError> {
        match self.0 {}
    }

    pub(super) fn shutdown(&mut self) -> Result<(), CallError> {
        match self.0 {}
    }

    pub(super) fn say_end(&mut self) {
        match self.0 {}
    }
}
