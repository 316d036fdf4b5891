//! Whatever is asked for, only bytes of the file are sent, and none of them twice.
#![no_main]

use sockkit::http::Ranges;

libfuzzer_sys::fuzz_target!(|input: (u64, &[u8])| {
    let (total, value) = input;
    let mut spans = match Ranges::of(value, total) {
        Ranges::One(span) => vec![span],
        Ranges::Several(spans) => spans,
        _ => Vec::new(),
    };
    spans.sort_by_key(|span| span.first);
    assert!(
        spans
            .iter()
            .all(|span| span.length > 0 && span.length <= total - span.first)
    );
    assert!(spans.windows(2).all(|pair| pair[0].end() < pair[1].first));
});
