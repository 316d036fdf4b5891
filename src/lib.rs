//! sockkit: a multi-protocol socket toolkit for the command line.
//!
//! The floors, from the ground up; a module imports from its own folder and from lower floors only:
//!
//! | floor | folder | holds |
//! |---|---|---|
//! | 5 | [`cli`] | the subcommands and the global flags |
//! | 4 | [`commands`] | one story each |
//! | 3 | [`args`], [`output`], [`server`] | flags in, events out; HTTP over sockets |
//! | 2 | [`engine`] | loops over sockets |
//! | 1 | [`net`] | the socket API, one method a system call |
//! | 0 | [`http`], [`wire`] | HTTP/1.1 as pure functions, packets as values |

pub mod args;
pub mod cli;
pub mod commands;
pub mod engine;
pub mod http;
pub mod net;
pub mod output;
pub mod server;
pub mod wire;

use std::ffi::OsString;

use output::{Exit, Failure};

/// Run a command line; errors are printed here and nowhere else.
pub fn run(argv: impl IntoIterator<Item = OsString>) -> Exit {
    let argv: Vec<OsString> = argv.into_iter().collect();
    let cli = match cli::parse(&argv) {
        Ok(cli) => cli,
        Err(refused) => return cli::refuse(&refused, &argv),
    };
    let output = cli.output();
    let exit = cli
        .run(&output)
        .unwrap_or_else(|error| Failure::of(&error).report(&output));
    output.end();
    exit
}
