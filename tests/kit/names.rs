//! A machine with names of its own: a private /etc/hosts, resolver and host name, unshare(1).

use std::env;
use std::fs;
use std::io::{self, Write};

use tempfile::TempDir;

use super::process::Start;
use super::{program, scratch};

/// The files that a private mount namespace sees in place of the machine's.
pub(crate) struct Names {
    folder: TempDir,
}

impl Names {
    /// A machine called `host`, whose names are those of `hosts`, and of the server `server` (nowhere: none).
    /// Where that is not permitted a test is skipped with a line at a desk, and fails where `CI` is set.
    pub(crate) fn new(host: &str, hosts: &str, server: Option<&str>) -> Option<Self> {
        let folder = scratch();
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        let sources = if server.is_some() {
            "files dns"
        } else {
            "files"
        };
        let server = server.unwrap_or("127.0.0.1");
        write("hosts", hosts.to_owned());
        write(
            "nsswitch.conf",
            format!("hosts: {sources}\nservices: files\n"),
        );
        write("resolv.conf", format!("nameserver {server}\n"));
        write("hostname", host.to_owned());
        let names = Self { folder };
        let tried = names.around(program("true", [""; 0])).run();
        if tried.status == 0 {
            return Some(names);
        }
        assert!(env::var_os("CI").is_none(), "unshare: {}", tried.stderr);
        let _ = writeln!(io::stderr(), "skipped: unshare: {}", tried.stderr.trim());
        None
    }

    /// The same child, on that machine.
    pub(crate) fn around(&self, child: Start) -> Start {
        let folder = self.folder.path().display();
        let mounts: String = ["hosts", "nsswitch.conf", "resolv.conf"]
            .iter()
            .map(|file| format!("mount --bind {folder}/{file} /etc/{file} && "))
            .collect();
        let name = format!("cat {folder}/hostname > /proc/sys/kernel/hostname");
        // Root needs no user namespace, and may be in a place where there is none.
        let user = if nix::unistd::geteuid().is_root() {
            ""
        } else {
            "-r"
        };
        child.under(&format!(
            r#"exec unshare -mu {user} sh -c '{mounts}{name} && exec "$0" "$@"' "$0" "$@""#
        ))
    }
}
