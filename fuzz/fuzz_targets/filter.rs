//! Any text is a filter or is refused, and a filter is a program that the kernel would take.
#![no_main]

use sockkit::wire::filter::{Filter, PROGRAM_LIMIT, Sight};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(filter) = Filter::parse(text)
        && let Ok(program) = Filter::program(Some(&filter), Sight::Ethernet)
    {
        assert!(program.len() <= PROGRAM_LIMIT);
    }
});
