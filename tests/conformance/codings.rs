//! What has another coding has another tag: RFC 9110, section 8.8.3.3.

use crate::client::fetch;
use crate::kit::sockkit;
use crate::tree::Tree;

#[test]
fn each_coding_has_its_own_tag() {
    let tree = Tree::new();
    let (_server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    for path in ["/long.html", "/style.css", "/only.js"] {
        let plain = fetch(port, path, "");
        let coded = fetch(port, path, "Accept-Encoding: gzip\r\n");
        assert_eq!(coded.field("content-encoding"), Some("gzip"), "{path}");
        assert!(coded.body != plain.body, "{path}");
        let (Some(plain), Some(coded)) = (plain.field("etag"), coded.field("etag")) else {
            continue;
        };
        // A weak tag may be shared by what means the same, a strong one never.
        let is_weak = plain.starts_with("W/") && coded.starts_with("W/");
        assert!(plain != coded || is_weak, "{path}: {plain}");
        for (tag, fields, status) in [
            (coded, "Accept-Encoding: gzip\r\n", 304),
            (plain, "", 304),
            (coded, "", 200),
            (plain, "Accept-Encoding: gzip\r\n", 200),
        ] {
            let fields = format!("{fields}If-None-Match: {tag}\r\n");
            let answer = fetch(port, path, &fields);
            assert_eq!(answer.status, status, "{path} {fields:?}");
            assert!(answer.field("vary").is_some(), "{path} {fields:?}");
        }
    }
}
