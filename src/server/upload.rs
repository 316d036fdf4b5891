//! Files that clients leave: written as they come, seen by nobody before all of a request is safe on the disk.

use std::mem;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::SystemTime;

use nix::errno::Errno;
use serde::{Serialize, Serializer};

use super::connection::Wait;
use super::deputy::Deputy;
use super::draft::{Draft, Placed};
use super::errand::Errand;
use super::exchange::{Asking, Outcome};
use super::files::facts_of;
use super::incoming::Sink;
use super::service::Service;
use crate::engine::StdoutError;
use crate::http::{
    Content, DOT, Delivery, Form, FormPiece, Name, Parcel, Part, Plan, Refusal, Request, Status,
    Verdict, delivery, encode, is_view, media_type, weigh,
};

/// How many files one form may bring: each takes a descriptor until the last one is there.
const FILES: usize = 64;

/// The files of one request, on their way.
#[derive(Debug)]
pub(super) struct Upload {
    folder: Arc<OwnedFd>,
    /// Who may make files there.
    deputy: Deputy,
    /// Where that is: empty for the root, with a slash at its end otherwise.
    path: Vec<u8>,
    /// What brings them; `None` for one file under its name.
    form: Option<Form>,
    drafts: Vec<Draft>,
    /// Whether what comes is content of the last one, and not of a field that is no file.
    is_open: bool,
    rules: Rules,
    placing: Option<Errand<Result<Vec<Left>, Errno>>>,
}

/// What is allowed.
#[derive(Clone, Copy, Debug)]
struct Rules {
    limit: u64,
    overwrite: bool,
    hidden: bool,
}

/// A file that was left.
#[derive(Debug, Serialize)]
struct Left {
    #[serde(serialize_with = "as_text")]
    name: Vec<u8>,
    size: u64,
    replaced: bool,
}

impl Service {
    /// The files that a request brings; `None` when it brings none.
    pub(super) fn receive(&mut self, asking: &Asking<'_>) -> Result<Option<Upload>, Refusal> {
        let Some(delivery) = delivery(asking.request, &self.site)? else {
            return Ok(None);
        };
        self.enter(asking);
        let root = self.root.as_ref().ok_or(Status::NOT_FOUND)?;
        let folder = root.open_folder(&delivery.folder).map_err(refusal)?;
        let folder = (folder, root.deputy().clone());
        Upload::begin(asking.request, delivery, folder, self).map(Some)
    }
}

impl Upload {
    fn begin(
        request: &Request<'_>,
        delivery: Delivery,
        (folder, deputy): (OwnedFd, Deputy),
        service: &Service,
    ) -> Result<Self, Refusal> {
        let site = &service.site;
        let uploads = site.uploads.as_ref().ok_or(Status::METHOD_NOT_ALLOWED)?;
        let mut upload = Self {
            folder: Arc::new(folder),
            deputy,
            path: delivery.folder,
            form: None,
            drafts: Vec::new(),
            is_open: false,
            rules: Rules {
                limit: uploads.limit,
                // What must not be there is not replaced either when somebody else is quicker.
                overwrite: uploads.overwrite && !is_new(request),
                hidden: site.layout.hidden,
            },
            placing: None,
        };
        match delivery.parcel {
            Parcel::Form(form) => upload.form = Some(form),
            Parcel::File(name) => {
                upload.weigh(request, &name, service.now)?;
                upload.open(&name)?;
            }
        }
        Ok(upload)
    }

    /// The conditions of a PUT, RFC 9110, section 13: what it replaces must be what the client knows.
    fn weigh(&self, request: &Request<'_>, name: &[u8], now: SystemTime) -> Result<(), Refusal> {
        let current = facts_of(&self.folder, name).map(|facts| facts.validators(now));
        match weigh(request, current.as_ref()) {
            Verdict::Perform => Ok(()),
            _ => Err(Status::PRECONDITION_FAILED
                .because("what is there is not what If-Match or If-None-Match names")),
        }
    }

    fn open(&mut self, name: &[u8]) -> Result<(), Refusal> {
        if self.drafts.len() == FILES {
            return Err(Status::CONTENT_TOO_LARGE.because("a form brings 64 files at most"));
        } else if self.drafts.iter().any(|draft| draft.name() == name) {
            return Err(Status::CONFLICT.because("two files of the form have the same name"));
        }
        let (folder, name) = (Arc::clone(&self.folder), name.to_vec());
        let overwrite = self.rules.overwrite;
        let begun = (self.deputy).run(move || Draft::begin(&folder, &name, overwrite));
        let draft = begun.and_then(|begun| begun).map_err(refusal)?;
        self.drafts.push(draft);
        self.is_open = true;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        match self.drafts.last_mut().filter(|_| self.is_open) {
            Some(draft) => draft.write(bytes).map_err(refusal),
            None => Ok(()),
        }
    }

    fn take_piece(&mut self, piece: FormPiece<'_>) -> Result<(), Refusal> {
        match piece {
            FormPiece::Begin(Part {
                file_name: Some(name),
            }) => match name.starts_with(b".") && !self.rules.hidden {
                true => Err(Status::FORBIDDEN.because(DOT)),
                false => self.open(&name),
            },
            FormPiece::Content(content) => self.write(content),
            FormPiece::Begin(_) | FormPiece::End => {
                self.is_open = false;
                Ok(())
            }
        }
    }

    /// Whether everything is there that was announced, and a file at all.
    fn is_whole(&self) -> bool {
        !self.drafts.is_empty() && self.form.as_ref().is_none_or(Form::is_done)
    }

    /// Give the files their names, beside the loop: that waits for the disk.
    fn begin_placing(&mut self, request: &Request<'_>, now: SystemTime) -> Result<Wait, Refusal> {
        if !self.is_whole() {
            return Err(Status::BAD_REQUEST.because("the form ends early, or brings no file"));
        }
        if let (None, Some(draft)) = (&self.form, self.drafts.first()) {
            self.weigh(request, draft.name(), now)?;
        }
        let (drafts, overwrite) = (mem::take(&mut self.drafts), self.rules.overwrite);
        let place = move || {
            drafts
                .into_iter()
                .map(|draft| place(draft, overwrite))
                .collect()
        };
        let deputy = self.deputy.clone();
        let place = move || deputy.run_apart(place)?;
        let (errand, fd) = Errand::start(place).map_err(refusal)?;
        self.placing = Some(errand);
        Ok(Wait::For(fd))
    }

    /// A form of a page shows the folder again; everybody else is told what is there now.
    fn answer(&self, request: &Request<'_>, files: &[Left]) -> Plan<'static> {
        let located = match files {
            [file] => Some(encode(&[self.path.as_slice(), &file.name].concat())),
            _ => None,
        };
        if self.form.is_none() {
            let is_replaced = files.iter().any(|file| file.replaced);
            return match is_replaced {
                true => Plan::status(Status::NO_CONTENT),
                false => Plan {
                    location: located,
                    ..Plan::status(Status::CREATED)
                },
            };
        }
        if is_view(request) {
            return Plan {
                location: Some(encode(&self.path)),
                ..Plan::status(Status::SEE_OTHER)
            };
        }
        Plan {
            location: located,
            content: Content::Bytes(told(files)),
            media_type: media_type(b".json"),
            ..Plan::status(Status::CREATED)
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // What they leave behind may be somebody else's to remove.
        let drafts = mem::take(&mut self.drafts);
        if !drafts.is_empty() {
            let _ = self.deputy.run(move || drop(drafts));
        }
    }
}

impl Sink for Upload {
    fn limit(&self) -> u64 {
        self.rules.limit
    }

    fn too_large(&self) -> Refusal {
        Status::CONTENT_TOO_LARGE.because("larger than this server takes")
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let Some(mut form) = self.form.take() else {
            return self.write(bytes);
        };
        let taken = form.take(bytes, &mut |piece| self.take_piece(piece));
        self.form = Some(form);
        taken
    }

    fn finish(
        &mut self,
        asking: &Asking<'_>,
        service: &mut Service,
    ) -> Result<Outcome, StdoutError> {
        let placed = match &self.placing {
            Some(placing) => placing
                .outcome()
                .unwrap_or(Err(Errno::EIO))
                .map_err(refusal),
            None => match self.begin_placing(asking.request, service.now) {
                Ok(wait) => return Ok(Outcome::Wait(wait)),
                Err(refused) => Err(refused),
            },
        };
        let plan = match placed {
            Ok(files) => self.answer(asking.request, &files),
            Err(refused) => refused.plan(),
        };
        service.respond(plan, None, asking).map(Outcome::Reply)
    }
}

/// Whether it is only to be done where nothing is there, If-None-Match.
fn is_new(request: &Request<'_>) -> bool {
    request.values(Name::IfNoneMatch).next().is_some()
}

fn place(draft: Draft, overwrite: bool) -> Result<Left, Errno> {
    let (name, size) = (draft.name().to_vec(), draft.length());
    let placed = draft.commit(overwrite)?;
    Ok(Left {
        name,
        size,
        replaced: placed == Placed::Replaced,
    })
}

fn told(files: &[Left]) -> Vec<u8> {
    // Strings and numbers: serde_json cannot refuse them.
    serde_json::to_vec(&serde_json::json!({ "files": files })).unwrap_or_default()
}

fn as_text<S: Serializer>(name: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(name))
}

/// What a refusal of the file system means to the client.
fn refusal(errno: Errno) -> Refusal {
    match errno {
        Errno::ENOSPC => Status::INSUFFICIENT_STORAGE.because("the disk is full"),
        Errno::EDQUOT => Status::INSUFFICIENT_STORAGE.because("the quota of the disk is used up"),
        Errno::EFBIG => Status::CONTENT_TOO_LARGE.because("larger than the disk takes a file"),
        Errno::EEXIST => Status::CONFLICT.because("that name is taken, and is not replaced"),
        Errno::EISDIR => Status::CONFLICT.because("that name is a folder's"),
        Errno::ENOTDIR => Status::CONFLICT.because("a file is where a folder would have to be"),
        // EXDEV: a link that leads out of the root.
        Errno::ENOENT | Errno::ELOOP | Errno::EXDEV => {
            Status::NOT_FOUND.because("there is no such folder to put it into")
        }
        Errno::EROFS => Status::FORBIDDEN.because("the disk is read-only"),
        Errno::EACCES | Errno::EPERM => Status::FORBIDDEN.because("the server may not write there"),
        Errno::ENAMETOOLONG => Status::BAD_REQUEST.because("the name is too long"),
        Errno::EINVAL | Errno::EILSEQ => Status::BAD_REQUEST.because("the disk takes no such name"),
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EAGAIN | Errno::EINTR => {
            Status::UNAVAILABLE.into()
        }
        _ => Status::INTERNAL_ERROR.because("the disk could not take it"),
    }
}
