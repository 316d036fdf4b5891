//! Foreign programs that a test needs: absent at a desk they are a line and a skip, in CI a failure.

use std::env;
use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Whether all of `programs` are installed.
pub(crate) fn installed(programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|program| !is_installed(program))
        .collect();
    missing.is_empty() || skip(&format!("without {}", missing.join(", ")))
}

/// Say on the real stderr, which the test runner does not capture, what is skipped. Always false.
pub(crate) fn skip(why: &str) -> bool {
    assert!(env::var_os("CI").is_none(), "CI skips nothing: {why}");
    let _ = writeln!(std::io::stderr(), "skipped {why}");
    false
}

/// Run to the end with nothing on stdin.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::null());
    command
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
