//! What a person is shown whose request is refused: the status and what it means, on a page that needs nothing else.

use super::html::Html;
use super::plan::{Content, Plan};
use super::status::Status;

/// Content-Security-Policy of the page (CSP 3): its own style and nothing else.
pub const ERROR_PAGE_POLICY: &str = concat!(
    "default-src 'none'; style-src 'sha256-",
    env!("ERROR_PAGE_STYLE_SHA256"),
    "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
);

const STYLE: &str = include_str!("error_page.css");

/// Whether a plan is a refusal that says no more than its status, and why.
pub fn is_bare_refusal(plan: &Plan<'_>) -> bool {
    plan.status.0 >= 400
        && match plan.content {
            Content::Text(text) => text == plan.status.line(),
            _ => !plan.why.is_empty(),
        }
}

/// The page of a status, as HTML in UTF-8; `why` is empty where the status speaks for itself.
pub fn error_page(status: Status, why: &str) -> String {
    let number = status.0.to_string();
    let line = status.line().trim_end();
    let phrase = line.strip_prefix(&number).unwrap_or(line).trim_start();
    let mut html = Html::default();
    html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n");
    html.raw("<title>")
        .text(line)
        .raw("</title>\n<style>")
        .raw(STYLE);
    html.raw("</style>\n</head>\n<body>\n<main>\n<h1><span>")
        .text(&number);
    html.raw("</span>").text(phrase).raw("</h1>\n");
    let meaning = if why.is_empty() { meaning(status) } else { why };
    if !meaning.is_empty() {
        html.raw("<p>").text(meaning).raw("</p>\n");
    }
    if status == Status::NOT_FOUND {
        html.raw("<p><a href=\"/\">Home</a></p>\n");
    }
    html.raw("</main>\n</body>\n</html>\n");
    String::from_utf8(html.into_bytes()).unwrap_or_default()
}

/// What it comes to for a person; empty where its phrase says as much.
fn meaning(status: Status) -> &'static str {
    match status {
        Status::UNAUTHORIZED => "Only with a password.",
        Status::FORBIDDEN => "This is not for everyone to see.",
        Status::NOT_FOUND => "There is nothing at this address.",
        Status::METHOD_NOT_ALLOWED => "That cannot be done here.",
        Status::UNAVAILABLE => "Too much is going on here just now. Try again in a moment.",
        Status::INTERNAL_ERROR => "It is there, but could not be read.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_it_is() {
        for (status, why, said) in [
            (Status::NOT_FOUND, "", "There is nothing at this address."),
            (
                Status::CONFLICT,
                "a <b> & \"c\"",
                "a &lt;b&gt; &amp; &quot;c&quot;",
            ),
            (
                Status::BAD_REQUEST,
                "",
                "<h1><span>400</span>Bad Request</h1>\n</main>",
            ),
        ] {
            let page = error_page(status, why);
            assert!(page.contains(said), "{page}");
            assert!(page.contains(&format!("<title>{status}</title>")), "{page}");
        }
    }

    #[test]
    fn only_what_says_nothing_of_its_own_is_a_page() {
        let refusal = Status::CONFLICT.because("that name is taken").plan();
        let own = Plan {
            content: Content::Text("busy, sorry"),
            ..Plan::status(Status::UNAVAILABLE)
        };
        for (plan, expected) in [
            (Plan::status(Status::NOT_FOUND), true),
            (refusal, true),
            (own, false),
            (Plan::status(Status::OK), false),
            (Plan::status(Status::NOT_MODIFIED), false),
        ] {
            assert_eq!(is_bare_refusal(&plan), expected, "{plan:?}");
        }
    }
}
