//! stdin to a connection and the connection to stdout, both at once, each with a bounded buffer and never waiting.
//!
//! A conversation is read and written. What turns out to be much is moved by the kernel, where nobody looks at it on
//! its way. A chunk is sent whole before the next is read, so records of SOCK_SEQPACKET keep their boundaries.

mod account;
mod incoming;
mod outgoing;
mod settling;

use std::time::{Duration, Instant};

pub use self::account::{Account, Ticker};
use self::incoming::Incoming;
pub(super) use self::incoming::room;
use self::outgoing::Outgoing;
use self::settling::Settling;
use super::ending::{Ending, LoopError, Moved};
use super::flow::Flow;
use super::inlet::Inlet;
use super::outlet::{Outlet, StdoutError};
use super::pace::Pace;
use super::reactor::{Interest, Reactor, Ready};
use super::records::{Piece, Records};
use super::tap::{LEDGER, Tap, TapWatch};
use super::timer::{Timer, Timers};
use super::transport::Transport;
use super::watch::{AtOnce, StdioWatch, Watch};
use crate::net::CallError;

/// How much one read brings at most.
pub const CHUNK: usize = 256 * 1024;
/// How much of what a command says makes a record: less than the kernel's default send buffer takes whole, unix(7).
pub(super) const RECORD: usize = 64 * 1024;
/// The largest record that is heard whole: where a page has 4 KiB the kernel makes none above 4 MiB and 17 pages. Memory that is
/// not written to costs nothing.
pub(super) const LARGEST_RECORD: usize = (4096 + 128) * 1024;
/// From how many bytes on a direction is no conversation but a bulk, which the kernel moves by itself.
const BULK: u64 = 64 * 1024;
/// How many bytes a direction moves before the other one, the timers and the signals have their turn.
const TURN: usize = 4 * 1024 * 1024;

/// The number of the one connection.
const CONN: u64 = 1;

const SOCKET: usize = 0;
const STDIN: usize = 1;
const STDOUT: usize = 2;

/// Decodes what was typed: a chunk of stdin, or `None` at its end, into what is to be sent.
pub type Typed<'a> = &'a mut dyn FnMut(Option<&[u8]>) -> Result<Vec<u8>, String>;

/// Hands what arrived to the outlet, in whatever form.
pub type Show<'a> = &'a mut dyn FnMut(&Piece<'_>) -> Result<(), StdoutError>;

/// One connection, joined to stdin and stdout.
pub struct Pump<'a> {
    /// Readiness, and the signals that end the run.
    pub reactor: &'a mut Reactor,
    /// What is sent.
    pub inlet: &'a Inlet,
    /// What is received goes here.
    pub outlet: &'a Outlet,
    /// The connection.
    pub transport: &'a mut Transport,
    /// The reset that has come in already.
    pub reset: Option<CallError>,
    /// When it ends.
    pub flow: Flow,
    /// Its time limits; the idle timer and the deadline are running already.
    pub timers: Timers,
    /// How long to wait for the peer's end after stdin's; `None` is without limit.
    pub linger: Option<Duration>,
    /// Whether stdout is closed at the peer's end, so that its reader sees it at once.
    pub close_stdout: bool,
    /// Decodes what is typed; `None` sends it as it is.
    pub typed: Option<Typed<'a>>,
    /// What is sent before everything else.
    pub preamble: &'a [u8],
    /// What slows sending down; `None` sends as fast as the peer takes it.
    pub pace: Option<Pace>,
    /// Whether what arrives is dropped, and the end comes when the peer has taken everything.
    pub send_only: bool,
    /// Who sees what passes, connection 1.
    pub tap: Tap,
    /// Told when the signal asks that the reactor was to set aside.
    pub account: Option<Account<'a>>,
    /// Told now and then.
    pub ticker: Option<Ticker<'a>>,
    /// How records are cut and heard, where the connection keeps them apart (SOCK_SEQPACKET).
    pub records: Option<Records>,
    /// Whether the kernel is to hold more of a bulk on its way than it does by default.
    pub widens: bool,
    /// Shows what arrives; `None` hands it on as it is.
    pub show: Option<Show<'a>>,
}

/// What is under way.
struct Transfer {
    outgoing: Outgoing,
    incoming: Incoming,
    moved: Moved,
    /// Whether a record has moved, which may have no bytes.
    has_moved: bool,
    failure: Option<CallError>,
    /// Whether a recv of a record has failed.
    was_reset: bool,
    stdout_closed: bool,
    hung_up: bool,
    settling: Settling,
}

struct Watches {
    socket: Watch,
    stdio: StdioWatch,
    tap: TapWatch,
}

impl Pump<'_> {
    /// Run until both directions have ended, a limit fires or a signal comes; what moved is told in any case.
    pub fn run(&mut self) -> (Moved, Result<Ending, LoopError>) {
        let mut transfer = Transfer {
            outgoing: Outgoing::new(self),
            incoming: Incoming::new(self),
            moved: Moved::default(),
            has_moved: false,
            failure: None,
            was_reset: false,
            stdout_closed: false,
            hung_up: false,
            settling: Settling::default(),
        };
        if let Some(reset) = self.reset.take() {
            self.give_up_sending(&mut transfer, reset);
        }
        let ending = self.turn_until_over(&mut transfer);
        self.transport.say_end();
        (transfer.moved, ending)
    }

    fn turn_until_over(&mut self, transfer: &mut Transfer) -> Result<Ending, LoopError> {
        let mut watches = Watches {
            socket: Watch::new(SOCKET),
            stdio: StdioWatch::new(STDIN, STDOUT),
            tap: TapWatch::new(&self.tap),
        };
        loop {
            self.half_close_if_due(transfer)?;
            if self.outlet.is_clear() && self.ends_now(transfer)? {
                return transfer
                    .failure
                    .take()
                    .map_or(Ok(Ending::Done), |failure| Err(failure.into()));
            }
            let at_once = self.watch(transfer, &mut watches)?;
            let until = match self.has_heard() {
                true => Some(Instant::now()),
                false => at_once.or_until(self.next_wake(transfer)),
            };
            if let Some(signal) = self.reactor.wait(until)? {
                return Ok(Ending::Signal(signal));
            }
            self.give_account(transfer.moved);
            self.take_ready(transfer, at_once.stdin)?;
            let now = Instant::now();
            if let Some(ticker) = &mut self.ticker {
                ticker.tick(transfer.moved, now);
            }
            if let Some(expired) = self.timers.expired(now) {
                let peer = self.transport.socket().about();
                return Err(expired.on(format_args!("connection with {peer}")).into());
            }
        }
    }

    fn next_wake(&self, transfer: &Transfer) -> Option<Instant> {
        let paced = self.pace.filter(|_| transfer.outgoing.is_paced());
        let timers = self.timers.next().into_iter();
        let others = paced.map(|pace| pace.next()).into_iter();
        let settling = transfer.settling.at.filter(|_| self.outlet.is_clear());
        let tick = self.ticker.as_ref().map(|ticker| ticker.next);
        timers.chain(others).chain(settling).chain(tick).min()
    }

    /// Tell how much has moved, if that was asked.
    fn give_account(&mut self, moved: Moved) {
        if self.reactor.take_aside()
            && let Some(account) = &mut self.account
        {
            account(moved, self.transport.socket());
        }
    }

    /// Tell the kernel what is wanted now; which stream is ready without it.
    fn watch(&mut self, transfer: &Transfer, watches: &mut Watches) -> Result<AtOnce, CallError> {
        let clear = self.may_hear();
        let is_behind = self.tap.is_behind(CONN);
        let read = self.flow.hears_peer() && clear;
        let write = self.waits_for_room(transfer) && self.flow.may_send();
        let interest = self.transport.interest(read, write);
        let is_known = transfer.hung_up || (self.flow.hears_peer() && !clear);
        // A reset is worth knowing while stdin is waited for; a hang-up that is known would be told for ever.
        let wanted = (interest != Interest::NONE || !is_known).then_some(interest);
        watches
            .socket
            .set(self.reactor, self.transport.socket(), wanted)?;
        watches.tap.set(self.reactor, &self.tap)?;
        let hears_stdin = self.flow.hears_stdin() && !transfer.outgoing.is_blocked() && !is_behind;
        watches
            .stdio
            .set(self.reactor, self.inlet, self.outlet, hears_stdin)
    }

    fn take_ready(
        &mut self,
        transfer: &mut Transfer,
        mut stdin_ready: bool,
    ) -> Result<(), LoopError> {
        let (before, unread) = (transfer.moved, self.unread());
        for index in 0..self.reactor.ready().len() {
            let Some(ready) = self.reactor.ready().get(index).copied() else {
                break;
            };
            match ready.token {
                STDIN => stdin_ready = true,
                STDOUT if ready.gone && self.outlet.is_clear() => {
                    return Err(StdoutError::reader_gone().into());
                }
                STDOUT => drop(self.outlet.flush()?),
                LEDGER => self.tap.flush(),
                _ => self.take_socket(transfer, ready)?,
            }
        }
        self.outlet.flush()?;
        if self.has_heard() {
            self.receive(transfer)?;
        }
        if transfer.outgoing.is_paced() {
            self.send(transfer);
        }
        if stdin_ready && self.flow.hears_stdin() && !transfer.outgoing.is_blocked() {
            self.take_stdin(transfer)?;
        }
        // What a slow reader takes of what was kept for it moves, too.
        let is_taken = self.unread() < unread;
        let has_moved = std::mem::take(&mut transfer.has_moved) || transfer.moved != before;
        if self.transport.take_moved() || has_moved || is_taken {
            self.timers.restart(Timer::Idle, Instant::now());
        }
        Ok(())
    }

    /// How many bytes wait for those who read what has come.
    fn unread(&self) -> usize {
        self.outlet.backlog() + self.tap.kept()
    }

    /// Whether a recv brings something though the socket is silent.
    fn has_heard(&self) -> bool {
        self.transport.is_ready() && self.flow.hears_peer() && self.may_hear()
    }

    /// Whether the connection having room would help.
    fn waits_for_room(&self, transfer: &Transfer) -> bool {
        transfer.outgoing.wants_room() && !self.tap.is_behind(CONN)
    }

    /// Whether there is room for what the peer says.
    fn may_hear(&self) -> bool {
        self.outlet.is_clear() && !self.tap.is_behind(CONN)
    }

    fn take_socket(&mut self, transfer: &mut Transfer, ready: Ready) -> Result<(), LoopError> {
        let hears = self.flow.hears_peer() && self.may_hear();
        if ready.write {
            self.go_on_sending(transfer)?;
        }
        if ready.read && hears {
            self.receive(transfer)?;
            if !self.transport.is_plain() {
                // The end of a handshake lets data go, and it was heard, not written.
                self.go_on_sending(transfer)?;
            }
        } else if ready.gone && !hears && !self.waits_for_room(transfer) {
            transfer.hung_up = true;
            if let Some(cause) = self.transport.socket().take_error()? {
                let failure = CallError::new("send", self.transport.socket().about(), cause);
                self.give_up_sending(transfer, failure);
            }
        }
        Ok(())
    }

    /// The peer takes no more: what it said before is still heard, then the failure is the run's.
    fn give_up_sending(&mut self, transfer: &mut Transfer, failure: CallError) {
        transfer.outgoing.drop_unsent();
        self.flow.sending_failed();
        transfer.failure.get_or_insert(failure);
    }

    fn half_close_if_due(&mut self, transfer: &mut Transfer) -> Result<(), LoopError> {
        let may_end = !transfer.outgoing.is_blocked() && !self.transport.is_greeting();
        if !may_end || !self.flow.half_close_due() {
            return Ok(());
        }
        self.flow.half_closed();
        match self.transport.shutdown() {
            // The peer went away first: whether that is an end or a reset, the next recv tells.
            Err(error) if error.errno() != libc::ENOTCONN => return Err(error.into()),
            _ => {}
        }
        self.timers
            .start(Timer::Linger, self.linger, Instant::now());
        Ok(())
    }

    /// Whether all is over; called when stdout has taken everything.
    fn ends_now(&mut self, transfer: &mut Transfer) -> Result<bool, LoopError> {
        if !self.flow.hears_peer() && self.close_stdout && !transfer.stdout_closed {
            transfer.stdout_closed = true;
            self.outlet.close()?;
        }
        if self.flow.ends_by_silence() && !transfer.outgoing.is_blocked() {
            // What a pipe has said until now counts, though the loop has not come to read it.
            self.look_at_stdin(transfer)?;
        }
        let has_unsent = transfer.outgoing.is_blocked() && self.flow.may_send();
        let has_unsealed = self.transport.wants_write() && transfer.failure.is_none();
        let is_over = self.flow.is_over() || self.has_settled(transfer);
        Ok(is_over && !has_unsent && !has_unsealed && self.tap.is_clear())
    }

    fn look_at_stdin(&mut self, transfer: &mut Transfer) -> Result<(), LoopError> {
        if self.inlet.is_ready() {
            self.take_stdin(transfer)?;
        }
        Ok(())
    }

    /// Whether one who only sends has said all, and the peer has taken it.
    fn has_settled(&self, transfer: &mut Transfer) -> bool {
        self.send_only
            && self.flow.has_said_all()
            && transfer.settling.look(self.transport, Instant::now())
    }
}
