//! The file of a local socket that listens.

use clap::Args;

use crate::net::{BoundPath, CallError, Explain, Socket, SocketFile, UnixName, bind_unix, group};

/// The mode where a group was asked for: without its bits the group would be for nothing.
const SHARED: u32 = 0o660;

/// How the file of a local socket is made, and what becomes of it.
#[derive(Args, Clone, Copy, Debug)]
pub struct LocalArgs {
    /// The mode of a local socket's file, in octal [default: 0600, with --group 0660]
    #[arg(long, value_name = "MODE", value_parser = mode)]
    mode: Option<u32>,
    /// The group of a local socket's file, which may then connect
    #[arg(long, value_name = "NAME|GID", value_parser = group)]
    group: Option<u32>,
    /// Take the place of a dead local socket's file; never of another file, never of a listener
    #[arg(long)]
    replace: bool,
    /// Leave a local socket's file where it is at the end
    #[arg(long)]
    keep_file: bool,
}

impl LocalArgs {
    /// bind(2) to a local name; what is to be removed in the end, `None` for an abstract name.
    pub fn bind(
        self,
        socket: &mut Socket,
        name: &UnixName,
        explain: &Explain,
    ) -> Result<Option<BoundPath>, CallError> {
        bind_unix(socket, name, self.file(), explain)
    }

    /// Whether anything was asked for, which only a file can have.
    pub fn is_given(self) -> bool {
        let Self {
            mode,
            group,
            replace,
            keep_file,
        } = self;
        mode.is_some() || group.is_some() || replace || keep_file
    }

    fn file(self) -> SocketFile {
        let private = match self.group {
            Some(_) => SHARED,
            None => SocketFile::PRIVATE.mode,
        };
        SocketFile {
            mode: self.mode.unwrap_or(private),
            group: self.group,
            replace: self.replace,
            keep: self.keep_file,
        }
    }
}

fn mode(word: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(word, 8)
        .ok()
        .filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "a mode is an octal number up to 0777".to_owned())
}
