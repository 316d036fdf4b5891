//! Man pages and completions are the checked-in ones, and those who read them take them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::golden::assert_current;
use super::peers::{installed, run};

const SOCKKIT: &str = env!("CARGO_BIN_EXE_sockkit");

#[test]
fn the_manual_is_the_checked_in_one() {
    let directory = tempfile::tempdir().unwrap();
    let files = manual(&directory.path().join("new/man1"));
    assert_current("man", &files);
    let main = String::from_utf8(run(SOCKKIT, &["man"]).stdout).unwrap();
    assert_eq!(main, files["sockkit.1"]);
}

#[test]
fn mandoc_has_nothing_to_say() {
    if !installed(&["mandoc"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for name in manual(directory.path()).keys() {
        let page = directory.path().join(name);
        let output = run("mandoc", &["-Tlint", "-Wwarning", page.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
}

/// The pages that the binary writes to a folder.
fn manual(folder: &Path) -> BTreeMap<String, String> {
    let output = run(SOCKKIT, &["man", folder.to_str().unwrap()]);
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        files.insert(name, fs::read_to_string(&path).unwrap());
    }
    files
}

#[test]
fn the_completions_are_the_checked_in_ones() {
    assert_current("completions", &completions());
    for shell in ["elvish", "powershell"] {
        assert!(script(shell).contains("sockkit"), "{shell}");
    }
}

fn completions() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("sockkit.bash".to_owned(), script("bash")),
        ("_sockkit".to_owned(), script("zsh")),
        ("sockkit.fish".to_owned(), script("fish")),
    ])
}

fn script(shell: &str) -> String {
    String::from_utf8(run(SOCKKIT, &["completions", shell]).stdout).unwrap()
}

#[test]
fn shells_load_their_completions() {
    let directory = tempfile::tempdir().unwrap();
    for (name, script) in completions() {
        fs::write(directory.path().join(name), script).unwrap();
    }
    let folder = directory.path().display();
    let zsh = format!(
        "fpath=({folder} $fpath); autoload -U compinit; compinit -D -u; \
         autoload +X _sockkit && [[ $_comps[sockkit] = _sockkit ]]"
    );
    // fish only prints what it completes: the subcommands, with their help.
    let fish =
        format!("source {folder}/sockkit.fish; and complete -C 'sockkit f' | grep -q '^fqdn'");
    let bash = format!(
        "set -eu; . {folder}/sockkit.bash; COMP_WORDS=(sockkit fq); COMP_CWORD=1; \
         _sockkit sockkit fq sockkit; [ \"${{COMPREPLY[*]}}\" = fqdn ]"
    );
    for (shell, script) in [("zsh", zsh), ("fish", fish), ("bash", bash)] {
        if installed(&[shell]) {
            let options: &[&str] = match shell {
                "zsh" => &["-f", "-c", &script],
                "fish" => &["--no-config", "-c", &script],
                _ => &["--norc", "-c", &script],
            };
            let output = run(shell, options);
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{shell}: {output:?}"
            );
        }
    }
}

/// What is there to complete besides flags: commands before those, options by name, the interfaces of this machine.
#[test]
fn names_are_completed() {
    let directory = tempfile::tempdir().unwrap();
    for (name, script) in completions() {
        fs::write(directory.path().join(name), script).unwrap();
    }
    let folder = directory.path().display();
    for (line, before, completed) in [
        ("tcp ''", "tcp", "connect"),
        ("tcp connect -o TCP_NOD", "-o", "TCP_NODELAY="),
        ("udp listen --option SO_BROADC", "--option", "SO_BROADCAST="),
        ("options get TCP_INF", "get", "TCP_INFO"),
        ("options set TCP_KEEPC", "set", "TCP_KEEPCNT="),
        ("tcp listen --interface l", "--interface", "lo"),
    ] {
        let last = line.rsplit(' ').next().unwrap();
        let bash = format!(
            "set -u; . {folder}/sockkit.bash; COMP_WORDS=(sockkit {line}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _sockkit sockkit {last} {before}; \
             echo \"${{COMPREPLY[0]}}\""
        );
        let fish = format!("source {folder}/sockkit.fish; complete -C \"sockkit {line}\"");
        let scripts = [
            ("bash", ["--norc", "-c", &bash]),
            ("fish", ["--no-config", "-c", &fish]),
        ];
        for (shell, words) in scripts {
            // fish shows flags only where one has begun.
            if !installed(&[shell]) || (shell == "fish" && last == "''") {
                continue;
            }
            let output = run(shell, &words);
            let text = String::from_utf8_lossy(&output.stdout);
            let mut first = text.lines().map(|line| line.split('\t').next());
            assert!(
                first.any(|word| word == Some(completed)),
                "{shell}: {line}: {output:?}"
            );
        }
    }
}

#[test]
fn a_reader_that_left_ends_them_quietly() {
    for words in [&["man"] as &[&str], &["completions", "zsh"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(SOCKKIT)
            .args(words)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(
            output.status.signal(),
            Some(libc::SIGPIPE),
            "{words:?}: {output:?}"
        );
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}
