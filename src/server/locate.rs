//! What lies at the path of a request: what is kept of it, what is there, or what the site has instead.

use std::fs::File;
use std::rc::Rc;

use super::cache::{Kept, Stored};
use super::exchange::Asking;
use super::files::Root;
use super::service::Service;
use crate::http::{Found, Layout, Role, Target, is_view};

/// What was found at a path.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) found: Found,
    /// What the path was taken for.
    pub(super) role: Role,
    /// The proper name of a page that was asked for by another.
    pub(super) moved: Option<Vec<u8>>,
    pub(super) content: Option<Stored>,
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
        let kept = match can_be_kept && self.cache.is_wanted(asked) {
            true => self.cache.keep(asked, root, &self.path, file, asking.since),
            false => Err(file),
        };
        match kept {
            Ok(kept) => Located::of(&kept),
            Err(file) => Located::in_file(Found::File(facts), file, search.role),
        }
    }

    /// What is shown where a path leads to nothing, whatever there may be.
    pub(super) fn locate_nothing(&mut self) -> Located {
        let page = self.site.layout.not_found.as_ref();
        let (Some(root), Some(page)) = (&self.root, page) else {
            return Located::nothing(Found::Missing);
        };
        match root.find(&mut page.clone().into_bytes(), &[]) {
            (found, Some(file)) => Located::in_file(found, file, Role::NotFound),
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
    fn nothing(found: Found) -> Self {
        Self {
            found,
            role: Role::Asked,
            moved: None,
            content: None,
            kept: None,
        }
    }

    fn in_file(found: Found, file: File, role: Role) -> Self {
        Self {
            found,
            role,
            moved: None,
            content: Some(Stored::File(Rc::new(file))),
            kept: None,
        }
    }

    fn of(kept: &Rc<Kept>) -> Self {
        Self {
            found: Found::File(kept.facts),
            role: Role::Asked,
            moved: None,
            content: Some(kept.content.clone()),
            kept: Some(Rc::clone(kept)),
        }
    }
}
