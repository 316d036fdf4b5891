//! `--auth`: who is let in, as it is typed, in a file or in the environment.

use std::env;
use std::fs;
use std::path::Path;

use crate::http::Users;
use crate::output::Usage;
use crate::server::UserSource;

/// Where `--auth` may stand too: what is typed is seen by everyone, ps(1).
const AUTH: &str = "SOCKKIT_AUTH";

/// Where those come from who are let in.
#[derive(Clone)]
pub(super) struct Logins {
    /// Each with the flag that it came by.
    words: Vec<(String, &'static str)>,
}

impl Logins {
    /// Those of the flags, or else of the environment; `None` where there are none.
    pub(super) fn of(words: &[String]) -> Result<Option<Self>, Usage> {
        let mut words: Vec<(String, &'static str)> =
            words.iter().map(|word| (word.clone(), "--auth")).collect();
        if words.is_empty() {
            words.extend(environment()?.map(|word| (word, AUTH)));
        }
        Ok(Some(Self { words }).filter(|logins| !logins.words.is_empty()))
    }

    /// Whether the environment has any.
    pub(super) fn are_in_environment() -> bool {
        env::var_os(AUTH).is_some_and(|word| !word.is_empty())
    }

    /// Who that is now.
    pub(super) fn read(&self) -> Result<Users, Usage> {
        let mut users = Users::default();
        for (word, flag) in &self.words {
            add(&mut users, word, flag)?;
        }
        Ok(users)
    }

    /// The files that name them.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let files = self
            .words
            .iter()
            .filter_map(|(word, _)| word.strip_prefix('@'));
        files.map(Path::new)
    }

    /// How they are read again; `None` where no file names any.
    pub(super) fn source(self) -> Option<UserSource> {
        let has_files = self.files().next().is_some();
        has_files.then(|| -> UserSource {
            Box::new(move || self.read().map_err(|error| error.to_string()))
        })
    }
}

fn environment() -> Result<Option<String>, Usage> {
    match env::var(AUTH) {
        Ok(word) => Ok(Some(word).filter(|word| !word.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Usage::new(
            format!("{AUTH}: not UTF-8"),
            "USER:PASS, or @FILE",
        )),
    }
}

/// One user, or those of a file. What is wrong is said without what was written: it may be a password.
fn add(users: &mut Users, word: &str, flag: &str) -> Result<(), Usage> {
    let hint = "USER:PASS, or @FILE with such lines; `htpasswd -nB USER` makes a hash";
    let Some(path) = word.strip_prefix('@') else {
        let added = users.add(word);
        return added.map_err(|error| Usage::new(format!("{flag}: {error}"), hint));
    };
    let text = fs::read_to_string(path).map_err(|error| {
        let why = crate::net::reason(&error);
        Usage::new(format!("{flag} @{path}: {why}"), hint)
    })?;
    let before = users.len();
    users.add_lines(&text).map_err(|(line, error)| {
        Usage::new(format!("{flag} @{path}: line {line}: {error}"), hint)
    })?;
    match users.len() > before {
        true => Ok(()),
        false => Err(Usage::new(
            format!("{flag} @{path}: no user is in there"),
            hint,
        )),
    }
}
