//! What a server offers, and how.

use std::time::Duration;

use super::cors::Cors;
use super::layout::Layout;
use super::method::Method;
use super::name::Name;
use super::plan::{Content, Plan, Vary};
use super::request::Request;
use super::status::Status;
use super::upload::Uploads;

/// What is offered. The command fills it in, [`super::ask`] and [`super::plan()`] read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The same text for every path, as the tutorial's server; `None` for the files beneath a directory.
    pub text: Option<String>,
    /// Which file a path stands for.
    pub layout: Layout,
    /// What files may be put into the directory; `None` for none.
    pub uploads: Option<Uploads>,
    /// Whether a folder without an index is answered with what it holds.
    pub listing: bool,
    /// Whether files are sent as they are, in no other coding.
    pub is_plain: bool,
    /// Whether a folder can be had as an archive.
    pub archives: bool,
    /// Field lines for every answer, each with its CRLF.
    pub fields: String,
    /// How long answers may be kept without asking; `None` has files asked for each time.
    pub cache: Option<Duration>,
    /// Which pages of other origins may read answers; `None` for none.
    pub cors: Option<Cors>,
    /// Whether only those who have a password are let in.
    pub is_guarded: bool,
}

impl Site {
    /// The value of Allow: what can be done here (RFC 9110, section 10.2.1).
    pub fn allow(&self) -> &'static str {
        match self.uploads {
            Some(_) => "GET, HEAD, OPTIONS, POST, PUT",
            None => "GET, HEAD, OPTIONS",
        }
    }

    /// Whether a request asks what a page of another origin may do here (Fetch Standard, section 3.3.2). That is told to
    /// everybody: browsers ask without a password.
    pub fn is_preflight(&self, request: &Request<'_>) -> bool {
        self.cors.is_some()
            && request.method == Method::Options
            && request.values(Name::Origin).next().is_some()
            && field(request, "access-control-request-method").is_some()
    }

    /// Whether an answer depends on more than the path: on who asks.
    pub fn varies(&self) -> bool {
        self.layout.vhosts || self.cors.as_ref().is_some_and(Cors::varies)
    }

    /// What a preflight is answered with.
    pub(super) fn preflight(&self, request: &Request<'_>) -> Plan<'_> {
        let requested = field(request, "access-control-request-headers");
        let origin = request.value(Name::Origin);
        let cors = self.cors.as_ref();
        Plan {
            vary: Vary {
                origin: true,
                ..Vary::default()
            },
            extra: cors.map_or_else(Vec::new, |cors| {
                cors.preflight(origin, requested, self.allow())
            }),
            ..Plan::status(Status::NO_CONTENT)
        }
    }

    /// Add what every answer has.
    pub fn dress<'a>(&'a self, request: &Request<'_>, plan: &mut Plan<'a>) {
        if plan.fields.is_empty() {
            plan.fields = &self.fields;
        }
        if let Some(cors) = &self.cors {
            let origin = request.value(Name::Origin);
            plan.extra.extend(cors.fields(origin, self.is_guarded));
            plan.vary.origin |= cors.varies();
        }
        if let Some(control) = self.cache_control(plan) {
            plan.extra.push(("Cache-Control", control));
        }
    }

    /// Cache-Control, RFC 9111, section 5.2.2, unless that was said by whoever serves, or by a command. What is not to be
    /// kept at all may be no redirect and no refusal either.
    fn cache_control(&self, plan: &Plan<'_>) -> Option<String> {
        if has_lifetime(plan.fields) {
            return None;
        }
        let is_file = matches!(plan.status.0, 200 | 206 | 304) && plan.content != Content::Empty;
        // What else caches guess a time for, RFC 9110, section 15.1.
        let is_kept =
            plan.location.is_some() || matches!(plan.status.0, 203 | 300 | 301 | 308 | 410);
        match self.cache.map(|time| time.as_secs()) {
            Some(0) => Some("no-store".to_owned()),
            Some(seconds) if is_file => Some(format!("max-age={seconds}")),
            // Whoever guesses a time instead shows what has changed meanwhile; asking costs a 304.
            None if is_file && plan.etag.is_some() => Some("no-cache".to_owned()),
            // A text and a folder's page have no version that could be asked for, and browsers keep a 301 for ever.
            _ => (is_file || is_kept).then(|| "no-store".to_owned()),
        }
    }
}

/// Whether these field lines say how long an answer may be kept.
fn has_lifetime(fields: &str) -> bool {
    let mut names = fields.lines().filter_map(|line| line.split_once(':'));
    names.any(|(name, _)| {
        name.eq_ignore_ascii_case("cache-control") || name.eq_ignore_ascii_case("expires")
    })
}

fn field<'a>(request: &Request<'a>, name: &str) -> Option<&'a [u8]> {
    let mut fields = request.fields();
    let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}
