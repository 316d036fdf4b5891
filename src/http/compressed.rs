//! Whether it is worth compressing a file, told by its name.

use super::media_type::media_type;

/// Whether what has this name is compressed already: pictures, sound and films mostly are, and archives.
pub fn is_compressed(path: &[u8]) -> bool {
    let media_type = media_type(path).to_string();
    match media_type.split_once('/') {
        Some(("image", kind)) => {
            !matches!(kind, "bmp" | "tiff" | "x-icon") && !kind.starts_with("svg")
        }
        Some(("audio", kind)) => !matches!(kind, "wav" | "aiff" | "midi"),
        Some(("video", _)) => true,
        Some(("font", kind)) => matches!(kind, "woff" | "woff2"),
        Some(("application", kind)) => {
            kind.starts_with("vnd.openxmlformats-")
                || kind.starts_with("vnd.oasis.")
                || matches!(
                    kind,
                    "zip"
                        | "gzip"
                        | "zstd"
                        | "epub+zip"
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
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name() {
        for (name, compressed) in [
            ("a.jpg", true),
            ("a.svg", false),
            ("a.bmp", false),
            ("a.mp3", true),
            ("a.wav", false),
            ("a.mp4", true),
            ("a.tar.gz", true),
            ("a.tar", false),
            ("a.docx", true),
            ("a.woff2", true),
            ("a.txt", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(is_compressed(name.as_bytes()), compressed, "{name}");
        }
    }
}
