//! What a PROXY header is found to be at any cut, it stays when the rest has come.
#![no_main]

use sockkit::wire::Preface;

libfuzzer_sys::fuzz_target!(|pieces: (u16, &[u8])| {
    let (cut, bytes) = pieces;
    let first = bytes.get(..usize::from(cut)).unwrap_or(bytes);
    if Preface::parse(first) != Preface::Partial {
        assert_eq!(Preface::parse(first), Preface::parse(bytes));
    }
});
