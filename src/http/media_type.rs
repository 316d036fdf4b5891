//! File extensions to media types, by a table of our own and never the system's: a server answers the same everywhere.

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
    /// `text/html; charset=utf-8`
    pub const HTML: Self = Self {
        essence: "text/html",
        utf8: true,
    };
    /// `application/json`, which is UTF-8 without saying so (RFC 8259, section 8.1)
    pub const JSON: Self = Self::binary("application/json");
    /// `application/x-tar`
    pub const TAR: Self = Self::binary("application/x-tar");
    /// `application/zip`
    pub const ZIP: Self = Self::binary("application/zip");

    /// What it is, and the parameter behind that.
    pub(super) fn halves(self) -> [&'static str; 2] {
        [self.essence, if self.utf8 { "; charset=utf-8" } else { "" }]
    }

    const fn binary(essence: &'static str) -> Self {
        Self {
            essence,
            utf8: false,
        }
    }
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

/// What people serve: the registry of media types has ten times as many, and a table of them costs each start of the
/// program more than all of the rest. Sources are text, for they are there to be read.
fn essence(extension: &str) -> &'static str {
    match extension.to_ascii_lowercase().as_str() {
        "atom" => "application/atom+xml",
        "mpd" => "application/dash+xml",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "deb" => "application/vnd.debian.binary-package",
        "epub" => "application/epub+zip",
        "woff" => "font/woff",
        "geojson" => "application/geo+json",
        "gz" | "tgz" => "application/gzip",
        "jar" => "application/java-archive",
        "json" | "map" => "application/json",
        "jsonld" => "application/ld+json",
        "webmanifest" => "application/manifest+json",
        "doc" => "application/msword",
        "pdf" => "application/pdf",
        "ps" => "application/postscript",
        "rss" => "application/rss+xml",
        "rtf" => "application/rtf",
        "apk" => "application/vnd.android.package-archive",
        "xls" => "application/vnd.ms-excel",
        "eot" => "application/vnd.ms-fontobject",
        "ppt" => "application/vnd.ms-powerpoint",
        "odp" => "application/vnd.oasis.opendocument.presentation",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "odt" => "application/vnd.oasis.opendocument.text",
        "rar" => "application/vnd.rar",
        "wasm" => "application/wasm",
        "7z" => "application/x-7z-compressed",
        "torrent" => "application/x-bittorrent",
        "bz2" => "application/x-bzip2",
        "pem" => "application/x-pem-file",
        "p12" | "pfx" => "application/x-pkcs12",
        "tar" => "application/x-tar",
        "crt" | "cer" | "der" => "application/x-x509-ca-cert",
        "xz" => "application/x-xz",
        "xhtml" => "application/xhtml+xml",
        "zip" => "application/zip",
        "zst" => "application/zstd",
        "aac" => "audio/aac",
        "aiff" => "audio/aiff",
        "flac" => "audio/flac",
        "mid" | "midi" => "audio/midi",
        "m4a" => "audio/mp4",
        "mp3" => "audio/mpeg",
        "oga" | "ogg" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "weba" => "audio/webm",
        "m3u8" => "application/vnd.apple.mpegurl",
        "rpm" => "application/x-rpm",
        "ttc" => "font/collection",
        "otf" => "font/otf",
        "ttf" => "font/ttf",
        "woff2" => "font/woff2",
        "apng" => "image/apng",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "jpg" | "jpeg" => "image/jpeg",
        "jxl" => "image/jxl",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tif" | "tiff" => "image/tiff",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "gltf" => "model/gltf+json",
        "glb" => "model/gltf-binary",
        "obj" => "model/obj",
        "stl" => "model/stl",
        "usdz" => "model/vnd.usdz+zip",
        "ics" => "text/calendar",
        "css" => "text/css",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "js" | "mjs" | "cjs" => "text/javascript",
        "md" | "markdown" => "text/markdown",
        "txt" | "text" | "log" | "srt" | "toml" | "ini" | "conf" | "c" | "h" | "cc" | "cpp"
        | "hpp" | "rs" | "py" | "sh" | "pl" | "rb" | "go" | "java" | "php" | "lua" | "sql"
        | "diff" | "patch" | "tex" => "text/plain",
        "tsv" => "text/tab-separated-values",
        "vtt" => "text/vtt",
        "vcf" => "text/vcard",
        "xml" | "xsl" => "text/xml",
        "yaml" | "yml" => "text/yaml",
        "3gp" => "video/3gpp",
        "ts" => "video/mp2t",
        "mp4" => "video/mp4",
        "mpeg" | "mpg" => "video/mpeg",
        "ogv" => "video/ogg",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "flv" => "video/x-flv",
        "m4v" => "video/x-m4v",
        "mkv" => "video/x-matroska",
        "wmv" => "video/x-ms-wmv",
        "avi" => "video/x-msvideo",
        _ => "application/octet-stream",
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [essence, parameter] = self.halves();
        f.write_str(essence)?;
        f.write_str(parameter)
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
