//! Values from text: `1M`, `on`, `500ms`, `do`, `0x10`, `off`.

use std::net::IpAddr;
use std::time::Duration;

use libc::c_int;

use super::form::{Form, Name, Number, Unit, Width};
use super::value::Value;

/// Parse a value of this layout; `None` where the text makes no sense. Nothing is looked up.
pub(super) fn parse(form: &Form, text: &str) -> Option<Value> {
    let text = text.trim();
    match form {
        Form::Bool => boolean(text).map(Value::Bool),
        Form::Number(number) => parse_number(number, text).map(Value::Number),
        Form::Flags(names) => parse_flags(names, text).map(Value::Number),
        Form::Linger => parse_linger(text).map(Value::Linger),
        Form::Timeval => parse_time_limit(text).map(Value::Time),
        Form::Text => (!text.contains('\0')).then(|| Value::Text(text.to_owned())),
        Form::Interface | Form::InterfaceBigEndian => Some(Value::Interface(interface(text))),
        Form::Ipv4 => text.parse().ok().map(Value::Ipv4),
        Form::PortRange => parse_ports(text).map(Value::Ports),
        Form::Membership4 => {
            parse_group(text).filter(|group| matches!(group, Value::Group(IpAddr::V4(_), _)))
        }
        Form::Membership6 => {
            parse_group(text).filter(|group| matches!(group, Value::Group(IpAddr::V6(_), _)))
        }
        Form::Opaque => hex::decode(text).ok().map(Value::Bytes),
        Form::Symbol(_) | Form::Record(_) => None,
    }
}

/// What may be typed for this layout.
pub(super) fn expected(form: &Form) -> String {
    let words = |names: &[Name]| {
        let words: Vec<&str> = names.iter().map(|name| name.0).collect();
        words.join(", ")
    };
    match form {
        Form::Bool => "on or off, true or false, 1 or 0".to_owned(),
        Form::Number(number) if !number.names.is_empty() => {
            format!("a number, or one of {}", words(number.names))
        }
        Form::Number(number) => match number.unit {
            Unit::None => format!("a number of the type {}", number.width.word()),
            Unit::Bytes => "a number of bytes: 65536, 64K, 1M".to_owned(),
            Unit::BytesPerSecond => "bytes per second: 65536, 64K, 1M".to_owned(),
            Unit::Seconds => "whole seconds: 60, 60s, 1m".to_owned(),
            Unit::Milliseconds => "milliseconds: 500, 500ms, 2s".to_owned(),
            Unit::Microseconds => "microseconds: 50, 50us, 2ms".to_owned(),
        },
        Form::Flags(names) => format!("a number, or words joined by `|`: {}", words(names)),
        Form::Linger => "off, or seconds: 5, 5s, 1m".to_owned(),
        Form::Timeval => "a time: 500ms, 2s, 1m; off for no limit".to_owned(),
        Form::Ipv4 => "an IPv4 address: 127.0.0.1".to_owned(),
        Form::PortRange => "LOW-HIGH: 40000-50000; none for the system's range".to_owned(),
        Form::Membership4 => "239.1.2.3, or 239.1.2.3@eth0".to_owned(),
        Form::Membership6 => "ff02::1:2, or ff02::1:2@eth0".to_owned(),
        Form::Opaque => "hex digits, two a byte: 0500".to_owned(),
        Form::Interface | Form::InterfaceBigEndian | Form::Text => "text without NUL".to_owned(),
        Form::Symbol(_) | Form::Record(_) => "nothing: it can only be read".to_owned(),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Some(true),
        "off" | "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn parse_number(of: &Number, text: &str) -> Option<i128> {
    if let Some(number) = constant(of.names, text) {
        return Some(number);
    }
    let number = match of.unit {
        Unit::None => integer(text),
        Unit::Bytes | Unit::BytesPerSecond => size(text),
        Unit::Seconds => time(text, 1_000_000_000),
        Unit::Milliseconds => time(text, 1_000_000),
        Unit::Microseconds => time(text, 1_000),
    }?;
    let fits = match of.width {
        Width::Int => c_int::try_from(number).is_ok(),
        Width::U32 => u32::try_from(number).is_ok(),
        Width::U64 => u64::try_from(number).is_ok(),
    };
    fits.then_some(number)
}

/// The number of a name: its word or its constant, in any case.
fn constant(names: &[Name], text: &str) -> Option<i128> {
    names
        .iter()
        .find(|name| name.0.eq_ignore_ascii_case(text) || name.1.eq_ignore_ascii_case(text))
        .map(|name| name.2.into())
}

/// Decimal, or hexadecimal behind `0x`.
pub(super) fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (radix, digits) = match digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        Some(digits) => (16, digits),
        None => (10, digits),
    };
    // from_str_radix would take a second sign.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, radix)
        .ok()
        .map(|number| sign * i128::from(number))
}

/// Bytes, with K, M or G for the powers of 1024; `bytes`, `B` and `/s` may follow.
fn size(text: &str) -> Option<i128> {
    let lower = text.to_ascii_lowercase();
    let lower = lower.strip_suffix("/s").unwrap_or(&lower);
    if let Some(number) = integer(lower) {
        return Some(number);
    }
    let number = ["bytes", "ib", "b"]
        .iter()
        .find_map(|unit| lower.strip_suffix(unit))
        .unwrap_or(lower)
        .trim_end();
    let (digits, factor) = [('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30)]
        .iter()
        .find_map(|(sign, factor)| Some((number.strip_suffix(*sign)?, *factor)))
        .unwrap_or((number, 1));
    integer(digits.trim_end())?.checked_mul(factor)
}

/// A whole number of units of so many nanoseconds; a bare number counts units.
fn time(text: &str, unit: u128) -> Option<i128> {
    if let Some(number) = integer(text) {
        return Some(number);
    }
    // Some options take -1 for "never"; it is shown with its unit.
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let nanoseconds = humantime::parse_duration(text).ok()?.as_nanos();
    if nanoseconds % unit != 0 {
        return None;
    }
    Some(sign * i128::try_from(nanoseconds / unit).ok()?)
}

fn parse_flags(names: &[Name], text: &str) -> Option<i128> {
    if text.eq_ignore_ascii_case("none") {
        return Some(0);
    }
    let number = text.split('|').try_fold(0, |sum, word| {
        let word = word.trim();
        Some(sum | constant(names, word).or_else(|| integer(word))?)
    })?;
    c_int::try_from(number).is_ok().then_some(number)
}

fn parse_linger(text: &str) -> Option<Option<c_int>> {
    if text.eq_ignore_ascii_case("off") {
        return Some(None);
    }
    let seconds = c_int::try_from(time(text, 1_000_000_000)?).ok()?;
    (seconds >= 0).then_some(Some(seconds))
}

/// A time with microseconds; a bare number is seconds.
fn parse_time_limit(text: &str) -> Option<Duration> {
    if text.eq_ignore_ascii_case("off") {
        return Some(Duration::ZERO);
    }
    let time = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => humantime::parse_duration(text).ok()?,
    };
    let fits = i64::try_from(time.as_secs()).is_ok() && time.subsec_nanos() % 1000 == 0;
    fits.then_some(time)
}

fn interface(text: &str) -> Option<String> {
    match text {
        "" | "0" | "none" => None,
        name => Some(name.to_owned()),
    }
}

fn parse_ports(text: &str) -> Option<Option<(u16, u16)>> {
    if matches!(text, "none" | "0") {
        return Some(None);
    }
    let (low, high) = text.split_once('-')?;
    let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
    (low <= high).then_some(Some((low, high)))
}

fn parse_group(text: &str) -> Option<Value> {
    let (group, on) = match text.split_once('@') {
        Some((group, name)) => (group, Some(interface(name)?)),
        None => (text, None),
    };
    let group: IpAddr = group.parse().ok()?;
    group.is_multicast().then_some(Value::Group(group, on))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::sockopt::{Setting, Target, options};

    fn shown(name: &str, text: &str) -> Option<String> {
        let form = Target::parse(name).unwrap().form;
        parse(&form, text).map(|value| value.show(&form))
    }

    #[test]
    fn values_as_people_type_them() {
        for (name, text, meant) in [
            ("SO_RCVBUF", "1M", "1048576 bytes"),
            ("SO_RCVBUF", "64k", "65536 bytes"),
            ("SO_RCVBUF", "64 KiB", "65536 bytes"),
            ("SO_RCVBUF", "0x10", "16 bytes"),
            ("SO_RCVBUF", "0x1b", "27 bytes"),
            ("SO_RCVBUF", "12 bytes", "12 bytes"),
            ("SO_RCVBUF", " 12B ", "12 bytes"),
            ("SO_KEEPALIVE", "ON", "on"),
            ("SO_KEEPALIVE", "false", "off"),
            ("TCP_USER_TIMEOUT", "500ms", "500 ms"),
            ("TCP_USER_TIMEOUT", "2s", "2000 ms"),
            ("TCP_KEEPIDLE", "1m 30s", "90 s"),
            ("TCP_LINGER2", "-1", "-1 s"),
            ("IP_MTU_DISCOVER", "do", "do"),
            ("IP_MTU_DISCOVER", "ip_pmtudisc_probe", "probe"),
            ("IP_MTU_DISCOVER", "3", "probe"),
            ("IP_TOS", "lowdelay", "lowdelay"),
            ("IP_TOS", "0x10", "lowdelay"),
            ("IP_TOS", "1", "1"),
            ("SO_LINGER", "5", "5 s"),
            ("SO_LINGER", "0", "0 s"),
            ("SO_LINGER", "off", "off"),
            ("SO_RCVTIMEO", "0.25", "250ms"),
            ("SO_RCVTIMEO", "0", "off"),
            ("SO_MAX_PACING_RATE", "1M", "1048576 bytes/s"),
            ("SO_MAX_PACING_RATE", "unlimited", "unlimited"),
            ("IP_LOCAL_PORT_RANGE", "1-2", "1-2"),
            ("IPV6_ADD_MEMBERSHIP", "ff02::1@eth0", "ff02::1@eth0"),
            ("SO_BINDTODEVICE", "eth0", "eth0"),
            ("SO_BUF_LOCK", "1|receive", "send|receive"),
            ("SO_BUF_LOCK", "12", "0xc"),
            ("IP_OPTIONS", "0500", "0500"),
        ] {
            assert_eq!(shown(name, text).as_deref(), Some(meant), "{name}={text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (name, text) in [
            ("SO_KEEPALIVE", "2"),
            ("SO_KEEPALIVE", ""),
            ("SO_RCVBUF", "5G"),
            ("SO_RCVBUF", "1T"),
            ("SO_RCVBUF", "0x"),
            ("SO_RCVBUF", "--1"),
            ("SO_RCVBUF", "+1"),
            ("SO_RCVBUF", "0x-1"),
            ("SO_RCVBUF", "99999999999999999999"),
            ("SO_RCVBUF", "\u{661}"),
            ("TCP_KEEPIDLE", "1500ms"),
            ("TCP_KEEPIDLE", "99999999999999s"),
            ("SO_LINGER", "-1"),
            ("SO_LINGER", "on"),
            ("SO_RCVTIMEO", "-1"),
            ("SO_RCVTIMEO", "inf"),
            ("SO_RCVTIMEO", "1ns"),
            ("SO_MARK", "-1"),
            ("SO_MARK", "0x100000000"),
            ("IP_MTU_DISCOVER", "perhaps"),
            ("IP_LOCAL_PORT_RANGE", "2-1"),
            ("IP_LOCAL_PORT_RANGE", "1-65536"),
            ("IP_ADD_MEMBERSHIP", "127.0.0.1"),
            ("IP_ADD_MEMBERSHIP", "ff02::1"),
            ("IPV6_ADD_MEMBERSHIP", "ff02::1@"),
            ("IP_OPTIONS", "050"),
            ("SO_BINDTODEVICE", "lo\0"),
        ] {
            assert_eq!(shown(name, text), None, "{name}={text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_not(text in ".*") {
            for option in options() {
                let _ = parse(&option.form, &text);
            }
        }

        #[test]
        fn any_text_is_a_setting_or_not(text in ".*", name in "[A-Z_]{0,12}", number in any::<i64>()) {
            let _ = Setting::parse(&text);
            let _ = Setting::parse(&format!("{name}={text}"));
            let _ = Setting::parse(&format!("SO_RCVBUF={text}"));
            let _ = Setting::parse(&format!("{number}:{number}:{text}"));
            let _ = Setting::parse(&format!("1:{number}:int:{text}"));
        }

        #[test]
        fn what_is_shown_means_the_same(number in any::<i32>(), wide in any::<u64>(), on in any::<bool>(), seconds in 0..i32::MAX) {
            let number = i128::from(number);
            for option in options() {
                let values = match option.form {
                    Form::Bool => vec![Value::Bool(on)],
                    Form::Flags(_) => vec![Value::Number(number)],
                    Form::Number(of) => match of.width {
                        Width::Int => vec![Value::Number(number), Value::Number(number & 0xff)],
                        Width::U32 => vec![Value::Number(number.abs())],
                        Width::U64 => vec![Value::Number(wide.into()), Value::Number(u64::MAX.into())],
                    },
                    Form::Linger => vec![Value::Linger(None), Value::Linger(Some(seconds))],
                    Form::Timeval => vec![Value::Time(Duration::from_micros(wide >> 12))],
                    _ => continue,
                };
                for value in values {
                    let text = value.show(&option.form);
                    prop_assert_eq!(parse(&option.form, &text), Some(value), "{}={}", option.name, text);
                }
            }
        }
    }
}
