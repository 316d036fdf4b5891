//! Requests that are about a folder itself: what it holds, and all of it as one file.

use std::rc::Rc;
use std::sync::Arc;

use super::archive::Order;
use super::directory::read;
use super::exchange::{Asking, Outcome, Reply};
use super::files::meaning;
use super::listings::Folder;
use super::service::Service;
use crate::engine::StdoutError;
use crate::http::{
    Asked, Format, Found, Listing, Method, Status, pack, pack_later, plan, show, unversioned, view,
};

/// How many entries are listed at once; for more there is a thread.
const FEW: usize = 1000;

impl Service {
    /// The format in which a request would have a folder, where folders can be had like that.
    pub(super) fn archive_asked(&self, asking: &Asking<'_>) -> Option<Format> {
        self.site.archives.then(|| view(asking.request).archive)?
    }

    /// The folder that is asked for, where what it holds may be told.
    pub(super) fn folder_asked(&self, asked: &Asked<'_>) -> Option<Vec<u8>> {
        let is_told = self.site.listing || self.site.archives;
        let is_folder = self.path.is_empty() || self.path.ends_with(b"/");
        let is_path = matches!(asked, Asked::Path);
        (is_told && is_folder && is_path).then(|| self.path.clone())
    }

    /// What a folder holds; `None` when it is not there, or is not to be shown.
    pub(super) fn list(
        &mut self,
        folder: &[u8],
        asking: &Asking<'_>,
    ) -> Result<Option<Outcome>, StdoutError> {
        if let Some(plan) = self.listings.outcome(asking) {
            let reply = self.respond(plan, None, asking)?;
            return Ok(Some(Outcome::Reply(reply)));
        }
        let site = Rc::clone(&self.site);
        let Some(root) = self.root.as_ref().filter(|_| site.listing) else {
            return Ok(None);
        };
        let view = view(asking.request);
        let refused = match (view.wants_archive, site.archives, view.archive) {
            (true, false, _) => Some(Status::NOT_FOUND.because("folders are not packed here")),
            (true, true, None) => {
                Some(Status::BAD_REQUEST.because("an archive is tar or zip: ?archive=tar"))
            }
            _ => None,
        };
        if let Some(refused) = refused {
            let reply = self.respond_with(refused, asking)?;
            return Ok(Some(Outcome::Reply(reply)));
        }
        let hidden = site.layout.hidden;
        let plan = match read(root, folder, hidden, FEW) {
            Ok(contents) => {
                let listing = Listing {
                    path: folder.to_vec(),
                    entries: contents.entries,
                    is_cut: contents.is_cut,
                    takes_uploads: site.takes_uploads_into(folder),
                    gives_archives: site.archives,
                };
                if listing.is_cut {
                    let folder = Folder {
                        root: Arc::clone(root),
                        listing,
                        hidden,
                    };
                    let wait = self.listings.begin(asking, folder);
                    return Ok(Some(Outcome::Wait(wait)));
                }
                show(asking.request, &listing)
            }
            Err(errno) => match meaning(errno) {
                Found::Missing => return Ok(None),
                found => {
                    let boundary = self.boundary();
                    plan(asking.request, folder, &found, &site, self.now, boundary)
                }
            },
        };
        let reply = self.respond(plan, None, asking)?;
        Ok(Some(Outcome::Reply(reply)))
    }

    /// All of a folder; `None` when it cannot be read.
    pub(super) fn archive(
        &mut self,
        format: Format,
        folder: &[u8],
        asking: &Asking<'_>,
    ) -> Result<Option<Reply>, StdoutError> {
        // Without a look the answer would have begun before it is known that there is nothing.
        let root = self.root.as_ref();
        let Some(root) = root.filter(|root| root.open_folder(folder).is_ok()) else {
            return Ok(None);
        };
        let plan = unversioned(asking.request).unwrap_or_else(|| pack(folder, format));
        if asking.request.method == Method::Head || plan.status != Status::OK {
            return self.respond(plan, None, asking).map(Some);
        }
        let order = Order {
            root: Arc::clone(root),
            path: folder.to_vec(),
            format,
            hidden: self.site.layout.hidden,
        };
        let reply = match self.archives.start(order) {
            Ok(Some((fd, packing))) => self.respond_from(plan, fd, Box::new(packing), asking),
            // No place, no thread or no descriptor: all of them come back.
            Ok(None) | Err(_) => self.respond(pack_later(), None, asking),
        };
        reply.map(Some)
    }
}
