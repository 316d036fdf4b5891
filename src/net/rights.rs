//! Descriptors handed from one process to another: sendmsg(2) and recvmsg(2) with SCM_RIGHTS, unix(7).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

use super::error::CallError;
use super::explain::{Outcome, Quoted};
use super::socket::{Send, Socket, would_block};
use super::sys;

/// The most descriptors that one message carries, unix(7): SCM_MAX_FD.
pub(super) const MOST: usize = 253;

/// What a message brought besides its bytes, which are in the caller's buffer.
#[derive(Debug, Default)]
pub struct Handed {
    /// How many bytes it had; 0 is the end of a stream.
    pub length: usize,
    /// The descriptors, close-on-exec.
    pub descriptors: Vec<OwnedFd>,
}

impl Socket {
    /// sendmsg(2) of `bytes` with a copy of an open descriptor (SCM_RIGHTS), never waiting. A stream carries it with the
    /// first byte, so there must be one.
    pub fn send_descriptor(
        &self,
        bytes: &[u8],
        descriptor: BorrowedFd<'_>,
    ) -> Result<Send, CallError> {
        let numbers = [descriptor.as_raw_fd()];
        let control = [ControlMessage::ScmRights(&numbers)];
        let parts = [io::IoSlice::new(bytes)];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let rights = Rights(&numbers);
        let arguments = format_args!("{}, {}, {rights}", self.number(), bytes.len());
        let sent = self.explain.call("sendmsg", arguments, || {
            Ok(sendmsg::<()>(self.number(), &parts, &control, flags, None)?)
        });
        self.sent("sendmsg", sent)
    }

    /// recvmsg(2) with room for descriptors, never waiting; `None` when nothing is there.
    pub fn recv_descriptors(&self, buffer: &mut [u8]) -> Result<Option<Handed>, CallError> {
        let length = buffer.len();
        let arguments = format_args!("{}, {length}", self.number());
        let received = self.explain.call("recvmsg", arguments, || {
            let handed = self.recv_descriptors_once(buffer)?;
            Ok(Came {
                bytes: buffer.get(..handed.length).unwrap_or_default(),
                handed,
            })
        });
        match received {
            Ok(came) => Ok(Some(came.handed)),
            Err(cause) if would_block(&cause) => Ok(None),
            Err(cause) => Err(self.refused("recvmsg", cause)),
        }
    }

    fn recv_descriptors_once(&self, buffer: &mut [u8]) -> io::Result<Handed> {
        let mut space = cmsg_space!([RawFd; MOST]);
        let mut parts = [io::IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
        let message = recvmsg::<()>(self.number(), &mut parts, Some(&mut space), flags)?;
        let mut handed = Handed {
            length: message.bytes,
            ..Handed::default()
        };
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(numbers) = control {
                handed.descriptors.extend(sys::received(numbers));
            }
        }
        Ok(handed)
    }
}

/// `SCM_RIGHTS [3, 4]`
struct Rights<'a>(&'a [RawFd]);

impl std::fmt::Display for Rights<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SCM_RIGHTS {:?}", self.0)
    }
}

struct Came<'a> {
    bytes: &'a [u8],
    handed: Handed,
}

impl Outcome for Came<'_> {
    fn number(&self) -> i64 {
        self.handed.length.number()
    }
    fn note(&self) -> Option<String> {
        let descriptors = self.handed.descriptors.iter();
        let numbers: Vec<RawFd> = descriptors.map(AsRawFd::as_raw_fd).collect();
        let bytes = Quoted(self.bytes);
        match numbers.is_empty() {
            true if self.bytes.is_empty() => None,
            true => Some(bytes.to_string()),
            false => Some(format!("[{}] {bytes}", Rights(&numbers))),
        }
    }
}
