//! Words that the shell lists for a flag: socket options, interfaces. The parser takes more than those, so it does not know
//! them; the definitions get a mark in their place, and the script what lists them.

use clap::{Arg, Command};
use clap_complete::Shell;

use crate::net::sockopt::{Access, options};

/// Marks: the name of an option, a setting, an interface.
const NAME: &str = "__sockkit_name";
const SETTING: &str = "__sockkit_setting";
const INTERFACE: &str = "__sockkit_interface";

/// The definitions, with marks as the only values of what is listed.
pub(super) fn marked(command: Command) -> Command {
    let reads = command.get_name() == "get";
    let command = command.mut_args(|arg| match mark(&arg, reads) {
        Some(mark) => arg.value_parser([mark]),
        None => arg,
    });
    command.mut_subcommands(marked)
}

fn mark(arg: &Arg, reads: bool) -> Option<&'static str> {
    match (arg.get_long(), arg.get_id().as_str()) {
        (Some("interface"), _) => Some(INTERFACE),
        (Some("option"), _) | (None, "settings") => Some(SETTING),
        (None, "names") if reads => Some(NAME),
        _ => None,
    }
}

/// The script, with what lists the words in place of the marks. Shells of no values have no marks.
pub(super) fn spelt_out(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => bash(script),
        Shell::Zsh => zsh(script),
        Shell::Fish => fish(script),
        _ => script.to_owned(),
    }
}

fn bash(script: &str) -> String {
    let lists = format!(
        "_sockkit_names() {{ echo {}; }}\n\
         _sockkit_settings() {{ printf '%s= ' {}; }}\n\
         _sockkit_interfaces() {{ command ls /sys/class/net 2>/dev/null; }}\n",
        names(Access::reads),
        names(Access::sets),
    );
    let commands_first: Vec<String> = script.lines().map(commands_first).collect();
    // No space behind `NAME=`.
    let values = format!(r#"COMPREPLY=($(compgen -W "{SETTING}" -- "${{cur}}"))"#);
    let with_values = format!("{values}\n                    compopt -o nospace 2>/dev/null");
    let script = commands_first
        .join("\n")
        .replace(&values, &with_values)
        .replace(NAME, "$(_sockkit_names)")
        .replace(SETTING, "$(_sockkit_settings)")
        .replace(INTERFACE, "$(_sockkit_interfaces)");
    lists + &script
}

/// A line of what can be typed, commands and values before flags.
fn commands_first(line: &str) -> String {
    let Some((start, words)) = line.split_once("opts=\"") else {
        return line.to_owned();
    };
    let (flags, commands): (Vec<&str>, Vec<&str>) = words
        .trim_end_matches('"')
        .split_whitespace()
        .partition(|word| word.starts_with('-'));
    format!("{start}opts=\"{}\"", [commands, flags].concat().join(" "))
}

fn zsh(script: &str) -> String {
    let lists = format!(
        "_sockkit_names() {{ compadd \"$@\" -- {} }}\n\
         _sockkit_settings() {{ compadd \"$@\" -S = -- {} }}\n",
        names(Access::reads),
        names(Access::sets),
    );
    let of = |mark: &str| format!("({mark})");
    let script = script
        .replace(&of(NAME), "_sockkit_names")
        .replace(&of(SETTING), "_sockkit_settings")
        .replace(&of(INTERFACE), "_net_interfaces");
    // The first line tells the shell what the file is; the last ones run it.
    match script.rsplit_once("\nif [ ") {
        Some((functions, last)) => format!("{functions}\n{lists}\nif [ {last}"),
        None => script,
    }
}

fn fish(script: &str) -> String {
    let lists = format!(
        "function __fish_sockkit_names\n    string join \\n {}\nend\n\n\
         function __fish_sockkit_settings\n    string join \\n {}\nend\n\n",
        names(Access::reads).trim(),
        names(Access::sets).replace(' ', "= ") + "=",
    );
    let of = |mark: &str| format!("{mark}\\t''");
    let script = script
        .replace(&of(SETTING), "(__fish_sockkit_settings)")
        .replace(&of(INTERFACE), "(__fish_print_interfaces)");
    // It is told of flags alone.
    let behind = [("get", "names"), ("set", "settings")].map(|(verb, words)| {
        format!(
            "\ncomplete -c sockkit -n \"__fish_sockkit_using_subcommand options; and __fish_seen_subcommand_from {verb}\" \
             -f -a \"(__fish_sockkit_{words})\""
        )
    });
    lists + &script + &behind.concat()
}

/// The names of the options of which `which` holds.
fn names(which: fn(Access) -> bool) -> String {
    let found = options().filter(|option| which(option.access));
    let names: Vec<&str> = found.map(|option| option.name).collect();
    names.join(" ")
}
