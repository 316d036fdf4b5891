//! What a client's socket goes through before it is a connection: a proxy's header, TLS.

use super::handed::{Handed, Stream};
use crate::engine::{Acceptor, ServerTls};
use crate::net::{CallError, Socket};

/// How a worker takes in the sockets that it accepts; each worker has its own.
#[derive(Debug, Default)]
pub struct Gate {
    by_proxy: bool,
    tls: Option<(ServerTls, Acceptor)>,
}

impl Gate {
    /// Connections under TLS where it is given, each behind a header of the PROXY protocol where they come `by_proxy`.
    pub fn new(tls: Option<&ServerTls>, by_proxy: bool) -> Self {
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

    /// Whether clients speak TLS.
    pub(super) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// What its clients are shown, the same for all workers; `None` without TLS.
    pub(super) fn tls(&self) -> Option<ServerTls> {
        self.tls.as_ref().map(|(tls, _)| tls.clone())
    }
}

/// Read the certificate's files again; what came of it, `None` where there are none.
pub(super) fn reload(tls: &ServerTls) -> Option<String> {
    match tls.reload() {
        Ok(true) => Some(format!(
            "new certificate sha256 Fingerprint={}",
            tls.fingerprint()
        )),
        Ok(false) => None,
        Err(error) => Some(format!("{error}: the certificate stays the old one")),
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_types,
    reason = "the clients are plain sockets: it is not they that are explained"
)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::sync::Arc;
    use std::thread::{self, JoinHandle};
    use std::time::{Duration, Instant, SystemTime};

    use super::*;
    use crate::engine::{ServerTerms, StdoutError};
    use crate::http::Site;
    use crate::net::{Address, Explain, Family, Kind, Protocol};
    use crate::server::shared::Shared;
    use crate::server::worker::Worker;
    use crate::server::{Happening, Limits, Observer, Places, Service, Terms};

    struct Deaf;

    impl Observer for Deaf {
        fn notice(&mut self, _: &Happening<'_>) -> Result<(), StdoutError> {
            Ok(())
        }
    }

    /// How long a client lasts that is given more time for each byte.
    const LONG: Duration = Duration::from_secs(20);

    const TERMS: Terms = Terms {
        places: Places {
            all: 100,
            per_address: None,
        },
        grace: Duration::ZERO,
        is_handed: false,
        is_at_terminal: false,
    };

    /// A server that has little patience for heads, what ends it, and its thread.
    fn serve(tls: bool, by_proxy: bool) -> (SocketAddr, Arc<Shared>, JoinHandle<()>) {
        let any = Address::Inet("127.0.0.1:0".parse().unwrap());
        let silent = Explain::default();
        let mut socket = Socket::open(Family::Inet, Kind::Stream, Protocol::TCP, &silent).unwrap();
        socket.bind(&any).unwrap();
        socket.listen(16).unwrap();
        let address = socket.getsockname().unwrap().inet().unwrap();
        let limits = Limits {
            head: Duration::from_millis(300),
            idle: Duration::from_secs(60),
            ..Limits::default()
        };
        let end = Arc::new(Shared::new(vec![socket], TERMS).unwrap());
        end.connect().unwrap();
        let shared = Arc::clone(&end);
        let server = thread::spawn(move || {
            let names = ["localhost".to_owned()];
            let tls = tls.then(|| {
                ServerTls::temporary(&names, SystemTime::now(), &ServerTerms::default()).unwrap()
            });
            let service = Service::new(Site::default(), None, limits, Box::new(Deaf));
            let mut service = service.behind(Gate::new(tls.as_ref(), by_proxy));
            let mut worker = Worker::another(shared).unwrap();
            let ended = worker.run(&mut service, None, Some(LONG));
            assert_eq!(ended.unwrap(), None);
        });
        (address, end, server)
    }

    #[test]
    fn no_byte_on_the_way_in_earns_more_time() {
        for (tls, by_proxy, said) in [
            (
                true,
                false,
                &b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03"[..],
            ),
            (false, true, b"PROXY TCP6 "),
            (true, true, b"PROXY TCP6 "),
        ] {
            if tls && cfg!(not(feature = "tls")) {
                continue;
            }
            let (address, end, server) = serve(tls, by_proxy);
            let mut client = TcpStream::connect(address).unwrap();
            client.write_all(said).unwrap();
            let mut drip = client.try_clone().unwrap();
            let since = Instant::now();
            let dripping = thread::spawn(move || {
                while since.elapsed() < LONG && drip.write_all(b":").is_ok() {
                    thread::sleep(Duration::from_millis(20));
                }
            });
            // The end, or a reset.
            let _ = client.read(&mut [0]);
            assert!(since.elapsed() < LONG / 2, "{tls} {by_proxy}");
            dripping.join().unwrap();
            end.tell_end();
            server.join().unwrap();
        }
    }
}
