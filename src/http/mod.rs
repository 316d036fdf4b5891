//! HTTP/1.1 as pure functions: bytes and facts in, plans and bytes out.
//!
//! No socket, no file and no clock here: what is on the disk and what time it is are arguments, and so every decision
//! of the server can be tested on a table.

mod accept;
mod attachment;
mod auth;
mod body;
mod chunked;
mod coding;
mod compressed;
mod conditions;
mod cors;
mod date;
mod disposition;
mod etag;
mod field;
mod form;
mod layout;
mod listing;
mod media_type;
mod method;
mod multipart;
mod name;
mod octet;
mod own_field;
mod parameter;
mod plan;
mod range;
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
pub use compressed::is_compressed;
pub use conditions::{Validators, Verdict, weigh};
pub use cors::Cors;
pub use date::DateLine;
pub use disposition::Part;
pub use etag::ETag;
pub use field::FieldLines;
pub use form::{Form, FormPiece};
pub use layout::{Layout, Role, Single};
pub use listing::{Entry, Format, Kind, Listing, SECURITY_POLICY, Sort, View, json, page};
pub use listing::{pack, pack_later, show, view};
pub use media_type::{MediaType, media_type};
pub use method::{Method, asks_head};
pub use multipart::{Boundary, Parts, Piece};
pub use name::Name;
pub use own_field::{NoField, field_line};
pub use plan::{Asked, Content, Facts, Found, Plan, Vary, ask, plan, plan_missing, plan_move};
pub use range::{Ranges, Span};
pub use request::{HEAD_LIMIT, LINE_LIMIT, Parsed, Request, Version, parse};
pub use response::{Answer, follow, render};
pub use site::Site;
pub use status::Status;
pub use target::{Target, encode};
pub use upload::{Delivery, Parcel, Uploads, delivery, is_view};
pub use vhost::folder_of_host;
