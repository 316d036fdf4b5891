//! How many bytes, as people write them.

/// `500`, `64k`, `10M`, `2GiB`, `1T`: powers of 1024.
pub fn size(word: &str) -> Result<u64, String> {
    let lower = word.to_ascii_lowercase();
    let number = ["ib", "b"].iter().find_map(|unit| lower.strip_suffix(unit));
    let number = number.unwrap_or(&lower).trim_end();
    let (digits, factor) = [('k', 10), ('m', 20), ('g', 30), ('t', 40)]
        .iter()
        .find_map(|(sign, shift)| Some((number.strip_suffix(*sign)?, 1 << shift)))
        .unwrap_or((number, 1));
    let is_number = digits.starts_with(|digit: char| digit.is_ascii_digit());
    let count = digits.trim_end().parse::<u64>().ok().filter(|_| is_number);
    count
        .and_then(|count| count.checked_mul(factor))
        .ok_or_else(|| "a size is 500, 64k, 10M or 2G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (word, bytes) in [
            ("0", 0),
            ("500", 500),
            ("64k", 64 << 10),
            ("10M", 10 << 20),
            ("10 MiB", 10 << 20),
            ("2GB", 2 << 30),
            ("1t", 1 << 40),
            ("7b", 7),
        ] {
            assert_eq!(size(word), Ok(bytes), "{word}");
        }
        for word in [
            "",
            "k",
            "-1",
            "+1",
            "1.5M",
            "1x",
            "1kk",
            "99999999999999999999",
            "18446744073709551615k",
        ] {
            assert!(size(word).is_err(), "{word}");
        }
    }
}
