//! Exit statuses and the one line that goes with each: cli.md section 5.

use crate::kit::{Finished, sockkit};

/// Run with these words and nothing on stdin.
fn run(words: &str) -> Finished {
    sockkit(words.split_whitespace()).run()
}

#[test]
fn usage_errors_are_two_and_nothing_is_attempted() {
    for words in [
        "",
        "nosuch",
        "fqdn --nosuch",
        "fqdn a b",
        "--color sometimes fqdn",
    ] {
        let run = run(words).expect(2);
        assert!(run.stderr.starts_with("sockkit: "), "{}", run.stderr);
        assert!(run.stdout.is_empty(), "{words}");
    }
}

#[test]
fn help_is_asked_for_and_is_no_error() {
    for words in ["--help", "--version", "fqdn --help"] {
        assert!(!run(words).expect(0).stdout.is_empty(), "{words}");
    }
}
