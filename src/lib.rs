//! sockkit: a multi-protocol socket toolkit for the command line.
pub mod net;
