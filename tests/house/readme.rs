//! The README keeps its word: every example runs, every command is shown, every table is the program's own.

use std::path::Path;
use std::thread;

use clap::Parser;
use sockkit::args::AddressArgs;
use sockkit::cli::Cli;
use sockkit::output::Exit;

use super::help::{commands, words};
use super::peers::{installed, skip};
use super::transcript::{Step, is_possible, play, steps};

const README: &str = include_str!("../../README.md");

/// Programs that examples may use besides those of every Linux.
const PEERS: &[&str] = &["curl", "dig", "nc", "ncat", "python3", "socat"];

#[test]
fn every_example_runs() {
    if !installed(&["bash", "unshare", "ip"]) {
        return;
    }
    if !is_possible() {
        skip("the README's examples, without a network namespace");
        return;
    }
    let programs = Path::new(env!("CARGO_BIN_EXE_sockkit")).parent().unwrap();
    let failed: Vec<String> = thread::scope(|scope| {
        let sessions = blocks("console").into_iter().map(|block| {
            let steps = steps(&block);
            scope.spawn(move || peers_of(&steps).and_then(|()| play(&steps, programs).err()))
        });
        let sessions: Vec<_> = sessions.collect();
        sessions
            .into_iter()
            .filter_map(|session| session.join().unwrap())
            .collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// `None` where a foreign program is missing.
fn peers_of(steps: &[Step]) -> Option<()> {
    let says = |peer: &str| {
        steps
            .iter()
            .any(|step| step.command.split(' ').any(|word| word == peer))
    };
    let peers: Vec<&str> = PEERS.iter().copied().filter(|peer| says(peer)).collect();
    installed(&peers).then_some(())
}

#[test]
fn every_command_is_shown() {
    let examples = blocks("console").concat();
    for command in commands()
        .iter()
        .filter(|command| !command.has_subcommands())
    {
        let name = command.get_bin_name().unwrap();
        assert!(
            examples.contains(&format!("{name} ")) || examples.contains(&format!("{name}\n")),
            "no example of {name}"
        );
    }
}

#[test]
fn what_is_not_run_is_little() {
    let all = README
        .lines()
        .filter(|line| line.starts_with("```"))
        .count()
        / 2;
    let (run, typed) = (blocks("console").len(), blocks("sh").len());
    assert_eq!(run + typed, all, "a block is ```console or ```sh");
    assert!(typed <= 3, "{typed} blocks are not run");
}

#[test]
fn translations_parse() {
    let rows = README.lines().filter(|line| line.starts_with("| `"));
    let spans = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let mut refused = Vec::new();
    let mut count = 0;
    for span in spans.filter(|span| span.starts_with("sockkit ")) {
        let parsed = Cli::try_parse_from(words(&span.replace("\\|", "|")));
        refused.extend(parsed.err().map(|error| format!("{span}: {error}")));
        count += 1;
    }
    assert!(refused.is_empty(), "{}", refused.concat());
    assert!(count >= 20, "{count} translations");
}

#[test]
fn tables_are_the_programs_own() {
    for (word, meaning) in Exit::STATUSES {
        assert!(
            README.contains(&format!("| {word} | {meaning} |")),
            "exit status {word}"
        );
    }
    for (word, meaning) in AddressArgs::FORMS {
        assert!(
            README.contains(&format!("| `{word}` | {meaning} |")),
            "address {word}"
        );
    }
}

#[test]
fn continuous_integration_runs_the_readmes_command() {
    let run = include_str!("../../.ci/run");
    assert!(blocks("sh").concat().contains("\ncargo test\n"));
    assert!(run.ends_with("\nCI=1 cargo test\n"));
}

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in README.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(opened)) if opened == language => block = Some(String::new()),
            (Some(_), Some(_)) => blocks.extend(block.take()),
            (Some(text), None) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    blocks
}
