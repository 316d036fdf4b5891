//! PostgreSQL's SSLRequest, and the one byte that answers it (the manual's "Message Flow", SSL Session Encryption).

use super::{NoStarttls, Step};

/// Its length, and a number that is no version.
pub(super) const REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The answer is awaited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Postgres;

impl Postgres {
    pub(super) fn step(self, heard: &[u8]) -> Result<Step, NoStarttls> {
        match heard {
            [] => Ok(Step::Partial),
            [b'S', ..] => Ok(Step::Go(1)),
            [b'N', ..] => Err(NoStarttls::NotOffered),
            // An ErrorResponse of a server that is too old, or too busy; what it says was said by anybody.
            [b'E', ..] => Err(NoStarttls::Refused(String::new())),
            _ => Err(NoStarttls::garbled(heard)),
        }
    }
}
