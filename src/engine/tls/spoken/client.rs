//! The connecting side: whom it believes, what it shows of itself, and what it asks for.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;

use super::examiner::{Belief, Examiner};
use super::identity::Files;
use super::provider::{self, provider};
use super::records::Records;
use super::roots;
use super::stream::TlsStream;
use crate::engine::tls::{ClientTerms, TlsError, Trust};
use crate::engine::transport::Line;
use crate::net::CallError;

/// TLS for one who connects.
#[derive(Debug)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    examiner: Arc<Examiner>,
}

impl ClientTls {
    /// Read what is to be read.
    pub fn new(terms: &ClientTerms) -> Result<Self, TlsError> {
        let name = server_name(&terms.name)?;
        let provider = Arc::new(provider());
        let algorithms = provider.signature_verification_algorithms;
        let belief = belief(&terms.trust)?;
        let examiner = Arc::new(Examiner::new(belief, algorithms, terms.curiosity));
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&provider::from(terms.least))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&examiner) as _);
        let mut config = match &terms.identity {
            None => config.with_no_client_auth(),
            Some([certificate, key]) => {
                let pair = Files::new(certificate, key).read()?;
                config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair)))
            }
        };
        config.alpn_protocols = terms.alpn.iter().map(|name| name.clone().into()).collect();
        // There is one connection: nothing to come back to.
        config.resumption = Resumption::disabled();
        Ok(Self {
            config: Arc::new(config),
            name,
            examiner,
        })
    }

    /// Say hello through a connection that stands.
    pub fn open<L: Line>(&self, line: L) -> Result<TlsStream<L>, CallError> {
        let config = Arc::clone(&self.config);
        let engine = UnbufferedClientConnection::new(config, self.name.clone())
            .map_err(|error| super::stream::unfit(&line, error))?;
        let records = Records::Client(Box::new(engine));
        let mut stream = TlsStream::new(line, records, Rc::default());
        stream.say_hello(Arc::clone(&self.examiner))?;
        Ok(stream)
    }
}

fn belief(trust: &Trust) -> Result<Belief, TlsError> {
    Ok(match trust {
        Trust::System => Belief::Roots(roots::of_the_system()?, Vec::new()),
        Trust::File(file) => {
            let certificates = roots::certificates(file)?;
            Belief::Roots(roots::store(file, certificates.clone())?, certificates)
        }
        Trust::Pins(pins) => Belief::Pins(pins.clone()),
        Trust::Anyone => Belief::Anyone,
    })
}

fn server_name(word: &str) -> Result<ServerName<'static>, TlsError> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok(ServerName::IpAddress(address.into()));
    }
    // The root's dot is no part of the name that is asked for, RFC 6066, section 3.
    let bare = word.strip_suffix('.').unwrap_or(word);
    ServerName::try_from(bare.to_owned()).map_err(|_| {
        let why = format!("`{word}` is no name that a certificate can have");
        TlsError::new(why, "--sni NAME says which name is meant")
    })
}
