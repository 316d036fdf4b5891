//! Payload in an event: `"data"` where it is UTF-8 text, `"hex"` where it is not.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// Payload bytes; flatten it into an event.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match std::str::from_utf8(self.0) {
            Ok(text) => map.serialize_entry("data", text)?,
            Err(_) => map.serialize_entry("hex", &hex::encode(self.0))?,
        }
        map.end()
    }
}
