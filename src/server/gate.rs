//! What a client's socket goes through before it is a connection: a proxy's header, TLS.

use super::handed::Handed;
use super::stream::Stream;
use super::tls::{Acceptor, Tls};
use crate::net::{CallError, Socket};

/// How a worker takes in the sockets that it accepts; each worker has its own.
#[derive(Debug, Default)]
pub struct Gate {
    by_proxy: bool,
    tls: Option<(Tls, Acceptor)>,
}

impl Gate {
    /// Connections under TLS where it is given, each behind a header of the PROXY protocol where they come `by_proxy`.
    pub fn new(tls: Option<&Tls>, by_proxy: bool) -> Self {
        Self {
            by_proxy,
            tls: tls.map(|tls| (tls.clone(), Acceptor::new(tls))),
        }
    }

    /// The way to the client of a socket.
    pub(super) fn open(&self, socket: Socket) -> Result<Stream, CallError> {
        let line = Handed::new(socket, self.by_proxy);
        Ok(match &self.tls {
            None => Stream::Plain(line),
            Some((_, acceptor)) => Stream::Tls(Box::new(acceptor.accept(line)?)),
        })
    }

    /// Read the certificate's files again, for all workers; what came of it, `None` where there are none.
    pub(super) fn reload(&self) -> Option<String> {
        let (tls, _) = self.tls.as_ref()?;
        match tls.reload() {
            Ok(true) => Some(format!("new certificate, SHA-256 {}", tls.fingerprint())),
            Ok(false) => None,
            Err(error) => Some(format!("{error}: the certificate stays the old one")),
        }
    }
}
