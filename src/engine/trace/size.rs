//! How large packets may be: those that do not go through become smaller, or go in fragments.

use super::rules::Rules;
use super::survey::{Due, Survey};

/// The least that any link carries, RFC 791.
const LEAST_MTU: u32 = 68;

impl Survey {
    /// What was due is larger than the first link carries: whether a smaller one may go.
    pub(super) fn too_big(&mut self, due: Due, mtu: u32) -> bool {
        if !self.shrink(mtu, self.limit()) {
            return false;
        }
        if let Some(slot) = self.queue.get_mut(due.place) {
            slot.mtu = Some(mtu);
        }
        true
    }

    /// The largest packet that is known to go through.
    pub(super) fn limit(&self) -> u32 {
        self.mtu.unwrap_or(self.size)
    }

    /// Whether a probe, sent when `limit` was the largest packet, may go again now that it is `mtu`: as a smaller one, or
    /// in fragments.
    pub(super) fn shrink(&mut self, mtu: u32, limit: u32) -> bool {
        let Rules {
            finds_mtu,
            may_fragment,
            ..
        } = self.rules;
        let may = (finds_mtu || may_fragment) && (LEAST_MTU..limit).contains(&mtu);
        if may {
            let mtu = mtu.min(self.limit());
            self.mtu = Some(mtu);
            self.size = if finds_mtu { mtu } else { self.size };
        }
        may
    }
}
