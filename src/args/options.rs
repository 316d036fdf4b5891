//! Socket options by name, on every command that opens a socket.

use clap::Args;

use crate::net::sockopt::Setting;
use crate::output::Usage;

/// Socket options to set.
#[derive(Args, Clone, Debug, Default)]
pub struct OptionArgs {
    /// Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable
    #[arg(short = 'o', long = "option", value_name = "NAME=VALUE")]
    option: Vec<String>,
}

impl OptionArgs {
    /// The settings, in the order in which they were typed.
    pub fn settings(&self) -> Result<Vec<Setting>, Usage> {
        let parse = |text: &String| Setting::parse(text).map_err(Usage::from);
        self.option.iter().map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: OptionArgs,
    }

    fn settings(words: &[&str]) -> Result<Vec<String>, String> {
        let line = Line::try_parse_from(["x"].iter().chain(words)).unwrap();
        let settings = line.options.settings().map_err(|usage| usage.why)?;
        Ok(settings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_order_is_the_typed_one() {
        let words = ["-o", "IP_TOS=0", "--option", "nodelay=1", "-oSO_LINGER=0"];
        let expected = ["IP_TOS=0", "TCP_NODELAY=on", "SO_LINGER=0 s"];
        assert_eq!(settings(&words).unwrap(), expected);
        assert_eq!(settings(&[]).unwrap(), [""; 0]);
    }

    #[test]
    fn one_that_makes_no_sense_refuses_them_all() {
        let why = settings(&["-o", "nodelay=1", "-o", "SO_NOSUCH=1"]).unwrap_err();
        assert_eq!(why, "`SO_NOSUCH` is no socket option");
    }
}
