//! What lies at the path of a request: what is kept of it, what is there, or what the site has instead.

use std::fs::File;
use std::rc::Rc;

use super::cache::Kept;
use super::coded::offered;
use super::exchange::Asking;
use super::files::Root;
use super::service::Service;
use super::stored::Stored;
use crate::http::{Coding, Codings, Facts, Found, Layout, Role, Target, coding, is_view};

/// What was found at a path.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) found: Found,
    /// What the path was taken for.
    pub(super) role: Role,
    /// The proper name of a page that was asked for by another.
    pub(super) moved: Option<Vec<u8>>,
    pub(super) content: Option<Stored>,
    /// The codings in which it can be had.
    pub(super) offered: Codings,
    /// Where an answer to a request like this one can be kept.
    pub(super) kept: Option<Rc<Kept>>,
}

/// What a search came to.
struct Search {
    found: Found,
    file: Option<File>,
    role: Role,
    moved: Option<Vec<u8>>,
}

impl Service {
    /// What lies at the path that was asked for: what is kept of it, or what is found now. `path` then leads to it.
    pub(super) fn locate(&mut self, asking: &Asking<'_>) -> Located {
        let Target::Path { path: asked, .. } = asking.request.target else {
            return Located::nothing(Found::Missing);
        };
        let asked = asked.as_bytes();
        let is_kept = !self.site.layout.vhosts;
        if is_kept && let Some(kept) = self.cache.find(asked, asking.since) {
            return Located::of(kept);
        }
        let Some(root) = &self.root else {
            return Located::nothing(Found::Missing);
        };
        let is_view = || is_view(asking.request);
        let search = Search::of(&mut self.path, root, &self.site.layout, is_view);
        let (Some(file), Found::File(facts)) = (search.file, search.found) else {
            return Located {
                moved: search.moved,
                ..Located::nothing(search.found)
            };
        };
        // What is shown instead has nobody watch where the path itself would be.
        let can_be_kept = is_kept && matches!(search.role, Role::Asked | Role::Page);
        let offered = match self.site.is_plain {
            true => Codings::default(),
            false => offered(root, &self.path, &facts),
        };
        // What has to be compressed first is worth keeping at once.
        let is_wanted =
            self.cache.is_wanted(asked) || coding(asking.request, offered) != Coding::Identity;
        let file = Rc::new(file);
        let kept = match can_be_kept && is_wanted {
            true => {
                let cache = &mut self.cache;
                cache.keep(asked, root, &self.path, &file, offered, asking.since)
            }
            false => None,
        };
        match kept {
            Some(kept) => Located::of(&kept),
            None => Located::in_file(&facts, file, search.role, offered),
        }
    }

    /// What is shown where a path leads to nothing, whatever there may be.
    pub(super) fn locate_nothing(&mut self) -> Located {
        let page = self.site.layout.not_found.as_ref();
        let (Some(root), Some(page)) = (&self.root, page) else {
            return Located::nothing(Found::Missing);
        };
        match root.find(&mut page.clone().into_bytes(), &[]) {
            (Found::File(facts), Some(file)) => {
                Located::in_file(&facts, Rc::new(file), Role::NotFound, Codings::default())
            }
            _ => Located::nothing(Found::Missing),
        }
    }
}

impl Search {
    /// Look for a path, and then for what the site has instead; `path` is where something was found.
    fn of(path: &mut Vec<u8>, root: &Root, layout: &Layout, is_view: impl Fn() -> bool) -> Self {
        let asked = layout.has_more().then(|| path.clone());
        let (found, file) = root.find(path, &layout.index);
        let mut search = Self {
            found,
            file,
            role: Role::Asked,
            moved: None,
        };
        if let Some(asked) = asked {
            search.go_on(path, asked, root, layout, is_view());
        }
        search
    }

    fn go_on(
        &mut self,
        path: &mut Vec<u8>,
        asked: Vec<u8>,
        root: &Root,
        layout: &Layout,
        is_view: bool,
    ) {
        if self.file.is_some() {
            self.moved = moved(&asked, root, layout);
            if self.moved.is_some() {
                self.file = None;
            }
            return;
        }
        let mut role = Role::Asked;
        while let Some((next, instead)) = layout.elsewhere(&asked, role, &self.found, is_view) {
            *path = instead;
            role = next;
            if let (found, Some(file)) = root.find(path, &[]) {
                (self.found, self.file, self.role) = (found, Some(file), role);
                return;
            }
        }
        *path = asked;
    }
}

/// The proper name of the file that was found at a path, unless that leads to another file.
fn moved(asked: &[u8], root: &Root, layout: &Layout) -> Option<Vec<u8>> {
    let name = layout.proper_name(asked)?;
    let is_folder = name.is_empty() || name.ends_with(b"/");
    let is_taken = || {
        !matches!(
            root.find(&mut name.to_vec(), &[]).0,
            Found::Missing | Found::Directory
        )
    };
    (is_folder || !is_taken()).then(|| name.to_vec())
}

impl Located {
    /// Whether there is nothing at the path itself, whatever is shown instead.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.found, Found::Missing) || self.role == Role::NotFound
    }

    /// The same, as it is kept in a coding.
    pub(super) fn instead(self, kept: &Rc<Kept>) -> Self {
        Self {
            found: Found::File(kept.facts),
            content: Some(kept.content.clone()),
            kept: Some(Rc::clone(kept)),
            ..self
        }
    }

    fn nothing(found: Found) -> Self {
        Self {
            offered: Codings::default(),
            found,
            role: Role::Asked,
            moved: None,
            content: None,
            kept: None,
        }
    }

    fn in_file(facts: &Facts, file: Rc<File>, role: Role, offered: Codings) -> Self {
        Self {
            found: Found::File(Facts {
                varies: !offered.is_empty(),
                ..*facts
            }),
            role,
            moved: None,
            offered,
            content: Some(Stored::File(file)),
            kept: None,
        }
    }

    fn of(kept: &Rc<Kept>) -> Self {
        Self {
            found: Found::File(kept.facts),
            role: Role::Asked,
            moved: None,
            offered: kept.offered,
            content: Some(kept.content.clone()),
            kept: Some(Rc::clone(kept)),
        }
    }
}
