//! Flags of `sockkit http` about folders as such.

use clap::Args;

/// What is shown of a folder.
#[derive(Args, Debug)]
#[command(next_help_heading = "Folders")]
pub(super) struct ListingArgs {
    /// Answer a folder without an index with 404, not with what it holds
    #[arg(long, requires = "dir")]
    no_listing: bool,
    /// Let folders be downloaded whole: ?archive=tar, ?archive=zip
    #[arg(long, requires = "dir")]
    pub(super) archive: bool,
    /// Send files as they are: neither gzip made of text, nor the .br, .zst and .gz beside them
    #[arg(long, requires = "dir")]
    pub(super) no_compress: bool,
}

impl ListingArgs {
    /// Whether a folder without an index is answered with what it holds.
    pub(super) fn is_on(&self) -> bool {
        !self.no_listing
    }
}
