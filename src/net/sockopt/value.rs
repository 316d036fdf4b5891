//! An option's value: what it is for people, for `--explain` and for programs.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use libc::c_int;
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};

use super::form::{Form, Name};
use super::record::{Content, Record};
use crate::net::explain::Quoted;

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// On or off.
    Bool(bool),
    /// A number, a constant or flags.
    Number(i128),
    /// Seconds that close waits; `None` when it does not linger.
    Linger(Option<c_int>),
    /// A time limit; zero for none.
    Time(Duration),
    /// Text.
    Text(String),
    /// An interface's name, or its index where it has none; `None` for no interface.
    Interface(Option<String>),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// The lowest and the highest port; `None` for the system's range.
    Ports(Option<(u16, u16)>),
    /// A multicast group, and the interface to join it on; `None` lets the kernel choose.
    Group(IpAddr, Option<String>),
    /// A struct's fields.
    Record(Record),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// The value for people, with its unit; what is typed the same way means the same.
    pub fn show(&self, form: &Form) -> String {
        match (self, form) {
            (Self::Bool(on), _) => (if *on { "on" } else { "off" }).to_owned(),
            (Self::Number(number), Form::Flags(names)) => {
                flags(*number, names, |name| name.0, "none")
            }
            (Self::Number(number), Form::Symbol(symbol)) => constant(*number, *symbol),
            (Self::Number(number), Form::Number(of)) => match named(*number, of.names) {
                Some(name) => name.0.to_owned(),
                None => with_unit(*number, of.unit.sign()),
            },
            (Self::Linger(Some(seconds)), _) => with_unit(seconds, "s"),
            (Self::Linger(None), _) => "off".to_owned(),
            (Self::Time(time), _) if time.is_zero() => "off".to_owned(),
            (Self::Time(time), _) => humantime::format_duration(*time).to_string(),
            (Self::Interface(None), _) | (Self::Ports(None), _) => "none".to_owned(),
            (Self::Interface(Some(name)), _) => name.clone(),
            (Self::Text(text), _) => text.clone(),
            (Self::Group(group, interface), _) => match interface {
                Some(interface) => format!("{group}@{interface}"),
                None => group.to_string(),
            },
            _ => self.tell(form),
        }
    }

    /// The value in the words of the socket API, as `--explain` shows it.
    pub fn tell(&self, form: &Form) -> String {
        match (self, form) {
            (Self::Bool(on), _) => u8::from(*on).to_string(),
            (Self::Number(number), Form::Flags(names)) => flags(*number, names, |name| name.1, "0"),
            (Self::Number(number), Form::Symbol(symbol)) => constant(*number, *symbol),
            (Self::Number(number), Form::Number(of)) => match named(*number, of.names) {
                Some(name) => name.1.to_owned(),
                None => number.to_string(),
            },
            (Self::Number(number), _) => number.to_string(),
            (Self::Linger(linger), _) => {
                let (on, seconds) = (u8::from(linger.is_some()), linger.unwrap_or(0));
                format!("{{on={on}, linger={seconds}}}")
            }
            (Self::Time(time), _) => {
                let (seconds, rest) = (time.as_secs(), time.subsec_micros());
                format!("{{tv_sec={seconds}, tv_usec={rest}}}")
            }
            (Self::Text(text), _) => Quoted(text.as_bytes()).to_string(),
            (Self::Interface(name), _) => match name {
                Some(name) => format!("if_nametoindex({})", Quoted(name.as_bytes())),
                None => "0".to_owned(),
            },
            (Self::Ipv4(address), _) => address.to_string(),
            (Self::Ports(Some((low, high))), _) => format!("{low}-{high}"),
            (Self::Ports(None), _) => "0".to_owned(),
            (Self::Group(group, interface), _) => {
                let interface = interface.as_deref().unwrap_or("0");
                format!("{{group={group}, interface={interface}}}")
            }
            (Self::Record(record), _) => told_record(record),
            (Self::Bytes(bytes), _) => hex::encode(bytes),
        }
    }

    /// The constant that a number stands for; `None` where it has none.
    pub fn symbol(&self, form: &Form) -> Option<String> {
        match (self, form) {
            (Self::Number(number), Form::Number(of)) => {
                named(*number, of.names).map(|name| name.1.to_owned())
            }
            (Self::Number(_), Form::Symbol(_) | Form::Flags(_)) => Some(self.tell(form)),
            _ => None,
        }
    }
}

fn named(number: i128, names: &[Name]) -> Option<&Name> {
    names.iter().find(|name| i128::from(name.2) == number)
}

fn with_unit(number: impl ToString, unit: &str) -> String {
    format!("{} {unit}", number.to_string())
        .trim_end()
        .to_owned()
}

fn constant(number: i128, symbol: fn(c_int) -> String) -> String {
    c_int::try_from(number).map_or_else(|_| number.to_string(), symbol)
}

/// The names of the bits that are set, and those without a name as a number.
fn flags(number: i128, names: &[Name], word: fn(&Name) -> &str, none: &str) -> String {
    let mut left = number;
    let mut text = String::new();
    for name in names {
        let bits = i128::from(name.2);
        if left & bits == bits {
            left &= !bits;
            let _ = write!(text, "{}|", word(name));
        }
    }
    match (left, text.strip_suffix('|')) {
        (0, None) => none.to_owned(),
        (0, Some(words)) => words.to_owned(),
        // A negative number has every higher bit: it is no set of flags.
        (..0, _) => number.to_string(),
        (left, _) => format!("{text}0x{left:x}"),
    }
}

/// The first fields of a struct, as strace shows one.
fn told_record(record: &Record) -> String {
    const SHOWN: usize = 3;
    let mut text = String::from("{");
    for reading in record.fields.iter().take(SHOWN) {
        let _ = write!(text, "{}={}, ", reading.name, reading.content);
    }
    if record.fields.len() > SHOWN {
        return format!("{text}...}}, {} bytes", record.length);
    }
    format!("{}}}", text.trim_end_matches([',', ' ']))
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(on) => serializer.serialize_bool(*on),
            Self::Number(number) => serialize_number(*number, serializer),
            Self::Linger(linger) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("on", &linger.is_some())?;
                map.serialize_entry("seconds", &linger.unwrap_or(0))?;
                map.end()
            }
            Self::Time(time) => serializer.serialize_f64(time.as_secs_f64()),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Interface(name) => name.serialize(serializer),
            Self::Ipv4(address) => serializer.collect_str(address),
            Self::Ports(ports) => ports.serialize(serializer),
            Self::Group(..) => serializer.serialize_str(&self.show(&Form::Opaque)),
            Self::Record(record) => record.serialize(serializer),
            Self::Bytes(bytes) => serializer.serialize_str(&hex::encode(bytes)),
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for field in &self.fields {
            // The unit stands in the key where the name alone would leave it open.
            match field.unit {
                "us" | "ms" => map.serialize_key(&format!("{}_{}", field.name, field.unit))?,
                _ => map.serialize_key(field.name)?,
            }
            map.serialize_value(&field.content)?;
        }
        map.end()
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serialize_number(*number, serializer),
            Self::Word(word) => serializer.serialize_str(word),
            Self::Words(words) => words.serialize(serializer),
        }
    }
}

/// Every number of the kernel fits one of the two.
fn serialize_number<S: Serializer>(number: i128, serializer: S) -> Result<S::Ok, S::Error> {
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(signed), _) => serializer.serialize_i64(signed),
        (_, Ok(unsigned)) => serializer.serialize_u64(unsigned),
        _ => Err(S::Error::custom("a number of more than 64 bits")),
    }
}
