//! Listings: every name leads to its file, and none of them is anything but a name.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::{collections::BTreeSet, ffi::OsStr};

use crate::client::{asked, fetch};
use crate::kit::sockkit;
use crate::tree::{NAMES, Tree};

/// A name that is no text.
const NO_TEXT: &[u8] = b"no \xff\xfe text";
const HTML: &str = "Accept: text/html\r\n";

#[test]
fn every_name_is_linked_and_nothing_else() {
    let tree = Tree::new();
    let no_text = tree.file("list").join(OsStr::from_bytes(NO_TEXT));
    fs::write(no_text, "listed\n").unwrap();
    fs::write(tree.file("list/.unlisted"), "secret").unwrap();
    let (_server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let page = fetch(port, "/list/", HTML);
    assert_eq!(page.status, 200);
    assert_eq!(page.field("content-type"), Some("text/html; charset=utf-8"));
    let page = String::from_utf8(page.body).unwrap();
    for hostile in [
        "<img src=x",
        "\"quoted\"",
        "new\nline",
        "a&b.txt",
        ".unlisted",
    ] {
        assert!(!page.contains(hostile), "{hostile}");
    }
    let mut names = BTreeSet::new();
    for link in links(&page) {
        let scheme = link.split(['/', '?']).next().unwrap();
        assert!(
            scheme.starts_with("data:") || !scheme.contains(':'),
            "{link}"
        );
        if link.starts_with(['?', '/', '#']) || scheme.starts_with("data:") {
            continue;
        }
        let link = link.strip_prefix("./").unwrap_or(&link);
        if link.is_empty() || link == "../" {
            continue;
        }
        assert!(link.bytes().all(|byte| byte.is_ascii_graphic()), "{link}");
        assert_eq!(
            fetch(port, &format!("/list/{link}"), "").body,
            b"listed\n",
            "{link}"
        );
        names.insert(link.to_owned());
    }
    assert_eq!(names.len(), NAMES.len() + 1, "{names:?}");
}

#[test]
fn json_has_the_same_names() {
    let tree = Tree::new();
    let (_server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let answer = fetch(port, "/list/", "Accept: application/json\r\n");
    assert_eq!(answer.field("content-type"), Some("application/json"));
    assert!(
        answer
            .field("vary")
            .is_some_and(|vary| vary.to_lowercase().contains("accept"))
    );
    let listed: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let entries = listed["entries"].as_array().unwrap().iter();
    let names: BTreeSet<&str> = entries
        .map(|entry| entry["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, NAMES.iter().copied().collect());
}

#[test]
fn a_folder_of_one_name_for_each_byte() {
    let tree = Tree::new();
    let folder = tree.file("bytes");
    fs::create_dir(&folder).unwrap();
    let bytes = (1..=255_u8).filter(|byte| !b"/.".contains(byte));
    for byte in bytes.clone() {
        fs::write(folder.join(OsStr::from_bytes(&[byte])), [byte]).unwrap();
    }
    let (_server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    let page = asked(port, "GET", "/bytes/", HTML);
    let page = String::from_utf8(page.body).unwrap();
    let links: BTreeSet<String> = links(&page).into_iter().collect();
    for byte in bytes {
        let encoded = format!("%{byte:02X}");
        let plain = char::from(byte).to_string();
        let both = [
            encoded.clone(),
            plain.clone(),
            format!("./{encoded}"),
            format!("./{plain}"),
        ];
        let link = both.iter().find(|link| links.contains(*link));
        let link = link.unwrap_or_else(|| panic!("no link for {byte}"));
        let file = fetch(port, &format!("/bytes/{link}"), "");
        assert_eq!(file.body, [byte], "{link}");
    }
}

/// The values of every href, out of HTML's quoting.
fn links(page: &str) -> Vec<String> {
    let values = page.split("href=\"").skip(1);
    let value = |rest: &str| {
        let value = rest.split('"').next().unwrap();
        let value = value.replace("&lt;", "<").replace("&gt;", ">");
        let value = value.replace("&quot;", "\"").replace("&#39;", "'");
        value.replace("&amp;", "&")
    };
    values.map(value).collect()
}
