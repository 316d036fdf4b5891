//! Socket options by name: one table gives `options`, `-o`, and the constants that `--explain` shows.
//!
//! This folder knows what an option is; the calls are the socket's.

mod advice;
#[cfg(test)]
mod check;
mod find;
mod form;
mod layout;
mod names;
mod option;
mod parse;
mod record;
mod setting;
mod sockets;
mod symbol;
mod table;
mod tcp_info;
mod value;

pub use advice::advice;
pub use find::{option, options};
pub use form::{Form, Name, Number, Unit, Width};
pub use option::{Access, Level, Moment, SocketOption};
pub use record::{Cell, Content, Field, Reading, Record};
pub use setting::{Setting, SettingError, Target};
pub use sockets::Sockets;
pub use symbol::{Constant, LevelName, OptionName, Shown};
pub use table::TABLE;
pub use value::Value;
