//! Commands: looked up before anything is opened, started with nothing open but their streams, and ended by group.

mod child;
mod process;
mod program;

pub use child::{Child, ChildStreams};
pub use process::Process;
pub use program::{CannotRun, Program};
