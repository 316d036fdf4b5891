//! `http --tls`: what the server shows, and what stays readable for it.

use std::path::Path;

use clap::Args;

use super::super::{Desk, certificate};
use super::listen::ListenAt;
use crate::args::ServerTlsArgs;
use crate::engine::ServerTls;
use crate::net::{Endpoint, Host, HostPort};

/// TLS.
#[derive(Args, Debug)]
pub(super) struct TlsArgs {
    #[command(flatten)]
    tls: ServerTlsArgs,
}

impl TlsArgs {
    /// Whether TLS was asked for.
    pub(super) fn is_on(&self) -> bool {
        self.tls.is_on()
    }

    /// What URLs begin with.
    pub(super) fn scheme(&self) -> &'static str {
        match self.is_on() {
            true => "https",
            false => "http",
        }
    }

    /// What nobody else may read.
    pub(super) fn key(&self) -> Option<&Path> {
        self.tls.key()
    }

    /// What is read again on SIGHUP.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.tls.files()
    }

    /// Certificate and key as asked for, said and written; `None` without TLS.
    pub(super) fn open(&self, place: &ListenAt, desk: &Desk) -> anyhow::Result<Option<ServerTls>> {
        let host = match place {
            ListenAt::Local(_) => &Host::Default,
            ListenAt::Endpoint(Endpoint::Network(HostPort { host, .. })) => host,
            ListenAt::Endpoint(Endpoint::Inherited(_)) => &Host::Any,
        };
        certificate::open(&self.tls, &["http/1.1".to_owned()], host, desk)
    }
}
