//! How a listener tells scripts that it listens, and where.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::net::{CallError, notify};

/// A sign of readiness besides the line on stderr.
#[derive(Args, Clone, Debug, Default)]
pub struct ReadyArgs {
    /// Write a byte to descriptor N when listening
    #[arg(long, value_name = "N")]
    ready_fd: Option<i32>,
}

/// Signs of readiness of a listener that has a port.
#[derive(Args, Clone, Debug, Default)]
pub struct PortArgs {
    #[command(flatten)]
    ready: ReadyArgs,
    /// Write the real port to FILE when listening
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
}

impl ReadyArgs {
    /// Say that the listener listens.
    pub fn announce(&self) -> Result<(), CallError> {
        self.ready_fd.map_or(Ok(()), notify)
    }
}

impl PortArgs {
    /// Say that the listener listens, before its line is told: who has read that finds the file. `port` is the real
    /// one, `None` for an inherited socket without.
    pub fn announce(&self, port: Option<u16>) -> Result<(), CallError> {
        if let (Some(file), Some(port)) = (&self.port_file, port) {
            // Renamed into place: whoever waits for the file never reads half a number.
            let written = replace(file, &format!("{port}\n"));
            written.map_err(|cause| CallError::new("write", file.display(), cause))?;
        }
        self.ready.announce()
    }
}

/// A regular file is replaced whole; a FIFO, a device or a descriptor's path is written to.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let there = fs::metadata(file);
    if there.is_ok_and(|metadata| !metadata.is_file()) {
        return fs::OpenOptions::new()
            .write(true)
            .open(file)?
            .write_all(text.as_bytes());
    }
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut name = file.clone().into_os_string();
    name.push(format!(".{}", std::process::id()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&name);
    let placed = written
        .and_then(|mut new| new.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&name, &file));
    placed.inspect_err(|_| drop(fs::remove_file(&name)))
}
