//! The picture beside a name: a class of the style sheet.

use super::super::media_type::media_type;
use super::{Entry, Kind};

/// The class of an entry's row.
pub(super) fn icon(entry: &Entry) -> &'static str {
    match entry.kind {
        Kind::Directory => "folder",
        Kind::Broken => "broken",
        Kind::Special => "special",
        Kind::File => of_name(&entry.name),
    }
}

/// By extension: a name promises nothing more.
fn of_name(name: &[u8]) -> &'static str {
    let media_type = media_type(name).to_string();
    let essence = media_type.split(';').next().unwrap_or_default();
    match essence.split_once('/') {
        Some(("image", _)) => "image",
        Some(("audio", _)) => "audio",
        Some(("video", _)) => "video",
        Some(("text", "html" | "css" | "javascript" | "xml")) => "code",
        Some(("application", "json" | "xml" | "wasm" | "manifest+json" | "ld+json")) => "code",
        Some(("text", "plain" | "markdown" | "csv")) if !is_source(name) => "text",
        Some(("text", _)) => "code",
        Some(("application", kind)) if is_document(kind) => "text",
        Some(("application", kind)) if is_archive(kind) => "archive",
        _ => "file",
    }
}

fn is_document(kind: &str) -> bool {
    matches!(kind, "pdf" | "msword" | "rtf" | "epub+zip" | "postscript")
        || kind.starts_with("vnd.openxmlformats-")
        || kind.starts_with("vnd.oasis.")
        || kind.starts_with("vnd.ms-excel")
        || kind.starts_with("vnd.ms-powerpoint")
}

fn is_archive(kind: &str) -> bool {
    matches!(
        kind,
        "zip"
            | "gzip"
            | "zstd"
            | "java-archive"
            | "vnd.rar"
            | "vnd.debian.binary-package"
            | "vnd.android.package-archive"
            | "x-7z-compressed"
            | "x-bzip2"
            | "x-rpm"
            | "x-tar"
            | "x-xz"
    )
}

/// Sources are served as plain text, but are no prose.
fn is_source(name: &[u8]) -> bool {
    let dot = name.iter().rposition(|byte| *byte == b'.');
    let extension = dot.and_then(|dot| name.get(dot + 1..)).unwrap_or_default();
    !matches!(
        extension.to_ascii_lowercase().as_slice(),
        b"txt" | b"md" | b"csv" | b"log" | b"text" | b"markdown"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_for_each_kind() {
        for (name, class) in [
            ("a.JPG", "image"),
            ("a.flac", "audio"),
            ("a.mp4", "video"),
            ("a.html", "code"),
            ("a.rs", "code"),
            ("a.json", "code"),
            ("a.md", "text"),
            ("a.txt", "text"),
            ("a.pdf", "text"),
            ("a.tar.gz", "archive"),
            ("a.zip", "archive"),
            ("a", "file"),
            ("", "file"),
            (".", "file"),
        ] {
            assert_eq!(of_name(name.as_bytes()), class, "{name}");
        }
    }
}
