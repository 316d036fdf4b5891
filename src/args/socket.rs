//! What is set on a socket before it is used, in every command that opens one.

use clap::Args;

use crate::net::sockopt::{Setting, SettingError};
use crate::net::{CallError, Socket};

/// The most bytes that an interface's name may have, netdevice(7): IFNAMSIZ less its NUL.
const NAME_LIMIT: usize = 15;

/// Socket options, and the network interface.
#[derive(Args, Clone, Debug, Default)]
pub struct SocketArgs {
    /// Set a socket option before the socket is used: SO_RCVBUF=1M, nodelay=1, IP_TTL=5, 1:8:int:65536; repeatable
    #[arg(short = 'o', long = "option", value_name = "NAME=VALUE")]
    option: Vec<String>,
    /// The network interface to use (SO_BINDTODEVICE)
    #[arg(long, value_name = "IF", value_parser = interface)]
    interface: Option<String>,
}

/// Settings that make sense, ready to be applied to any number of sockets.
#[derive(Clone, Debug)]
pub struct Preparation {
    settings: Vec<Setting>,
    interface: Option<String>,
}

impl SocketArgs {
    /// What was typed, parsed; nothing has been called yet.
    pub fn parse(&self) -> Result<Preparation, SettingError> {
        let settings: Result<Vec<Setting>, SettingError> = self
            .option
            .iter()
            .map(|text| Setting::parse(text))
            .collect();
        Ok(Preparation {
            settings: settings?,
            interface: self.interface.clone(),
        })
    }

    /// The same for local sockets, which no interface carries.
    pub fn parse_local(&self) -> Result<Preparation, SettingError> {
        match self.interface {
            Some(_) => Err(SettingError {
                why: "--interface: a local socket has none".to_owned(),
                hint: "it is for tcp, udp and raw".to_owned(),
            }),
            None => self.parse(),
        }
    }

    /// Whether the interface was named.
    pub fn has_interface(&self) -> bool {
        self.interface.is_some()
    }
}

impl Preparation {
    /// Whether nothing was said of how much the kernel holds of what is sent.
    pub fn leaves_sending(&self) -> bool {
        !self.sets(libc::SOL_SOCKET, &[libc::SO_SNDBUF, libc::SO_SNDBUFFORCE])
    }

    /// Whether one of these options is among them.
    pub fn sets(&self, level: i32, numbers: &[i32]) -> bool {
        let is_one = |setting: &Setting| {
            setting.target.level == level && numbers.contains(&setting.target.number)
        };
        self.settings.iter().any(is_one)
    }

    /// The interface that was named.
    pub fn interface(&self) -> Option<&str> {
        self.interface.as_deref()
    }

    /// setsockopt(2) for each setting, for a socket that is bound to the interface in another way.
    pub fn apply_options(&self, socket: &Socket) -> Result<(), CallError> {
        let mut settings = self.settings.iter();
        settings.try_for_each(|setting| setting.apply(socket))
    }

    /// setsockopt(2) for each setting, in the order in which they were typed, then for the interface.
    pub fn apply(&self, socket: &Socket) -> Result<(), CallError> {
        self.apply_options(socket)?;
        let Some(name) = &self.interface else {
            return Ok(());
        };
        let shown = format_args!("{name:?}");
        socket.setsockopt(
            libc::SOL_SOCKET,
            libc::SO_BINDTODEVICE,
            name.as_bytes(),
            shown,
        )
    }
}

/// An interface's name; the kernel would cut a longer one and take another interface.
fn interface(word: &str) -> Result<String, String> {
    if word.is_empty() || word.len() > NAME_LIMIT {
        return Err("an interface's name has 1 to 15 bytes".to_owned());
    }
    Ok(word.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        socket: SocketArgs,
    }

    fn settings(words: &[&str]) -> Result<Vec<String>, String> {
        let line = Line::try_parse_from(["x"].iter().chain(words)).unwrap();
        let preparation = line.socket.parse().map_err(|error| error.why)?;
        Ok(preparation
            .settings
            .iter()
            .map(ToString::to_string)
            .collect())
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

    #[test]
    fn an_interfaces_name_is_not_cut() {
        assert!(interface("eth0").is_ok());
        assert!(interface("").is_err());
        assert!(interface("sixteen-bytes-xx").is_err());
    }
}
