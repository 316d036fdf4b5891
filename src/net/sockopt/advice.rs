//! What may help when the kernel refuses an option.

use super::find::options;
use super::option::{Moment, SocketOption};

/// A hint for the errno that getsockopt(2) or setsockopt(2) gave for `on`, which is `NAME` or `NAME=VALUE`.
pub fn advice(on: &str, errno: i32) -> Option<String> {
    let name = on.split('=').next().unwrap_or(on);
    let option = options().find(|option| option.name == name)?;
    match errno {
        libc::ENOPROTOOPT | libc::EOPNOTSUPP => Some(missing(option)),
        libc::EPERM if name == "SO_BINDTODEVICE" => Some(
            "before Linux 5.7 this takes CAP_NET_RAW: --bind the interface's address instead"
                .to_owned(),
        ),
        libc::EPERM | libc::EACCES => option
            .capability
            .map(|capability| format!("setting {name} needs {capability}")),
        libc::ENOTCONN => Some(format!("{name} is there once the socket is connected")),
        libc::ENODEV => Some("`ip link` lists the interfaces".to_owned()),
        libc::ENOENT if name == "TCP_CONGESTION" => {
            Some("net.ipv4.tcp_available_congestion_control lists those that are there".to_owned())
        }
        libc::EINVAL if option.moment == Moment::Unbound => Some(format!(
            "{name} can only be set before the socket is bound or connected"
        )),
        libc::EINVAL | libc::EDOM | libc::ERANGE => option
            .note
            .map(|note| format!("the kernel's limits for {name}: {note}")),
        _ => None,
    }
}

/// Where the option would be found.
fn missing(option: &SocketOption) -> String {
    let mut text = format!(
        "{} is for these sockets: {}",
        option.name,
        option.sockets.words().join(", ")
    );
    if let Some(version) = option.since {
        text += &format!("; since Linux {version}");
    }
    if let Some(needs) = option.needs {
        text += &format!("; needs {needs}");
    }
    text
}
