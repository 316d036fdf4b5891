//! What a request leaves here: a file under its name (PUT), or the files of a form (POST).

use super::body::Framing;
use super::field::list;
use super::form::Form;
use super::method::Method;
use super::name::Name;
use super::refusal::Refusal;
use super::request::Request;
use super::site::Site;
use super::status::Status;
use super::target::{Target, locate};

/// What may be left here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploads {
    /// The folder beneath the root below which files may be put, without a slash at its end; empty for the root.
    pub folder: String,
    /// How many bytes a request may have.
    pub limit: u64,
    /// Whether a file may be replaced.
    pub overwrite: bool,
}

/// A request with files.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The folder that they go to, relative to the root; empty for the root, with a slash at its end otherwise.
    pub folder: Vec<u8>,
    /// What comes.
    pub parcel: Parcel,
}

/// How files come.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// One, to be put under this name.
    File(Vec<u8>),
    /// Those of a form, which name themselves.
    Form(Form),
}

/// Why a hidden name is not taken.
pub const DOT: &str = "names that begin with a dot are not taken";

/// What a request wants to leave here: `None` where that is not what it wants, or nothing may be left.
pub fn delivery(request: &Request<'_>, site: &Site) -> Result<Option<Delivery>, Refusal> {
    let is_upload = matches!(request.method, Method::Put | Method::Post);
    let (Some(uploads), true, false) = (&site.uploads, is_upload, request.expects_more) else {
        return Ok(None);
    };
    let Target::Path { path: target, .. } = request.target else {
        return Err(Status::BAD_REQUEST.into());
    };
    let mut path = Vec::new();
    locate(target, &mut path)?;
    if is_foreign(request, site) {
        let why = "a page of another site may not leave files here";
        return Err(Status::FORBIDDEN.because(why));
    } else if !site.layout.takes(&path) {
        return Err(Status::FORBIDDEN.because(DOT));
    }
    // Whoever forgot to say how long a file is did not mean an empty one.
    if request.framing == Framing::None && request.value(Name::ContentLength).is_none() {
        let why = "how long it is has to be said: by Content-Length, or in chunks";
        return Err(Status::LENGTH_REQUIRED.because(why));
    }
    let delivery = match request.method {
        Method::Put => put(request, path)?,
        _ => post(request, path)?,
    };
    match is_beneath(&delivery.folder, uploads.folder.as_bytes()) {
        true => Ok(Some(delivery)),
        false => Err(Status::FORBIDDEN.because("nothing may be left in this folder")),
    }
}

/// Whether a client is a page: it is shown the folder again, and not told what came of it.
pub fn is_view(request: &Request<'_>) -> bool {
    let html = b"text/html";
    request.values(Name::Accept).flat_map(list).any(|member| {
        member
            .get(..html.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(html))
    })
}

impl Site {
    /// Whether files may be put into a folder, at a path as [`super::ask`] writes it.
    pub fn takes_uploads_into(&self, folder: &[u8]) -> bool {
        let uploads = self.uploads.as_ref();
        uploads.is_some_and(|uploads| is_beneath(folder, uploads.folder.as_bytes()))
    }
}

fn put(request: &Request<'_>, mut path: Vec<u8>) -> Result<Delivery, Refusal> {
    // RFC 9110, section 14.5: what would be a part is not to be taken for the whole.
    if request.values(Name::ContentRange).next().is_some() {
        return Err(Status::BAD_REQUEST.because("a part of a file is not taken: all of it"));
    }
    // Section 8.4: it would be stored in a coding that nobody is told of.
    let mut codings = request
        .fields()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
    if codings.any(|(_, value)| !value.eq_ignore_ascii_case(b"identity")) {
        let why = "files are taken as they are, without Content-Encoding";
        return Err(Status::UNSUPPORTED_MEDIA_TYPE.because(why));
    }
    let start = path.iter().rposition(|byte| *byte == b'/');
    let name = path.split_off(start.map_or(0, |slash| slash + 1));
    if name.is_empty() {
        return Err(Status::CONFLICT.because("the address has to end with the name of the file"));
    } else if name.iter().any(u8::is_ascii_control) {
        return Err(Status::BAD_REQUEST.because("a name has no control characters"));
    }
    Ok(Delivery {
        folder: path,
        parcel: Parcel::File(name),
    })
}

fn post(request: &Request<'_>, mut path: Vec<u8>) -> Result<Delivery, Refusal> {
    let content_type = request.value(Name::ContentType);
    let form = Form::new(content_type.unwrap_or_default())
        .map_err(|status| status.because("files come as multipart/form-data, or one by PUT"))?;
    if !path.is_empty() && !path.ends_with(b"/") {
        path.push(b'/');
    }
    Ok(Delivery {
        folder: path,
        parcel: Parcel::Form(form),
    })
}

fn is_beneath(folder: &[u8], above: &[u8]) -> bool {
    match folder.strip_prefix(above) {
        Some(rest) => above.is_empty() || rest.starts_with(b"/"),
        None => false,
    }
}

/// Whether a page of another origin sends it: any page can have a browser send a form here, without being let in.
fn is_foreign(request: &Request<'_>, site: &Site) -> bool {
    let mut origins = request.values(Name::Origin);
    if let Some(cors) = &site.cors
        && cors.allows(request.value(Name::Origin))
    {
        return false;
    }
    let mut fields = request.fields();
    match fields.find(|(name, _)| name.eq_ignore_ascii_case("sec-fetch-site")) {
        // The browser's word for it, Fetch Metadata, section 2.3.
        Some((_, value)) => !matches!(value, b"same-origin" | b"none"),
        None => origins.any(|origin| !is_own(origin, request.host())),
    }
}

/// Whether an origin is the very host that is asked.
fn is_own(origin: &[u8], host: Option<&str>) -> bool {
    let origin = std::str::from_utf8(origin).ok();
    let authority = origin.and_then(|origin| origin.split_once("://"));
    authority
        .is_some_and(|(_, authority)| host.is_some_and(|host| host.eq_ignore_ascii_case(authority)))
}

#[cfg(test)]
mod tests {
    use super::super::cors::Cors;
    use super::super::request::{Parsed, parse};
    use super::*;

    fn site(folder: &str) -> Site {
        Site {
            uploads: Some(Uploads {
                folder: folder.to_owned(),
                limit: 10,
                overwrite: false,
            }),
            ..Site::default()
        }
    }

    fn asked(site: &Site, line: &str, fields: &str) -> Result<Option<String>, u16> {
        let head = format!("{line} HTTP/1.1\r\nHost: h:80\r\nContent-Length: 0\r\n{fields}\r\n");
        let Parsed::Complete { request, .. } = parse(head.as_bytes()) else {
            panic!("{line}")
        };
        let found = delivery(&request, site).map_err(|refused| refused.status.0)?;
        Ok(found.map(|delivery| {
            let what = match delivery.parcel {
                Parcel::File(name) => name.escape_ascii().to_string(),
                Parcel::Form(_) => "form".to_owned(),
            };
            format!("{} {what}", delivery.folder.escape_ascii())
        }))
    }

    const FORM: &str = "Content-Type: multipart/form-data; boundary=x\r\n";

    #[test]
    fn hostile_deliveries_are_refused() {
        for (line, fields, status) in [
            ("PUT /../a", "", 400),
            ("PUT /a%00", "", 400),
            ("PUT /a%0ab", "", 400),
            ("PUT /a%2fb", "", 404),
            ("PUT /", "", 409),
            ("PUT /a/", "", 409),
            ("PUT /a/..", "", 409),
            ("PUT /.profile", "", 403),
            ("PUT /.git/config", "", 403),
            ("PUT /a", "Content-Range: bytes 0-1/5\r\n", 400),
            ("PUT /a", "Content-Encoding: gzip\r\n", 415),
            (
                "PUT /a",
                "Content-Encoding: identity\r\nContent-Encoding: br\r\n",
                415,
            ),
            ("POST /", "", 415),
            ("POST /", "Content-Type: text/plain\r\n", 415),
            ("POST /", "Content-Type: multipart/form-data\r\n", 400),
            ("POST /.git/", FORM, 403),
        ] {
            assert_eq!(
                asked(&site(""), line, fields),
                Err(status),
                "{line} {fields}"
            );
        }
        for (line, fields, status) in [
            ("PUT /a", "", 403),
            ("PUT /in", "", 403),
            ("PUT /inner/a", "", 403),
            ("PUT /in/../a", "", 403),
            ("POST /", FORM, 403),
        ] {
            assert_eq!(asked(&site("in"), line, fields), Err(status), "{line}");
        }
    }

    #[test]
    fn deliveries() {
        for (line, fields, meant) in [
            ("PUT /a", "", Some(" a")),
            (
                "PUT /a/b%20c",
                "Content-Encoding: identity\r\n",
                Some("a/ b c"),
            ),
            ("PUT /a?b=c", "", Some(" a")),
            ("POST /", FORM, Some(" form")),
            ("POST /a/b", FORM, Some("a/b/ form")),
            ("POST /a/b/", FORM, Some("a/b/ form")),
            ("GET /a", "", None),
            ("DELETE /a", "", None),
            ("PUT /a", "Expect: something\r\n", None),
        ] {
            let meant = meant.map(str::to_owned);
            assert_eq!(asked(&site(""), line, fields), Ok(meant), "{line}");
        }
        assert_eq!(asked(&Site::default(), "PUT /a", ""), Ok(None));
        let beneath = Ok(Some("in/x/ a".to_owned()));
        assert_eq!(asked(&site("in"), "PUT /in/x/a", ""), beneath);
        assert_eq!(
            asked(&site("in"), "POST /in", FORM),
            Ok(Some("in/ form".to_owned()))
        );
    }

    #[test]
    fn a_file_has_a_length() {
        let length = |head: &str| {
            let head = format!("PUT /a HTTP/1.1\r\nHost: h\r\n{head}\r\n");
            match parse(head.as_bytes()) {
                Parsed::Complete { request, .. } => {
                    let found = delivery(&request, &site(""));
                    found.map(drop).map_err(|refused| refused.status)
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(length(""), Err(Status::LENGTH_REQUIRED));
        assert_eq!(length("Content-Length: 0\r\n"), Ok(()));
        assert_eq!(length("Transfer-Encoding: chunked\r\n"), Ok(()));
    }

    #[test]
    fn pages_of_strangers_leave_nothing() {
        let open = Site {
            cors: Some(Cors::Any),
            ..site("")
        };
        for (fields, is_refused) in [
            ("", false),
            ("Origin: http://h:80\r\n", false),
            ("Origin: https://H:80\r\n", false),
            (
                "Origin: https://h\r\nSec-Fetch-Site: same-origin\r\n",
                false,
            ),
            ("Sec-Fetch-Site: none\r\n", false),
            ("Origin: http://evil\r\n", true),
            ("Origin: http://h:8080\r\n", true),
            ("Origin: http://h:80.evil\r\n", true),
            ("Origin: null\r\n", true),
            (
                "Origin: http://h:80\r\nSec-Fetch-Site: cross-site\r\n",
                true,
            ),
            ("Sec-Fetch-Site: same-site\r\n", true),
        ] {
            let fields = format!("{FORM}{fields}");
            let refused = asked(&site(""), "POST /", &fields) == Err(403);
            assert_eq!(refused, is_refused, "{fields}");
            assert!(asked(&open, "POST /", &fields).is_ok(), "{fields}");
        }
    }
}
