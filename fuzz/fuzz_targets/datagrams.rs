//! However stdin comes, it is cut into datagrams, and none of them is lost or joined to another on its way into messages.
#![no_main]

use sockkit::engine::{Batch, Chop, Framing};

libfuzzer_sys::fuzz_target!(|input: (u8, u16, bool, Vec<Vec<u8>>)| {
    let (framing, size, joins, reads) = input;
    let size = usize::from(size).max(1);
    let framing = match framing % 3 {
        0 => Framing::Reads(size),
        1 => Framing::Lines,
        _ => Framing::Whole,
    };
    let (mut chop, mut batch, mut all) = (Chop::new(framing), Batch::default(), Vec::new());
    for read in &reads {
        if let Some(size) = chop.size() {
            let space = batch.space(size);
            let count = space.len().min(read.len());
            space[..count].copy_from_slice(&read[..count]);
            batch.fill(count, size);
            all.extend(read[..count].chunks(size).map(<[u8]>::to_vec));
        } else {
            all.extend(chop.take(Some(read), &mut None).unwrap());
        }
    }
    if chop.size().is_none() {
        all.extend(chop.take(None, &mut None).unwrap());
        all.iter().for_each(|one| batch.push(one));
    }
    let (mut sent, mut first) = (Vec::new(), 0);
    while let Some(train) = batch.train(first, joins) {
        let bytes = batch.between(train.bytes.0, train.bytes.1).unwrap();
        match train.segment {
            Some(size) => sent.extend(bytes.chunks(size.into())),
            None => sent.push(bytes),
        }
        first += train.count;
        assert_eq!(sent.len(), first);
    }
    assert_eq!(sent, all);
});
