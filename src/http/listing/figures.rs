//! Sizes and times as text.

use std::fmt::{self, Display};

/// Binary units, from 1024 bytes on.
const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A size as people read it: `512 B`, `1.5 KiB`, `20 MiB`.
pub struct Size(pub u64);

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let bytes = u128::from(self.0);
        let mut divisor = 1;
        for unit in UNITS {
            divisor <<= 10;
            let tenths = (bytes * 10 + divisor / 2) / divisor;
            let rounded = (bytes + divisor / 2) / divisor;
            if tenths < 100 {
                return write!(f, "{}.{} {unit}", tenths / 10, tenths % 10);
            }
            // 1023.9 KiB is 1.0 MiB; no size that has 64 bits is more than 16 EiB.
            if rounded < 1024 {
                return write!(f, "{rounded} {unit}");
            }
        }
        Ok(())
    }
}

/// A number in groups of three digits, `1,234,567`.
pub(super) struct Grouped(pub(super) u64);

impl Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// A number of things, `1 file`, `2 files`.
pub(super) struct Count(pub(super) u64, pub(super) &'static str);

impl Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", Grouped(self.0), self.1)
    }
}

/// A time in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    year: i64,
    month: i64,
    day: i64,
    second: i64,
}

impl Moment {
    /// The time of so many seconds since 1970; `None` before the year 0 and after 9999, for which RFC 3339 has no room.
    pub(super) fn of(seconds: i64) -> Option<Self> {
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        (0..=9999).contains(&year).then_some(Self {
            year,
            month,
            day,
            second: seconds.rem_euclid(86_400),
        })
    }

    /// `2026-11-22`
    pub(super) fn day(self) -> impl Display {
        Day(self)
    }

    /// `23:41`
    pub(super) fn clock(self) -> impl Display {
        Clock(self)
    }
}

/// RFC 3339, `2026-11-22T23:41:07Z`.
impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            second,
        } = self;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

/// The day of a time.
struct Day(Moment);

impl Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moment {
            year, month, day, ..
        } = self.0;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The time of a day, without its seconds.
struct Clock(Moment);

impl Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.second;
        write!(f, "{:02}:{:02}", second / 3600, second / 60 % 60)
    }
}

/// The Gregorian date of a day since 1970, counted in cycles of 400 years that begin in March: the day that a leap year
/// has more is then the last.
fn civil(day: i64) -> (i64, i64, i64) {
    // From 0000-03-01 to 1970-01-01.
    let day = day.saturating_add(719_468);
    let (cycle, of_cycle) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    // Months from March on have 31, 30, 31, 30, 31 days, over and over.
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let year = year + cycle * 400;
    match month {
        0..10 => (year, month + 3, of_month),
        _ => (year + 1, month - 9, of_month),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10_188, "9.9 KiB"),
            (10_200, "10 KiB"),
            (1_048_063, "1023 KiB"),
            (1_048_064, "1.0 MiB"),
            (1_048_576, "1.0 MiB"),
            (5_368_709_120, "5.0 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), text, "{bytes}");
        }
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(Grouped(number).to_string(), text);
        }
        assert_eq!(Count(1, "file").to_string(), "1 file");
        assert_eq!(Count(0, "file").to_string(), "0 files");
    }

    #[test]
    fn times() {
        for (seconds, long) in [
            (0, Some("1970-01-01T00:00:00Z")),
            (-1, Some("1969-12-31T23:59:59Z")),
            (951_782_400, Some("2000-02-29T00:00:00Z")),
            (951_868_800, Some("2000-03-01T00:00:00Z")),
            (4_107_542_400, Some("2100-03-01T00:00:00Z")),
            (784_111_777, Some("1994-11-06T08:49:37Z")),
            (253_402_300_799, Some("9999-12-31T23:59:59Z")),
            (253_402_300_800, None),
            (-62_167_219_200, Some("0000-01-01T00:00:00Z")),
            (-62_167_219_201, None),
            (i64::MAX, None),
            (i64::MIN, None),
        ] {
            let said = Moment::of(seconds).map(|moment| moment.to_string());
            assert_eq!(said.as_deref(), long, "{seconds}");
        }
        let moment = Moment::of(784_111_777).unwrap();
        assert_eq!(moment.day().to_string(), "1994-11-06");
        assert_eq!(moment.clock().to_string(), "08:49");
    }
}
