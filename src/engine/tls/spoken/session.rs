//! What is known of a connection after its handshake.

use rustls::{CommonState, ProtocolVersion};

use super::examiner::Examiner;
use super::failing::Scene;
use super::fingerprint_of;
use crate::engine::tls::TlsSession;
use crate::wire::Certificate;

/// What both sides agreed on, and what the peer showed; `examiner` is who looked at it.
pub(super) fn of(known: &CommonState, examiner: Option<&Examiner>) -> TlsSession {
    let cipher = known.negotiated_cipher_suite().map(|suite| suite.suite());
    let exchange = known.negotiated_key_exchange_group();
    let chain = known.peer_certificates().unwrap_or_default();
    TlsSession {
        version: match known.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS 1.3",
        },
        // rustls puts the version into the names that the registry has without.
        cipher: cipher.map_or_else(String::new, |cipher| {
            format!("{cipher:?}").replacen("TLS13_", "TLS_", 1)
        }),
        exchange: exchange.map(|group| format!("{:?}", group.name())),
        alpn: known
            .alpn_protocol()
            .map(|name| name.escape_ascii().to_string()),
        chain: chain
            .iter()
            .map(|one| (fingerprint_of(one), Certificate::parse(one)))
            .collect(),
        doubt: examiner.and_then(doubt),
    }
}

fn doubt(examiner: &Examiner) -> Option<crate::engine::TlsFailure> {
    let shown = examiner.shown()?;
    let error = shown.verdict.clone().err()?;
    let scene = Scene {
        is_client: true,
        opening: None,
        shown: Some(shown),
        has_pins: examiner.has_pins(),
    };
    Some(scene.describe(&error))
}
