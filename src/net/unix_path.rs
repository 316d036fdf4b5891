//! The file of a local socket: made with a mode, replaced only when dead, removed only when ours.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::stat::{Mode, umask};

use super::address::Address;
use super::error::CallError;
use super::explain::Explain;
use super::family::{Family, Kind, Protocol};
use super::socket::Socket;
use super::unix_name::UnixName;

/// A path that a socket of ours is bound to. Dropping it removes the file, unless another has taken its place.
#[derive(Debug)]
pub struct BoundPath {
    path: PathBuf,
    identity: (u64, u64),
}

/// bind(2) to a local name; a path is made with `mode`, and one where a dead socket lies is freed if `replace` says so.
/// What has to be removed in the end is `None` for an abstract name.
pub fn bind_unix(
    socket: &mut Socket,
    kind: Kind,
    name: &UnixName,
    mode: u32,
    replace: bool,
    explain: &Explain,
) -> Result<Option<BoundPath>, CallError> {
    let address = Address::Unix(name.clone());
    let UnixName::Path(path) = name else {
        socket.bind(&address)?;
        return Ok(None);
    };
    if replace {
        remove_dead(path, kind, explain)?;
    }
    // The file must never be open to more than `mode` allows, not even between bind and chmod.
    let before = umask(Mode::from_bits_truncate(0o777 & !mode));
    let bound = socket.bind(&address);
    umask(before);
    bound?;
    let metadata =
        fs::symlink_metadata(path).map_err(|cause| CallError::new("stat", &address, cause))?;
    Ok(Some(BoundPath {
        path: path.clone(),
        identity: (metadata.dev(), metadata.ino()),
    }))
}

/// Remove a socket that nobody listens on. Anything else stays, and bind will refuse.
fn remove_dead(path: &Path, kind: Kind, explain: &Explain) -> Result<(), CallError> {
    let is_socket =
        fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    let address = Address::Unix(UnixName::Path(path.to_owned()));
    let mut probe = Socket::open_nonblocking(Family::Unix, kind, Protocol::DEFAULT, explain)?;
    match probe.connect(&address) {
        Err(error) if error.errno() == libc::ECONNREFUSED => {
            fs::remove_file(path).map_err(|cause| CallError::new("unlink", &address, cause))
        }
        // Somebody answers, or does not let us ask: it is alive.
        _ => Err(CallError::new(
            "bind",
            &address,
            io::Error::from(Errno::EADDRINUSE),
        )),
    }
}

impl Drop for BoundPath {
    fn drop(&mut self) {
        let ours = |metadata: fs::Metadata| (metadata.dev(), metadata.ino()) == self.identity;
        if fs::symlink_metadata(&self.path).is_ok_and(ours) {
            // A file that somebody else removes at this very moment is gone as well.
            let _ = fs::remove_file(&self.path);
        }
    }
}
