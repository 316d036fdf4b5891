//! `sockkit man`: the manual, from the definitions that parse the command line.

mod page;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::Desk;
use crate::net::CallError;
use crate::output::{Event, Exit, Face, Harmless};
use page::Page;

/// Print the man page, or write all of them
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Man {
    /// Write sockkit.1 and a page for each subcommand here; made if it is not there
    dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  sockkit man | man -l -                read it
  sockkit man ~/.local/share/man/man1   then: man sockkit, man sockkit-http";

/// A page that was written; seen with `-v`.
#[derive(Serialize)]
struct Written {
    file: String,
}

impl Man {
    /// Print or write the manual of the whole command line.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let mut command = (desk.definitions)();
        command.build();
        match &self.dir {
            None => desk.output.tell(&Page::of(&command))?,
            Some(dir) => write_all(dir, &command, desk)?,
        }
        Ok(Exit::Done)
    }
}

fn write_all(dir: &Path, command: &clap::Command, desk: &Desk) -> anyhow::Result<()> {
    fs::create_dir_all(dir).map_err(|cause| CallError::new("mkdir", dir.display(), cause))?;
    for page in page::all(command) {
        let file = dir.join(page.file());
        fs::write(&file, format!("{page}\n"))
            .map_err(|cause| CallError::new("write", file.display(), cause))?;
        desk.output.tell(&Written {
            file: file.display().to_string(),
        })?;
    }
    Ok(())
}

impl Event for Page {
    const NAME: &'static str = "page";
    const FACE: Face = Face::Data;
}

impl Event for Written {
    const NAME: &'static str = "written";
    const FACE: Face = Face::Detail;
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrote {}", Harmless(&self.file))
    }
}
