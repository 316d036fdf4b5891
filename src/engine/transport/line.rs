//! What carries the bytes of a connection: a socket, or one with something in front of its bytes.

use std::fmt::Display;

use crate::net::{CallError, Recv, Socket};

/// A socket to receive from, and what becomes of a peer that does not speak TLS where it should.
pub trait Line {
    /// Whether both directions go on at once: then bytes are heard while others wait to leave, and a half that ends
    /// leaves the socket's other half alone. Otherwise the next is heard when the last was answered.
    const IS_DUPLEX: bool;

    /// The socket.
    fn socket(&self) -> &Socket;

    /// recv(2) of the bytes that TLS reads.
    fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError>;

    /// What is answered to a peer whose first byte is `first`, before it is refused; `None` leaves it to TLS.
    fn answer(&self, first: u8) -> Option<String>;

    /// The peer is refused, and why. Whether it is heard out, so that no reset destroys what it was told; otherwise the
    /// next recv is the error.
    fn refuse(&mut self, why: &dyn Display) -> bool;
}

impl Line for Socket {
    const IS_DUPLEX: bool = true;

    fn socket(&self) -> &Socket {
        self
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<Recv, CallError> {
        Self::recv(self, buffer)
    }

    fn answer(&self, _: u8) -> Option<String> {
        None
    }

    fn refuse(&mut self, _: &dyn Display) -> bool {
        false
    }
}
