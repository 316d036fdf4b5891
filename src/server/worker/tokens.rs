//! The numbers under which a worker watches: the listeners, stdout, two signs of the other workers, changes of files, and
//! two for each connection.

use super::Worker;

/// What is watched besides listeners and connections: stdout, the signs of the other workers, and changes of files.
const OTHERS: usize = 4;

impl Worker {
    /// stdout; what is less is a listener.
    pub(super) fn door(&self) -> usize {
        self.shared.listeners.len()
    }

    /// What the others say to the first one, or that it is over.
    pub(super) fn told(&self) -> usize {
        self.shared.listeners.len() + 1
    }

    /// That the server stops.
    pub(super) fn stops(&self) -> usize {
        self.shared.listeners.len() + 2
    }

    /// Changes of files.
    pub(super) fn changes(&self) -> usize {
        self.shared.listeners.len() + 3
    }

    /// The socket of the first connection.
    pub(super) fn first_token(&self) -> usize {
        self.shared.listeners.len() + OTHERS
    }
}
