//! Which file a path stands for: the index of a folder, a page without its `.html`, the page that an application has for
//! every path, the page that says that there is nothing.

use super::plan::Found;

/// The end of a page's name.
const PAGE: &[u8] = b".html";

/// What the paths of a site stand for. File names are relative to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The files that a folder is answered with; the first one that is there.
    pub index: Vec<String>,
    /// Whether names that begin with a dot are shown.
    pub hidden: bool,
    /// Whether `x` stands for `x.html` too, and is its proper name.
    pub clean_urls: bool,
    /// What an application of one page answers paths with that lead to nothing.
    pub shell: Option<String>,
    /// What goes with a 404.
    pub not_found: Option<String>,
    /// The one file that there is.
    pub single: Option<Single>,
    /// Whether each host has a folder of its own, and sees nothing else.
    pub vhosts: bool,
}

/// A file that is served alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Single {
    /// The name under which it is served, beside `/`.
    pub name: Vec<u8>,
    /// Where it lies beneath the root.
    pub file: Vec<u8>,
}

/// What a path was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Itself.
    Asked,
    /// The name of a page without its end.
    Page,
    /// A view of an application.
    Shell,
    /// Nothing.
    NotFound,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            index: vec!["index.html".to_owned()],
            hidden: false,
            clean_urls: false,
            shell: None,
            not_found: None,
            single: None,
            vhosts: false,
        }
    }
}

impl Layout {
    /// Whether a path may lead anywhere at all; the one file's name becomes its path.
    pub(super) fn enter(&self, path: &mut Vec<u8>) -> bool {
        if let Some(single) = &self.single {
            let is_it = path.is_empty() || *path == single.name;
            path.clear();
            path.extend_from_slice(&single.file);
            return is_it;
        }
        self.hidden || !is_hidden(path)
    }

    /// Whether a file of this name may be put there.
    pub(super) fn takes(&self, name: &[u8]) -> bool {
        self.hidden || !is_hidden(name)
    }

    /// Whether a path may stand for more than itself.
    pub fn has_more(&self) -> bool {
        self.clean_urls || self.shell.is_some() || self.not_found.is_some()
    }

    /// Where to look next for a path, after what was found where it was looked for. `is_view` where the client wants to
    /// see a page, and not something that a page needs.
    pub fn elsewhere(
        &self,
        asked: &[u8],
        role: Role,
        found: &Found,
        is_view: bool,
    ) -> Option<(Role, Vec<u8>)> {
        let is_missing = matches!(found, Found::Missing);
        let is_name = !asked.is_empty() && !asked.ends_with(b"/");
        let is_folder = matches!(found, Found::Directory);
        if role == Role::Asked && self.clean_urls && is_name && (is_missing || is_folder) {
            return Some((Role::Page, [asked, PAGE].concat()));
        }
        if !is_missing {
            return None;
        }
        let before_shell =
            matches!(role, Role::Asked | Role::Page) && (is_view || !has_extension(asked));
        let shell = self.shell.as_ref().filter(|_| before_shell);
        let not_found = self.not_found.as_ref().filter(|_| role != Role::NotFound);
        let shell = shell.map(|file| (Role::Shell, file.clone().into_bytes()));
        shell.or_else(|| not_found.map(|file| (Role::NotFound, file.clone().into_bytes())))
    }

    /// Whether another client may get something else for the same path: an application answers those who want to see a
    /// page with more than others.
    pub fn varies(&self, role: Role, found: &Found) -> bool {
        let is_own = matches!(found, Found::File(_)) && matches!(role, Role::Asked | Role::Page);
        self.shell.is_some() && !is_own
    }

    /// The proper name of a page that was found under its file's name; that name must not lead to another file.
    pub fn proper_name<'a>(&self, asked: &'a [u8]) -> Option<&'a [u8]> {
        if !self.clean_urls || self.single.is_some() {
            return None;
        }
        let start = asked
            .iter()
            .rposition(|byte| *byte == b'/')
            .map_or(0, |slash| slash + 1);
        let (folder, name) = asked.split_at_checked(start)?;
        if self
            .index
            .first()
            .is_some_and(|index| index.as_bytes() == name)
            && name.ends_with(PAGE)
        {
            return Some(folder);
        }
        let is_page = name.len() > PAGE.len();
        asked.strip_suffix(PAGE).filter(|_| is_page)
    }
}

/// Names that begin with a dot are not shown.
fn is_hidden(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/')
        .any(|name| name.starts_with(b"."))
}

/// `app.js` is hardly a view of an application.
fn has_extension(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next();
    name.is_some_and(|name| name.contains(&b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(layout: &Layout, asked: &str, first: Found, is_view: bool) -> String {
        let (mut role, mut found, mut way) = (Role::Asked, first, String::new());
        while let Some((next, path)) = layout.elsewhere(asked.as_bytes(), role, &found, is_view) {
            way += &format!("{next:?} {} ", String::from_utf8(path).unwrap());
            (role, found) = (next, Found::Missing);
        }
        way.trim_end().to_owned()
    }

    #[test]
    fn hidden_names_lead_nowhere() {
        let layout = Layout::default();
        for (path, is_open) in [
            (".git/config", false),
            ("a/.htpasswd", false),
            (".well-known/x", false),
            ("..a", false),
            ("a.b/c.", true),
            ("", true),
        ] {
            assert_eq!(layout.enter(&mut path.into()), is_open, "{path}");
        }
        let open = Layout {
            hidden: true,
            ..Layout::default()
        };
        assert!(open.enter(&mut b".git/config".to_vec()) && open.takes(b".profile"));
        assert!(!layout.takes(b".profile"));
    }

    #[test]
    fn one_file_is_all_that_there_is() {
        let layout = Layout {
            single: Some(Single {
                name: b"link.iso".to_vec(),
                file: b".real.iso".to_vec(),
            }),
            ..Layout::default()
        };
        for (asked, is_it) in [
            ("", true),
            ("link.iso", true),
            (".real.iso", false),
            ("link.iso/", false),
            ("other", false),
        ] {
            let mut path = asked.as_bytes().to_vec();
            assert_eq!(layout.enter(&mut path), is_it, "{asked}");
            assert!(!is_it || path == b".real.iso");
        }
    }

    #[test]
    fn where_to_look_next() {
        let plain = Layout::default();
        let all = Layout {
            clean_urls: true,
            shell: Some("app.html".to_owned()),
            not_found: Some("404.html".to_owned()),
            ..Layout::default()
        };
        assert_eq!(chain(&plain, "a", Found::Missing, true), "");
        for (asked, first, is_view, way) in [
            (
                "a",
                Found::Missing,
                true,
                "Page a.html Shell app.html NotFound 404.html",
            ),
            (
                "a/",
                Found::Missing,
                true,
                "Shell app.html NotFound 404.html",
            ),
            (
                "",
                Found::Missing,
                false,
                "Shell app.html NotFound 404.html",
            ),
            (
                "a.js",
                Found::Missing,
                false,
                "Page a.js.html NotFound 404.html",
            ),
            (
                "john.doe",
                Found::Missing,
                true,
                "Page john.doe.html Shell app.html NotFound 404.html",
            ),
            (
                "a.b/c",
                Found::Missing,
                false,
                "Page a.b/c.html Shell app.html NotFound 404.html",
            ),
            ("a", Found::Forbidden, true, ""),
            ("a", Found::Busy, true, ""),
        ] {
            assert_eq!(chain(&all, asked, first, is_view), way, "{asked}");
        }
        let next = all.elsewhere(b"a", Role::Asked, &Found::Directory, true);
        assert_eq!(next, Some((Role::Page, b"a.html".to_vec())));
        assert_eq!(
            all.elsewhere(b"a", Role::Page, &Found::Directory, true),
            None
        );
    }

    #[test]
    fn a_page_has_one_name() {
        let clean = Layout {
            clean_urls: true,
            ..Layout::default()
        };
        for (asked, name) in [
            ("a.html", Some("a")),
            ("a/b.html", Some("a/b")),
            ("index.html", Some("")),
            ("a/index.html", Some("a/")),
            (".html", None),
            ("a/.html", None),
            ("a.htm", None),
            ("a", None),
            ("html", None),
        ] {
            let proper = clean.proper_name(asked.as_bytes());
            assert_eq!(proper, name.map(str::as_bytes), "{asked}");
            assert_eq!(Layout::default().proper_name(asked.as_bytes()), None);
        }
    }
}
