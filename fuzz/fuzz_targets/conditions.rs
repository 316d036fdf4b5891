//! Conditions only ever hold back what they name: a GET is never refused by one alone that is no If-Match or
//! If-Unmodified-Since, and what does not exist is never unchanged without `*`.
#![no_main]

use sockkit::http::{Coding, ETag, Name, Parsed, Validators, Verdict, parse, weigh};

libfuzzer_sys::fuzz_target!(|fields: &[u8]| {
    let head = [b"GET / HTTP/1.1\r\nHost: h\r\n", fields, b"\r\n\r\n"].concat();
    let Parsed::Complete { request, .. } = parse(&head) else {
        return;
    };
    let etag = Some(ETag::new(3, None, 1, Coding::Identity));
    let current = Validators {
        etag,
        last_modified: None,
    };
    let has = |name| request.values(name).next().is_some();
    match weigh(&request, Some(&current)) {
        Verdict::Failed => assert!(has(Name::IfMatch)),
        Verdict::NotModified => assert!(has(Name::IfNoneMatch)),
        Verdict::Perform => {}
    }
    assert_ne!(weigh(&request, None), Verdict::NotModified);
});
