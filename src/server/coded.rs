//! A file in another content coding: what lies compressed beside it, and gzip made of text.

use std::fs::File;
use std::io::Write;
use std::rc::Rc;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::exchange::Asking;
use super::files::Root;
use super::locate::Located;
use super::service::Service;
use super::stored::Stored;
use crate::http::{Coding, Codings, Density, Facts, Found, Span, coding};

/// Text of fewer bytes leaves in one segment as it is.
const WORTH_IT: u64 = 1400;
/// Text of more bytes would have others wait while it is compressed.
const QUICK: u64 = 1 << 20;

/// The codings in which the file at a path can be had. What lies beside it counts if it is not older.
pub(super) fn offered(root: &Root, path: &[u8], facts: &Facts) -> Codings {
    if facts.media_type.density() != Density::Text {
        return Codings::default();
    }
    let made = match can_be_made(facts) {
        true => Codings::default().with(Coding::Gzip),
        false => Codings::default(),
    };
    Coding::COMPRESSED
        .into_iter()
        .fold(made, |offered, coding| {
            let beside = root.facts(&beside(path, coding));
            match beside.is_some_and(|beside| beside.modified >= facts.modified) {
                true => offered.with(coding),
                false => offered,
            }
        })
}

/// A file in a coding.
#[derive(Debug)]
pub(super) struct Coded {
    pub(super) facts: Facts,
    pub(super) content: Stored,
    /// The file that it is read from; `None` where it was made.
    pub(super) source: Option<Rc<File>>,
}

impl Service {
    /// What was located, in the coding that the client would rather have.
    pub(super) fn encode(&mut self, located: Located, asking: &Asking<'_>) -> Located {
        let wanted = coding(asking.request, located.offered);
        let (Found::File(facts), Some(content)) = (located.found, &located.content) else {
            return located;
        };
        if wanted == Coding::Identity {
            return located;
        }
        if let Some(kept) = located.kept.as_ref().and_then(|kept| kept.coded(wanted)) {
            return located.instead(&kept);
        }
        let path = located.kept.as_ref().map_or(&*self.path, |kept| &kept.path);
        let made = self.root.as_ref().and_then(|root| {
            from_beside(root, path, &facts, wanted).or_else(|| made(content, &facts, wanted))
        });
        match (made, &located.kept) {
            (None, _) => located,
            (Some(coded), Some(kept)) => {
                let kept = self.cache.keep_coded(kept, coded);
                located.instead(&kept)
            }
            (Some(coded), None) => Located {
                found: Found::File(coded.facts),
                content: Some(coded.content),
                ..located
            },
        }
    }
}

fn from_beside(root: &Root, path: &[u8], facts: &Facts, coding: Coding) -> Option<Coded> {
    let mut path = beside(path, coding);
    let (Found::File(found), Some(file)) = root.find(&mut path, &[]) else {
        return None;
    };
    let file = Rc::new(file);
    let content = Stored::of(&file, found.length)?;
    (found.modified >= facts.modified).then(|| Coded {
        facts: Facts {
            media_type: facts.media_type,
            coding,
            varies: true,
            ..found
        },
        content,
        source: Some(file),
    })
}

fn made(content: &Stored, facts: &Facts, coding: Coding) -> Option<Coded> {
    if coding != Coding::Gzip || !can_be_made(facts) {
        return None;
    }
    let mut text = Vec::new();
    let all = Span {
        first: 0,
        length: facts.length,
    };
    if !content.append(all, &mut text) {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&text).ok()?;
    let bytes = encoder.finish().ok()?;
    Some(Coded {
        facts: Facts {
            length: bytes.len() as u64,
            coding,
            varies: true,
            ..*facts
        },
        content: Stored::Small(bytes.into()),
        source: None,
    })
}

fn can_be_made(facts: &Facts) -> bool {
    (WORTH_IT..=QUICK).contains(&facts.length)
}

fn beside(path: &[u8], coding: Coding) -> Vec<u8> {
    [path, coding.extension().as_bytes()].concat()
}
