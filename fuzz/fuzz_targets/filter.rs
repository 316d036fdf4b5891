//! Any text is a filter or is refused, and a filter is a program that the kernel would take.
#![no_main]

use std::net::{IpAddr, Ipv6Addr};

use sockkit::wire::filter::{Filter, Names, PROGRAM_LIMIT, Sight};

/// Knows every name.
struct All;

impl Names for All {
    fn port(&self, _: &str, protocol: u8) -> Option<u16> {
        Some(protocol.into())
    }

    fn addresses(&self, _: &str) -> Result<Vec<IpAddr>, String> {
        Ok(vec![[127, 0, 0, 1].into(), Ipv6Addr::LOCALHOST.into()])
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(filter) = Filter::parse(text, &All)
        && let Ok(program) = Filter::program(Some(&filter), Sight::Ethernet)
    {
        assert!(program.len() <= PROGRAM_LIMIT);
    }
});
