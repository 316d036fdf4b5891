//! HTTP/1.1 as pure functions: bytes and facts in, plans and bytes out.
//!
//! No socket, no file and no clock here: what is on the disk and what time it is are arguments, and so every decision
//! of the server can be tested on a table.

mod auth;
mod body;
mod chunked;
mod cors;
mod date;
mod disposition;
mod field;
mod form;
mod layout;
mod media_type;
mod method;
mod own_field;
mod parameter;
mod plan;
mod request;
mod response;
mod status;
mod target;
mod vhost;

pub use auth::{CHALLENGE, Credentials, NoUser, Users};
pub use body::{Body, Framing};
pub use chunked::LIMIT as BODY_LIMIT;
pub use cors::{Cors, Preflight};
pub use date::DateLine;
pub use disposition::Part;
pub use form::{Form, FormPiece};
pub use layout::{Layout, Role, Single};
pub use media_type::{MediaType, media_type};
pub use method::Method;
pub use own_field::{NoField, field_line};
pub use plan::{Answer, Asked, Content, Found, Plan, Site, ask, plan};
pub use request::{HEAD_LIMIT, LINE_LIMIT, Parsed, Request, Version, parse};
pub use response::render;
pub use status::Status;
pub use target::Target;
pub use vhost::folder_of_host;
