//! What passes through connections, shown in plain text to whoever asked for it.

use std::fmt;
use std::rc::Rc;

/// Sees bytes of a connection, which has a number.
type Seer = Rc<dyn Fn(u64, &[u8])>;

/// Who sees what passes; clones show it to the same ones. By default nobody does, and the kernel may move it unseen.
#[derive(Clone, Default)]
pub struct Tap {
    /// Sees what arrives.
    pub received: Option<Seer>,
    /// Sees what was sent.
    pub sent: Option<Seer>,
}

impl Tap {
    /// These arrived on connection `conn`.
    pub fn received(&self, conn: u64, bytes: &[u8]) {
        if let Some(see) = &self.received {
            see(conn, bytes);
        }
    }

    /// These were sent on connection `conn`.
    pub fn sent(&self, conn: u64, bytes: &[u8]) {
        if let Some(see) = &self.sent {
            see(conn, bytes);
        }
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("received", &self.received.is_some())
            .field("sent", &self.sent.is_some())
            .finish()
    }
}
