//! TLS over sockets: what is wanted of it, what is known of it, and how it fails. What speaks it can be left out of the
//! program (the feature `tls`), then whoever asks for it is told so.

mod error;
mod failure;
mod fingerprint;
mod session;
#[cfg_attr(not(feature = "tls"), path = "without.rs")]
mod spoken;
mod terms;

pub use error::TlsError;
pub use failure::TlsFailure;
pub use fingerprint::Fingerprint;
pub use session::TlsSession;
pub use spoken::{Acceptor, ClientTls, ServerTls, TlsStream};
pub use terms::{ClientTerms, Curiosity, ServerTerms, TlsVersion, Trust};
