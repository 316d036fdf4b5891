//! What a request's head is found to be at any cut, it stays when the rest has come.
#![no_main]

use sockkit::http::{Parsed, parse};

libfuzzer_sys::fuzz_target!(|pieces: (u16, &[u8])| {
    let (cut, bytes) = pieces;
    let first = bytes.get(..usize::from(cut)).unwrap_or(bytes);
    if parse(first) != Parsed::Partial {
        assert_eq!(parse(first), parse(bytes));
    }
});
