//! Records of SOCK_SEQPACKET, an empty one of which is told from the end of its connection.

use std::io::{self, IoSliceMut};
use std::os::fd::RawFd;
use std::time::SystemTime;

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixAddr, recvmsg};

use super::error::CallError;
use super::explain::{Outcome, Quoted};
use super::rights::MOST;
use super::socket::{Recv, Socket, would_block};
use super::stamped::wall;
use super::sys;

/// Room for the time, the sender and a label of SO_PASSSEC; the time comes first.
const NOTES: usize = 512;

/// What one recvmsg brought.
struct Brought<'a> {
    length: usize,
    at: Option<SystemTime>,
    bytes: &'a [u8],
}

impl Socket {
    /// Have the kernel note when each record came (SO_TIMESTAMPNS).
    pub fn stamp_records(&self) -> Result<(), CallError> {
        self.set_int(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)
    }

    /// recvmsg(2) of a record with MSG_TRUNC, never waiting: its whole length, though only so much of it as fits is kept,
    /// and when it came, after [`Self::stamp_records`]. 0 bytes that never came are the end.
    pub fn recv_record(&self, buffer: &mut [u8]) -> Result<(Recv, Option<SystemTime>), CallError> {
        let arguments = format_args!("{}, {}", self.number(), buffer.len());
        let brought = self
            .explain
            .call("recvmsg", arguments, || self.bring_record(buffer));
        match brought {
            Ok(Brought { length, at, .. }) => Ok((Recv::Bytes(length), at)),
            Err(cause) if would_block(&cause) => Ok((Recv::WouldBlock, None)),
            Err(cause) => Err(self.refused("recv", cause)),
        }
    }

    fn bring_record<'b>(&self, buffer: &'b mut [u8]) -> io::Result<Brought<'b>> {
        let mut space = cmsg_space!([u8; NOTES], [RawFd; MOST]);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC | MsgFlags::MSG_CMSG_CLOEXEC;
        let mut parts = [IoSliceMut::new(buffer)];
        let message = recvmsg::<UnixAddr>(self.number(), &mut parts, Some(&mut space), flags)?;
        let length = message.bytes;
        let mut at = None;
        for control in message.cmsgs().into_iter().flatten() {
            match control {
                ControlMessageOwned::ScmTimestampns(time) => at = wall(time),
                // Nobody has asked for them.
                ControlMessageOwned::ScmRights(numbers) => sys::received(numbers).for_each(drop),
                _ => {}
            }
        }
        let bytes = buffer.get(..length.min(buffer.len())).unwrap_or_default();
        Ok(Brought { length, at, bytes })
    }
}

impl Outcome for Brought<'_> {
    fn number(&self) -> i64 {
        self.length.number()
    }
    fn note(&self) -> Option<String> {
        (!self.bytes.is_empty()).then(|| Quoted(self.bytes).to_string())
    }
}
