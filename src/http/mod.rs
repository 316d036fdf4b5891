//! HTTP/1.1 as pure functions: bytes and facts in, plans and bytes out.
//!
//! No socket, no file and no clock here: what is on the disk and what time it is are arguments, and so every decision
//! of the server can be tested on a table.

mod body;
mod chunked;
mod date;
mod field;
mod log;
mod log_escape;
mod media_type;
mod method;
mod plan;
mod request;
mod response;
mod status;
mod target;

pub use body::{Body, Framing};
pub use chunked::LIMIT as BODY_LIMIT;
pub use date::DateLine;
pub use log::{Log, LogEntry, LogFormat, LogLine};
pub use media_type::{MediaType, media_type};
pub use method::Method;
pub use plan::{Answer, Asked, Content, Found, Plan, Site, ask, plan};
pub use request::{HEAD_LIMIT, LINE_LIMIT, Parsed, Request, Version, parse};
pub use response::render;
pub use status::Status;
pub use target::Target;
