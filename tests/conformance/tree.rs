//! The fixture: a folder that is served, with everything in it that has ever misled a server, and secrets around it.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::TempDir;

use crate::judge::PROBED;
use crate::kit::{Running, Sign, Start, pattern, scratch};

/// Sun, 06 Nov 1994 08:49:37 GMT: when everything was modified.
const MODIFIED: u64 = 784_111_777;

/// `let x` and a line feed, as gzip(1) packs it.
const JS_AS_GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcbI-Q\xa8\xe0\x02\x00t\xfd\x05D\x06\x00\x00\x00";
/// A rule of CSS, and what the packers make of it.
const CSS: &[u8] = b"p { color: red }\n";
const CSS_AS_GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03+P\xa8VH\xce\xcf\xc9/\xb2R(JMQ\xa8\xe5\x02\x00N_\xe5\xd8\x11\x00\x00\x00";
const CSS_AS_BROTLI: &[u8] = b"\x0b\x08\x80p { color: red }\n\x03";
const CSS_AS_ZSTD: &[u8] = b"(\xb5/\xfd$\x11\x89\x00\x00p { color: red }\n\x6d\x7f\xe0\x6d";

/// The folder that is served, within another one that is not.
pub(crate) struct Tree {
    outside: TempDir,
    root: PathBuf,
}

impl Tree {
    /// A new one.
    pub(crate) fn new() -> Self {
        let outside = scratch();
        let root = outside.path().join("root");
        for folder in [
            "",
            "sub",
            "sub/deep",
            ".git",
            "site",
            "evil.example",
            "no-index",
            "list",
            "spa",
            "a b",
            "%2e%2e",
        ] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::create_dir(outside.path().join("root-evil")).unwrap();
        let tree = Self { outside, root };
        for secret in [
            "../secret",
            "../root-evil/secret",
            ".htpasswd",
            ".git/config",
            "sub/.hidden",
        ] {
            tree.write(secret, b"secret");
        }
        tree.fill();
        tree.link();
        tree
    }

    /// The folder that is served.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A flag of a table, where `{tree}` is the folder.
    pub(crate) fn named(&self, flag: &str) -> String {
        flag.replace("{tree}", self.root.to_str().unwrap())
    }

    /// Serve it; the server and its port.
    pub(crate) fn serve(&self, server: Start) -> (Running, u16) {
        self.serve_under(server, "")
    }

    /// Serve it from a shell that does this first.
    pub(crate) fn serve_under(&self, server: Start, first: &str) -> (Running, u16) {
        let mut sign = Sign::new();
        let server = server.args([&self.root]).args(sign.flags());
        let script = format!("{first} {}", sign.script(""));
        let server = server.under(&script).start();
        let port = sign.port();
        (server, port)
    }

    /// Write a file of the usual date.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.file(name);
        fs::write(&path, bytes).unwrap();
        date(&path, UNIX_EPOCH + Duration::from_secs(MODIFIED));
    }

    fn fill(&self) {
        self.write("probe", PROBED);
        self.write("ten", b"0123456789");
        self.write("empty", b"");
        self.write("large.bin", &pattern(300_000));
        self.write("index.html", b"<!doctype html><title>index</title>");
        self.write("sub/index.html", b"<!doctype html><title>sub</title>");
        self.write("sub/file.txt", b"a file\n");
        self.write("sub/deep/x.txt", b"deep\n");
        self.write("site/index.html", b"<!doctype html><title>site</title>");
        self.write(
            "evil.example/index.html",
            b"<!doctype html><title>evil</title>",
        );
        self.write("a b%.txt", b"percent\n");
        self.write("a b/index.html", b"<!doctype html><title>a b</title>");
        self.write("back\\slash.txt", b"backslash\n");
        self.write("gr\u{fc}n.txt", b"umlaut\n");
        self.write("plus+plus.txt", b"plus\n");
        self.write("semi;colon.txt", b"semicolon\n");
        self.write("tilde~", b"tilde\n");
        self.write("star*", b"star\n");
        self.write("quote\".txt", b"quote\n");
        self.write("colon:80", b"colon\n");
        self.write("%41.txt", b"literal percent\n");
        self.write("%2e%2e/x.txt", b"dots in name only\n");
        self.write("...", b"three dots\n");
        self.write("..x", b"two dots and more\n");
        self.write("not-found.html", b"<!doctype html><title>not here</title>");
        self.write("about.html", b"<!doctype html><title>about</title>");
        self.write(
            "long.html",
            "<p>the same again</p>\n".repeat(1000).as_bytes(),
        );
        for (name, bytes) in [
            ("style.css", CSS),
            ("style.css.gz", CSS_AS_GZIP),
            ("style.css.br", CSS_AS_BROTLI),
            ("style.css.zst", CSS_AS_ZSTD),
            ("only.js", b"let x\n"),
            ("only.js.gz", JS_AS_GZIP),
        ] {
            self.write(name, bytes);
        }
        for kind in [
            "txt", "htm", "mjs", "json", "svg", "pdf", "wasm", "xml", "woff2", "zip", "md", "csv",
            "unknown", "HTML",
        ] {
            self.write(&format!("kind.{kind}"), b"x");
        }
        // What is known by its first bytes begins with these.
        for (kind, first) in [
            ("png", b"\x89PNG\r\n\x1a\n".as_slice()),
            ("jpg", b"\xff\xd8\xff"),
            ("gif", b"GIF89a"),
            ("webp", b"RIFF\x04\0\0\0WEBPVP"),
            ("ico", b"\0\0\x01\0"),
            ("mp4", b"\0\0\0\x14ftypmp42\0\0\0\0mp42"),
        ] {
            self.write(&format!("kind.{kind}"), first);
        }
        self.write("kind", b"\x00\x01\x02\x03");
        for name in NAMES {
            self.write(&format!("list/{name}"), b"listed\n");
        }
        for (name, seconds) in [
            ("before-1970", -1_i64),
            ("long-before-1970", -1 << 33),
            ("epoch", 0),
            ("year-2038", 1 << 31),
            ("year-9999", 253_402_300_799),
            ("year-10000", 253_402_300_800),
            ("far", 1 << 33),
        ] {
            self.write(name, b"dated\n");
            date(&self.file(name), at(seconds));
        }
    }

    fn link(&self) {
        for (target, name) in [
            ("ten", "link-in"),
            ("sub", "link-folder"),
            ("../secret", "link-out"),
            ("..", "link-up"),
            ("/etc", "link-absolute"),
            ("../..", "sub/link-up"),
            ("loop", "loop"),
            ("nowhere", "dangling"),
            ("/proc/self/root/etc/passwd", "magic"),
            ("/proc/self/cwd", "cwd"),
            ("../root/ten", "link-out-and-in"),
        ] {
            symlink(target, self.file(name)).unwrap();
        }
        mkfifo(&self.file("fifo"), Mode::S_IRWXU).unwrap();
        drop(UnixListener::bind(self.file("socket")).unwrap());
        fs::write(self.outside.path().join("unserved"), "secret").unwrap();
    }
}

/// Names that a listing must not fall for.
pub(crate) const NAMES: &[&str] = &[
    "plain.txt",
    "<img src=x onerror=alert(1)>.txt",
    "\"quoted\".txt",
    "'single'.txt",
    "a&b.txt",
    "100%25.txt",
    "new\nline.txt",
    "javascript:alert(1)",
    "?query=1",
    "hash#fragment",
    "back\\slash",
    " leading space",
    "-dash",
    "\u{202e}gnp.exe",
];

/// Give a file a date.
pub(crate) fn date(path: &Path, at: SystemTime) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(at).unwrap();
}

fn at(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    match seconds < 0 {
        true => UNIX_EPOCH - distance,
        false => UNIX_EPOCH + distance,
    }
}
