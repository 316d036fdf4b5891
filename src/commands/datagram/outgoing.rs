//! What is sent: DATA words, each a datagram, or stdin cut into them; all at once, or so many a second.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{FramingArgs, FromHex, Rate, TimingArgs, ViewArgs, from_hex};
use crate::engine::{Batch, CHUNK, Chop, Inlet, LoopError, Timer, Timers, Typed};
use crate::output::{Sent, Usage};

/// How much a late one makes up for.
const LATE: Duration = Duration::from_millis(50);

/// What is to be sent: DATA words, each a datagram, or stdin.
pub(in super::super) struct Outgoing<'a> {
    pub(in super::super) words: &'a [OsString],
    pub(in super::super) framing: FramingArgs,
    pub(in super::super) view: ViewArgs,
    pub(in super::super) timing: TimingArgs,
    /// How many are sent: words over and over, of stdin the first; `None` is once, and all.
    pub(in super::super) count: Option<u64>,
    /// Whether an empty one follows the last.
    pub(in super::super) sends_empty: bool,
    /// How many a second.
    pub(in super::super) tempo: Option<Tempo>,
    /// When the run began; the deadline counts from here.
    pub(in super::super) start: Instant,
}

/// Sends what is handed to it.
type Sending<'a> = &'a mut dyn FnMut(&Batch) -> Result<(), LoopError>;

/// When the next of so many a second is due.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Tempo {
    rate: Rate,
    start: Instant,
    sent: u64,
}

impl Tempo {
    pub(in super::super) fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            start: now,
            sent: 0,
        }
    }

    fn due(&self) -> Instant {
        let nanos = u128::from(self.sent) * 1_000_000_000_000 / u128::from(self.rate.0.get());
        let after = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.start.checked_add(after).unwrap_or(self.start)
    }

    /// One is sent at `now`. Who had nothing to send for a while does not catch up with all of it.
    fn sent(&mut self, now: Instant) {
        if now > self.due() + LATE {
            (self.start, self.sent) = (now, 0);
        }
        self.sent += 1;
    }
}

impl Outgoing<'_> {
    /// Hand each datagram to `send`.
    pub(in super::super) fn each(
        self,
        send: &mut dyn FnMut(&[u8]) -> Result<(), LoopError>,
    ) -> anyhow::Result<()> {
        self.batches(&mut |batch| batch.iter().try_for_each(&mut *send))
    }

    /// Hand them to `send` as many at a time as there are.
    pub(in super::super) fn batches(self, send: Sending<'_>) -> anyhow::Result<()> {
        let mut posting = Posting {
            timers: self.timing.timers(self.start),
            left: self.count,
            tempo: self.tempo,
            batch: Batch::default(),
            send,
        };
        match self.words {
            [] => self.post_stdin(&mut posting)?,
            words => self.post_words(words, &mut posting)?,
        }
        if self.sends_empty {
            posting.left = None;
            posting.batch.push(&[]);
            posting.flush()?;
        }
        Ok(())
    }

    fn post_words(&self, words: &[OsString], posting: &mut Posting<'_>) -> anyhow::Result<()> {
        let decode = |word: &OsString| self.decode(word.as_bytes());
        let decoded = words.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        let repeats = self.count.is_some();
        loop {
            for datagram in &decoded {
                posting.batch.push(datagram);
                if posting.batch.room() == 0 {
                    posting.flush()?;
                }
            }
            // With a count, words are said over and over; a batch is as much as is worth one call.
            let has_enough = || {
                let gathered = posting.batch.len() as u64;
                posting.left.is_some_and(|left| gathered >= left)
            };
            if !repeats || has_enough() {
                posting.flush()?;
            }
            if !repeats || posting.left == Some(0) {
                return Ok(());
            }
        }
    }

    fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>, Usage> {
        if !self.view.from_hex {
            return Ok(bytes.to_vec());
        }
        let pairs = "--from-hex takes pairs of hex digits: 48656c6c6f";
        from_hex(bytes).map_err(|why| Usage::new(why, pairs))
    }

    fn post_stdin(&self, posting: &mut Posting<'_>) -> anyhow::Result<()> {
        let inlet = Inlet::stdin();
        let mut chop = self.framing.chop();
        let mut decoder = self.view.decoder();
        let mut buffer = vec![0; CHUNK];
        loop {
            if !posting.may_read(&inlet)? {
                continue;
            }
            let read = match (chop.size(), &mut decoder) {
                // Straight to where it is sent from.
                (Some(size), None) => {
                    if posting.batch.room() < size {
                        posting.flush()?;
                    }
                    let read = inlet.read(posting.batch.space(size));
                    let read = read.map_err(LoopError::Stdin)?;
                    posting.batch.fill(read.unwrap_or(0), size);
                    if read.is_some_and(|count| count > size) && inlet.never_waits() {
                        posting.complete_last(&inlet, size)?;
                    }
                    read
                }
                (_, decoder) => read_and_cut(&inlet, &mut chop, decoder, &mut buffer, posting)?,
            };
            match read {
                None => {
                    posting.flush()?;
                    posting.wait(&inlet)?;
                }
                Some(0) => return Ok(posting.flush()?),
                Some(_) => posting.timers.restart(Timer::Idle, Instant::now()),
            }
            if posting.is_enough() {
                posting.flush()?;
            }
            if posting.left == Some(0) {
                return Ok(());
            }
        }
    }
}

impl Sent {
    /// A batch went out.
    pub(in super::super) fn count(&mut self, batch: &Batch) {
        let datagrams = self.datagrams.get_or_insert(0);
        *datagrams += batch.len() as u64;
        self.sent += batch.bytes() as u64;
    }
}

/// Datagrams on their way from stdin, or the words, to whoever sends them.
struct Posting<'a> {
    timers: Timers,
    left: Option<u64>,
    tempo: Option<Tempo>,
    batch: Batch,
    send: Sending<'a>,
}

impl Posting<'_> {
    /// A read of a pipe brings 64 KiB at most, whatever that cuts in two: the last datagram of one that brought several is
    /// completed by what is there behind it, at once or once those before it are sent.
    fn complete_last(&mut self, inlet: &Inlet, size: usize) -> Result<(), LoopError> {
        let Some(mut last) = self.batch.pop() else {
            return Ok(());
        };
        let mut has_sent = false;
        while last.len() < size {
            let mut more = vec![0; size - last.len()];
            let read = inlet.read(&mut more).map_err(LoopError::Stdin)?;
            match more.get(..read.unwrap_or(0)) {
                Some(more) if !more.is_empty() => last.extend_from_slice(more),
                _ if std::mem::replace(&mut has_sent, true) => break,
                _ => self.flush()?,
            }
        }
        self.batch.push(&last);
        Ok(())
    }

    /// Whether a read would not wait. While it might, what was gathered is sent.
    fn may_read(&mut self, inlet: &Inlet) -> Result<bool, LoopError> {
        self.judge()?;
        if inlet.never_waits() || inlet.is_ready() {
            return Ok(true);
        }
        self.flush()?;
        self.wait(inlet)
    }

    /// Wait for stdin, or until a limit fires.
    fn wait(&mut self, inlet: &Inlet) -> Result<bool, LoopError> {
        let is_ready = inlet.wait(self.timers.next()).map_err(LoopError::Stdin)?;
        self.judge().map(|()| is_ready)
    }

    fn judge(&self) -> Result<(), LoopError> {
        match self.timers.expired(Instant::now()) {
            Some(expired) => Err(expired.on("read stdin").into()),
            None => Ok(()),
        }
    }

    /// Whether there is as much as is worth sending by itself.
    fn is_enough(&self) -> bool {
        let gathered = self.batch.len() as u64;
        let is_last = self.left.is_some_and(|left| gathered >= left);
        is_last || self.tempo.is_some() || self.batch.room() == 0
    }

    /// Send what was gathered.
    fn flush(&mut self) -> Result<(), LoopError> {
        if let Some(left) = self.left {
            self.batch
                .truncate(usize::try_from(left).unwrap_or(usize::MAX));
            self.left = Some(left - self.batch.len() as u64);
        }
        if self.batch.is_empty() {
            return Ok(());
        }
        match self.tempo.take() {
            None => (self.send)(&self.batch)?,
            Some(mut tempo) => {
                self.in_time(&mut tempo)?;
                self.tempo = Some(tempo);
            }
        }
        self.batch.clear();
        Ok(())
    }

    fn in_time(&mut self, tempo: &mut Tempo) -> Result<(), LoopError> {
        let mut one = Batch::default();
        for datagram in self.batch.iter() {
            let until = self.timers.next().into_iter().chain([tempo.due()]).min();
            let wait = until.map(|until| until.saturating_duration_since(Instant::now()));
            thread::sleep(wait.unwrap_or_default());
            self.judge()?;
            tempo.sent(Instant::now());
            one.clear();
            one.push(datagram);
            (self.send)(&one)?;
        }
        Ok(())
    }
}

fn read_and_cut(
    inlet: &Inlet,
    chop: &mut Chop,
    decoder: &mut Option<FromHex>,
    buffer: &mut [u8],
    posting: &mut Posting<'_>,
) -> Result<Option<usize>, LoopError> {
    let room = chop.room(buffer.len(), decoder.is_some());
    let window = buffer.get_mut(..room).unwrap_or_default();
    let Some(count) = inlet.read(window).map_err(LoopError::Stdin)? else {
        return Ok(None);
    };
    let read = window.get(..count).filter(|read| !read.is_empty());
    let mut decode = decoder
        .as_mut()
        .map(|decoder| |piece: Option<&[u8]>| decoder.decode(piece));
    let mut typed = decode.as_mut().map(|decode| decode as Typed<'_>);
    let cut = chop.take(read, &mut typed).map_err(LoopError::Typed)?;
    cut.iter().for_each(|datagram| posting.batch.push(datagram));
    Ok(Some(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::rate;

    #[test]
    fn a_tempo_is_kept_and_not_made_up_for() {
        let start = Instant::now();
        let mut tempo = Tempo::new(rate("10").unwrap(), start);
        for turn in 0..5 {
            assert_eq!(tempo.due(), start + Duration::from_millis(100 * turn));
            tempo.sent(tempo.due());
        }
        let late = start + Duration::from_secs(60);
        tempo.sent(late);
        assert_eq!(tempo.due(), late + Duration::from_millis(100));
    }
    #[test]
    fn a_tempo_outlives_a_wait_for_more() {
        let start = Instant::now();
        let mut posting = Posting {
            timers: TimingArgs::default().timers(start),
            left: None,
            tempo: Some(Tempo::new(rate("10").unwrap(), start)),
            batch: Batch::default(),
            send: &mut |_| Ok(()),
        };
        posting.flush().unwrap();
        assert!(posting.tempo.is_some());
    }
}
