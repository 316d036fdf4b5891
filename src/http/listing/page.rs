//! The page of a folder. It needs nothing but itself: style, script and pictures are in it, and without the script
//! everything on it still works, by links and forms.

use super::super::html::Html;
use super::Listing;
use super::name::{Shown, shown};
use super::order::Rows;
use super::row::{parent, row, totals};
use super::view::{Sort, View};

/// Content-Security-Policy of the page (CSP 3): its own style, script and pictures, and whatever a name would smuggle in
/// does not run. The hashes come from the build, and a page that was changed on its way is inert.
pub const SECURITY_POLICY: &str = concat!(
    "default-src 'none'; style-src 'sha256-",
    env!("LISTING_STYLE_SHA256"),
    "'; script-src 'sha256-",
    env!("LISTING_SCRIPT_SHA256"),
    "'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
);

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page, as HTML in UTF-8.
pub fn page(listing: &Listing, view: &View) -> Vec<u8> {
    let rows = listing.rows(view);
    let mut html = Html::default();
    head(&mut html, listing);
    html.raw("<header>\n");
    breadcrumbs(&mut html, &listing.path);
    tools(&mut html, listing, view);
    html.raw("</header>\n<main>\n");
    if listing.takes_uploads {
        html.raw(UPLOAD);
    }
    table(&mut html, listing, view, &rows);
    html.raw("</main>\n");
    foot(&mut html, listing, &rows);
    html.raw("<script>").raw(SCRIPT).raw("</script>\n");
    html.raw("</body>\n</html>\n");
    html.into_bytes()
}

fn head(html: &mut Html, listing: &Listing) {
    html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    html.raw("<title>")
        .text(Shown(&listing.path))
        .raw("</title>\n");
    html.raw(FAVICON);
    html.raw("<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n");
}

/// Without one a browser asks for `/favicon.ico`.
const FAVICON: &str = "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
     viewBox='0 0 16 16'%3E%3Cpath fill='%234c82e0' d='M1 3.5A1.5 1.5 0 0 1 2.5 2h3.2l1.6 2h6.2A1.5 1.5 0 0 1 15 \
     5.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 1 12.5z'/%3E%3C/svg%3E\">\n";

/// The folders above, each a link that counts its steps: it holds whatever prefix a proxy in front has.
fn breadcrumbs(html: &mut Html, path: &[u8]) {
    let names: Vec<&[u8]> = path
        .split(|byte| *byte == b'/')
        .filter(|name| !name.is_empty())
        .collect();
    html.raw("<nav aria-label=\"Folders above\"><ol>\n<li>");
    crumb(html, names.len());
    html.raw("<i class=root></i><b>Home</b></a></li>\n");
    for (index, name) in names.iter().enumerate() {
        html.raw("<li>");
        crumb(html, names.len() - index - 1);
        html.raw("<bdi>").text(shown(name)).raw("</bdi></a></li>\n");
    }
    html.raw("</ol></nav>\n");
}

fn crumb(html: &mut Html, steps: usize) {
    if steps == 0 {
        html.raw("<a href=\"./\" aria-current=\"page\">");
        return;
    }
    html.raw("<a href=\"");
    for _ in 0..steps {
        html.raw("../");
    }
    html.raw("\">");
}

fn tools(html: &mut Html, listing: &Listing, view: &View) {
    html.raw("<div class=tools>\n<form role=search action=\"./\">");
    html.raw(
        "<input type=search name=q id=filter placeholder=\"Filter\" aria-label=\"Filter names\"",
    );
    html.raw(
        " aria-keyshortcuts=\"/\" autocomplete=off autocapitalize=off spellcheck=false value=\"",
    );
    html.text(&view.filter).raw("\"><kbd>/</kbd>");
    html.raw("<input type=hidden name=sort value=")
        .text(view.sort.word());
    html.raw("><input type=hidden name=order value=");
    html.raw(if view.descending { "desc" } else { "asc" });
    html.raw("><noscript><button>Filter</button></noscript></form>\n");
    if listing.gives_archives {
        html.raw("<p class=archives>Download all: ");
        html.raw("<a href=\"?archive=tar\" download>tar</a> <a href=\"?archive=zip\" download>zip</a></p>\n");
    }
    html.raw("</div>\n");
}

/// With the script it is a place to drop files on, each then sent by PUT; without it a form.
const UPLOAD: &str = "<form id=upload method=post enctype=\"multipart/form-data\" action=\"./\">\
     <label><span>Files to upload:</span> <input type=file name=file multiple required></label> \
     <button>Upload</button><ul aria-live=polite></ul></form>\n";

fn table(html: &mut Html, listing: &Listing, view: &View, rows: &Rows<'_>) {
    html.raw("<div class=card><table>\n<thead><tr>");
    for (sort, title) in [
        (Sort::Name, "Name"),
        (Sort::Size, "Size"),
        (Sort::Date, "Date <small>UTC</small>"),
    ] {
        column(html, view, sort, title);
    }
    html.raw("</thead>\n");
    if !listing.path.is_empty() {
        parent(html);
    }
    html.raw("<tbody id=entries>\n");
    for entry in rows.iter() {
        row(html, entry);
    }
    html.raw("</tbody>\n</table>\n<p id=none");
    html.raw(if rows.is_empty() { ">" } else { " hidden>" });
    html.raw(match listing.entries.is_empty() {
        true => "This folder is empty.</p></div>\n",
        false => "No name matches.</p></div>\n",
    });
}

/// A column's head is a link to the same names in its order.
fn column(html: &mut Html, view: &View, sort: Sort, title: &'static str) {
    html.raw("<th scope=col");
    if view.sort == sort {
        html.raw(match view.descending {
            true => " aria-sort=descending",
            false => " aria-sort=ascending",
        });
    }
    html.raw("><a href=\"").text(view.sorted_by(sort));
    html.raw("\" data-sort=").raw(sort.word()).raw(">");
    html.raw(title).raw("</a>");
}

fn foot(html: &mut Html, listing: &Listing, rows: &Rows<'_>) {
    html.raw("<footer><p id=count aria-live=polite>");
    totals(html, rows.totals());
    html.raw("</p>");
    if listing.is_cut {
        html.raw("<p class=cut>The folder holds more: only a part of it is shown.</p>");
    }
    html.raw("</footer>\n");
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::{Entry, Kind};
    use super::*;

    fn file(name: &[u8]) -> Entry {
        Entry {
            name: name.to_vec(),
            kind: Kind::File,
            size: 1_234_567,
            modified: Some(784_111_777),
        }
    }

    fn listing(path: &str, entries: Vec<Entry>) -> Listing {
        Listing {
            path: path.as_bytes().to_vec(),
            entries,
            ..Listing::default()
        }
    }

    fn written(listing: &Listing, query: &str) -> String {
        String::from_utf8(page(listing, &View::parse(Some(query)))).unwrap()
    }

    /// The page without what is the same on all of them.
    fn body(listing: &Listing, query: &str) -> String {
        let page = written(listing, query);
        let (_, rest) = page.split_once("</style>").unwrap();
        rest.split("<script>").next().unwrap().to_owned()
    }

    #[test]
    fn hostile_names() {
        for (name, link, text) in [
            (
                &b"\"x\" onmouseover='y'"[..],
                "%22x%22%20onmouseover%3D%27y%27",
                "&quot;x&quot; onmouseover=&#39;y&#39;",
            ),
            (
                b"<script>alert(1)</script>",
                "%3Cscript%3Ealert%281%29%3C%2Fscript%3E",
                "&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            (
                b"javascript:alert(1)",
                "javascript%3Aalert%281%29",
                "javascript:alert(1)",
            ),
            (b"100%", "100%25", "100%"),
            (b"a?b#c", "a%3Fb%23c", "a?b#c"),
            (b"line\nbreak", "line%0Abreak", "line\u{240a}break"),
            (b"  .hidden ", "%20%20.hidden%20", "  .hidden "),
            (b"\xff\xfe", "%FF%FE", "\u{fffd}\u{fffd}"),
            (b"&amp;", "%26amp%3B", "&amp;amp;"),
        ] {
            let page = body(&listing("", vec![file(name)]), "");
            let cell = format!("<a href=\"{link}\"><bdi>{text}</bdi></a>");
            assert!(page.contains(&cell), "{cell}\n{page}");
        }
        let long = body(&listing("", vec![file(&[b'x'; 255])]), "");
        assert!(long.contains(&"x".repeat(255)));
    }

    #[test]
    fn a_hostile_path_and_a_hostile_filter() {
        let page = written(&listing("<b>/\"c\"/", Vec::new()), "q=%22%3E%3Cscript%3E");
        assert!(page.contains("<title>/&lt;b&gt;/&quot;c&quot;/</title>"));
        assert!(page.contains("<a href=\"../../\"><i"));
        assert!(page.contains("<a href=\"../\"><bdi>&lt;b&gt;</bdi></a>"));
        assert!(page.contains("aria-current=\"page\"><bdi>&quot;c&quot;</bdi></a>"));
        assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;\""));
        assert!(page.contains("?sort=size&amp;order=desc&amp;q=%22%3E%3Cscript%3E\""));
        assert_eq!(page.matches("<script>").count(), 1);
        assert!(page.contains("<p id=none>This folder is empty.</p></div>"));
    }

    #[test]
    fn what_a_row_says() {
        let entry = |name: &str, kind, size, modified| Entry {
            name: name.as_bytes().to_vec(),
            kind,
            size,
            modified,
        };
        let entries = vec![
            entry("sub", Kind::Directory, 4096, Some(0)),
            entry("gone", Kind::Broken, 0, None),
            entry("fifo", Kind::Special, 0, Some(i64::MAX)),
            entry("one", Kind::File, 1, Some(784_111_777)),
        ];
        let page = body(&listing("a/", entries), "");
        for part in [
            "<a href=\"../\">Parent folder</a>",
            "<tr class=folder><td><a href=\"sub/\"><bdi>sub</bdi></a><td><td><time datetime=1970-01-01T00:00:00Z>1970-01-01<span> 00:00</span></time>",
            "<span><bdi>gone</bdi> <small>leads nowhere here</small></span><td><td>\n",
            "<span><bdi>fifo</bdi> <small>not a file</small></span><td><td>\n",
            "<td data-size=1 title=\"1 byte\">1 B<td><time datetime=1994-11-06T08:49:37Z>1994-11-06<span> 08:49</span></time>",
            "1 folder, 1 file, 2 others, <span title=\"1 byte\">1 B</span>",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(!body(&listing("", Vec::new()), "").contains("Parent"));
    }

    #[test]
    fn what_is_offered_is_on_the_page() {
        let plain = listing("", Vec::new());
        let offers = Listing {
            is_cut: true,
            takes_uploads: true,
            gives_archives: true,
            ..plain.clone()
        };
        for part in ["id=upload", "?archive=zip", "class=cut"] {
            assert!(body(&offers, "").contains(part), "{part}");
            assert!(!body(&plain, "").contains(part), "{part}");
        }
    }

    #[test]
    fn the_column_is_marked() {
        let folder = listing("", vec![file(b"a")]);
        for (query, marked) in [
            (
                "",
                "aria-sort=ascending><a href=\"?sort=name&amp;order=desc\" data-sort=name>",
            ),
            (
                "order=desc",
                "aria-sort=descending><a href=\"?sort=name&amp;order=asc\" data-sort=name>",
            ),
            (
                "sort=size&order=desc&q=A",
                "aria-sort=descending><a href=\"?sort=size&amp;order=asc&amp;q=A\" data-sort=size>",
            ),
        ] {
            let page = body(&folder, query);
            assert!(page.contains(marked), "{marked}\n{page}");
            assert_eq!(page.matches("aria-sort=").count(), 1);
        }
    }

    #[test]
    fn the_policy_knows_its_own() {
        for inline in [STYLE, SCRIPT] {
            // A browser hashes what stands between the tags: an end tag in there would be another text.
            assert!(!inline.contains("</") && !inline.contains("<!--"));
        }
        assert_eq!(SECURITY_POLICY.matches("'sha256-").count(), 2);
        assert!(!SECURITY_POLICY.contains("unsafe"));
    }

    #[test]
    fn many_entries_take_no_more_than_their_share() {
        let names = |count: usize| {
            let entries = (0..count).map(|number| file(format!("file {number}.txt").as_bytes()));
            listing("", entries.collect())
        };
        let begin = Instant::now();
        let few = written(&names(500), "").len();
        let many = written(&names(50_000), "order=desc").len();
        // Quadratic work would be minutes.
        assert!(begin.elapsed() < Duration::from_secs(20));
        assert!(many < few * 100 && many > 50_000 * 100);
    }
}
