//! What went wrong, in words: rustls's errors and what is known of the connection besides.

use std::time::{Duration, SystemTime};

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use super::examiner::Shown;
use super::unbelief::unbelieved;
use crate::engine::tls::TlsFailure;

/// What is known when something fails.
pub(super) struct Scene<'a> {
    /// Whether we connected.
    pub(super) is_client: bool,
    /// The first bytes that were heard, where nothing was heard before them.
    pub(super) opening: Option<&'a [u8]>,
    /// What the server showed.
    pub(super) shown: Option<Shown>,
    /// Whether certain certificates were asked for.
    pub(super) has_pins: bool,
}

impl Scene<'_> {
    /// An error's sentence and hint.
    pub(super) fn describe(&self, error: &Error) -> TlsFailure {
        match error {
            Error::InvalidCertificate(why) if self.is_client => {
                let chain = self.shown.as_ref().map(|shown| shown.chain.as_slice());
                unbelieved(why, chain.unwrap_or_default(), self.has_pins)
            }
            Error::InvalidCertificate(why) => refused(why),
            Error::InvalidMessage(what) => self.describe_message(what),
            Error::AlertReceived(alert) => self.describe_alert(*alert),
            Error::PeerIncompatible(what) => self.describe_incompatible(what),
            Error::NoCertificatesPresented => {
                TlsFailure::bare("the client showed no certificate, and --client-ca demands one")
            }
            Error::NoApplicationProtocol => {
                let why = "none of the protocols that it offers is spoken here (ALPN)";
                TlsFailure::new(why, "--alpn names those that are")
            }
            Error::DecryptError => TlsFailure::bare("a record was changed on its way"),
            error => TlsFailure::bare(error.to_string()),
        }
    }

    fn describe_message(&self, what: &InvalidMessage) -> TlsFailure {
        match self.opening.filter(|opening| !is_record(opening)) {
            Some(opening) => not_tls(opening, self.is_client),
            None => {
                let what = spaced(&format!("{what:?}"), ' ');
                TlsFailure::bare(format!("a message is no TLS: {what}"))
            }
        }
    }

    fn describe_alert(&self, alert: AlertDescription) -> TlsFailure {
        let who = match self.is_client {
            true => "the server",
            false => "the client",
        };
        let why = format!(
            "{who} refused it: {} (alert {})",
            words(alert),
            u8::from(alert)
        );
        let hint = match (alert, self.is_client) {
            (AlertDescription::CertificateRequired, true) => {
                "it wants a certificate of the client: --cert FILE --key FILE"
            }
            (AlertDescription::HandshakeFailure, true) => {
                "no cipher in common, or it wants a certificate of the client: --cert FILE --key FILE"
            }
            (AlertDescription::ProtocolVersion, true) => {
                "it speaks none of TLS 1.2 and 1.3, or not --tls-min"
            }
            (AlertDescription::NoApplicationProtocol, true) => "it speaks none of --alpn",
            (AlertDescription::UnrecognisedName, true) => "--sni NAME says which name is meant",
            (
                AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateExpired,
                false,
            ) => "the client does not trust the certificate that is shown here: its --ca or --pin",
            (AlertDescription::UnknownCA | AlertDescription::BadCertificate, true) => {
                "it does not trust --cert"
            }
            _ => return TlsFailure::bare(why),
        };
        TlsFailure::new(why, hint)
    }

    fn describe_incompatible(&self, what: &PeerIncompatible) -> TlsFailure {
        match what {
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired
            // What a client of TLS 1.1 or older has not: it came with TLS 1.2, RFC 5246, section 7.4.1.4.1.
            | PeerIncompatible::SignatureAlgorithmsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled => {
                let hint = "TLS 1.2 and 1.3 are spoken, and with --tls-min 1.3 only that: older ones are broken";
                TlsFailure::new("there is no version of TLS in common", hint)
            }
            PeerIncompatible::NoCipherSuitesInCommon => {
                TlsFailure::bare("there is no cipher in common")
            }
            PeerIncompatible::NoKxGroupsInCommon => TlsFailure::bare(
                "there is no key exchange in common: X25519, P-256 and P-384 are spoken",
            ),
            PeerIncompatible::NoSignatureSchemesInCommon => {
                TlsFailure::bare("there is no signature in common that fits the certificate's key")
            }
            what => TlsFailure::bare(format!("there is too little in common: {what:?}")),
        }
    }
}

/// A record's type, 20 to 24, and the first byte of its version, RFC 8446, section 5.1.
fn is_record(opening: &[u8]) -> bool {
    matches!(opening, [20..=24, 3, ..] | [20..=24] | [])
}

/// The peer speaks something else: what it began with tells what.
fn not_tls(opening: &[u8], is_client: bool) -> TlsFailure {
    let shown = opening.get(..32).unwrap_or(opening).escape_ascii();
    let why = format!("this does not speak TLS: it began with \"{shown}\"");
    if !is_client {
        return TlsFailure::bare(why);
    }
    let hint = match opening {
        [b'2', b'2', b'0', ..] => {
            "a mail or file server asks for it first: --starttls smtp, --starttls ftp"
        }
        [b'+', b'O', b'K', ..] => "it asks for it first: --starttls pop3",
        [b'*', b' ', b'O', b'K', ..] => "it asks for it first: --starttls imap",
        _ => "without --tls it can be talked to; or another port is meant",
    };
    TlsFailure::new(why, hint)
}

/// The peer went away.
pub(super) fn ended(is_new: bool, is_greeting: bool) -> TlsFailure {
    if is_new {
        let hint = "does it speak TLS? try it without --tls";
        return TlsFailure::new("it ended before it said a word", hint).temporary();
    } else if is_greeting {
        return TlsFailure::bare("it ended in the handshake").temporary();
    }
    let hint = "what came before is here; it was cut on its way, or the peer leaves without a word, as ncat does";
    TlsFailure::new("it ended without close_notify", hint)
}

/// Why a client's certificate is not believed.
fn refused(why: &CertificateError) -> TlsFailure {
    match why {
        // webpki's own sentence: an authority's certificate in a client's place, which is what `openssl req -x509` makes.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            let hint =
                "openssl req -x509 makes one unless it is told -addext basicConstraints=CA:FALSE";
            let why = "the client's certificate is that of an authority, not of a client";
            TlsFailure::new(why, hint)
        }
        why => {
            let hint = "--client-ca says who vouches for clients";
            TlsFailure::new(format!("the client's certificate is refused: {why}"), hint)
        }
    }
}

/// The names that RFC 8446, section 6, and its registry have.
fn words(alert: AlertDescription) -> String {
    spaced(&format!("{alert:?}"), '_')
}

/// `CamelCase` as words with something in between.
pub(super) fn spaced(camel: &str, between: char) -> String {
    let mut words = String::new();
    let mut before = 'A';
    for letter in camel.chars() {
        if letter.is_uppercase() && !before.is_uppercase() {
            words.push(between);
        }
        words.extend(letter.to_lowercase());
        before = letter;
    }
    words
}

/// A second since 1970 as a date, as `2026-01-31 23:59:59 UTC`.
pub(super) fn date(second: u64) -> String {
    // What humantime cannot write is after the year 9999.
    match second < 253_402_300_800 {
        true => {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let stamp = humantime::format_rfc3339_seconds(at).to_string();
            stamp.replace('T', " ").replace('Z', " UTC")
        }
        false => "after the year 9999".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_their_names() {
        for (alert, name) in [
            (AlertDescription::HandshakeFailure, "handshake_failure"),
            (AlertDescription::UnknownCA, "unknown_ca"),
            (
                AlertDescription::CertificateRequired,
                "certificate_required",
            ),
            (
                AlertDescription::NoApplicationProtocol,
                "no_application_protocol",
            ),
            (AlertDescription::BadRecordMac, "bad_record_mac"),
        ] {
            assert_eq!(words(alert), name);
        }
    }

    #[test]
    fn dates_have_no_limit() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(253_402_300_799), "9999-12-31 23:59:59 UTC");
        assert_eq!(date(u64::MAX), "after the year 9999");
    }

    #[test]
    fn what_is_no_record_is_seen() {
        for (opening, is) in [
            (&b""[..], true),
            (b"\x16", true),
            (b"\x16\x03\x01", true),
            (b"\x15\x03\x03", true),
            (b"\x16\x02", false),
            (b"SSH-2.0-OpenSSH", false),
            (b"\x00", false),
        ] {
            assert_eq!(is_record(opening), is, "{}", opening.escape_ascii());
        }
    }
}
