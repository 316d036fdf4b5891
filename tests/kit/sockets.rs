//! Peers within the test: plain sockets of the standard library, each with a deadline.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{Domain, SockRef, Type};

use super::DEADLINE;

/// A listener on a port that the kernel chose.
pub(crate) fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A port of 127.0.0.1 that nobody listens on: bound and never listened on while the socket lives, so it stays dead.
pub(crate) fn dead_port() -> (socket2::Socket, u16) {
    let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    (socket, port)
}

/// The next client of a listener, which must come within the deadline.
pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    let limit = PollTimeout::try_from(DEADLINE).unwrap();
    let mut waiting = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut waiting, limit), Ok(1), "nobody connected");
    patient(listener.accept().unwrap().0)
}

/// A connection to an address of this host.
pub(crate) fn stream_to(address: impl std::net::ToSocketAddrs) -> TcpStream {
    patient(TcpStream::connect(address).unwrap())
}

/// A socket whose reads and writes fail after the deadline.
pub(crate) fn patient<S: AsFd>(socket: S) -> S {
    let limit = Some(DEADLINE);
    SockRef::from(&socket).set_read_timeout(limit).unwrap();
    SockRef::from(&socket).set_write_timeout(limit).unwrap();
    socket
}

/// Have the socket's close be a reset.
pub(crate) fn linger_zero(socket: &impl AsFd) {
    let zero = Some(Duration::ZERO);
    SockRef::from(socket).set_linger(zero).unwrap();
}

/// Close with a reset.
pub(crate) fn reset(stream: TcpStream) {
    linger_zero(&stream);
}

/// Everything up to the end.
pub(crate) fn read_end(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// A port that was nobody's a moment ago, for programs that cannot say which one the kernel chose.
pub(crate) fn free_port() -> u16 {
    listener().1
}

/// A port of 127.0.0.1 where connecting hangs: a listener whose queue is full. It is deaf as long as the sockets live.
pub(crate) fn deaf_port() -> (socket2::Socket, Vec<socket2::Socket>, u16) {
    let open = || socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let listener = open();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let caller = open();
            caller.set_nonblocking(true).unwrap();
            // In progress, for ever from the second on.
            let _ = caller.connect(&address);
            caller
        })
        .collect();
    let port = address.as_socket().unwrap().port();
    (listener, callers, port)
}

/// Bytes of every value in an order that does not repeat soon.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(next)
        .take(length.div_ceil(8))
        .flatten()
        .collect();
    bytes.truncate(length);
    bytes
}

/// A socket that keeps boundaries, read one record at a time.
pub(crate) trait Record {
    /// The next record.
    fn record(&self) -> Vec<u8>;
}

impl Record for UdpSocket {
    fn record(&self) -> Vec<u8> {
        one(|buffer| self.recv(buffer))
    }
}

impl Record for UnixDatagram {
    fn record(&self) -> Vec<u8> {
        one(|buffer| self.recv(buffer))
    }
}

impl Record for UnixStream {
    fn record(&self) -> Vec<u8> {
        let mut stream = self;
        one(|buffer| stream.read(buffer))
    }
}

fn one(receive: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 17];
    let count = receive(&mut buffer).unwrap();
    buffer.truncate(count);
    buffer
}
