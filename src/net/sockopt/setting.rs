//! `NAME=VALUE` and `LEVEL:NUM:int:5`: an option and the value to give it.

use std::fmt;

use libc::c_int;

use super::find::{self, Lost};
use super::form::{Form, Unit, Width};
use super::layout::{decode, encode};
use super::option::SocketOption;
use super::parse::{expected, integer, parse};
use super::symbol::OptionName;
use super::value::Value;
use crate::net::error::CallError;
use crate::net::socket::Socket;

/// An option that a person names, by its name or by numbers.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The level's number.
    pub level: c_int,
    /// The option's number.
    pub number: c_int,
    /// How the value is laid out.
    pub form: Form,
    /// Its row in the table; `None` where the table has none.
    pub option: Option<&'static SocketOption>,
}

/// An option and the value to give it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The option.
    pub target: Target,
    /// The value.
    pub value: Value,
}

/// Text that names no option, or no value for it.
#[derive(Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The sentence.
    pub why: String,
    /// What to write instead.
    pub hint: String,
}

impl Setting {
    /// Parse `NAME=VALUE`, or the raw forms `LEVEL:NUM:int:5` and `LEVEL:NUM:hex:0500`.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let Some((name, value)) = text.split_once('=') else {
            return parse_raw(text);
        };
        let target = Target::parse(name)?;
        if let Some(option) = target.option.filter(|option| !option.access.sets()) {
            return Err(refuse(
                format!("{} can only be read", option.name),
                format!("`sockkit options get {}`", option.name),
            ));
        }
        target.with(value)
    }

    /// setsockopt(2)
    pub fn apply(&self, socket: &Socket) -> Result<(), CallError> {
        let Target {
            level,
            number,
            form,
            ..
        } = self.target;
        let bytes = encode(&form, &self.value)
            .map_err(|cause| CallError::new("if_nametoindex", self, cause))?;
        socket.setsockopt(level, number, &bytes, Told(self))
    }
}

impl Target {
    /// Parse a name, or the raw form `LEVEL:NUM`, with `:int` or `:hex` where the value is to be read so.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        match text.split_once(':') {
            Some((level, rest)) => {
                let (number, form) = rest.split_once(':').unzip();
                Self::parse_raw(level, number.unwrap_or(rest), form)
            }
            None => match find::by_name(text) {
                Ok(option) => Ok(option.into()),
                Err(lost) => Err(unknown(text, &lost)),
            },
        }
    }

    /// getsockopt(2)
    pub fn read(&self, socket: &Socket) -> Result<Value, CallError> {
        let mut bytes = [0; CAPACITY];
        let length = self.form.capacity().min(CAPACITY);
        let buffer = bytes.get_mut(..length).unwrap_or_default();
        let shown = |bytes: &[u8]| decode(&self.form, bytes).tell(&self.form);
        let count = socket.getsockopt(self.level, self.number, buffer, shown)?;
        Ok(decode(&self.form, bytes.get(..count).unwrap_or(&bytes)))
    }

    fn parse_raw(level: &str, number: &str, form: Option<&str>) -> Result<Self, SettingError> {
        let known = find::level(level).ok_or_else(|| {
            let why = format!("`{level}` is no level of socket options");
            refuse(why, "a number, or SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP")
        })?;
        let number = integer(number)
            .and_then(|number| c_int::try_from(number).ok())
            .ok_or_else(|| {
                let why = format!("`{number}` is no number of a socket option");
                refuse(why, RAW)
            })?;
        let option = find::option(known, number);
        let form = match form {
            Some("int") => RAW_INT,
            Some("hex") => Form::Opaque,
            None => option.map_or(Form::Opaque, |option| option.form),
            Some(other) => return Err(refuse(format!("`{other}` is no type of a value"), RAW)),
        };
        Ok(Self {
            level: known,
            number,
            form,
            option,
        })
    }

    fn with(self, text: &str) -> Result<Setting, SettingError> {
        // The kernel takes it for as much as there may be.
        let is_sensible =
            |value: &Value| !(self.is_buffer() && matches!(value, Value::Number(..0)));
        match parse(&self.form, text).filter(is_sensible) {
            Some(value) => Ok(Setting {
                target: self,
                value,
            }),
            None => Err(refuse(
                format!("`{text}` is no value of {self}"),
                expected(&self.form),
            )),
        }
    }

    /// Whether it is about how much a socket holds.
    fn is_buffer(&self) -> bool {
        let buffers = [
            libc::SO_SNDBUF,
            libc::SO_RCVBUF,
            libc::SO_SNDBUFFORCE,
            libc::SO_RCVBUFFORCE,
        ];
        self.level == libc::SOL_SOCKET && buffers.contains(&self.number)
    }
}

/// The value of a setting as `--explain` shows it; rendered when somebody listens.
struct Told<'a>(&'a Setting);

/// The longest answer that is read: a struct of the kernel, or text.
const CAPACITY: usize = 4096;

/// An int of the raw form: what fits 32 bits, signed or not, as the kernel sees only bits.
const RAW_INT: Form = Form::number(Width::Int, Unit::None);

const RAW: &str = "LEVEL:NUM:int:5 or LEVEL:NUM:hex:0500, as 1:8:int:65536";

fn parse_raw(text: &str) -> Result<Setting, SettingError> {
    let parts: Vec<&str> = text.splitn(4, ':').collect();
    match parts[..] {
        [level, number, form, value] => Target::parse_raw(level, number, Some(form))?.with(value),
        [_] => Err(refuse(
            format!("`{text}` gives no value"),
            format!("NAME=VALUE, as {text}=1"),
        )),
        _ => Err(refuse(format!("`{text}` is no socket option"), RAW)),
    }
}

fn unknown(name: &str, lost: &Lost) -> SettingError {
    match lost {
        Lost::Unknown(near) => refuse(
            format!("`{name}` is no socket option"),
            match near {
                Some(near) => format!("did you mean {near}? `sockkit options list` has them all"),
                None => "`sockkit options list` has them all".to_owned(),
            },
        ),
        Lost::Ambiguous(names) => refuse(
            format!("`{name}` may be several socket options"),
            names.join(" or "),
        ),
    }
}

fn refuse(why: impl Into<String>, hint: impl Into<String>) -> SettingError {
    SettingError {
        why: why.into(),
        hint: hint.into(),
    }
}

impl From<&'static SocketOption> for Target {
    fn from(option: &'static SocketOption) -> Self {
        Self {
            level: option.level,
            number: option.number,
            form: option.form,
            option: Some(option),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OptionName(self.level, self.number).fmt(f)
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.target, self.value.show(&self.target.form))
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.value.tell(&self.0.target.form))
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for SettingError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_by_name_and_by_number() {
        for (text, meant) in [
            ("SO_RCVBUF=1M", "SO_RCVBUF=1048576 bytes"),
            ("nodelay=1", "TCP_NODELAY=on"),
            ("SO_RCVLOWAT=-1", "SO_RCVLOWAT=-1 bytes"),
            ("so_linger=off", "SO_LINGER=off"),
            ("SOL_SOCKET:8:int:65536", "SO_RCVBUF=65536"),
            ("1:13:hex:0100000005000000", "SO_LINGER=0100000005000000"),
            ("tcp:0x4711:int:-1", "IPPROTO_TCP:18193=-1"),
            ("4711:1:hex:", "4711:1="),
        ] {
            assert_eq!(Setting::parse(text).unwrap().to_string(), meant, "{text}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_write() {
        for (text, why, hint) in [
            ("", "`` gives no value", "NAME=VALUE, as =1"),
            (
                "SO_DEBUG",
                "`SO_DEBUG` gives no value",
                "NAME=VALUE, as SO_DEBUG=1",
            ),
            (
                "SO_RCVBUFF=1",
                "`SO_RCVBUFF` is no socket option",
                "did you mean SO_RCVBUF? `sockkit options list` has them all",
            ),
            (
                "cork=1",
                "`cork` may be several socket options",
                "TCP_CORK or UDP_CORK",
            ),
            (
                "SO_KEEPALIVE=5",
                "`5` is no value of SO_KEEPALIVE",
                "on or off, true or false, 1 or 0",
            ),
            (
                "SO_RCVBUF=-1",
                "`-1` is no value of SO_RCVBUF",
                "a number of bytes: 65536, 64K, 1M",
            ),
            (
                "1:32:int:-1",
                "`-1` is no value of SO_SNDBUFFORCE",
                "a number of the type int",
            ),
            (
                "TCP_INFO=1",
                "TCP_INFO can only be read",
                "`sockkit options get TCP_INFO`",
            ),
            ("1:2", "`1:2` is no socket option", RAW),
            ("1:2:3", "`1:2:3` is no socket option", RAW),
            ("1:x:int:1", "`x` is no number of a socket option", RAW),
            ("1:2:word:1", "`word` is no type of a value", RAW),
            (
                "1:2:hex:050",
                "`050` is no value of SO_REUSEADDR",
                "hex digits, two a byte: 0500",
            ),
            (
                "no:2:int:1",
                "`no` is no level of socket options",
                "a number, or SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP",
            ),
        ] {
            let refused = Setting::parse(text).unwrap_err();
            assert_eq!((&*refused.why, &*refused.hint), (why, hint), "{text}");
        }
    }

    #[test]
    fn targets_by_name_and_by_number() {
        for (text, meant, form) in [
            ("rcvbuf", "SO_RCVBUF", "int"),
            ("1:8", "SO_RCVBUF", "int"),
            ("socket:13", "SO_LINGER", "linger"),
            ("socket:13:hex", "SO_LINGER", "hex"),
            ("6:4711", "IPPROTO_TCP:4711", "hex"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!((&*target.to_string(), target.form.word()), (meant, form));
        }
    }
}
