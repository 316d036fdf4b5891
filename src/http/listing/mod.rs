//! What a folder holds, as a page for people and as JSON for programs: a pure function of its entries.
//!
//! The page is written by a small writer of our own ([`Html`](super::html::Html)): its only way past escaping takes text that is
//! part of the program, so that a name cannot become markup, and a table of 50,000 rows costs no more than its bytes.

mod answer;
mod figures;
mod icon;
mod json;
mod name;
mod order;
mod page;
mod row;
mod view;

pub use answer::{pack, pack_later, show, view};
pub use figures::Size;
pub use json::json;
pub use page::{SECURITY_POLICY, page};
pub use view::{Format, Sort, View};

use order::Rows;

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder, or a link to one that lies beneath the root.
    Directory,
    /// A regular file, or a link to one that lies beneath the root.
    File,
    /// A link that leads nowhere, or out of the root.
    Broken,
    /// A FIFO, a socket or a device, which is never served.
    Special,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As it stands on the disk: any bytes but NUL and the slash.
    pub name: Vec<u8>,
    /// What it stands for.
    pub kind: Kind,
    /// In bytes; of no meaning but for files.
    pub size: u64,
    /// When it was changed, in seconds since 1970; `None` where that cannot be read.
    pub modified: Option<i64>,
}

/// A folder, as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The decoded path beneath the root, `a/b/`; empty for the root.
    pub path: Vec<u8>,
    /// What it holds, in any order.
    pub entries: Vec<Entry>,
    /// Whether it holds more than could be read.
    pub is_cut: bool,
    /// Whether files may be uploaded into it.
    pub takes_uploads: bool,
    /// Whether it can be had as an archive.
    pub gives_archives: bool,
}

impl Listing {
    /// The entries that a view shows, in its order.
    fn rows(&self, view: &View) -> Rows<'_> {
        order::rows(&self.entries, view)
    }
}
