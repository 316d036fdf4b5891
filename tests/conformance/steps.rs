//! The server where there is no openat2(2): the same cases over names that it opens step by step.

use crate::judge;
use crate::kit::{Start, program, python_here};
use crate::tree::Tree;

/// Has openat2(2), 437 on every machine, answered with the error of the first word, seccomp(2), and becomes the rest.
const FILTER: &str = r#"
import ctypes, os, struct, sys
error = {"ENOSYS": 38, "EPERM": 1}[sys.argv[1]]
rules = [(0x20, 0, 0, 0), (0x15, 0, 1, 437), (0x06, 0, 0, 0x00050000 | error), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *rule) for rule in rules))
filter = ctypes.create_string_buffer(struct.pack("@HP", len(rules), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(filter), 0, 0) == 0, ctypes.get_errno()
os.execv(sys.argv[2], sys.argv[2:])
"#;

fn without_openat2(error: &str) -> Start {
    let words = ["-c", FILTER, error, env!("CARGO_BIN_EXE_sockkit"), "http"];
    program("python3", words).args(["--port", "0"])
}

#[test]
fn names_that_are_opened_step_by_step() {
    if python_here().is_none() {
        return;
    }
    for table in [
        include_str!("tables/targets.txt"),
        include_str!("tables/follow_links.txt"),
        include_str!("tables/listings.txt"),
        include_str!("tables/upload.txt"),
        include_str!("tables/clean_urls.txt"),
    ] {
        judge::run_by(table, without_openat2("ENOSYS").args(["-q"]));
    }
}

#[test]
fn that_it_goes_step_by_step_is_said() {
    if python_here().is_none() {
        return;
    }
    for error in ["ENOSYS", "EPERM"] {
        let tree = Tree::new();
        let server = without_openat2(error)
            .args(["-v"])
            .args([tree.root()])
            .start();
        server.stderr_until(|line| line.starts_with("sandbox: openat2: none: "));
    }
}
