//! The sending half of a connection: what was gathered goes out, and what is to follow it.

use std::time::{Duration, Instant};

use super::super::outgoing::Progress;
use super::super::service::Service;
use super::{Connection, State, Wait};
use crate::engine::StdoutError;

/// How long work of ours may take that a client waits for: a disk may take its time over a large file.
const OWN_WORK: Duration = Duration::from_secs(600);

impl Connection {
    /// Send what was gathered, and wait for what is missing.
    pub(super) fn flush(&mut self, service: &mut Service, now: Instant) -> Result<(), StdoutError> {
        if !service.outbound.is_empty() {
            let progress = self.outgoing.send(&mut self.stream, &service.outbound);
            service.outbound.clear();
            self.after(progress, service, now)?;
        } else if self.closes && self.state == State::Reading && self.outgoing.is_empty() {
            // Its request was dropped, and there is nothing to say before that.
            self.state = State::Closed;
        }
        if let (Some(wait), State::Reading) = (self.wait.as_deref(), self.state) {
            self.state = State::Waiting;
            self.until = now
                + match wait {
                    Wait::Time(time) => *time,
                    Wait::Within(_, time) => *time,
                    Wait::For(_) => OWN_WORK,
                    Wait::Sink => self.sink_patience().unwrap_or(service.limits.stall),
                };
        }
        Ok(())
    }

    fn sink_patience(&self) -> Option<Duration> {
        self.incoming.as_ref()?.patience()
    }

    pub(super) fn send_on(
        &mut self,
        service: &mut Service,
        now: Instant,
    ) -> Result<(), StdoutError> {
        let progress = self.outgoing.go_on(&mut self.stream);
        self.after(progress, service, now)
    }

    fn after(
        &mut self,
        progress: Progress,
        service: &mut Service,
        now: Instant,
    ) -> Result<(), StdoutError> {
        let was_sending = matches!(self.state, State::Sending | State::Starved);
        match progress {
            Progress::Broken => return self.break_off(service),
            Progress::Full { moved } | Progress::Starved { moved } => {
                let (state, patience) = match progress {
                    Progress::Starved { .. } => (State::Starved, self.outgoing.patience()),
                    _ => (State::Sending, None),
                };
                // A client's window stays, whatever it takes meanwhile, and is looked at when it is over.
                if state != self.state || (moved && !self.is_paced()) {
                    self.until = now + patience.unwrap_or(service.limits.stall);
                }
                self.state = state;
            }
            Progress::Done => {
                self.finish(service)?;
                if self.closes {
                    self.wind_up(was_sending, service, now);
                } else if was_sending {
                    self.state = State::Reading;
                    self.is_behind |= !self.heard.is_empty();
                    self.be_patient(service, now);
                }
            }
        }
        Ok(())
    }

    /// Whether it is the client that is waited for, and the kernel tells how much it takes.
    fn is_paced(&self) -> bool {
        self.state == State::Sending && self.peer.inet().is_some()
    }

    /// It ends where it is. A content that only the end of the connection delimits would seem whole: RFC 9112, section 8.
    pub(in super::super) fn break_off(&mut self, service: &mut Service) -> Result<(), StdoutError> {
        if self.outgoing.is_open_ended() && self.stream.is_plain() {
            // A local socket has no reset.
            let _ = self.stream.socket().set_reset_on_close();
        }
        self.state = State::Closed;
        self.finish(service)
    }

    /// Tell how the answer that was on its way in parts went.
    fn finish(&mut self, service: &mut Service) -> Result<(), StdoutError> {
        match self.reply.take() {
            Some(reply) => service.finish(&reply, self.outgoing.take_content(), &self.peer),
            None => Ok(()),
        }
    }

    /// The last answer is with the kernel. One that took its time may have been overtaken by more requests.
    fn wind_up(&mut self, took_time: bool, service: &Service, now: Instant) {
        let can_linger = (self.lingers || took_time) && self.stream.shutdown().is_ok();
        self.state = match can_linger {
            true => State::Lingering,
            false => {
                self.stream.say_end();
                State::Closed
            }
        };
        self.until = now + service.limits.linger;
    }
}
