//! Commands: looked up before anything is opened, started with nothing open but their streams, fed, and ended by group.

mod child;
mod input;
mod process;
mod program;

pub use child::{Child, ChildStreams};
pub use input::{Fed, Input};
pub(super) use process::wait_for_any;
pub use process::{GRACE, Process, signal_group};
pub use program::{CannotRun, Program};
