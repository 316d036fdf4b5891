//! HTTP/1.1 as pure functions: bytes and facts in, plans and bytes out.
//!
//! No socket, no file and no clock here: what is on the disk and what time it is are arguments, and so every decision
//! of the server can be tested on a table.

mod accept;
mod attachment;
mod auth;
mod body;
pub mod cgi;
mod chunked;
mod coding;
mod conditions;
mod cors;
mod date;
mod density;
mod disposition;
mod error_page;
mod etag;
mod field;
mod form;
mod html;
pub mod inspect;
mod layout;
mod listing;
mod log;
mod log_escape;
mod media_type;
mod method;
mod multipart;
mod name;
mod octet;
mod own_field;
mod parameter;
mod plan;
mod range;
mod refusal;
mod request;
mod response;
mod site;
mod status;
mod target;
mod upload;
mod vhost;

pub use accept::{coding, prefers_json};
pub use attachment::Attachment;
pub use auth::{CHALLENGE, Credentials, NoUser, Users};
pub use body::{BODY_LIMIT, Body, Decoded, Framing};
pub use coding::{Coding, Codings};
pub use conditions::{Validators, Verdict, weigh};
pub use cors::Cors;
pub use date::DateLine;
pub use density::Density;
pub use disposition::Part;
pub use error_page::{ERROR_PAGE_POLICY, error_page, is_bare_refusal};
pub use etag::ETag;
pub use field::FieldLines;
pub use form::{Form, FormPiece};
pub use layout::{Layout, Role, Single};
pub use listing::{Entry, Format, Kind, Listing, SECURITY_POLICY, Size, Sort, View, json, page};
pub use listing::{pack, pack_later, show, view};
pub use log::{Log, LogEntry, LogFormat, LogLine};
pub use media_type::{MediaType, media_type};
pub use method::{Method, asks_head};
pub use multipart::{Boundary, Parts, Piece};
pub use name::Name;
pub use own_field::{NoField, field_line};
pub use plan::{
    Asked, Content, Facts, Found, Plan, Vary, ask, plan, plan_missing, plan_move, unversioned,
};
pub use range::{Ranges, Span};
pub use refusal::Refusal;
pub use request::{HEAD_LIMIT, LINE_LIMIT, Parsed, Request, Version, parse};
pub use response::{Answer, follow, literal, render};
pub use site::Site;
pub use status::Status;
pub use target::{Target, encode};
pub use upload::{DOT, Delivery, Parcel, Uploads, delivery, is_view};
pub use vhost::folder_of_host;
