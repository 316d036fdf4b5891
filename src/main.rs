//! argv in, exit status out.
#![no_main]

use std::ffi::OsString;

sockkit::main!(run);

fn run(words: Vec<OsString>) -> u8 {
    sockkit::run(words).leave()
}
