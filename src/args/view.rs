//! How payload is shown and typed.

use clap::Args;

/// Views of the payload.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct ViewArgs {
    /// Show what arrives as offset, hex and ASCII
    #[arg(long, help_heading = "What is seen")]
    pub hex: bool,
    /// Take what is to be sent as hex digits; white space is ignored
    #[arg(long, help_heading = "What is sent")]
    pub from_hex: bool,
}

/// Decodes hex digits that come in pieces.
#[derive(Debug, Default)]
pub struct FromHex {
    half: Option<u8>,
}

impl ViewArgs {
    /// The decoder for what is typed, if `--from-hex` was asked for.
    pub fn decoder(self) -> Option<FromHex> {
        self.from_hex.then(FromHex::default)
    }
}

impl FromHex {
    /// Decode a piece, or the end (`None`), at which no digit may be left over.
    pub fn decode(&mut self, piece: Option<&[u8]>) -> Result<Vec<u8>, String> {
        let Some(piece) = piece else {
            return self.half.map_or(Ok(Vec::new()), |_| {
                Err("an odd number of hex digits".to_owned())
            });
        };
        let mut digits: Vec<u8> = self.half.take().into_iter().collect();
        digits.extend(piece.iter().filter(|byte| !byte.is_ascii_whitespace()));
        if digits.len() % 2 == 1 {
            self.half = digits.pop();
        }
        hex::decode(&digits).map_err(|error| match error {
            hex::FromHexError::InvalidHexCharacter { c, .. } => format!("{c:?} is no hex digit"),
            error => error.to_string(),
        })
    }
}

/// Bytes from hex digits; white space is ignored. The error says what is wrong.
pub fn from_hex(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut decoder = FromHex::default();
    let bytes = decoder.decode(Some(text))?;
    decoder.decode(None)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_one_whole() {
        let mut decoder = FromHex::default();
        let pieces: [&[u8]; 4] = [b"48 6", b"5\n6", b"C", b""];
        let decoded: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| decoder.decode(Some(piece)).unwrap())
            .collect();
        assert_eq!(decoded, b"Hel");
        assert_eq!(decoder.decode(None), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_hex_is_refused() {
        assert_eq!(
            FromHex::default().decode(Some(b"4g")).unwrap_err(),
            "'g' is no hex digit"
        );
        let mut odd = FromHex::default();
        odd.decode(Some(b"486")).unwrap();
        assert_eq!(odd.decode(None).unwrap_err(), "an odd number of hex digits");
    }
}
