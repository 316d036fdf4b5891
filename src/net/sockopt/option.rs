//! A row of the table: all that is known of one option.

use libc::c_int;

use super::form::Form;
use super::sockets::Sockets;

/// A level with its options.
#[derive(Debug)]
pub struct Level {
    /// The constant, as `IPPROTO_TCP`.
    pub name: &'static str,
    /// Its number.
    pub number: c_int,
    /// Its other names; some of the socket API, and the word that people use.
    pub others: &'static [&'static str],
    /// Its options, by number.
    pub options: &'static [SocketOption],
}

/// One option.
#[derive(Debug)]
pub struct SocketOption {
    /// The constant, as `SO_RCVBUF`.
    pub name: &'static str,
    /// Its level's number.
    pub level: c_int,
    /// Its number.
    pub number: c_int,
    /// How its value is laid out.
    pub form: Form,
    /// Whether it can be read and set.
    pub access: Access,
    /// The sockets that have it.
    pub sockets: Sockets,
    /// What it is for, in one line.
    pub doc: &'static str,
    /// When it can be read or set; a fresh socket unless it says otherwise.
    pub moment: Moment,
    /// What the kernel makes of the value; `None` where it takes it as it is.
    pub note: Option<&'static str>,
    /// The first kernel that has it; `None` for those before Linux 3.0.
    pub since: Option<&'static str>,
    /// What the kernel or the system must have for it; `None` for nothing.
    pub needs: Option<&'static str>,
    /// The capability that setting it takes; `None` for none.
    pub capability: Option<&'static str>,
}

/// Whether an option can be read and set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// getsockopt(2) only.
    Get,
    /// setsockopt(2) only.
    Set,
    /// Both.
    Both,
    /// getsockopt(2) only, which takes the value away.
    Take,
}

/// When an option can be read or set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// At any time.
    Always,
    /// Once the socket is connected.
    Connected,
    /// Until the socket is bound or connected.
    Unbound,
}

impl SocketOption {
    pub(super) const fn new(
        (level, name, number): (c_int, &'static str, c_int),
        form: Form,
        access: Access,
        sockets: Sockets,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            level,
            number,
            form,
            access,
            sockets,
            doc,
            moment: Moment::Always,
            note: None,
            since: None,
            needs: None,
            capability: None,
        }
    }

    pub(super) const fn note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    pub(super) const fn since(mut self, version: &'static str) -> Self {
        self.since = Some(version);
        self
    }

    pub(super) const fn needs(mut self, what: &'static str) -> Self {
        self.needs = Some(what);
        self
    }

    pub(super) const fn capability(mut self, capability: &'static str) -> Self {
        self.capability = Some(capability);
        self
    }

    pub(super) const fn connected(mut self) -> Self {
        self.moment = Moment::Connected;
        self
    }

    pub(super) const fn unbound(mut self) -> Self {
        self.moment = Moment::Unbound;
        self
    }
}

impl Access {
    /// Whether getsockopt(2) gives it.
    pub const fn reads(self) -> bool {
        !matches!(self, Self::Set)
    }

    /// Whether setsockopt(2) takes it.
    pub const fn sets(self) -> bool {
        matches!(self, Self::Set | Self::Both)
    }

    /// The words of `options list`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
            Self::Both => "get set",
            Self::Take => "take",
        }
    }
}
