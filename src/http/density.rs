//! Whether it is worth compressing what has a media type: on its way to a client, or in an archive.

use super::media_type::MediaType;

/// How much there is to gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// A lot: text, and what is as good to compress.
    Text,
    /// Perhaps something.
    Plain,
    /// Nothing: pictures, sound and films mostly are compressed already, and archives.
    Packed,
}

impl MediaType {
    /// How much there is to gain by compressing it.
    pub fn density(self) -> Density {
        let [essence, _] = self.halves();
        let (kind, name) = essence.split_once('/').unwrap_or((essence, ""));
        match kind {
            "text" => Density::Text,
            _ if is_as_text(name) => Density::Text,
            "video" => Density::Packed,
            "image" if !matches!(name, "bmp" | "tiff" | "x-icon") => Density::Packed,
            "audio" if !matches!(name, "wav" | "aiff" | "midi") => Density::Packed,
            "font" if matches!(name, "woff" | "woff2") => Density::Packed,
            "application" | "model" if is_archive(name) => Density::Packed,
            _ => Density::Plain,
        }
    }
}

/// `svg+xml` and `ld+json` too.
fn is_as_text(name: &str) -> bool {
    let ends = [
        "json",
        "xml",
        "javascript",
        "wasm",
        "ttf",
        "otf",
        "postscript",
        "rtf",
    ];
    ends.into_iter().any(|end| name.ends_with(end))
}

fn is_archive(name: &str) -> bool {
    name.starts_with("vnd.openxmlformats-")
        || name.starts_with("vnd.oasis.")
        || name.ends_with("zip")
        || matches!(
            name,
            "zstd"
                | "java-archive"
                | "vnd.rar"
                | "vnd.debian.binary-package"
                | "vnd.android.package-archive"
                | "x-7z-compressed"
                | "x-bzip2"
                | "x-rpm"
                | "x-xz"
        )
}

#[cfg(test)]
mod tests {
    use super::super::media_type::media_type;
    use super::*;

    #[test]
    fn by_name() {
        for (name, density) in [
            ("a.jpg", Density::Packed),
            ("a.svg", Density::Text),
            ("a.bmp", Density::Plain),
            ("a.mp3", Density::Packed),
            ("a.wav", Density::Plain),
            ("a.mp4", Density::Packed),
            ("a.tar.gz", Density::Packed),
            ("a.zip", Density::Packed),
            ("a.epub", Density::Packed),
            ("a.usdz", Density::Packed),
            ("a.tar", Density::Plain),
            ("a.docx", Density::Packed),
            ("a.woff2", Density::Packed),
            ("a.ttf", Density::Text),
            ("a.wasm", Density::Text),
            ("a.json", Density::Text),
            ("a.xhtml", Density::Text),
            ("a.js", Density::Text),
            ("a.txt", Density::Text),
            ("a.pdf", Density::Plain),
            ("a", Density::Plain),
            ("", Density::Plain),
        ] {
            let media_type = media_type(name.as_bytes());
            assert_eq!(media_type.density(), density, "{name}");
        }
    }
}
