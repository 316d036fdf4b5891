//! How the connections of a stream become TLS, before anything else is said.

use std::fmt;
use std::time::Instant;

use nix::sys::signal::Signal;
use serde::Serialize;

use super::Desk;
use super::serve::GREETING;
use super::stream::{Opened, Stream};
use crate::args::ClientTlsArgs;
use crate::engine::{
    Acceptor, ClientTls, Connection, Reactor, Timer, TlsSession, Transport, begin_tls, greet,
};
use crate::net::{Endpoint, Host, Socket};
use crate::output::{Event, Face, Warning};
use crate::wire::StarttlsProtocol;

/// Which side of TLS it is.
#[derive(Debug)]
pub(super) enum Secure {
    /// The one that connected, and what it says before.
    Connect(ClientTls, Option<StarttlsProtocol>),
    /// The one that listened.
    Accept(Acceptor),
}

impl Secure {
    /// TLS with the server at `endpoint`, as asked for; `None` without.
    pub(super) fn to(
        args: &ClientTlsArgs,
        endpoint: &Endpoint,
        desk: &Desk,
    ) -> anyhow::Result<Option<Self>> {
        let host = match endpoint {
            Endpoint::Network(network) => Some(match &network.host {
                Host::Name(name) => name.clone(),
                Host::Literal(ip, _) => ip.to_string(),
                Host::Default | Host::Any => "127.0.0.1".to_owned(),
            }),
            Endpoint::Inherited(_) => None,
        };
        let Some(tls) = args.open(host.as_deref())? else {
            return Ok(None);
        };
        if args.is_insecure() {
            let message = "--insecure: the server may be anybody, and whoever is between reads and changes what is said";
            desk.output.tell(&Warning {
                message: message.to_owned(),
            })?;
        }
        Ok(Some(Self::Connect(tls, args.starttls())))
    }

    /// What a listener's connections go through.
    pub(super) fn acceptor(&self) -> Option<&Acceptor> {
        match self {
            Self::Accept(acceptor) => Some(acceptor),
            Self::Connect(..) => None,
        }
    }
}

impl Stream<'_> {
    /// A connection through its handshake, where it has one; or the signal that came before its end.
    pub(super) fn open(
        &self,
        reactor: &mut Reactor,
        connection: Connection,
    ) -> anyhow::Result<Result<Opened, Signal>> {
        let Connection {
            socket,
            peer,
            reset,
            ..
        } = connection;
        let transport = self.greet(reactor, socket)?;
        Ok(transport.map(|transport| Opened {
            transport,
            peer,
            reset,
        }))
    }

    fn greet(
        &self,
        reactor: &mut Reactor,
        socket: Socket,
    ) -> anyhow::Result<Result<Transport, Signal>> {
        let Some(secure) = self.secure else {
            return Ok(Ok(Transport::Plain(socket)));
        };
        let mut timers = self.args.timing.timers(self.start);
        let limit = match secure {
            Secure::Connect(..) => self.args.timing.timeout,
            Secure::Accept(_) => Some(self.args.timing.timeout.unwrap_or(GREETING)),
        };
        timers.start(Timer::Answer, limit, Instant::now());
        let stream = match secure {
            Secure::Connect(tls, starttls) => {
                if let Some(protocol) = starttls
                    && let Some(signal) = begin_tls(*protocol, reactor, &socket, &timers)?
                {
                    return Ok(Err(signal));
                }
                tls.open(socket)?
            }
            Secure::Accept(acceptor) => acceptor.accept(socket)?,
        };
        let mut transport = Transport::Tls(Box::new(stream));
        if let Some(signal) = greet(reactor, &mut transport, &timers)? {
            return Ok(Err(signal));
        }
        if let Some(session) = transport.session() {
            self.desk.output.tell(&Secured::new(session))?;
        }
        Ok(Ok(transport))
    }
}

/// A handshake is done.
#[derive(Debug, Serialize)]
struct Secured {
    protocol: &'static str,
    cipher: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpn: Option<String>,
    /// The fingerprint of the certificate that the peer showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

impl Secured {
    fn new(session: TlsSession) -> Self {
        let own = session.chain.first();
        Self {
            protocol: session.version,
            cipher: session.cipher,
            alpn: session.alpn,
            sha256: own.map(|(print, _)| print.to_string()),
        }
    }
}

impl Event for Secured {
    const NAME: &'static str = "secured";
    const FACE: Face = Face::Detail;
}

impl fmt::Display for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {}", self.protocol, self.cipher)?;
        if let Some(alpn) = &self.alpn {
            write!(f, ", {alpn} inside")?;
        }
        match &self.sha256 {
            Some(sha256) => write!(f, ", certificate sha256:{sha256}"),
            None => Ok(()),
        }
    }
}
