//! A folder with a file for each connection.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;

use crate::engine::Keeper;
use crate::net::{Address, CallError, UnixName};

/// How many earlier runs may have left a file of the same name.
const NAMES: u32 = 10_000;

/// Keeps what each connection says in a file of its own, made anew and readable by nobody else.
pub(super) struct Folder {
    folder: PathBuf,
    files: HashMap<u64, (File, PathBuf)>,
}

impl Folder {
    /// Make the folder, unless it is there, and see that it takes a file before anybody has come.
    pub(super) fn make(folder: &Path) -> Result<(), CallError> {
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made.map_err(|cause| CallError::new("mkdir", folder.display(), cause))?,
        }
        let name = format!(".sockkit-{}", process::id());
        let (_, path) = Self::new(folder.to_owned()).create(&name)?;
        fs::remove_file(&path).map_err(|cause| CallError::new("unlink", path.display(), cause))
    }

    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            files: HashMap::new(),
        }
    }

    /// A file that is there already is another run's: it is left alone.
    fn create(&self, name: &str) -> Result<(File, PathBuf), CallError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut path = self.folder.join(name);
        for again in 2..NAMES {
            match options.open(&path) {
                Ok(file) => return Ok((file, path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    path = self.folder.join(format!("{name}.{again}"));
                }
                Err(cause) => return Err(CallError::new("open", path.display(), cause)),
            }
        }
        let cause = ErrorKind::AlreadyExists;
        Err(CallError::new("open", path.display(), cause))
    }
}

impl Keeper for Folder {
    fn opened(&mut self, conn: u64, peer: &Address) -> Result<(), CallError> {
        let file = self.create(&name_of(conn, peer))?;
        self.files.insert(conn, file);
        Ok(())
    }

    fn heard(&mut self, conn: u64, bytes: &[u8]) -> Result<(), CallError> {
        let Some((file, path)) = self.files.get_mut(&conn) else {
            return Ok(());
        };
        let written = file.write_all(bytes);
        written.map_err(|cause| CallError::new("write", path.display(), cause))
    }

    fn closed(&mut self, conn: u64) {
        self.files.remove(&conn);
    }
}

/// `0001-192.0.2.1-51344`, `0002-2001_db8__1-51344`; of a local socket's name no more than that there is one is worth a
/// file's name.
fn name_of(conn: u64, peer: &Address) -> String {
    let number = format!("{conn:04}");
    let harmless = |c: char| match c {
        '.' | '_' => c,
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    match (peer, peer.inet()) {
        (_, Some(inet)) => {
            let host = peer
                .host()
                .replace(':', "_")
                .replace(|c| harmless(c) != c, "-");
            format!("{number}-{host}-{}", inet.port())
        }
        (Address::Unix(UnixName::Unnamed), _) => number,
        (peer, _) => {
            let peer: String = peer.to_string().chars().map(harmless).take(200).collect();
            format!("{number}-{}", peer.trim_matches('-'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_folder() {
        let inet = |word: &str| Address::Inet(word.parse().unwrap());
        let path = |word: &str| Address::Unix(UnixName::Path(word.into()));
        for (conn, peer, name) in [
            (1, inet("192.0.2.1:7"), "0001-192.0.2.1-7"),
            (12_345, inet("[2001:db8::1]:7"), "12345-2001_db8__1-7"),
            (1, inet("[::1]:7"), "0001-__1-7"),
            (1, path("../../etc/passwd"), "0001-..-..-etc-passwd"),
            (1, path("/"), "0001-"),
            (1, Address::Unix(UnixName::Unnamed), "0001"),
        ] {
            assert_eq!(name_of(conn, &peer), name);
        }
    }
}
