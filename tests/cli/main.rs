//! The command line from outside: the real binary over loopback, one file per subcommand or rule.
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

mod addresses;
mod bulk;
mod exec;
mod exit_status;
mod explain;
mod fqdn;
mod http;
mod http_coding;
mod http_listen;
mod http_protocol;
mod http_root;
mod http_serving;
mod http_site;
mod http_upload;
mod idle;
mod inspect;
mod json;
mod listing;
mod options;
mod ping;
mod ping_hosts;
mod probe;
mod proxy;
mod racing;
mod raw;
mod raw_craft;
mod raw_link;
mod resolve;
mod retry;
mod serving;
mod shape;
mod sight;
mod states;
mod stats;
mod stdio;
mod strace;
mod tcp;
mod timeouts;
mod trace;
mod trace_answers;
mod trace_hosts;
mod trace_paths;
mod udp;
mod udp_answers;
mod udp_network;
mod unix;
mod unix_answers;
mod unix_records;
mod unix_rights;
