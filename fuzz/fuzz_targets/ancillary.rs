//! Any bytes are control messages, or the beginning of some, and an address or none; what came as one is taken apart whole.
#![no_main]

use sockkit::net::{Address, Notes};

libfuzzer_sys::fuzz_target!(|message: (&[u8], &[u8])| {
    let (control, bytes) = message;
    let notes = Notes::parse(control);
    assert!(notes.segment != Some(0));
    let apart: Vec<&[u8]> = notes.datagrams(bytes).collect();
    assert_eq!(apart.concat(), bytes);
    assert!(
        notes
            .segment
            .is_none_or(|size| apart.iter().all(|one| one.len() <= size))
    );
    if let Some(address) = Address::from_kernel(bytes) {
        assert!(!address.to_string().contains('\n'));
    }
});
