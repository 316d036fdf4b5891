//! The browser, started and left alone.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{AccessFlags, access};

/// The shell goes at once and leaves the browser to init: nobody has to wait for it.
const DETACH: &str = r#""$@" </dev/null >/dev/null 2>&1 &"#;

/// Open `url` with the first program of `$BROWSER` that is there (words, separated by colons, `%s` for the URL), or with
/// xdg-open. It is a group of its own, so that Ctrl-C is not for it.
pub(super) fn open(url: &str) -> Result<(), String> {
    let choices = env::var("BROWSER")
        .ok()
        .filter(|choices| !choices.is_empty());
    let choices = choices.unwrap_or_else(|| "xdg-open".to_owned());
    let path = env::var_os("PATH").unwrap_or_default();
    let words = choices
        .split(':')
        .map(|choice| words(choice, url))
        .find(|words| {
            words
                .first()
                .is_some_and(|program| is_there(program, &path))
        })
        .ok_or_else(|| format!("no {choices} here: open {url}"))?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", DETACH, "sh"]).args(words);
    shell.stdin(Stdio::null()).stdout(Stdio::null());
    let status = shell.stderr(Stdio::null()).process_group(0).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("sh: {status}")),
        Err(error) => Err(format!("sh: {error}")),
    }
}

/// A program and its words, the URL where it belongs or at the end.
fn words(choice: &str, url: &str) -> Vec<String> {
    let mut words: Vec<String> = choice
        .split_whitespace()
        .map(|word| word.replace("%s", url))
        .collect();
    if !choice.contains("%s") {
        words.push(url.to_owned());
    }
    words
}

/// Whether a program can be run, by the rules of execvp(3).
fn is_there(program: &str, path: &OsString) -> bool {
    let can_run = |file: &Path| file.is_file() && access(file, AccessFlags::X_OK).is_ok();
    match program.contains('/') {
        true => can_run(Path::new(program)),
        false => env::split_paths(path).any(|folder| can_run(&folder.join(program))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_url_belongs() {
        for (choice, expected) in [
            ("firefox", &["firefox", "http://h/"][..]),
            (
                "chromium --app=%s --incognito",
                &["chromium", "--app=http://h/", "--incognito"],
            ),
            ("", &["http://h/"]),
        ] {
            assert_eq!(words(choice, "http://h/"), expected);
        }
    }

    #[test]
    fn which_programs_are_there() {
        let path = OsString::from("/nowhere:/bin");
        for (program, there) in [
            ("sh", true),
            ("/bin/sh", true),
            ("no-such-browser", false),
            ("/etc/passwd", false),
            ("/bin", false),
            ("http://h/", false),
        ] {
            assert_eq!(is_there(program, &path), there, "{program}");
        }
    }
}
