//! `sockkit completions`: a shell's completion script, from the definitions that parse the command line.

mod listed;

use std::fmt;

use clap::Args;
use clap_complete::{Shell, generate};
use serde::Serialize;

use super::Desk;
use crate::output::{Event, Exit, Face};

/// Print the completion script of a shell
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  sockkit completions bash > ~/.local/share/bash-completion/completions/sockkit
  sockkit completions zsh > ~/.zfunc/_sockkit      in ~/.zshrc: fpath+=~/.zfunc
  sockkit completions fish > ~/.config/fish/completions/sockkit.fish";

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

impl Completions {
    /// Print the script that completes the whole command line.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        desk.output.tell(&Script {
            shell: self.shell.to_string(),
            script: script(self.shell, (desk.definitions)()),
        })?;
        Ok(Exit::Done)
    }
}

/// The script, without its last line end.
fn script(shell: Shell, command: clap::Command) -> String {
    let name = command.get_name().to_owned();
    let mut command = listed::marked(command);
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    let script = String::from_utf8_lossy(&script);
    listed::spelt_out(shell, script.trim_end())
}

impl Event for Script {
    const NAME: &'static str = "completions";
    const FACE: Face = Face::Data;
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.script)
    }
}
