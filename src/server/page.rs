//! The page of requests, answered beside whatever the site has.

use std::cell::RefCell;
use std::rc::Rc;

use super::exchange::{Asking, Reply};
use super::inspector::{Inspecting, Inspector, is_own, watch};
use super::service::{Observer, Service};
use crate::engine::StdoutError;
use crate::http::inspect::{Kept, POLICY, PREFIX, Shown, shown};
use crate::http::{Content, Method, Plan, Request, Status, Target, Version};
use crate::net::Socket;

/// What is said to a visitor who has come by a name that is not this machine's.
const STRANGER: &str = "Open this page by the address of the machine, or as localhost: whoever \
    comes by another name may have been sent by a stranger.\n";

/// Hears nothing, while the real observer is being wrapped.
struct Nobody;

impl Observer for Nobody {
    fn notice(&mut self, _: &super::service::Happening<'_>) -> Result<(), StdoutError> {
        Ok(())
    }
}

impl Service {
    /// Show every request on a page of its own, and hand it to the observer when it is complete.
    #[must_use]
    pub fn inspected(mut self, inspector: Inspector) -> Self {
        let inspector = Rc::new(RefCell::new(inspector));
        let observer = std::mem::replace(&mut self.observer, Box::new(Nobody));
        self.observer = Box::new(Inspecting {
            inspector: Rc::clone(&inspector),
            observer,
        });
        self.hears_requests = true;
        self.inspector = Some(inspector);
        self
    }

    /// It is the turn of this connection.
    pub(super) fn turn_of(&mut self, socket: &Socket) {
        if let Some(inspector) = &self.inspector {
            inspector.borrow_mut().turn_of(socket);
        }
    }

    /// The body of the request that is answered now, as far as it is shown.
    pub(super) fn inspect_body(&mut self, body: Kept) {
        if let Some(inspector) = &self.inspector {
            inspector.borrow_mut().body(body);
        }
    }

    /// Whether a request is for the page itself.
    pub(super) fn is_page(&self, request: &Request<'_>) -> bool {
        self.inspector.is_some() && is_own(request)
    }

    /// Answer a request for the page; `None` where it is for something else.
    pub(super) fn show(&mut self, asking: &Asking<'_>) -> Result<Option<Reply>, StdoutError> {
        let Some(inspector) = self.inspector.clone() else {
            return Ok(None);
        };
        let request = asking.request;
        let Some(found) = of(request) else {
            return Ok(None);
        };
        let admits = inspector.borrow().admits(request.field("host"));
        let reads = matches!(request.method, Method::Get | Method::Head);
        let plan = match found {
            _ if !admits => Plan {
                content: Content::Text(STRANGER),
                ..Plan::status(Status::FORBIDDEN)
            },
            _ if !reads => Plan {
                allow: Some("GET, HEAD"),
                ..Plan::status(Status::METHOD_NOT_ALLOWED)
            },
            Shown::Missing => Plan::status(Status::NOT_FOUND),
            Shown::Slashless => Plan {
                location: Some(format!("{PREFIX}/")),
                ..Plan::status(Status::MOVED_PERMANENTLY)
            },
            Shown::File(kind, text) => Plan {
                content: Content::Text(text),
                named_type: Some(kind),
                ..Plan::status(Status::OK)
            },
            Shown::Events => Plan {
                content: Content::Stream,
                named_type: Some("text/event-stream"),
                ..Plan::status(Status::OK)
            },
        };
        let is_stream = plan.content == Content::Stream && request.method == Method::Get;
        let plan = Plan {
            extra: private(),
            ..plan
        };
        if !is_stream {
            return self.respond(plan, None, asking).map(Some);
        }
        let last = request.field("last-event-id");
        let feed = watch(&inspector, last, request.version == Version::Http11);
        match feed {
            Ok(feed) => self.respond_feeding(plan, feed, asking).map(Some),
            Err(_) => self.respond_with(Status::UNAVAILABLE, asking).map(Some),
        }
    }
}

fn of(request: &Request<'_>) -> Option<Shown> {
    match request.target {
        Target::Path { path, .. } => shown(path),
        _ => None,
    }
}

/// Requests hold secrets: nothing keeps them, nobody embeds them, and their page runs nothing but its own script.
fn private() -> Vec<(&'static str, String)> {
    [
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", POLICY),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}
