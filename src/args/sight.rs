//! What is seen of a stream besides its payload.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const HEADING: &str = "What is seen";

/// Views of what passes.
#[derive(Args, Clone, Debug, Default)]
pub struct SightArgs {
    /// Show what passes both ways, on stderr, with time, connection, direction and offset
    #[arg(long, value_name = "FORM", value_enum, help_heading = HEADING)]
    pub dump: Option<DumpForm>,
    /// Show it in FILE instead
    #[arg(long, value_name = "FILE", requires = "dump", help_heading = HEADING)]
    pub dump_to: Option<PathBuf>,
    /// Write what arrives to FILE as well
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub tee_in: Option<PathBuf>,
    /// Write what is sent to FILE as well
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub tee_out: Option<PathBuf>,
    /// Say at the end, and on SIGUSR1, how much moved, how fast, and what TCP knows of the way
    #[arg(long, help_heading = HEADING)]
    pub stats: bool,
}

/// How bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DumpForm {
    /// As text, control characters escaped
    Text,
    /// As offset, hex and ASCII
    Hex,
    /// As a JSON object a line
    Json,
}

impl SightArgs {
    /// Whether anything was asked for.
    pub fn is_given(&self) -> bool {
        self.dump.is_some() || self.tee_in.is_some() || self.tee_out.is_some() || self.stats
    }
}
