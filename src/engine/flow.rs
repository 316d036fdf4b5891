//! When a stream ends: the rules of EOF and lifetime as a pure state machine, without any I/O.

use super::inlet::Source;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It connected.
    Connector,
    /// It listened and accepted.
    Listener,
}

/// What to do when the peer has ended while stdin has not: `--on-peer-eof`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnPeerEof {
    /// A terminal, or a pipe that has said nothing so far: end. A file, or a pipe that has spoken: hear it out.
    #[default]
    Auto,
    /// End at once.
    Exit,
    /// Hear stdin out to its end.
    Drain,
}

/// What is known of both directions of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    role: Role,
    source: Source,
    policy: OnPeerEof,
    spoken: bool,
    stdin_ended: bool,
    half_closed: bool,
    peer_ended: bool,
    mute: bool,
    keeps_open: bool,
}

impl Flow {
    /// A connection on which nothing has happened yet.
    pub fn new(role: Role, source: Source, policy: OnPeerEof) -> Self {
        Self {
            role,
            source,
            policy,
            spoken: false,
            stdin_ended: false,
            half_closed: false,
            peer_ended: false,
            mute: false,
            keeps_open: false,
        }
    }

    /// The same, whose end of stdin is none that the peer is told of: SHUT_WR is never due.
    #[must_use]
    pub fn keeping_open(self, keeps_open: bool) -> Self {
        Self { keeps_open, ..self }
    }

    /// stdin gave bytes.
    pub fn stdin_spoke(&mut self) {
        self.spoken = true;
    }

    /// stdin came to its end.
    pub fn stdin_ended(&mut self) {
        self.stdin_ended = true;
    }

    /// The peer sent its FIN, or is gone.
    pub fn peer_ended(&mut self) {
        self.peer_ended = true;
    }

    /// Enough was heard: nobody is heard any more.
    pub fn heard_enough(&mut self) {
        self.peer_ended = true;
        self.stdin_ended = true;
    }

    /// Nothing more can be sent: the peer does not take it.
    pub fn sending_failed(&mut self) {
        self.mute = true;
    }

    /// SHUT_WR was called.
    pub fn half_closed(&mut self) {
        self.half_closed = true;
    }

    /// Whether stdin is to be read.
    pub fn hears_stdin(&self) -> bool {
        !self.stdin_ended && !self.mute
    }

    /// Whether the peer is to be read.
    pub fn hears_peer(&self) -> bool {
        !self.peer_ended
    }

    /// Whether something may still be sent.
    pub fn may_send(&self) -> bool {
        !self.mute && !self.half_closed
    }

    /// Whether SHUT_WR is due, once all that was read from stdin has been sent. A listener whose stdin is /dev/null
    /// has nothing to say and does not half-close: that would cut short a client who takes it for the end.
    pub fn half_close_due(&self) -> bool {
        let nothing_to_say = self.role == Role::Listener && self.source == Source::Null;
        self.stdin_ended && !nothing_to_say && !self.keeps_open && self.may_send()
    }

    /// Whether all was said, and the peer was told so.
    pub fn has_said_all(&self) -> bool {
        self.half_closed
    }

    /// Whether the connection is over, once all that was received has been written and all that was read has been sent.
    pub fn is_over(&self) -> bool {
        if !self.peer_ended {
            return false;
        }
        if self.stdin_ended || self.mute || self.policy == OnPeerEof::Exit {
            return true;
        }
        match (self.policy, self.source) {
            (OnPeerEof::Drain, _) | (_, Source::File) => false,
            (_, Source::Null | Source::Terminal) => true,
            (_, Source::Pipe) => !self.spoken,
        }
    }

    /// Whether the end hangs on stdin having been silent so far: then one more look at stdin is due before the end.
    pub fn ends_by_silence(&self) -> bool {
        self.is_over()
            && self.source == Source::Pipe
            && self.policy == OnPeerEof::Auto
            && self.hears_stdin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(role: Role, source: Source, policy: OnPeerEof) -> Flow {
        Flow::new(role, source, policy)
    }

    #[test]
    fn the_end_of_stdin_half_closes() {
        for (role, source, due) in [
            (Role::Connector, Source::Null, true),
            (Role::Connector, Source::File, true),
            (Role::Listener, Source::Pipe, true),
            (Role::Listener, Source::Null, false),
        ] {
            let mut flow = flow(role, source, OnPeerEof::Auto);
            assert!(!flow.half_close_due());
            flow.stdin_ended();
            assert_eq!(flow.half_close_due(), due, "{role:?} {source:?}");
            assert!(!flow.is_over(), "the peer has not ended");
            flow.peer_ended();
            assert!(flow.is_over());
        }
    }

    #[test]
    fn a_stdin_that_is_left_alone_has_no_end_to_tell() {
        let mut flow = flow(Role::Connector, Source::Null, OnPeerEof::Auto).keeping_open(true);
        flow.stdin_ended();
        assert!(!flow.half_close_due() && flow.may_send() && !flow.is_over());
        flow.peer_ended();
        assert!(flow.is_over());
    }

    #[test]
    fn the_end_of_the_peer() {
        for (source, spoken, policy, over) in [
            (Source::Terminal, true, OnPeerEof::Auto, true),
            (Source::Pipe, false, OnPeerEof::Auto, true),
            (Source::Pipe, true, OnPeerEof::Auto, false),
            (Source::File, false, OnPeerEof::Auto, false),
            (Source::Pipe, true, OnPeerEof::Exit, true),
            (Source::Terminal, false, OnPeerEof::Drain, false),
        ] {
            let mut flow = flow(Role::Connector, source, policy);
            if spoken {
                flow.stdin_spoke();
            }
            flow.peer_ended();
            assert_eq!(flow.is_over(), over, "{source:?} {spoken} {policy:?}");
            flow.stdin_ended();
            assert!(flow.is_over());
        }
    }

    #[test]
    fn a_failed_send_ends_the_hearing_of_stdin_but_not_of_the_peer() {
        let mut flow = flow(Role::Connector, Source::File, OnPeerEof::Auto);
        flow.sending_failed();
        assert!(!flow.hears_stdin() && flow.hears_peer() && !flow.is_over());
        flow.peer_ended();
        assert!(flow.is_over());
    }
}
