//! `--inspect`: what is kept of each request, how it is shown on the page and told as an event stream, and the same
//! request as a command. Pure: what was heard and when comes in, bytes go out.

mod curl;
mod kept;
mod page;
mod record;
mod ring;
mod visitor;

pub use curl::curl;
pub use kept::Kept;
pub use page::{POLICY, PREFIX, Shown, shown};
pub use record::{Bytes, Record, millis};
pub use ring::{Cursor, Ring};
pub use visitor::may_look;
