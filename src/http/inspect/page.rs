//! The page itself: four files that need nothing from elsewhere.

/// Where the page lies; nothing beneath it is a request to be shown.
pub const PREFIX: &str = "/.sockkit";

/// What the page may do: load its own files, and nothing that a request could have smuggled into it.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// What lies beneath [`PREFIX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A file of the page: its media type and what it holds.
    File(&'static str, &'static str),
    /// The stream of requests.
    Events,
    /// The page, asked for without its slash.
    Slashless,
    /// Nothing.
    Missing,
}

/// What lies at a path; `None` where the path is not the page's.
pub fn shown(path: &str) -> Option<Shown> {
    let name = path.strip_prefix(PREFIX)?;
    Some(match name {
        "" => Shown::Slashless,
        "/" => Shown::File("text/html; charset=utf-8", include_str!("page/page.html")),
        "/page.css" => Shown::File("text/css; charset=utf-8", include_str!("page/page.css")),
        "/page.js" => Shown::File(
            "text/javascript; charset=utf-8",
            include_str!("page/page.js"),
        ),
        "/icon.svg" => Shown::File("image/svg+xml", include_str!("page/icon.svg")),
        "/events" => Shown::Events,
        _ if name.starts_with('/') => Shown::Missing,
        // `/.sockkitten` is somebody else's.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_where() {
        assert_eq!(shown("/"), None);
        assert_eq!(shown("/.sockkitten"), None);
        assert_eq!(shown("/a/.sockkit/"), None);
        assert_eq!(shown("/.sockkit"), Some(Shown::Slashless));
        assert_eq!(shown("/.sockkit/events"), Some(Shown::Events));
        for missing in [
            "/.sockkit/x",
            "/.sockkit//",
            "/.sockkit/../page.js",
            "/.sockkit/events/",
        ] {
            assert_eq!(shown(missing), Some(Shown::Missing), "{missing}");
        }
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_makes_no_markup() {
        for path in ["/", "/page.css", "/page.js", "/icon.svg"] {
            let Some(Shown::File(kind, text)) = shown(&format!("{PREFIX}{path}")) else {
                panic!("{path}");
            };
            let links = text.replace("http://www.w3.org/2000/svg", "");
            for word in ["http:", "https:", "url(", "@import", "//cdn"] {
                assert!(!links.contains(word), "{path} has {word}");
            }
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
            ] {
                assert!(!text.contains(word), "{path} has {word}");
            }
            // Neither inline styles nor inline scripts: the policy allows none.
            for word in [" style=", "<style", "onclick=", "onload=", "javascript:"] {
                assert!(!text.contains(word), "{path} has {word}");
            }
            assert!(kind.contains('/'));
        }
    }
}
