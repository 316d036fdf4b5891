//! One request, answered into the worker's buffer: ask, look, plan, render, report.

use std::fs::File;

use super::files::append;
use super::outgoing::Transfer;
use super::service::{Happening, Service};
use crate::engine::StdoutError;
use crate::http::{Answer, Asked, Found, Method, Piece, Plan, Request, Status, Version};
use crate::http::{ask, asks_head, follow, plan, render};
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
                let boundary = self.boundary();
                plan(request, &self.path, &found, &self.site, self.now, boundary)
            }
        };
        let answer = Answer {
            is_head: request.method == Method::Head,
            persists,
            is_old: request.version == Version::Http10,
        };
        render(&plan, answer, self.date.at(self.now), &mut self.outbound);
        let status = plan.status;
        let pieces = follow(plan.content, answer);
        let mut answered = Answered {
            persists,
            transfer: None,
        };
        if let Some(file) = file {
            answered = content(file, pieces, persists, &mut self.outbound);
        }
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
            is_head: asks_head(head),
            persists: false,
            is_old: false,
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
fn content(file: File, pieces: Vec<Piece>, persists: bool, into: &mut Vec<u8>) -> Answered {
    let mut answered = Answered {
        persists,
        transfer: None,
    };
    let is_one = pieces.len() == 1;
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => into.extend_from_slice(&bytes),
            Piece::File(span) if is_one && span.length > SMALL => {
                answered.transfer = Some(Transfer {
                    file,
                    offset: span.first,
                    left: span.length,
                });
                break;
            }
            Piece::File(span) => {
                let size = usize::try_from(span.length).unwrap_or(usize::MAX);
                answered.persists &= append(&file, span.first, size, into);
            }
        }
    }
    answered
}
