//! HEAD is GET without the content, RFC 9110, section 9.3.2: status and fields are the same for whatever is asked.

use crate::client::asked;
use crate::kit::sockkit;
use crate::reader::Response;
use crate::rules;
use crate::tree::Tree;

#[test]
fn head_is_get_without_content() {
    let tree = Tree::new();
    let (_server, port) = tree.serve(sockkit(["http", "-q", "--port", "0"]));
    for path in [
        "/",
        "/ten",
        "/empty",
        "/large.bin",
        "/long.html",
        "/sub",
        "/sub/",
        "/list/",
        "/none",
        "/fifo",
        "/link-out",
        "/%zz",
        "/style.css",
        "/far",
        "/ten?query",
    ] {
        for fields in [
            "",
            "Accept-Encoding: gzip\r\n",
            "Accept: application/json\r\n",
            "If-None-Match: *\r\n",
            "If-Match: \"x\"\r\n",
            "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
            "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
        ] {
            let get = asked(port, "GET", path, fields);
            let head = asked(port, "HEAD", path, fields);
            let what = format!("{path} {fields:?}");
            assert_eq!(lines(&head), lines(&get), "{what}");
            assert_eq!(rules::broken(&head), [""; 0], "{what}");
            let length = head.field("content-length");
            let length = length.filter(|_| get.status != 304);
            let sent = get.body.len().to_string();
            assert!(length.is_none_or(|length| length == sent), "{what}");
        }
    }
}

/// The status and every field but the clock's.
fn lines(response: &Response) -> (u16, Vec<String>) {
    let fields = response.fields.iter();
    let steady = fields.filter(|(name, _)| !name.eq_ignore_ascii_case("date"));
    let lines = steady.map(|(name, value)| format!("{name}: {value}"));
    (response.status, lines.collect())
}
