//! Colours of what is said on stderr: where something failed, and what is beside the point.

use std::ffi::OsStr;
use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;

use crate::net::Told;

/// Whether there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    is_on: bool,
}

impl Palette {
    /// `when` decides; left to itself it is colours on a terminal, unless NO_COLOR is set to anything (no-color.org).
    pub fn new(when: ColorChoice, is_terminal: bool, no_color: Option<&OsStr>) -> Self {
        let is_on = match when {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && no_color.is_none_or(OsStr::is_empty),
        };
        Self { is_on }
    }

    /// Whether there are colours.
    pub(super) fn is_on(self) -> bool {
        self.is_on
    }

    /// What failed.
    pub(super) fn failed<T: Display>(self, text: T) -> impl Display {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// What the eye looks for.
    pub(super) fn strong<T: Display>(self, text: T) -> impl Display {
        self.paint(Style::new().bold(), text)
    }

    /// What stands beside it.
    pub(super) fn faint<T: Display>(self, text: T) -> impl Display {
        self.paint(Style::new().dimmed(), text)
    }

    fn paint<T: Display>(self, style: Style, text: T) -> Painted<T> {
        let style = if self.is_on { style } else { Style::new() };
        Painted { style, text }
    }
}

struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{0}{1}{0:#}", self.style, self.text)
    }
}

/// A call in colours; without them it reads as `Told` does.
pub(super) struct PaintedCall<'a>(pub(super) &'a Told<'a>, pub(super) Palette);

impl Display for PaintedCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(told, palette) = self;
        write!(f, "{}({}) = ", palette.strong(told.call), told.arguments)?;
        match &told.result {
            Ok(number) => write!(f, "{number}")?,
            // Not failures: the call goes on, or is to be made again.
            Err(refusal) if matches!(refusal.symbol, "EINPROGRESS" | "EAGAIN") => {
                palette.faint(refusal).fmt(f)?;
            }
            Err(refusal) => palette.failed(refusal).fmt(f)?,
        }
        match &told.note {
            Some(note) => write!(f, "{}", palette.faint(format_args!("  {note}"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_there_are_colours() {
        let set = Some(OsStr::new("1"));
        for (when, is_terminal, no_color, is_on) in [
            (ColorChoice::Auto, true, None, true),
            (ColorChoice::Auto, true, Some(OsStr::new("")), true),
            (ColorChoice::Auto, true, set, false),
            (ColorChoice::Auto, false, None, false),
            (ColorChoice::Always, false, set, true),
            (ColorChoice::Never, true, None, false),
        ] {
            assert_eq!(Palette::new(when, is_terminal, no_color), Palette { is_on });
        }
    }

    #[test]
    fn without_colours_a_call_reads_as_it_is_told() {
        let told = Told {
            call: "accept",
            arguments: "3".to_owned(),
            result: Ok(4),
            note: Some("[127.0.0.1:1]".to_owned()),
        };
        assert_eq!(
            PaintedCall(&told, Palette::default()).to_string(),
            told.to_string()
        );
        let painted = PaintedCall(&told, Palette { is_on: true }).to_string();
        assert_eq!(
            painted,
            "\u{1b}[1maccept\u{1b}[0m(3) = 4\u{1b}[2m  [127.0.0.1:1]\u{1b}[0m"
        );
    }
}
