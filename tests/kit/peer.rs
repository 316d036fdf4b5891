//! Foreign programs as peers.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;

use super::process::{Start, program};

/// Where the tool is. Without it a test is skipped with a line at a desk, and fails where `CI` is set.
pub(crate) fn peer(tool: &str) -> Option<PathBuf> {
    let found = search(tool);
    if found.is_none() {
        assert!(env::var_os("CI").is_none(), "{tool} is not installed");
        // Past the harness, which keeps what a passing test prints to itself.
        let _ = writeln!(io::stderr(), "skipped: {tool} is not installed");
    }
    found
}

/// A python3 script as a peer, its words in `sys.argv[1:]`; `None` where python3 is missing.
pub(crate) fn python(script: &str, args: &[&str]) -> Option<Start> {
    python_here()?;
    let args = ["-u", "-c", script].into_iter().chain(args.iter().copied());
    Some(program("python3", args))
}

/// Where python3 is.
pub(crate) fn python_here() -> Option<PathBuf> {
    peer("python3")
}

fn search(tool: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(tool))
        .find(|file| file.is_file())
}
