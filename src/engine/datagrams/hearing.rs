//! What arrives: taken by the dozen, taken apart where several came as one, and passed on in one write.

use std::io::IoSlice;

use super::super::ending::LoopError;
use super::super::timer::Timer;
use super::answers::is_about_one_peer;
use super::crowd::Way;
use super::turn::Turning;
use super::{Answer, Answering, Exchange, Heard, Remark};
use crate::net::{Address, BATCH, CallError, Inbox, Notes, Slot};

/// How many batches are taken before others have their turn.
const BURST: usize = 8;

impl Turning<'_, '_> {
    /// Take what has come to a socket.
    pub(super) fn receive(&mut self, index: usize) -> Result<(), LoopError> {
        for _ in 0..BURST {
            let left = self
                .exchange
                .count
                .map(|count| count.saturating_sub(self.tally.heard));
            let limit = left.map_or(BATCH, |left| usize::try_from(left).unwrap_or(BATCH));
            if limit == 0 || self.over || !self.exchange.outlet.is_clear() {
                break;
            }
            let Some(mut inbox) = self.inboxes.get_mut(index).and_then(Option::take) else {
                break;
            };
            let heard = self.receive_batch(index, &mut inbox, limit);
            let may_be_more = inbox.is_full();
            if let Some(place) = self.inboxes.get_mut(index) {
                *place = Some(inbox);
            }
            if !heard? || !may_be_more {
                break;
            }
        }
        self.send()
    }

    fn receive_batch(
        &mut self,
        index: usize,
        inbox: &mut Inbox,
        limit: usize,
    ) -> Result<bool, LoopError> {
        let Some(ear) = self.exchange.ears.get(index) else {
            return Ok(false);
        };
        match ear.socket.recvmmsg(inbox, limit) {
            Ok(true) => self.exchange.detour = None,
            Ok(false) => return Ok(false),
            Err(error) if self.moves_on(&error) => return Ok(false),
            // Somebody whom we answered is gone: no concern of the others, udp(7).
            Err(error)
                if self.exchange.answering != Answering::Connected && is_about_one_peer(&error) =>
            {
                return Ok(false);
            }
            Err(error) => return Err(self.blamed(index, error)),
        }
        let timers = &mut self.exchange.timers;
        timers.stop(Timer::Answer);
        timers.stop(Timer::Arrival);
        timers.restart(Timer::Idle, self.now);
        if self.stdin_ended {
            timers.start(Timer::Linger, self.exchange.linger, self.now);
        }
        self.take_in(index, inbox)?;
        Ok(true)
    }

    /// What a talk with one peer fails of may be a router's word.
    pub(super) fn blamed(&self, index: usize, error: CallError) -> LoopError {
        match self.exchange.ears.get(index) {
            Some(ear) if self.exchange.answering == Answering::Connected => {
                ear.socket.blame(error).into()
            }
            _ => error.into(),
        }
    }

    fn take_in(&mut self, index: usize, inbox: &Inbox) -> Result<(), LoopError> {
        let mut parts = [IoSlice::new(&[]); BATCH];
        let looks = self.exchange.hear.is_some()
            || !matches!(self.exchange.answer, Answer::Stdin | Answer::Discard);
        let remembers = looks || self.exchange.answering == Answering::AllHeard;
        let mut dropped = None;
        let mut heard = 0;
        for (slot, part) in inbox.slots().zip(&mut parts) {
            heard += 1;
            let notes = slot.notes();
            self.tally.heard += notes.datagrams(slot.bytes).count() as u64;
            dropped = notes.dropped.or(dropped);
            *part = IoSlice::new(slot.bytes);
            self.taken += slot.bytes.len();
            self.over |= slot.bytes.is_empty() && self.exchange.ends_on_empty;
            if remembers || slot.length() > slot.bytes.len() {
                self.look_at(index, &slot, &notes, looks)?;
            }
        }
        if let Some(dropped) = dropped {
            self.note_drops(index, dropped);
        }
        if self.exchange.answering == Answering::LastHeard && !self.stdin_ended {
            let way = |slot: Slot<'_>| Way::back(index, slot.from()?, &slot.notes());
            self.last = inbox
                .slots()
                .rev()
                .find_map(way)
                .or_else(|| self.last.take());
        }
        if self.exchange.passes_on {
            self.exchange
                .outlet
                .offer_parts(parts.get(..heard).unwrap_or_default())?;
        }
        if !self.text.is_empty() {
            self.exchange.outlet.offer(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// What it says, to whom it goes, and what is to be said of it.
    fn look_at(
        &mut self,
        index: usize,
        slot: &Slot<'_>,
        notes: &Notes,
        looks: bool,
    ) -> Result<(), LoopError> {
        let from = slot.from();
        let (length, kept) = (slot.length(), slot.bytes.len());
        if length > kept {
            let from = from.as_ref();
            (self.exchange.remark)(&Remark::Truncated { from, length, kept })?;
        }
        if self.exchange.answering == Answering::AllHeard
            && let Some(way) = from.clone().and_then(|from| Way::back(index, from, notes))
        {
            self.crowd.heard(way, self.now);
        }
        if !looks {
            return Ok(());
        }
        // Those that came as one are told one by one, with the same envelope.
        for bytes in notes.datagrams(slot.bytes) {
            let length = match notes.segment {
                Some(_) => bytes.len(),
                None => length,
            };
            self.hear(index, from.as_ref(), notes, (bytes, length));
            self.answer(index, from.as_ref(), notes, bytes)?;
        }
        Ok(())
    }

    fn hear(
        &mut self,
        index: usize,
        from: Option<&Address>,
        notes: &Notes,
        (bytes, length): (&[u8], usize),
    ) {
        let Exchange { ears, hear, .. } = &mut *self.exchange;
        if let (Some(hear), Some(ear)) = (hear, ears.get(index)) {
            let heard = Heard {
                from,
                local: &ear.local,
                notes,
                length,
                bytes,
            };
            hear(&heard, &mut self.text);
        }
    }
}
