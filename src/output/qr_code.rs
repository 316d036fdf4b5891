//! A URL as a picture that a telephone reads from the terminal.

use std::fmt;

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode as Code};
use serde::{Serialize, Serializer};

use super::event::Event;
use super::palette::Palette;

/// Black on white, whatever the terminal's colours are; foreground 30, background 107 (bright white).
const BLACK_ON_WHITE: &str = "\u{1b}[30;107m";
const RESET: &str = "\u{1b}[0m";

/// A QR code, for people.
#[derive(Debug)]
pub struct QrCode {
    /// What it says.
    pub url: String,
    /// With colours it is black on white. Without them the light modules are drawn, as on a dark terminal; a reader takes
    /// it the other way round too, as a rule.
    pub palette: Palette,
}

impl Event for QrCode {
    const NAME: &'static str = "qr";
}

impl Serialize for QrCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Said<'a> {
            url: &'a str,
        }
        Said { url: &self.url }.serialize(serializer)
    }
}

impl fmt::Display for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nobody holds his telephone over a scratched terminal: the least correction makes the smallest picture.
        let Ok(code) = Code::with_error_correction_level(&self.url, EcLevel::L) else {
            return write!(f, "{} is too long for a QR code", self.url);
        };
        let (dark, light) = match self.palette.is_on() {
            true => (Dense1x2::Dark, Dense1x2::Light),
            false => (Dense1x2::Light, Dense1x2::Dark),
        };
        let picture = code.render().dark_color(dark).light_color(light).build();
        let (begin, end) = match self.palette.is_on() {
            true => (BLACK_ON_WHITE, RESET),
            false => ("", ""),
        };
        for (index, line) in picture.lines().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{begin}{line}{end}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    fn picture(url: &str, when: ColorChoice) -> String {
        let palette = Palette::new(when, false, None);
        let url = url.to_owned();
        QrCode { url, palette }.to_string()
    }

    #[test]
    fn both_faces_say_the_same() {
        let coloured = picture("http://192.0.2.7:8082/", ColorChoice::Always);
        let plain = picture("http://192.0.2.7:8082/", ColorChoice::Never);
        let lines: Vec<&str> = coloured.lines().collect();
        // Version 2: 25 modules, and 4 of quiet zone on each side.
        assert_eq!(lines.len(), 17);
        let inverse = |line: &str| -> String {
            let turned = line.chars().map(|c| match c {
                ' ' => '\u{2588}',
                '\u{2588}' => ' ',
                '\u{2580}' => '\u{2584}',
                _ => '\u{2580}',
            });
            turned.collect()
        };
        // The last line is half a line: beneath it is nothing to turn.
        for (line, plain) in lines.iter().zip(plain.lines()).take(16) {
            let line = line.strip_prefix(BLACK_ON_WHITE).unwrap();
            let line = line.strip_suffix(RESET).unwrap();
            assert_eq!(line.chars().count(), 33);
            assert_eq!(inverse(line), plain);
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let long = picture(&"x".repeat(3000), ColorChoice::Never);
        assert!(long.ends_with("is too long for a QR code"));
    }
}
