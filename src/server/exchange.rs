//! One request, answered into the worker's buffer: ask, look, plan, render, report.

use std::fs::File;

use super::files::append;
use super::outgoing::Transfer;
use super::service::{Happening, Service};
use crate::engine::StdoutError;
use crate::http::{Answer, Asked, Content, Found, Method, Plan, Request, Status, Version};
use crate::http::{ask, plan, render};
use crate::net::Address;

/// Files up to this many bytes leave with their head in one send; larger ones are sent by the kernel.
const SMALL: u64 = 64 * 1024;

/// How an answer ends.
#[derive(Debug)]
pub(super) struct Answered {
    /// Whether the connection goes on.
    pub(super) persists: bool,
    /// What is to follow the bytes in the buffer.
    pub(super) transfer: Option<Transfer>,
}

impl Service<'_> {
    /// Answer a request; `persists` when the connection may go on.
    pub(super) fn answer(
        &mut self,
        request: &Request<'_>,
        head: &[u8],
        persists: bool,
        peer: &Address,
    ) -> Result<Answered, StdoutError> {
        let mut file = None;
        let plan = match ask(request, &self.site, &mut self.path) {
            Asked::Answer(plan) => plan,
            Asked::Path => {
                let found;
                (found, file) = match &self.root {
                    Some(root) => root.find(&mut self.path),
                    None => (Found::Missing, None),
                };
                plan(request, &self.path, found, self.now)
            }
        };
        let answer = Answer {
            is_head: request.method == Method::Head,
            persists,
            says_keep_alive: request.version == Version::Http10,
        };
        render(&plan, answer, self.date.at(self.now), &mut self.outbound);
        let status = plan.status;
        let answered = match (plan.content, file) {
            (Content::File(length), Some(file)) if !answer.is_head => {
                content(file, length, persists, &mut self.outbound)
            }
            _ => Answered {
                persists,
                transfer: None,
            },
        };
        (self.report)(&Happening::Answered {
            peer,
            head,
            request: Some(request),
            status,
        })?;
        Ok(answered)
    }

    /// Answer what is no request, or came too late; the connection is to be closed.
    pub(super) fn refuse(
        &mut self,
        status: Status,
        head: &[u8],
        peer: &Address,
    ) -> Result<(), StdoutError> {
        let answer = Answer {
            is_head: false,
            persists: false,
            says_keep_alive: false,
        };
        let plan = Plan::status(status);
        render(&plan, answer, self.date.at(self.now), &mut self.outbound);
        (self.report)(&Happening::Answered {
            peer,
            head,
            request: None,
            status,
        })
    }
}

/// The content of a file: a small one at once. One that is shorter than its head says can only be cut off.
fn content(file: File, length: u64, persists: bool, into: &mut Vec<u8>) -> Answered {
    match usize::try_from(length) {
        Ok(size) if length <= SMALL => Answered {
            persists: append(&file, size, into) && persists,
            transfer: None,
        },
        _ => Answered {
            persists,
            transfer: Some(Transfer {
                file,
                offset: 0,
                left: length,
            }),
        },
    }
}
