//! The floors hold: a module imports from its own folder and from lower floors, and what belongs in one place is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

/// The folders of src and how high they lie.
const FLOORS: &[(&str, u8)] = &[
    ("cli", 5),
    ("commands", 4),
    ("args", 3),
    ("output", 3),
    ("server", 3),
    ("engine", 2),
    ("net", 1),
    ("http", 0),
    ("wire", 0),
];

/// The files that see every floor.
const ROOT: &[&str] = &["lib.rs", "main.rs"];

/// How many lines a file has before its tests: one idea fits.
const LINES: usize = 450;

/// Files that are one table, row by row: an option, a system call.
const TABLES: &[&str] = &["net/sockopt/table.rs", "net/socket.rs", "net/sys.rs"];

#[test]
fn imports_point_down() {
    let mut found = Vec::new();
    for (file, tokens) in sources() {
        if ROOT.contains(&file.as_str()) {
            continue;
        }
        let own = folder(&file).to_owned();
        for target in imports(&flat(tokens)) {
            if target != own && height(&target) >= height(&own) {
                found.push(format!("{file} imports crate::{target}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_module_climbs_to_the_root() {
    let mut found = Vec::new();
    for (file, text) in texts() {
        let depth = file.trim_end_matches("/mod.rs").matches('/').count() + 1;
        if climbs(&flat(product(&text).parse().unwrap())) >= depth {
            found.push(format!("{file}: super is the root there, write crate::"));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn each_thing_in_its_one_place() {
    let mut found = Vec::new();
    for (file, tokens) in sources() {
        let words = flat(tokens);
        let says = |word: &str| words.iter().any(|found| found == word);
        let prints = |name: &str| {
            words
                .windows(2)
                .any(|pair| pair[0] == name && pair[1] == "!")
        };
        if says("unsafe") && file != "net/sys.rs" {
            found.push(format!("{file}: unsafe belongs in net/sys.rs"));
        }
        for name in ["println", "eprintln", "print", "eprint", "dbg"] {
            if prints(name) {
                found.push(format!("{file}: {name}! goes past the outlet"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_file_is_one_idea() {
    let mut found = Vec::new();
    for (file, text) in texts() {
        let lines = product(&text).lines().count();
        if lines > LINES && !TABLES.contains(&file.as_str()) {
            found.push(format!("{file} has {lines} lines before its tests"));
        }
        if !text.starts_with("//!") {
            found.push(format!("{file} does not open with what it holds"));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_reader_of_imports_sees_through_their_forms() {
    let source = "use crate::{net::{self, Socket}, output::*}; // crate::cli\n\
                  fn f() -> crate::engine::Timer { \"crate::http\" }\n\
                  pub(crate) use super::super::args;";
    let words = flat(source.parse().unwrap());
    assert_eq!(imports(&words), ["net", "output", "engine"]);
    assert_eq!(climbs(&words), 2);
}

/// The names right after `crate::`, from groups too.
fn imports(words: &[String]) -> Vec<String> {
    let mut targets = Vec::new();
    for (at, window) in words.windows(4).enumerate() {
        let [first, colon, second_colon, target] = window else {
            continue;
        };
        if first != "crate" || colon != ":" || second_colon != ":" {
            continue;
        }
        if target == "{" {
            targets.extend(group(&words[at + 4..]));
        } else {
            targets.push(target.clone());
        }
    }
    targets
}

/// The first name of each entry, up to the brace that closes the group.
fn group(words: &[String]) -> Vec<String> {
    let (mut depth, mut begins, mut targets) = (0, true, Vec::new());
    for word in words {
        match word.as_str() {
            "}" if depth == 0 => break,
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 0 => begins = true,
            name if begins && depth == 0 => {
                targets.push(name.to_owned());
                begins = false;
            }
            _ => {}
        }
    }
    targets
}

/// The longest row of `super::`.
fn climbs(words: &[String]) -> usize {
    let (mut longest, mut row) = (0, 0);
    for word in words {
        match word.as_str() {
            "super" => row += 1,
            ":" => {}
            _ => row = 0,
        }
        longest = longest.max(row);
    }
    longest
}

fn folder(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn height(folder: &str) -> u8 {
    let floor = FLOORS.iter().find(|(name, _)| *name == folder);
    floor
        .unwrap_or_else(|| panic!("src/{folder} lies on no floor"))
        .1
}

/// The words of Rust source: comments and the inside of strings are none.
fn flat(tokens: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                words.push("{".to_owned());
                words.extend(flat(group.stream()));
                words.push("}".to_owned());
            }
            TokenTree::Literal(_) => words.push("literal".to_owned()),
            other => words.push(other.to_string()),
        }
    }
    words
}

fn sources() -> BTreeMap<String, TokenStream> {
    let parse = |(file, text): (String, String)| {
        let tokens = text
            .parse()
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        (file, tokens)
    };
    texts().into_iter().map(parse).collect()
}

/// A file without the tests at its foot.
fn product(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap()
}

/// The files of src by their path below it, but for those that are tests as a whole.
fn texts() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                texts.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let tests: Vec<String> = texts
        .iter()
        .filter_map(|(file, text)| tests_of(file, text))
        .collect();
    texts.retain(|file, _| !tests.contains(file));
    texts
}

/// The file that a module keeps its tests in, if it has one.
fn tests_of(file: &str, text: &str) -> Option<String> {
    let (_, after) = text.split_once("\n#[cfg(test)]\nmod ")?;
    let (name, _) = after.lines().next()?.split_once(';')?;
    let (folder, _) = file.rsplit_once('/')?;
    Some(format!("{folder}/{name}.rs"))
}
