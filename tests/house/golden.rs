//! Folders of checked-in files that are made by the code: none stale, none missing, none left over.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use expect_test::expect_file;

/// Compare a folder of the project with what it should hold; with UPDATE_EXPECT=1 refresh it.
pub(crate) fn assert_current(folder: &str, files: &BTreeMap<String, String>) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    for (name, text) in files {
        expect_file![folder.join(name)].assert_eq(text);
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if files.contains_key(name) {
            continue;
        }
        assert!(
            env::var_os("UPDATE_EXPECT").is_some(),
            "{} is left over",
            path.display()
        );
        fs::remove_file(&path).unwrap();
    }
}
