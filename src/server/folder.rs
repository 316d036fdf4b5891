//! Requests that are about a folder itself: what it holds, and all of it as one file.

use std::rc::Rc;
use std::sync::Arc;

use super::archive::Order;
use super::directory::{SHOWN, open, read};
use super::exchange::{Asking, Reply};
use super::files::meaning;
use super::service::Service;
use crate::engine::StdoutError;
use crate::http::{Format, Listing, Method, pack, pack_later, plan, show, view};

impl Service {
    /// The format in which a request would have a folder, where folders can be had like that.
    pub(super) fn archive_asked(&self, asking: &Asking<'_>) -> Option<Format> {
        self.site.archives.then(|| view(asking.request).archive)?
    }

    /// What the folder at the path that was asked for holds; `None` when it is no folder, or is not to be shown.
    pub(super) fn list(&mut self, asking: &Asking<'_>) -> Result<Option<Reply>, StdoutError> {
        let Some(root) = self.root.as_ref().filter(|_| self.is_at_folder()) else {
            return Ok(None);
        };
        let site = Rc::clone(&self.site);
        let plan = match read(root, &self.path, site.layout.hidden, SHOWN) {
            Ok(contents) => {
                let listing = Listing {
                    path: self.path.clone(),
                    entries: contents.entries,
                    is_cut: contents.is_cut,
                    takes_uploads: site.uploads.is_some(),
                    gives_archives: site.archives,
                };
                show(asking.request, &listing, &site)
            }
            Err(errno) => {
                let (found, boundary) = (meaning(errno), self.boundary());
                plan(
                    asking.request,
                    &self.path,
                    &found,
                    &site,
                    self.now,
                    boundary,
                )
            }
        };
        self.respond(plan, None, asking).map(Some)
    }

    /// All of the folder at the path that was asked for; `None` when it is no folder.
    pub(super) fn archive(
        &mut self,
        format: Format,
        asking: &Asking<'_>,
    ) -> Result<Option<Reply>, StdoutError> {
        let Some(root) = self.root.as_ref().filter(|_| self.is_at_folder()) else {
            return Ok(None);
        };
        // Without this an answer would have begun before it is known that there is nothing.
        if open(root, &self.path).is_err() {
            return Ok(None);
        }
        let site = Rc::clone(&self.site);
        let plan = pack(&self.path, format, &site);
        if asking.request.method == Method::Head {
            return self.respond(plan, None, asking).map(Some);
        }
        let order = Order {
            root: Arc::clone(root),
            path: self.path.clone(),
            format,
            hidden: site.layout.hidden,
        };
        match self.archives.start(order) {
            Ok(Some((fd, packing))) => self
                .respond_from(plan, fd, Box::new(packing), asking)
                .map(Some),
            // No place, no thread or no descriptor: all of them come back.
            Ok(None) | Err(_) => self.respond(pack_later(&site), None, asking).map(Some),
        }
    }

    fn is_at_folder(&self) -> bool {
        self.path.is_empty() || self.path.ends_with(b"/")
    }
}
