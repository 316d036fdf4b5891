//! Packets into a capture file, or through stdout to whoever reads one: no packet waits for the next.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::caught::Caught;
use crate::engine::{Outlet, StdoutError};
use crate::net::CallError;
use crate::wire::pcap::{LinkType, record_header};

/// How much is kept before it is written, while more packets are there.
const KEPT: usize = 1 << 18;

/// A capture that is being written.
pub(super) struct Capture {
    /// `None` is stdout.
    file: Option<(File, PathBuf)>,
    pending: Vec<u8>,
}

impl Capture {
    /// Open the file, `-` for stdout, and begin with the header.
    pub(super) fn create(path: &Path, link: LinkType) -> Result<Self, CallError> {
        let file = if path == Path::new("-") {
            None
        } else {
            let opened = File::create(path);
            let file = opened.map_err(|cause| CallError::new("open", path.display(), cause))?;
            Some((file, path.to_owned()))
        };
        Ok(Self {
            file,
            pending: link.file_header().to_vec(),
        })
    }

    /// One packet more; `now` dates it where the kernel has not.
    pub(super) fn add(&mut self, caught: &Caught<'_>, now: Duration) {
        let cooked = caught.cooked().map(|header| header.encode());
        let header = cooked.as_ref().map_or(&[][..], |header| header);
        let (captured, length) = (
            header.len() + caught.bytes.len(),
            header.len() + caught.length,
        );
        let record = record_header(caught.at.unwrap_or(now), captured, length);
        self.pending.extend_from_slice(&record);
        self.pending.extend_from_slice(header);
        self.pending.extend_from_slice(caught.bytes);
    }

    /// Whether what is kept is to be written before more is heard.
    pub(super) fn is_full(&self) -> bool {
        self.pending.len() > KEPT
    }

    /// Write what is kept.
    pub(super) fn flush(&mut self, stdout: &Outlet) -> anyhow::Result<()> {
        let written: Result<(), StdoutError> = match &mut self.file {
            None => stdout.offer(&self.pending).map(drop),
            Some((file, path)) => {
                let written = file.write_all(&self.pending);
                written.map_err(|cause| CallError::new("write", path.display(), cause))?;
                Ok(())
            }
        };
        self.pending.clear();
        Ok(written?)
    }
}
