//! argv in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    sockkit::run(std::env::args_os()).leave()
}
