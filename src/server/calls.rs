//! The socket calls as they are told, sorted by the connection that they were made for.

use std::collections::BTreeMap;
use std::mem;

/// How many calls are kept for a request from its beginning on, and how many of the last.
const FIRST: usize = 40;
const LAST: usize = 20;

/// A connection: the number of its descriptor, and how many connections had that number before.
pub(super) type Line = (i32, u64);

/// The calls of each connection since its last request.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: BTreeMap<i32, (u64, Told)>,
    /// Connections whose number has been given to another one meanwhile.
    past: BTreeMap<Line, Told>,
}

#[derive(Debug, Default)]
struct Told {
    first: Vec<String>,
    last: Vec<String>,
    left_out: u64,
}

impl Calls {
    /// A call was made: its name, its arguments, the number that it returned and the line that tells it.
    pub(super) fn take(&mut self, call: &str, arguments: &str, result: Option<i64>, line: String) {
        if call.starts_with("accept") {
            if let Some(number) = result.and_then(|result| i32::try_from(result).ok()) {
                self.begin(number).push(line);
            }
            return;
        }
        let first = arguments.split(',').next().unwrap_or_default();
        let number = first.trim().parse::<i32>().ok();
        if let Some((_, told)) = number.and_then(|number| self.open.get_mut(&number)) {
            told.push(line);
        }
    }

    /// The connection that has this number now.
    pub(super) fn line(&self, number: i32) -> Line {
        let generation = self
            .open
            .get(&number)
            .map_or(0, |(generation, _)| *generation);
        (number, generation)
    }

    /// What was told of a connection since this was last asked for.
    pub(super) fn of(&mut self, line: Line) -> Vec<String> {
        if let Some(told) = self.past.remove(&line) {
            return told.into_lines();
        }
        match self.open.get_mut(&line.0) {
            Some((generation, told)) if *generation == line.1 => mem::take(told).into_lines(),
            _ => Vec::new(),
        }
    }

    /// Nobody will ask any more for connections whose number was given away.
    pub(super) fn forget_past(&mut self) {
        self.past.clear();
    }

    fn begin(&mut self, number: i32) -> &mut Told {
        let (generation, told) = self.open.entry(number).or_default();
        let before = mem::take(told);
        if !before.first.is_empty() {
            self.past.insert((number, *generation), before);
        }
        *generation += 1;
        told
    }
}

impl Told {
    fn push(&mut self, line: String) {
        if self.first.len() < FIRST {
            self.first.push(line);
            return;
        }
        if self.last.len() == LAST {
            self.last.remove(0);
            self.left_out += 1;
        }
        self.last.push(line);
    }

    fn into_lines(mut self) -> Vec<String> {
        if self.left_out > 0 {
            self.first
                .push(format!("... {} calls more ...", self.left_out));
        }
        self.first.append(&mut self.last);
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(calls: &mut Calls, call: &str, arguments: &str, result: i64) {
        let line = format!("{call}({arguments})");
        calls.take(call, arguments, Some(result), line);
    }

    #[test]
    fn each_connection_has_its_own() {
        let mut calls = Calls::default();
        take(&mut calls, "listen", "3, 4096", 0);
        take(&mut calls, "accept", "3", 4);
        take(&mut calls, "accept", "3", 5);
        take(&mut calls, "recv", "4, 65536", 10);
        take(&mut calls, "recv", "5, 65536", 10);
        let (four, five) = (calls.line(4), calls.line(5));
        assert_eq!(calls.of(four), ["accept(3)", "recv(4, 65536)"]);
        assert_eq!(calls.of(four), [""; 0]);
        // The number is given away before anybody asks.
        take(&mut calls, "close", "5", 0);
        take(&mut calls, "accept", "3", 5);
        assert_eq!(calls.of(five), ["accept(3)", "recv(5, 65536)", "close(5)"]);
        assert_ne!(calls.line(5), five);
        let again = calls.line(5);
        assert_eq!(calls.of(again), ["accept(3)"]);
        assert_eq!(calls.of(calls.line(3)), [""; 0]);
    }

    #[test]
    fn many_calls_are_cut_in_the_middle() {
        let mut calls = Calls::default();
        take(&mut calls, "accept", "3", 4);
        for count in 0..1000 {
            take(&mut calls, "recv", "4, 65536", count);
        }
        let lines = calls.of(calls.line(4));
        assert_eq!(lines.len(), FIRST + 1 + LAST);
        assert_eq!(lines[FIRST], "... 941 calls more ...");
    }
}
