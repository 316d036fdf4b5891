//! The last requests as server-sent events (HTML Living Standard, section 9.2), for whoever looks now or comes back:
//! each watcher has a cursor of his own, and so one who does not read costs nothing but his place.

use std::collections::VecDeque;
use std::sync::Arc;

use super::record::Record;

/// How many requests are kept.
const COUNT: usize = 1000;
/// How many bytes of events are kept; the newest one is kept whatever its size.
const BYTES: usize = 16 << 20;

/// The last requests, oldest first.
#[derive(Debug)]
pub struct Ring {
    run: u64,
    /// The number of the oldest that is kept.
    first: u64,
    frames: VecDeque<Arc<[u8]>>,
    bytes: usize,
}

/// Where a watcher is: the number of the next request that he has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(u64);

impl Ring {
    /// How soon a browser comes back when the stream ends: the first lines of each.
    pub const OPENING: &[u8] = b"retry: 1000\n\n";
    /// What says nothing but that the stream goes on.
    pub const HEARTBEAT: &[u8] = b":\n\n";

    /// An empty one. `run` tells this run from others, whose numbers mean nothing here.
    pub fn new(run: u64) -> Self {
        Self {
            run,
            first: 0,
            frames: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Keep one more, at the cost of the oldest.
    pub fn push(&mut self, record: &Record) {
        let number = self.first + self.frames.len() as u64;
        // JSON has neither CR nor LF outside of its strings, and escapes them within: the payload is one line.
        let json = serde_json::to_string(record).unwrap_or_default();
        let frame = format!(
            "id: {:x}-{number}\nevent: request\ndata: {json}\n\n",
            self.run
        );
        self.bytes += frame.len();
        self.frames.push_back(frame.into_bytes().into());
        while self.frames.len() > COUNT || (self.bytes > BYTES && self.frames.len() > 1) {
            let oldest = self.frames.pop_front();
            self.bytes -= oldest.map_or(0, |frame| frame.len());
            self.first += 1;
        }
    }

    /// A place right behind the event with this id (Last-Event-ID), at the beginning where it is none of this run.
    pub fn cursor(&self, last: Option<&[u8]>) -> Cursor {
        let behind = last
            .and_then(|id| std::str::from_utf8(id).ok())
            .and_then(|id| id.split_once('-'))
            .filter(|(run, _)| u64::from_str_radix(run, 16) == Ok(self.run))
            .and_then(|(_, number)| number.parse::<u64>().ok()?.checked_add(1));
        let end = self.first + self.frames.len() as u64;
        Cursor(behind.filter(|number| *number <= end).unwrap_or(0))
    }

    /// Whether there is something that this watcher has not seen.
    pub fn has_more(&self, cursor: Cursor) -> bool {
        cursor.0 < self.first + self.frames.len() as u64
    }

    /// The next event for this watcher, or how many he has missed; `None` when he has seen everything.
    pub fn next(&self, cursor: &mut Cursor) -> Option<Arc<[u8]>> {
        let Some(index) = cursor.0.checked_sub(self.first) else {
            let missed = self.first - cursor.0;
            cursor.0 = self.first;
            let frame = format!("event: missed\ndata: {missed}\n\n");
            return Some(frame.into_bytes().into());
        };
        let frame = self.frames.get(usize::try_from(index).ok()?)?;
        cursor.0 += 1;
        Some(Arc::clone(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::super::kept::Kept;
    use super::super::record::Bytes;
    use super::*;

    fn record(target: &str) -> Record {
        Record {
            target: Some(target.to_owned()),
            ..Record::default()
        }
    }

    fn all(ring: &Ring, cursor: &mut Cursor) -> Vec<String> {
        std::iter::from_fn(|| ring.next(cursor))
            .map(|frame| String::from_utf8(frame.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn nothing_foreign_breaks_the_framing() {
        for foreign in [
            "\r\n\r\nevent: x\r\n",
            "\n\ndata: y",
            "\r",
            "\u{2028}",
            "\0",
        ] {
            let mut ring = Ring::new(1);
            ring.push(&Record {
                head: Bytes(foreign.as_bytes().to_vec()),
                peer: Some(foreign.to_owned()),
                calls: vec![foreign.to_owned()],
                curl: Some(foreign.to_owned()),
                ..record(foreign)
            });
            let frames = all(&ring, &mut ring.cursor(None));
            let lines: Vec<&str> = frames[0].split(['\n', '\r']).collect();
            assert_eq!(lines.len(), 5, "{frames:?}");
            assert_eq!((lines[0], lines[1]), ("id: 1-0", "event: request"));
            let json: serde_json::Value =
                serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(json["target"], foreign);
            assert_eq!(json["calls"][0], foreign);
        }
    }

    #[test]
    fn a_watcher_goes_on_where_he_was() {
        let mut ring = Ring::new(0xab);
        for target in ["/0", "/1", "/2"] {
            ring.push(&record(target));
        }
        for (last, count) in [
            (None, 3),
            (Some(b"ab-0".as_slice()), 2),
            (Some(b"ab-2"), 0),
            // Of another run, or nobody's.
            (Some(b"ab-3"), 3),
            (Some(b"ac-1"), 3),
            (Some(b"ab-18446744073709551615"), 3),
            (Some(b"ab--1"), 3),
            (Some(b"-"), 3),
            (Some(b"\xff"), 3),
            (Some(b""), 3),
        ] {
            let mut cursor = ring.cursor(last);
            assert_eq!(ring.has_more(cursor), count > 0, "{last:?}");
            assert_eq!(all(&ring, &mut cursor).len(), count, "{last:?}");
            assert!(!ring.has_more(cursor));
        }
    }

    #[test]
    fn who_falls_behind_is_told_how_far() {
        let mut ring = Ring::new(1);
        let mut late = ring.cursor(None);
        for _ in 0..COUNT + 5 {
            ring.push(&record("/"));
        }
        let frames = all(&ring, &mut late);
        assert_eq!(frames.len(), COUNT + 1);
        assert_eq!(frames[0], "event: missed\ndata: 5\n\n");
        assert!(frames[1].starts_with("id: 1-5\n"), "{}", frames[1]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut ring = Ring::new(1);
        let mut body = Kept::default();
        body.take(&[0; 64 * 1024]);
        for _ in 0..300 {
            ring.push(&Record {
                body: Some(body.clone()),
                ..record("/")
            });
            assert!(ring.bytes <= BYTES);
        }
        assert!(ring.frames.len() > 100, "{}", ring.frames.len());
        let held: usize = ring.frames.iter().map(|frame| frame.len()).sum();
        assert_eq!(held, ring.bytes);
    }
}
