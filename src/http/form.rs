//! multipart/form-data, RFC 7578 and RFC 2046, section 5.1: taken apart as it comes, wherever it was cut.
//!
//! Content is handed on and never kept; what is kept is the head of one part, within a limit.

use super::disposition::{Part, part};
use super::parameter::Parameters;
use super::refusal::Refusal;
use super::status::Status;

/// How many bytes the head of a part may have.
const HEAD_LIMIT: usize = 8 * 1024;
/// How many parts a form may have.
const PARTS: usize = 1000;
/// RFC 2046, section 5.1.1: at most 70 characters.
const BOUNDARY: usize = 70;

/// A piece of a form, in its order.
#[derive(Debug, PartialEq, Eq)]
pub enum FormPiece<'a> {
    /// A part begins.
    Begin(Part),
    /// So much of its content.
    Content(&'a [u8]),
    /// It ends.
    End,
}

/// Who takes the pieces; a refusal ends the form.
/// Why what comes is no form.
const DAMAGED: &str = "this is no form of multipart/form-data";

type Taker<'a> = dyn FnMut(FormPiece<'_>) -> Result<(), Refusal> + 'a;

/// A form on its way.
#[derive(Clone, Debug)]
pub struct Form {
    /// CR LF, two dashes and the boundary.
    delimiter: Vec<u8>,
    /// How much of the delimiter is there already.
    matched: usize,
    /// How much of that was taken for granted: the line end in front of what begins a line anyway.
    granted: usize,
    at: At,
    head: Vec<u8>,
    parts: usize,
}

/// Which byte comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// One in front of the first delimiter, which means nothing.
    Preamble,
    /// One of a part's content.
    Content,
    /// The first one behind a delimiter.
    Delimited,
    /// The second dash of the last delimiter.
    Dash,
    /// White space behind a delimiter, or the CR.
    Padding,
    /// The LF behind a delimiter.
    LineEnd,
    /// One of a part's head.
    Head,
    /// One behind the last delimiter, which means nothing.
    Epilogue,
}

impl Form {
    /// A form that this Content-Type announces: 415 for another type, 400 for a boundary that is none.
    pub fn new(content_type: &[u8]) -> Result<Self, Status> {
        let mut form = Self {
            delimiter: [b"\r\n--", boundary(content_type)?.as_slice()].concat(),
            matched: 0,
            granted: 0,
            at: At::Preamble,
            head: Vec::new(),
            parts: 0,
        };
        form.begin_line();
        Ok(form)
    }

    /// Take in bytes and hand on the pieces that they make up, until one is refused.
    pub fn take(&mut self, bytes: &[u8], taker: &mut Taker<'_>) -> Result<(), Refusal> {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match self.at {
                At::Preamble | At::Content => self.seek(rest, taker)?,
                At::Head => self.gather(rest, taker)?,
                At::Epilogue => return Ok(()),
                _ => self.step(rest)?,
            };
        }
        Ok(())
    }

    /// Whether the last delimiter is there: a form without it was cut off.
    pub fn is_done(&self) -> bool {
        self.at == At::Epilogue
    }

    /// Content up to the next delimiter, or to the end; what is left behind it.
    fn seek<'a>(&mut self, bytes: &'a [u8], taker: &mut Taker<'_>) -> Result<&'a [u8], Refusal> {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            if self.matched == 0 {
                // No boundary holds a CR: a delimiter begins at one, and nowhere else.
                let content = rest.iter().position(|byte| *byte == b'\r');
                let (content, ahead) = rest.split_at(content.unwrap_or(rest.len()));
                self.hand_on(content, taker)?;
                rest = ahead;
                self.matched = usize::from(!ahead.is_empty());
                rest = rest.get(self.matched..).unwrap_or_default();
            } else if self.delimiter.get(self.matched) == Some(byte) {
                self.matched += 1;
                rest = behind;
                if self.matched == self.delimiter.len() {
                    return self.delimit(rest, taker);
                }
            } else {
                // It looked like a delimiter, and was content: here, or at the end of what came before.
                let looked = self.granted..self.matched;
                self.hand_on(self.delimiter.get(looked).unwrap_or_default(), taker)?;
                (self.matched, self.granted) = (0, 0);
            }
        }
        Ok(rest)
    }

    fn hand_on(&self, content: &[u8], taker: &mut Taker<'_>) -> Result<(), Refusal> {
        match self.at == At::Content && !content.is_empty() {
            true => taker(FormPiece::Content(content)),
            false => Ok(()),
        }
    }

    fn delimit<'a>(&mut self, rest: &'a [u8], taker: &mut Taker<'_>) -> Result<&'a [u8], Refusal> {
        if self.at == At::Content {
            taker(FormPiece::End)?;
        }
        (self.matched, self.granted) = (0, 0);
        self.at = At::Delimited;
        Ok(rest)
    }

    /// One byte behind a delimiter: two dashes end the form, a line end begins a part.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Refusal> {
        let (byte, rest) = bytes
            .split_first()
            .ok_or(Status::BAD_REQUEST.because(DAMAGED))?;
        self.at = match (self.at, byte) {
            (At::Delimited, b'-') => At::Dash,
            (At::Dash, b'-') => At::Epilogue,
            (At::Delimited | At::Padding, b' ' | b'\t') => At::Padding,
            (At::Delimited | At::Padding, b'\r') => At::LineEnd,
            (At::LineEnd, b'\n') if self.parts == PARTS => {
                return Err(Status::CONTENT_TOO_LARGE.because("a form of too many parts"));
            }
            (At::LineEnd, b'\n') => At::Head,
            _ => return Err(Status::BAD_REQUEST.because(DAMAGED)),
        };
        Ok(rest)
    }

    /// The head of a part up to its empty line; what is left behind it.
    fn gather<'a>(&mut self, bytes: &'a [u8], taker: &mut Taker<'_>) -> Result<&'a [u8], Refusal> {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            rest = behind;
            self.head.push(*byte);
            if self.head.ends_with(b"\r\n\r\n") || self.head == b"\r\n" {
                self.parts += 1;
                taker(FormPiece::Begin(part(&self.head)?))?;
                self.head.clear();
                self.at = At::Content;
                self.begin_line();
                return Ok(rest);
            } else if self.head.len() == HEAD_LIMIT {
                return Err(Status::FIELDS_TOO_LARGE.into());
            }
        }
        Ok(rest)
    }

    /// A delimiter may follow at once: the first one, and the one behind a part without content.
    fn begin_line(&mut self) {
        (self.matched, self.granted) = (2, 2);
    }
}

/// The boundary parameter of a Content-Type.
fn boundary(content_type: &[u8]) -> Result<Vec<u8>, Status> {
    let words = Parameters::parse(content_type)?;
    if !words.first().eq_ignore_ascii_case(b"multipart/form-data") {
        return Err(Status::UNSUPPORTED_MEDIA_TYPE);
    }
    let boundary = words.value("boundary").ok_or(Status::BAD_REQUEST)?;
    let fits = (1..=BOUNDARY).contains(&boundary.len())
        && !boundary.ends_with(b" ")
        && boundary.iter().all(|byte| is_boundary(*byte));
    match fits {
        true => Ok(boundary.to_vec()),
        false => Err(Status::BAD_REQUEST),
    }
}

/// bchars of RFC 2046, section 5.1.1.
fn is_boundary(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the form is found to be: `(name)content.` for each part, and whether it ends.
    fn read(content_type: &str, pieces: &[&[u8]]) -> Result<(String, bool), u16> {
        let mut form = Form::new(content_type.as_bytes()).map_err(|status| status.0)?;
        let mut found = String::new();
        for piece in pieces {
            let taken = form.take(piece, &mut |piece| {
                match piece {
                    FormPiece::Begin(part) => {
                        let name = part.file_name.unwrap_or_default();
                        found += &format!("({})", name.escape_ascii());
                    }
                    FormPiece::Content(content) => found += &content.escape_ascii().to_string(),
                    FormPiece::End => found.push('.'),
                }
                Ok(())
            });
            taken.map_err(|refused| refused.status.0)?;
        }
        Ok((found, form.is_done()))
    }

    const TYPE: &str = "multipart/form-data; boundary=xyz";

    fn form(text: &str) -> Result<(String, bool), u16> {
        let text = text.replace("@", "Content-Disposition: form-data; filename=");
        let text = text.replace('\n', "\r\n");
        let whole = read(TYPE, &[text.as_bytes()]);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(read(TYPE, &bytes), whole, "byte by byte: {text}");
        whole
    }

    #[test]
    fn hostile_types_are_refused() {
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        for (content_type, status) in [
            ("", 415),
            ("text/plain", 415),
            ("application/x-www-form-urlencoded", 415),
            ("multipart/mixed; boundary=x", 415),
            ("multipart/form-data", 400),
            ("multipart/form-data; boundary=", 400),
            ("multipart/form-data; boundary=\"\"", 400),
            ("multipart/form-data; boundary=\"x \"", 400),
            ("multipart/form-data; boundary=\"x\ty\"", 400),
            ("multipart/form-data; boundary=x; boundary=y", 400),
            ("multipart/form-data; boundary=\"x", 400),
            ("multipart/form-data; boundary=x\u{e4}", 400),
            (&long, 400),
        ] {
            assert_eq!(read(content_type, &[]), Err(status), "{content_type}");
        }
        let quoted = "Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\"";
        assert_eq!(read(quoted, &[b"--a b:c--"]), Ok((String::new(), true)));
    }

    #[test]
    fn hostile_forms_are_refused() {
        for (text, status) in [
            ("--xyzz\n", 400),
            ("--xyz-\n", 400),
            ("--xyz -- \n", 400),
            ("--xyz\r\r", 400),
            ("--xyz\n\n", 400),
            ("--xyz\nno field\n\n", 400),
            ("--xyz\n@a\n\nb\n--xyzw\n", 400),
        ] {
            assert_eq!(form(text), Err(status), "{text:?}");
        }
        let long = format!("--xyz\nA: {}", "b".repeat(HEAD_LIMIT));
        assert_eq!(form(&long), Err(431));
        let many = format!("{}--xyz--", "--xyz\n@a\n\n\n".repeat(PARTS));
        assert!(form(&many).is_ok_and(|(_, is_done)| is_done));
        let many = "--xyz\n@a\n\n\n".repeat(PARTS + 1);
        assert_eq!(form(&many), Err(413));
    }

    #[test]
    fn a_form_that_was_cut_off_is_not_done() {
        let whole =
            "before\r\n--xyz\r\nContent-Disposition: form-data; filename=a\r\n\r\nb\r\n--xyz--";
        for end in 0..whole.len() {
            let (_, is_done) = read(TYPE, &[&whole.as_bytes()[..end]]).unwrap();
            assert!(!is_done, "{end}");
        }
        assert_eq!(
            read(TYPE, &[whole.as_bytes()]),
            Ok(("(a)b.".to_owned(), true))
        );
    }

    #[test]
    fn forms() {
        for (text, found) in [
            ("--xyz--", ""),
            ("--xyz--\nafter --xyz\n--xyz\n", ""),
            ("before\n--xy\n--xyz \t\n@a\n\nb\n--xyz--\n", "(a)b."),
            ("--xyz\n@a\n\n\n--xyz--\n", "(a)."),
            ("--xyz\n@a\n\n--xyz--\n", "(a)."),
            ("--xyz\n@a\n\n\n\n\n--xyz--\n", "(a)\\r\\n\\r\\n."),
            ("--xyz\n@a\n\n--xy\n--xyz--", "(a)--xy."),
            ("--xyz\n@a\n\nb\n--xy\n--xyz--", "(a)b\\r\\n--xy."),
            ("--xyz\n@a\n\nb\r\n--xyz--", "(a)b\\r."),
            ("--xyz\n@a\n\nb\n-\n--xyz--", "(a)b\\r\\n-."),
            ("--xyz\n@a\n\n--xyz\n@b\n\nc\n--xyz--", "(a).(b)c."),
            ("--xyz\n@a\n\nb --xyz-- c\n--xyz--", "(a)b --xyz-- c."),
        ] {
            assert_eq!(form(text), Ok((found.to_owned(), true)), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_cut_does_not_matter(text in "(\r\n|--|xyz|\r|[ab]|@a\r\n\r\n){0,20}", cut in 0_usize..60) {
            let text = format!("--xyz\r\n@a\r\n\r\n{text}");
            let text = text.replace("@", "Content-Disposition: form-data; filename=");
            let cut = cut.min(text.len());
            let (first, second) = text.as_bytes().split_at(cut);
            prop_assert_eq!(read(TYPE, &[first, second]), read(TYPE, &[text.as_bytes()]));
        }

        #[test]
        fn any_content_comes_through(content in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'x'), any::<u8>()], 0..60)) {
            let content = [content.as_slice(), b"|"].concat();
            prop_assume!(!content.windows(7).any(|seven| seven == b"\r\n--xyz"));
            prop_assume!(!content.starts_with(b"--xyz"));
            let head = b"--xyz\r\nContent-Disposition: form-data; filename=a\r\n\r\n".as_slice();
            let whole = [head, &content, b"\r\n--xyz--"].concat();
            let found = format!("(a){}.", content.escape_ascii());
            prop_assert_eq!(read(TYPE, &[&whole]), Ok((found, true)));
        }
    }
}
