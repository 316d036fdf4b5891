//! How many, and how many a second, as people write them.

use std::num::NonZeroU64;

/// `1`, `250`: a number of things, of which there is one at least.
pub fn count(word: &str) -> Result<u64, String> {
    let count = word.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "a count is a number, from 1 on".to_owned())
}

/// A number from `first` to `last`.
pub fn within<T: TryFrom<u32>>(
    first: u32,
    last: u32,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |word| {
        let number = word.parse().ok();
        let number = number.filter(|number| (first..=last).contains(number));
        let number = number.and_then(|number: u32| T::try_from(number).ok());
        number.ok_or_else(|| format!("it is a number from {first} to {last}"))
    }
}

/// So many in a thousand seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub NonZeroU64);

/// `10`, `0.5`: so many a second, in thousandths at the finest.
pub fn rate(word: &str) -> Result<Rate, String> {
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let thousandths = format!("{whole}{part:0<3}").parse().ok();
    thousandths
        .filter(|_| is_number(whole) && is_number(part) && !part.is_empty() && part.len() <= 3)
        .and_then(NonZeroU64::new)
        .map(Rate)
        .ok_or_else(|| "a rate is 10, or 0.5 for one in two seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (word, thousandths) in [("10", 10_000), ("0.5", 500), ("2.25", 2250), (".001", 1)] {
            assert_eq!(rate(word).map(|rate| rate.0.get()), Ok(thousandths));
        }
        for word in [
            "",
            "0",
            "0.0",
            "-1",
            "+1",
            "1.",
            "1k",
            "1.2345",
            "1.-5",
            "1e3",
            "99999999999999999999",
        ] {
            assert!(rate(word).is_err(), "{word}");
        }
        let small = within::<u8>(1, 255);
        assert_eq!((small("1"), small("255")), (Ok(1), Ok(255)));
        for word in ["", "0", "256", "-1", "x", "99999999999"] {
            assert!(small(word).is_err(), "{word}");
        }
        assert_eq!((count("1"), count("250")), (Ok(1), Ok(250)));
        for word in ["", "0", "-1", "1k", "x"] {
            assert!(count(word).is_err(), "{word}");
        }
    }
}
