//! No target leads out of the root.
#![no_main]

use sockkit::http::{Asked, Parsed, Site, ask, parse};

libfuzzer_sys::fuzz_target!(|target: &[u8]| {
    let head = [b"GET ", target, b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat();
    let (site, mut path) = (Site::default(), Vec::new());
    if let Parsed::Complete { request, .. } = parse(&head)
        && ask(&request, &site, &mut path) == Asked::Path
    {
        assert!(!path.starts_with(b"/") && !path.contains(&0));
        let mut names = path.split(|byte| *byte == b'/');
        assert!(names.all(|name| !name.starts_with(b".")));
    }
});
