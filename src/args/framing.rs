//! How stdin is cut into datagrams.

use clap::Args;

use super::size::size as bytes;
use crate::engine::{CHUNK, Chop, Framing};

/// The largest payload of a UDP datagram over IPv4: 65535 less the headers of IP and UDP.
pub const DATAGRAM: usize = 65507;

/// One datagram per read, per line, or one in all.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct FramingArgs {
    /// One datagram per line of stdin, without its line feed
    #[arg(long, conflicts_with = "whole")]
    lines: bool,
    /// All of stdin as one datagram
    #[arg(long)]
    whole: bool,
    /// One datagram per read of stdin, of N bytes at most [default: 65507]
    #[arg(long, value_name = "N", value_parser = size, allow_negative_numbers = true, conflicts_with_all = ["lines", "whole"])]
    size: Option<usize>,
}

impl FramingArgs {
    /// What cuts stdin.
    pub fn chop(&self) -> Chop {
        Chop::new(self.framing())
    }

    /// How stdin is cut.
    pub fn framing(&self) -> Framing {
        match (self.lines, self.whole) {
            (true, _) => Framing::Lines,
            (_, true) => Framing::Whole,
            _ => Framing::Reads(self.size.unwrap_or(DATAGRAM)),
        }
    }

    /// Whether anything was asked for.
    pub fn is_given(&self) -> bool {
        self.lines || self.whole || self.size.is_some()
    }
}

/// A size that one read can bring.
fn size(word: &str) -> Result<usize, String> {
    let size = bytes(word).ok().and_then(|size| usize::try_from(size).ok());
    size.filter(|size| (1..=CHUNK).contains(size))
        .ok_or_else(|| format!("a size is 1 to {CHUNK} bytes, as 1400 or 8k"))
}
