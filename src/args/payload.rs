//! How payload is shown and typed.

use clap::Args;

/// Views of the payload.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct ViewArgs {
    /// Show what arrives as offset, hex and ASCII
    #[arg(long)]
    pub hex: bool,
    /// Take what is to be sent as hex digits; white space is ignored
    #[arg(long)]
    pub from_hex: bool,
}

/// Bytes from hex digits; white space is ignored. The error says where the text goes wrong.
pub fn from_hex(text: &[u8]) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    hex::decode(&digits).map_err(|error| match error {
        hex::FromHexError::InvalidHexCharacter { c, index } => {
            format!(
                "`{}` at hex digit {} is none",
                c.escape_default(),
                index + 1
            )
        }
        _ => format!("{} hex digits are not whole bytes", digits.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_digits() {
        for (text, bytes) in [
            ("", Ok(vec![])),
            (" 08 00\nFf\t", Ok(vec![8, 0, 255])),
            ("080", Err("3 hex digits are not whole bytes".to_owned())),
            ("08 0g", Err("`g` at hex digit 4 is none".to_owned())),
            ("0x08", Err("`x` at hex digit 2 is none".to_owned())),
            ("\x1b[", Err("`\\u{1b}` at hex digit 1 is none".to_owned())),
        ] {
            assert_eq!(from_hex(text.as_bytes()), bytes, "{text:?}");
        }
    }
}
