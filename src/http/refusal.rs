//! Why a request is not done: its status, and words where that does not say enough.

use super::plan::{Content, Plan};
use super::status::Status;

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: Status,
    /// Why, in words for whoever asked; empty where the status speaks for itself.
    pub why: &'static str,
}

impl Status {
    /// This status, and why.
    pub const fn because(self, why: &'static str) -> Refusal {
        Refusal { status: self, why }
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        status.because("")
    }
}

impl Refusal {
    /// The answer: one line.
    pub fn plan(self) -> Plan<'static> {
        let Self { status, why } = self;
        let plan = Plan {
            why,
            ..Plan::status(status)
        };
        if why.is_empty() {
            return plan;
        }
        Plan {
            content: Content::Bytes(format!("{status}: {why}\n").into_bytes()),
            ..plan
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::response::literal;
    use super::*;

    #[test]
    fn words_stand_behind_the_status() {
        for (refusal, line) in [
            (Status::CONFLICT.into(), "409 Conflict\n"),
            (
                Status::CONFLICT.because("that name is taken"),
                "409 Conflict: that name is taken\n",
            ),
        ] {
            let plan = Refusal::plan(refusal);
            assert_eq!(literal(&plan), line.as_bytes());
            assert_eq!(plan.status, Status::CONFLICT);
        }
    }
}
