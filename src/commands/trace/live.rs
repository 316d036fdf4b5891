//! The report as it grows, on a screen of its own that is gone in the end.

use std::io::{IsTerminal, stdout};

use crate::commands::Desk;
use crate::engine::StdoutError;

/// The alternate screen without its cursor, and lines that do not wrap: xterm's DECSET 1049, 25 and 7.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/// To the first line; away with the rest of a line; away with the rest of the screen.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// Whether a person sees stdout, and not events.
pub(super) fn is_seen(desk: &Desk) -> bool {
    !desk.output.style().json && stdout().is_terminal()
}

/// The screen; it is left when this is dropped.
pub(super) struct Screen<'a> {
    desk: &'a Desk,
    is_drawn: bool,
}

impl<'a> Screen<'a> {
    /// Nothing is drawn yet.
    pub(super) fn new(desk: &'a Desk) -> Self {
        Self {
            desk,
            is_drawn: false,
        }
    }

    /// Draw a table over the one before.
    pub(super) fn draw(&mut self, table: &str) -> Result<(), StdoutError> {
        let mut text = if self.is_drawn { "" } else { ENTER }.to_owned();
        text.push_str(HOME);
        text.push_str(&table.replace('\n', &format!("{CLEAR_LINE}\r\n")));
        text.push_str(CLEAR_BELOW);
        self.is_drawn = true;
        self.desk.output.outlet().write(text.as_bytes())
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        if self.is_drawn {
            // A terminal that has gone shows nothing.
            let _ = self.desk.output.outlet().write(LEAVE.as_bytes());
        }
    }
}
