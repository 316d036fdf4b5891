//! The public catalogues of what servers get wrong: each of their cases is one of ours, or has a reason not to be.

use std::collections::BTreeSet;
use std::path::Path;

const CATALOGUES: &str = include_str!("catalogues.txt");

/// The names of the cases in all tables.
fn cases() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/tables");
    let mut names = BTreeSet::new();
    for table in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(table.unwrap().path()).unwrap();
        let heads = text.lines().filter_map(|line| line.strip_prefix("# "));
        for head in heads {
            let (name, _) = head.split_once(':').expect(head);
            assert!(names.insert(name.to_owned()), "{name} is there twice");
        }
    }
    names
}

#[test]
fn every_case_of_the_catalogues_is_one_of_ours() {
    let cases = cases();
    let is_known = |name: &str| {
        let file = format!("tests/conformance/{name}.rs");
        cases.contains(name) || Path::new(env!("CARGO_MANIFEST_DIR")).join(file).is_file()
    };
    let lines = CATALOGUES.lines().filter(|line| !line.is_empty());
    let lines = lines.filter(|line| !line.starts_with([';', '[']));
    let mut theirs = BTreeSet::new();
    let mut unknown = Vec::new();
    for line in lines {
        let (name, ours) = line.split_once(' ').expect(line);
        assert!(theirs.insert(name), "{name} is there twice");
        if !ours.starts_with("- ") {
            unknown.extend(ours.split(' ').filter(|name| !is_known(name)));
        }
    }
    assert_eq!(unknown, [""; 0]);
    assert_eq!(theirs.len(), 215 + 48 + 24 + 5);
}

#[test]
fn every_table_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/tables");
    let tables = std::fs::read_dir(folder).unwrap();
    let tables = tables.map(|table| table.unwrap().file_name().into_string().unwrap());
    let run = crate::TABLES.iter().map(|name| format!("{name}.txt"));
    assert_eq!(tables.collect::<BTreeSet<_>>(), run.collect());
}
