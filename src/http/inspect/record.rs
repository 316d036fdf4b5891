//! A request as it is told to the page: one JSON object, whatever bytes it was made of.

use std::time::{Duration, UNIX_EPOCH};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::kept::Kept;

/// Bytes as `"data"` where they are text in UTF-8, as `"hex"` where they are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

/// A request, what was answered, and what it took.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Record {
    /// When it was answered, in microseconds since 1970; told as RFC 3339 has it.
    #[serde(rename = "ts", serialize_with = "time")]
    pub at: u64,
    /// Who asked; `None` for a local socket without a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The method's word; `None` where it was no request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The target as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `HTTP/1.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'static str>,
    /// The head as it came.
    pub head: Bytes,
    /// The body; `None` where there was none.
    #[serde(serialize_with = "body")]
    pub body: Option<Kept>,
    /// What was answered; `None` where the connection was closed instead.
    pub status: Option<u16>,
    /// Why it was refused, in words; `None` where the status says it all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    /// From the first byte of the request to the answer's way to the kernel, in microseconds; told in milliseconds.
    #[serde(rename = "duration_ms", serialize_with = "millis")]
    pub micros: u64,
    /// The socket calls made for it.
    pub calls: Vec<String>,
    /// The same request as a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
}

impl Bytes {
    fn entry<M: SerializeMap>(bytes: &[u8], map: &mut M) -> Result<(), M::Error> {
        // A control would take six bytes, and is a sign of something that is no text.
        let is_text = |byte: &u8| *byte >= b' ' || b"\t\r\n".contains(byte);
        match std::str::from_utf8(bytes) {
            Ok(text) if bytes.iter().all(is_text) => map.serialize_entry("data", text),
            _ => map.serialize_entry("hex", &hex::encode(bytes)),
        }
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        Self::entry(&self.0, &mut map)?;
        map.end()
    }
}

fn time<S: Serializer>(at: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    let at = UNIX_EPOCH + Duration::from_micros(*at);
    serializer.collect_str(&humantime::format_rfc3339_micros(at))
}

/// Microseconds as milliseconds.
pub fn millis<S: Serializer>(micros: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(*micros as f64 / 1000.0)
}

fn body<S: Serializer>(body: &Option<Kept>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(kept) = body else {
        return serializer.serialize_none();
    };
    let mut map = serializer.serialize_map(Some(3))?;
    Bytes::entry(kept.bytes(), &mut map)?;
    map.serialize_entry("length", &kept.length())?;
    map.serialize_entry("cut", &kept.is_cut())?;
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_the_page_reads() {
        let mut kept = Kept::default();
        kept.take(b"\x00\xff");
        let record = Record {
            at: 1,
            micros: 412,
            peer: Some("127.0.0.1:2".to_owned()),
            method: Some("PUT".to_owned()),
            target: Some("/\"</script>".to_owned()),
            version: Some("HTTP/1.1"),
            head: Bytes(b"PUT\r\n".to_vec()),
            body: Some(kept),
            status: Some(200),
            ..Record::default()
        };
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"ts":"1970-01-01T00:00:00.000001Z","peer":"127.0.0.1:2","method":"PUT","target":"/\"</script>","version":"HTTP/1.1","head":{"data":"PUT\r\n"},"body":{"hex":"00ff","length":2,"cut":false},"status":200,"duration_ms":0.412,"calls":[]}"#
        );
        let dropped = serde_json::to_string(&Record::default()).unwrap();
        assert!(
            dropped.contains(r#""body":null,"status":null"#),
            "{dropped}"
        );
    }
}
