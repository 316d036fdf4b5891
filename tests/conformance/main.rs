//! The web server held to RFC 9110 and RFC 9112 over raw sockets: tables of cases, and what load and faults do to it.
//!
//! A case is bytes and what must come back for them. It is sent whole, byte by byte and in random cuts, and the answers
//! must be the same; each of them goes through a reader that forgives nothing.
#![allow(
    clippy::disallowed_types,
    reason = "the clients within the tests are plain sockets: it is not they that are explained"
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

mod case;
mod catalogues;
mod client;
mod clients;
mod codings;
mod files;
mod footprint;
mod heads;
mod judge;
mod lint;
mod listing;
mod load;
mod patience;
mod reader;
mod rules;
mod steps;
mod stops;
mod tree;
mod vanish;

/// A test for each table.
macro_rules! tables {
    ($($name:ident)*) => {
        /// What they are called.
        pub(crate) const TABLES: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                judge::run(include_str!(concat!("tables/", stringify!($name), ".txt")));
            }
        )*
    };
}

tables! {
    chunked conditionals connection dates errors fields framing host methods negotiation ranges redirects request_line
    targets types
    auth clean_urls cors follow_links header hidden not_found spa text upload
    listings
}
