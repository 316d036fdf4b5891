//! A certificate's fingerprint: the SHA-256 of the whole certificate in DER, as `openssl x509 -fingerprint -sha256`
//! shows it.

use std::fmt;
use std::str::FromStr;

/// 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// `AB:CD:...`
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `sha256:` and 64 hex digits, with colons or without, or openssl's `sha256 Fingerprint=`; the name of the hash may be
/// left out, since it is the only one.
impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let bare = match word.split_once([':', '=']) {
            Some((hash, rest))
                if ["sha256", "sha256 fingerprint"].contains(&&*hash.to_ascii_lowercase()) =>
            {
                rest
            }
            _ => word,
        };
        let digits: String = bare.chars().filter(|digit| *digit != ':').collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(&digits, &mut bytes)
            .map_err(|_| "a fingerprint is sha256: and 64 hex digits".to_owned())?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read() {
        let bytes: Vec<u8> = (0..32).map(|at| at * 7).collect();
        let one = Fingerprint(bytes.try_into().unwrap());
        let shown = one.to_string();
        assert!(shown.starts_with("00:07:0E:"));
        for word in [
            shown.clone(),
            format!("sha256:{shown}"),
            format!("sha256 Fingerprint={shown}"),
            format!("SHA256:{}", shown.to_ascii_lowercase()),
            shown.replace(':', ""),
            format!("sha256:{}", hex::encode(one.0)),
        ] {
            assert_eq!(word.parse(), Ok(one), "{word}");
        }
    }

    #[test]
    fn what_is_no_fingerprint_is_refused() {
        let sixty_two = "ab".repeat(31);
        for word in [
            "",
            "sha256:",
            "sha1:ab",
            &sixty_two,
            &format!("{sixty_two}a"),
            &format!("{sixty_two}abab"),
            &format!("md5:{sixty_two}ab"),
            &format!("{sixty_two}zz"),
        ] {
            assert!(word.parse::<Fingerprint>().is_err(), "{word}");
        }
    }
}
