//! The file of a local socket that listens.

use clap::Args;

use crate::net::{BoundPath, CallError, Explain, Kind, Socket, UnixName, bind_unix};

/// How the file of a local socket is made.
#[derive(Args, Clone, Copy, Debug)]
pub struct LocalArgs {
    /// The mode of a local socket's file, in octal
    #[arg(long, value_name = "MODE", default_value = "0600", value_parser = mode)]
    mode: u32,
    /// Take the place of a dead local socket's file; never of another file, never of a listener
    #[arg(long)]
    replace: bool,
}

impl LocalArgs {
    /// bind(2) to a local name; what is to be removed in the end, `None` for an abstract name.
    pub fn bind(
        self,
        socket: &mut Socket,
        kind: Kind,
        name: &UnixName,
        explain: &Explain,
    ) -> Result<Option<BoundPath>, CallError> {
        bind_unix(socket, kind, name, self.mode, self.replace, explain)
    }
}

fn mode(word: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(word, 8)
        .ok()
        .filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "a mode is an octal number up to 0777".to_owned())
}
