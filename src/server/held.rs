//! The pages of files that are sent again and again, each file's in a pipe: what is in it is doubled, tee(2), and moved
//! into the socket, splice(2). sendfile(2) looks every page up anew and moves sixteen at a time, which costs an eighth
//! more for a hundred kilobytes, and half as much again for a megabyte.

use std::cell::Cell;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice, tee};
use nix::unistd::{pipe2, read};

use super::stored::SMALL;
use crate::net::{CallError, Send, Socket, widen_pipe};

/// The largest file that is held: a pipe holds no more without a privilege, pipe(7).
const LARGEST: u64 = 1 << 20;
/// How many bytes are held by all workers together: the kernel lets a user have 64 MiB in pipes, and others want some.
const ROOM: usize = 16 << 20;
/// How many bytes one read takes of what nobody wanted.
const READ: usize = 16 * 1024;

/// Where pages are held, and the pipe through which they are sent: that is empty between two sends.
#[derive(Debug)]
pub(super) struct Shelf {
    reader: OwnedFd,
    writer: OwnedFd,
    /// How many bytes may still be held.
    room: Cell<usize>,
}

/// The pages of one file.
#[derive(Debug)]
pub(super) struct Held {
    shelf: Rc<Shelf>,
    pages: OwnedFd,
    length: usize,
}

impl Shelf {
    /// An empty one, for one of so many workers; `None` where no pipe holds enough.
    pub(super) fn new(workers: usize) -> Option<Rc<Self>> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).ok()?;
        widen_pipe(writer.as_fd());
        Some(Rc::new(Self {
            reader,
            writer,
            room: Cell::new(ROOM / workers.max(1)),
        }))
    }

    /// Hold a file of this length; `None` where it is not worth it, there is no room, or it has become shorter.
    pub(super) fn hold(self: &Rc<Self>, file: &File, length: u64) -> Option<Rc<Held>> {
        if length <= SMALL || length > LARGEST {
            return None;
        }
        let length = usize::try_from(length).ok()?;
        let room = self.room.get().checked_sub(length)?;
        let (pages, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).ok()?;
        let size = i32::try_from(length.next_power_of_two()).ok()?;
        fcntl(&writer, FcntlArg::F_SETPIPE_SZ(size)).ok()?;
        let mut from = 0;
        while let left @ 1.. = length.saturating_sub(usize::try_from(from).ok()?) {
            match splice(file, Some(&mut from), &writer, None, left, flags()) {
                Ok(1..) => {}
                _ => return None,
            }
        }
        self.room.set(room);
        Some(Rc::new(Held {
            shelf: Rc::clone(self),
            pages,
            length,
        }))
    }

    /// Have it empty for the next.
    fn clear(&self) {
        let mut bytes = [0; READ];
        while let Ok(1..) = read(&self.reader, &mut bytes) {}
    }
}

impl Held {
    /// Send all of it, as far as the socket takes it; `None` where it has to be sent in another way.
    pub(super) fn send(&self, socket: &Socket) -> Result<Option<Send>, CallError> {
        let Shelf { reader, writer, .. } = &*self.shelf;
        let doubled = tee(&self.pages, writer, self.length, flags());
        if doubled != Ok(self.length) {
            self.shelf.clear();
            return Ok(None);
        }
        let sent = socket.splice_from(reader.as_fd(), self.length);
        if !matches!(sent, Ok(Send::Bytes(count)) if count == self.length) {
            self.shelf.clear();
        }
        sent.map(Some)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shelf.room.set(self.shelf.room.get() + self.length);
    }
}

fn flags() -> SpliceFFlags {
    SpliceFFlags::SPLICE_F_NONBLOCK
}

#[cfg(test)]
#[expect(
    clippy::disallowed_types,
    reason = "the client is a plain socket: it is not it that is explained"
)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::net::{Address, Explain, Family, Kind, Protocol};

    fn connected() -> (Socket, TcpStream) {
        let silent = Explain::default();
        let any = Address::Inet("127.0.0.1:0".parse().unwrap());
        let mut listener =
            Socket::open(Family::Inet, Kind::Stream, Protocol::TCP, &silent).unwrap();
        listener.bind(&any).unwrap();
        listener.listen(1).unwrap();
        let address = listener.getsockname().unwrap().inet().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let (socket, _) = listener.accept().unwrap().unwrap();
        (socket, client)
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn pattern(length: usize) -> Vec<u8> {
        let byte = |at: usize| u8::try_from(at % 251).unwrap();
        (0..length).map(byte).collect()
    }

    #[test]
    fn what_is_held_is_sent_again_and_again() {
        let shelf = Shelf::new(1).unwrap();
        let bytes = pattern(100_001);
        let held = shelf.hold(&file(&bytes), 100_001).unwrap();
        let (socket, mut client) = connected();
        for _ in 0..3 {
            let mut sent = 0;
            // A whole send is all or the rest is thrown away: then the client gets a beginning.
            match held.send(&socket).unwrap() {
                Some(Send::Bytes(count)) => sent += count,
                other => panic!("{other:?}"),
            }
            let mut heard = vec![0; sent];
            client.read_exact(&mut heard).unwrap();
            assert!(bytes.starts_with(&heard));
        }
    }

    #[test]
    fn what_a_full_socket_does_not_take_is_in_nobodys_way() {
        let shelf = Shelf::new(1).unwrap();
        let large = pattern(1 << 20);
        let held = shelf.hold(&file(&large), 1 << 20).unwrap();
        let (full, _deaf) = connected();
        let is_full =
            |sent: &Option<Send>| !matches!(sent, Some(Send::Bytes(count)) if *count == 1 << 20);
        let mut sends = std::iter::repeat_with(|| held.send(&full).unwrap());
        assert!(sends.find(is_full).is_some());
        let bytes = pattern(70_000);
        let other = shelf.hold(&file(&bytes), 70_000).unwrap();
        let (socket, mut client) = connected();
        let Some(Send::Bytes(count)) = other.send(&socket).unwrap() else {
            panic!("nothing is sent");
        };
        let mut heard = vec![0; count];
        client.read_exact(&mut heard).unwrap();
        assert!(bytes.starts_with(&heard));
    }

    #[test]
    fn there_is_so_much_room() {
        let shelf = Shelf::new(16).unwrap();
        let file = file(&pattern(1 << 20));
        let held = shelf.hold(&file, 1 << 20).unwrap();
        assert!(shelf.hold(&file, SMALL + 1).is_none());
        drop(held);
        assert!(shelf.hold(&file, SMALL + 1).is_some());
        for length in [0, SMALL, LARGEST + 1, u64::MAX] {
            assert!(shelf.hold(&file, length).is_none(), "{length}");
        }
        let short = tempfile::tempfile().unwrap();
        assert!(shelf.hold(&short, SMALL + 1).is_none());
    }
}
