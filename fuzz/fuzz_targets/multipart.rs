//! A form is found to be the same however its bytes were cut.
#![no_main]

use sockkit::http::{Form, FormPiece, Refusal};

libfuzzer_sys::fuzz_target!(|pieces: (u16, &[u8])| {
    let (cut, bytes) = pieces;
    let (first, second) = bytes.split_at(usize::from(cut).min(bytes.len()));
    assert_eq!(read(&[bytes]), read(&[first, second]));
});

/// Names and contents of the parts in their order, up to what is no form.
fn read(pieces: &[&[u8]]) -> (Vec<u8>, Result<bool, Refusal>) {
    let mut found = Vec::new();
    let mut read = || {
        let mut form = Form::new(b"multipart/form-data; boundary=x")?;
        for piece in pieces {
            form.take(piece, &mut |piece| {
                match piece {
                    FormPiece::Begin(part) => found.extend(part.file_name.unwrap_or_default()),
                    FormPiece::Content(content) => found.extend(content),
                    FormPiece::End => found.push(0),
                }
                Ok(())
            })?;
        }
        Ok(form.is_done())
    };
    let ended = read();
    (found, ended)
}
