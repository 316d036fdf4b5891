//! The file of a local socket: made with a mode and a group, replaced only when dead, removed only when ours.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, chown};

use super::address::Address;
use super::error::CallError;
use super::explain::Explain;
use super::family::{Family, Kind, Protocol};
use super::socket::Socket;
use super::unix_name::UnixName;

/// The bits of a mode that are for the group.
const GROUP_BITS: u32 = 0o070;
/// How often the folder's lock is asked for, and how long apart: two seconds in all.
const LOCK_TRIES: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// How the file of a local socket is made, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketFile {
    /// Who may connect, chmod(2).
    pub mode: u32,
    /// The group's number; `None` for that of the process.
    pub group: Option<u32>,
    /// Whether it takes the place of a socket that nobody is bound to any more.
    pub replace: bool,
    /// Whether it stays at the end.
    pub keep: bool,
}

impl SocketFile {
    /// Ours alone, in nobody's place, gone at the end.
    pub const PRIVATE: Self = Self {
        mode: 0o600,
        group: None,
        replace: false,
        keep: false,
    };
}

/// A path that a socket of ours is bound to. Dropping it removes the file, unless it is to stay, or another has taken
/// its place.
#[derive(Debug)]
pub struct BoundPath {
    path: PathBuf,
    identity: (u64, u64),
    keep: bool,
}

/// bind(2) to a local name; a path is made as `file` says. What has to be removed in the end is `None` for an abstract
/// name.
pub fn bind_unix(
    socket: &mut Socket,
    name: &UnixName,
    file: SocketFile,
    explain: &Explain,
) -> Result<Option<BoundPath>, CallError> {
    let address = Address::Unix(name.clone());
    let UnixName::Path(path) = name else {
        socket.bind(&address)?;
        return Ok(None);
    };
    // Of several that replace the same file at once each would find it dead, and remove what the first has bound.
    let _lock = match file.replace {
        true => Some(lock_folder(path)?),
        false => None,
    };
    if file.replace {
        remove_dead(path, explain)?;
    }
    bind_with_mode(socket, path, file).map(Some)
}

/// The file is never open to more than `mode` allows, not even for a moment: the group's bits wait for the group.
fn bind_with_mode(
    socket: &mut Socket,
    path: &Path,
    file: SocketFile,
) -> Result<BoundPath, CallError> {
    let address = Address::Unix(UnixName::Path(path.to_owned()));
    let refused = |call| {
        let address = &address;
        move |cause: io::Error| CallError::new(call, address, cause)
    };
    let at_first = match file.group {
        Some(_) => file.mode & !GROUP_BITS,
        None => file.mode,
    };
    let before = umask(Mode::from_bits_truncate(0o777 & !at_first));
    let bound = socket.bind(&address);
    umask(before);
    bound?;
    let made = fs::symlink_metadata(path).map_err(refused("stat"))?;
    let mut bound = BoundPath {
        path: path.to_owned(),
        identity: identity(&made),
        keep: false,
    };
    if let Some(group) = file.group {
        chown(path, None, Some(Gid::from_raw(group)))
            .map_err(|errno| refused("chown")(errno.into()))?;
        fs::set_permissions(path, Permissions::from_mode(file.mode)).map_err(refused("chmod"))?;
    }
    bound.keep = file.keep;
    Ok(bound)
}

/// Remove a socket that nobody is bound to. Anything else stays, and bind will refuse.
fn remove_dead(path: &Path, explain: &Explain) -> Result<(), CallError> {
    let Some(found) = socket_at(path) else {
        return Ok(());
    };
    let address = Address::Unix(UnixName::Path(path.to_owned()));
    let in_use = || CallError::new("bind", &address, io::Error::from(Errno::EADDRINUSE));
    // A connection would be one for whoever listens, and the only one that it takes. A socket for datagrams is told
    // the same, and none is made: ECONNREFUSED where nobody is bound, EPROTOTYPE where a stream is, unix(7).
    let mut probe =
        Socket::open_nonblocking(Family::Unix, Kind::Dgram, Protocol::DEFAULT, explain)?;
    match probe.connect(&address) {
        Err(error) if error.errno() == libc::ECONNREFUSED => {}
        // Somebody is there, or does not let us ask.
        _ => return Err(in_use()),
    }
    // A program that does not know of the lock may have been faster.
    match socket_at(path) {
        Some(still) if still == found => {
            fs::remove_file(path).map_err(|cause| CallError::new("unlink", &address, cause))
        }
        Some(_) => Err(in_use()),
        None => Ok(()),
    }
}

/// Which socket's file is at `path`; `None` for another file, and for none.
fn socket_at(path: &Path) -> Option<(u64, u64)> {
    let found = fs::symlink_metadata(path).ok()?;
    found.file_type().is_socket().then(|| identity(&found))
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// flock(2) on the folder that `path` is in, which leaves no file behind; `None` where the folder cannot be opened.
/// Somebody else who holds it is waited for, but not for ever.
fn lock_folder(path: &Path) -> Result<Option<Flock<fs::File>>, CallError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Ok(mut opened) = fs::File::open(folder) else {
        return Ok(None);
    };
    for _ in 0..LOCK_TRIES {
        match Flock::lock(opened, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(Some(lock)),
            Err((unlocked, Errno::EWOULDBLOCK | Errno::EINTR)) => opened = unlocked,
            // A file system without locks, flock(2).
            Err(_) => return Ok(None),
        }
        thread::sleep(LOCK_PAUSE);
    }
    Err(CallError::new(
        "flock",
        folder.display(),
        Errno::EWOULDBLOCK,
    ))
}

impl Drop for BoundPath {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        // One that replaces our file at this very moment must not lose its own.
        let _lock = lock_folder(&self.path);
        if socket_at(&self.path) == Some(self.identity) {
            // A file that somebody else removes at this very moment is gone as well.
            let _ = fs::remove_file(&self.path);
        }
    }
}
