//! The report as it grows, on a screen of its own that is gone in the end.

use std::borrow::Cow;
use std::io::{IsTerminal, stdout};

use terminal_size::{Height, terminal_size_of};

use crate::commands::Desk;
use crate::engine::StdoutError;

/// The alternate screen without its cursor, and lines that do not wrap: xterm's DECSET 1049, 25 and 7.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/// To the first line; away with the rest of a line; away with the rest of the screen.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// Whether a person sees stdout, and not events, on a terminal that can be drawn on.
pub(super) fn is_seen(desk: &Desk) -> bool {
    let style = desk.output.style();
    !style.json && !style.dumb && stdout().is_terminal()
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
        let height = terminal_size_of(stdout()).map(|(_, Height(height))| height.into());
        let table = cut(table, height.unwrap_or(usize::MAX));
        text.push_str(&table.replace('\n', &format!("{CLEAR_LINE}\r\n")));
        text.push_str(CLEAR_BELOW);
        self.is_drawn = true;
        self.desk.output.outlet().write(text.as_bytes())
    }
}

/// The first lines of a table that is too long for the screen, and how many more there are: it would scroll, and its head
/// be gone. The cursor has the last line.
fn cut(table: &str, height: usize) -> Cow<'_, str> {
    let count = table.lines().count();
    if count < height {
        return table.into();
    }
    let shown = height.saturating_sub(2);
    let mut text: String = table.split_inclusive('\n').take(shown).collect();
    if height > 1 {
        text.push_str(&format!("... and {} lines more\n", count - shown));
    }
    text.into()
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        if self.is_drawn {
            // A terminal that has gone shows nothing.
            let _ = self.desk.output.outlet().write(LEAVE.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_cut_to_the_screen() {
        for (height, shown) in [
            (1, ""),
            (2, "... and 4 lines more\n"),
            (3, "head\n... and 3 lines more\n"),
            (4, "head\n1\n... and 2 lines more\n"),
            (5, "head\n1\n2\n3\n"),
            (usize::MAX, "head\n1\n2\n3\n"),
        ] {
            assert_eq!(cut("head\n1\n2\n3\n", height), shown, "{height}");
        }
    }
}
