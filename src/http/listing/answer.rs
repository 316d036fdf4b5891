//! Answers that are about a folder itself: what it holds, and all of it as one file.

use super::super::accept::prefers_json;
use super::super::attachment::Attachment;
use super::super::media_type::MediaType;
use super::super::plan::{Content, Plan, Vary, unversioned};
use super::super::request::Request;
use super::super::status::Status;
use super::super::target::Target;
use super::{Format, Listing, SECURITY_POLICY, View, json, page};

/// What the archive of the root is called: a root has no name that anyone has to know.
const ROOT: &[u8] = b"files";

/// How a request looks at a folder.
pub fn view(request: &Request<'_>) -> View {
    match request.target {
        Target::Path { query, .. } => View::parse(query),
        _ => View::default(),
    }
}

/// What a folder holds, as a page or as JSON, whichever is preferred.
pub fn show(request: &Request<'_>, listing: &Listing) -> Plan<'static> {
    let view = view(request);
    let vary = Vary {
        accept: true,
        ..Vary::default()
    };
    if let Some(settled) = unversioned(request) {
        return Plan { vary, ..settled };
    }
    let plan = Plan {
        vary,
        ..Plan::status(Status::OK)
    };
    if prefers_json(request) {
        return Plan {
            content: Content::Bytes(json(listing, &view)),
            media_type: MediaType::JSON,
            ..plan
        };
    }
    Plan {
        content: Content::Bytes(page(listing, &view)),
        media_type: MediaType::HTML,
        extra: vec![("Content-Security-Policy", SECURITY_POLICY.to_owned())],
        ..plan
    }
}

/// All of a folder at a path (`a/b/`), to be made while it is sent.
pub fn pack(path: &[u8], format: Format) -> Plan<'static> {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let name = path.rsplit(|byte| *byte == b'/').next();
    let attachment = Attachment {
        name: name.filter(|name| !name.is_empty()).unwrap_or(ROOT),
        extension: format.extension(),
    };
    Plan {
        content: Content::Stream,
        media_type: format.media_type(),
        extra: vec![("Content-Disposition", attachment.to_string())],
        ..Plan::status(Status::OK)
    }
}

/// Too much is being packed already.
pub fn pack_later() -> Plan<'static> {
    Plan {
        extra: vec![("Retry-After", "10".to_owned())],
        ..Plan::status(Status::UNAVAILABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::request::{Parsed, parse};
    use super::*;

    fn planned(fields: &str) -> Plan<'static> {
        let head = format!("GET /?q=b HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        let Parsed::Complete { request, .. } = parse(head.as_bytes()) else {
            panic!("{head}");
        };
        show(&request, &Listing::default())
    }

    fn shown(fields: &str) -> (String, Vec<&'static str>) {
        let plan = planned(fields);
        assert!(plan.vary.accept);
        assert!(matches!(plan.content, Content::Bytes(_)));
        let extra = plan.extra.iter().map(|(name, _)| *name).collect();
        (plan.media_type.to_string(), extra)
    }

    #[test]
    fn json_for_programs_and_a_page_for_people() {
        let html = (
            "text/html; charset=utf-8".to_owned(),
            vec!["Content-Security-Policy"],
        );
        for fields in [
            "",
            "Accept: */*\r\n",
            "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n",
            "Accept: application/json;q=0\r\n",
        ] {
            assert_eq!(shown(fields), html, "{fields}");
        }
        let json = ("application/json".to_owned(), Vec::new());
        assert_eq!(shown("Accept: application/json\r\n"), json);
    }

    #[test]
    fn a_listing_exists_and_has_no_version() {
        for (fields, status) in [
            ("If-Match: *\r\n", 200),
            ("If-Match: \"x\"\r\n", 412),
            ("If-None-Match: *\r\n", 304),
            ("If-None-Match: \"x\"\r\n", 200),
        ] {
            let plan = planned(fields);
            assert_eq!(
                (plan.status.0, plan.vary.accept),
                (status, true),
                "{fields}"
            );
        }
    }

    #[test]
    fn an_archive_has_the_name_of_its_folder() {
        for (path, name) in [("", "files.zip"), ("a/", "a.zip"), ("a/b c/", "b c.zip")] {
            let plan = pack(path.as_bytes(), Format::Zip);
            let said = format!("attachment; filename=\"{name}\"");
            assert_eq!(plan.extra, [("Content-Disposition", said)]);
            assert_eq!(plan.content, Content::Stream);
        }
    }
}
