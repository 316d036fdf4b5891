//! A folder as JSON, for programs.

use std::fmt::Display;

use serde::{Serialize, Serializer};

use super::figures::Moment;
use super::view::View;
use super::{Entry, Kind, Listing};

#[derive(Serialize)]
struct Folder<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    entries: Vec<Item<'a>>,
    /// Only where there is more than is shown.
    #[serde(skip_serializing_if = "is_false")]
    truncated: bool,
}

#[derive(Serialize)]
struct Item<'a> {
    name: std::borrow::Cow<'a, str>,
    /// The bytes of a name that is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    name_hex: Option<String>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    modified: Option<Moment>,
}

/// `{"path":"/a/","entries":[{"name":"b","kind":"file","size":1,"modified":"1970-01-01T00:00:00Z"}]}`, in the order and
/// with the filter of the view.
pub fn json(listing: &Listing, view: &View) -> Vec<u8> {
    let folder = Folder {
        path: format!("/{}", String::from_utf8_lossy(&listing.path)),
        path_hex: hex_unless_text(&listing.path),
        entries: listing
            .rows(view)
            .iter()
            .map(|row| Item::from(row.entry))
            .collect(),
        truncated: listing.is_cut,
    };
    // Nothing in there can fail to be written to memory.
    let mut bytes = serde_json::to_vec(&folder).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

impl<'a> From<&'a Entry> for Item<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            name: String::from_utf8_lossy(&entry.name),
            name_hex: hex_unless_text(&entry.name),
            kind: match entry.kind {
                Kind::Directory => "directory",
                Kind::File => "file",
                Kind::Broken => "broken",
                Kind::Special => "special",
            },
            size: (entry.kind == Kind::File).then_some(entry.size),
            modified: entry.modified.and_then(Moment::of),
        }
    }
}

fn hex_unless_text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes)
        .is_err()
        .then(|| hex::encode(bytes))
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference")]
fn as_text<S: Serializer>(value: &Option<impl Display>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_kinds() {
        let entry = |name: &[u8], kind, modified| Entry {
            name: name.to_vec(),
            kind,
            size: 7,
            modified,
        };
        let listing = Listing {
            path: b"a \xff/".to_vec(),
            entries: vec![
                entry(b"\"<\n", Kind::File, Some(-1)),
                entry(b"\xff", Kind::Broken, Some(i64::MAX)),
                entry(b"sub", Kind::Directory, None),
            ],
            is_cut: true,
            ..Listing::default()
        };
        let written = String::from_utf8(json(&listing, &View::default())).unwrap();
        let expected = concat!(
            "{\"path\":\"/a \u{fffd}/\",\"path_hex\":\"6120ff2f\",\"entries\":[",
            "{\"name\":\"sub\",\"kind\":\"directory\"},",
            "{\"name\":\"\\\"<\\n\",\"kind\":\"file\",\"size\":7,\"modified\":\"1969-12-31T23:59:59Z\"},",
            "{\"name\":\"\u{fffd}\",\"name_hex\":\"ff\",\"kind\":\"broken\"}",
            "],\"truncated\":true}\n"
        );
        assert_eq!(written, expected);
    }
}
