//! Real peers, in both roles: what the tools of others say to sockkit, and hear from it.
#![allow(
    clippy::disallowed_types,
    reason = "the peers within the tests are plain sockets: it is not they that are explained"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says so"
)]

#[allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses its own part"
)]
#[path = "../kit/mod.rs"]
mod kit;

mod browser;
mod chromium;
mod dig;
mod fastopen;
mod inspect;
mod listing;
mod netcat;
mod proxies;
mod python;
mod socat;
mod streams;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod tls_stream;
mod translations;
mod traps;
mod udp;
mod web;
