//! Any bytes are a certificate, or no certificate for a reason.
#![no_main]

use sockkit::wire::Certificate;

libfuzzer_sys::fuzz_target!(|der: &[u8]| match Certificate::parse(der) {
    Ok(read) => assert!(!read.serial.is_empty() || read.not_after >= 0),
    Err(why) => assert!(!why.is_empty()),
});
