//! File extensions to media types, by the crate's table and never the system's: a server answers the same everywhere.

use std::fmt;

/// The value of Content-Type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType {
    essence: &'static str,
    utf8: bool,
}

impl MediaType {
    /// `text/plain; charset=utf-8`
    pub const TEXT: Self = Self {
        essence: "text/plain",
        utf8: true,
    };
}

/// The media type of a path; `application/octet-stream` for what is not known.
pub fn media_type(path: &[u8]) -> MediaType {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let extension = name.iter().rposition(|byte| *byte == b'.');
    let extension = extension.and_then(|dot| name.get(dot + 1..));
    let extension = extension.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let essence = extension.map_or("application/octet-stream", essence);
    let utf8 = essence.starts_with("text/")
        || matches!(
            essence,
            "application/json" | "image/svg+xml" | "application/manifest+json"
        );
    MediaType { essence, utf8 }
}

fn essence(extension: &str) -> &'static str {
    // RFC 9239 has one name for JavaScript, and browsers refuse modules under any other than that.
    if extension.eq_ignore_ascii_case("js") || extension.eq_ignore_ascii_case("mjs") {
        return "text/javascript";
    }
    mime_guess::from_ext(extension)
        .first_raw()
        .unwrap_or("application/octet-stream")
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.essence)?;
        f.write_str(if self.utf8 { "; charset=utf-8" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types() {
        for (path, meant) in [
            ("\u{ff}", "application/octet-stream"),
            ("a.d/README", "application/octet-stream"),
            ("", "application/octet-stream"),
            (".", "application/octet-stream"),
            ("x.", "application/octet-stream"),
            ("a/index.html", "text/html; charset=utf-8"),
            ("A.HTML", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.min.mjs", "text/javascript; charset=utf-8"),
            ("a.json", "application/json; charset=utf-8"),
            ("a.svg", "image/svg+xml; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.wasm", "application/wasm"),
            ("a.png", "image/png"),
            ("a.jpg", "image/jpeg"),
            ("a.pdf", "application/pdf"),
            ("a.woff2", "font/woff2"),
            ("a.mp4", "video/mp4"),
            ("a.gz", "application/gzip"),
        ] {
            assert_eq!(media_type(path.as_bytes()).to_string(), meant, "{path}");
        }
        media_type(b"a.\xff");
    }
}
