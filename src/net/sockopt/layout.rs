//! Values as the bytes that getsockopt(2) and setsockopt(2) carry, and back.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use libc::c_int;

use super::form::{Form, Width};
use super::record::Record;
use super::value::Value;
use crate::net::interface::{index_of_interface, name_of_interface};

/// The bytes for setsockopt(2). Here an interface's name becomes an index: ENODEV where there is no such interface.
pub(super) fn encode(form: &Form, value: &Value) -> io::Result<Vec<u8>> {
    Ok(match (value, form) {
        (Value::Bool(on), _) => c_int::from(*on).to_ne_bytes().to_vec(),
        (Value::Number(number), _) => encode_number(*number, width(form))?,
        (Value::Linger(linger), _) => {
            let on = c_int::from(linger.is_some());
            [on, linger.unwrap_or(0)].map(c_int::to_ne_bytes).concat()
        }
        (Value::Time(time), _) => {
            let seconds = libc::time_t::try_from(time.as_secs()).map_err(|_| invalid())?;
            let rest = libc::suseconds_t::from(time.subsec_micros());
            [seconds.to_ne_bytes(), rest.to_ne_bytes()].concat()
        }
        (Value::Text(text), _) => text.clone().into_bytes(),
        (Value::Interface(name), Form::InterfaceBigEndian) => index(name)?.to_be_bytes().to_vec(),
        (Value::Interface(name), _) => index(name)?.to_ne_bytes().to_vec(),
        (Value::Ipv4(address), _) => address.octets().to_vec(),
        (Value::Ports(ports), _) => {
            let (low, high) = ports.unwrap_or((0, 0));
            (u32::from(high) << 16 | u32::from(low))
                .to_ne_bytes()
                .to_vec()
        }
        (Value::Group(IpAddr::V4(group), interface), _) => {
            let any = Ipv4Addr::UNSPECIFIED.octets();
            [group.octets(), any, index(interface)?.to_ne_bytes()].concat()
        }
        (Value::Group(IpAddr::V6(group), interface), _) => {
            [&group.octets()[..], &index(interface)?.to_ne_bytes()].concat()
        }
        (Value::Bytes(bytes), _) => bytes.clone(),
        (Value::Record(_), _) => return Err(invalid()),
    })
}

/// The value in the bytes that getsockopt(2) brought; bytes of another length than the layout's stay bytes.
pub(super) fn decode(form: &Form, bytes: &[u8]) -> Value {
    let value = match form {
        Form::Bool => number(bytes, Width::Int).map(|number| Value::Bool(number != 0)),
        Form::Number(of) => number(bytes, of.width).map(Value::Number),
        Form::Flags(_) | Form::Symbol(_) => number(bytes, Width::Int).map(Value::Number),
        Form::Linger => {
            pair(bytes).map(|[on, seconds]| Value::Linger((on != 0).then_some(seconds)))
        }
        Form::Timeval => time(bytes).map(Value::Time),
        Form::Text => {
            let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            Some(Value::Text(String::from_utf8_lossy(text).into_owned()))
        }
        Form::Interface => whole(bytes).map(|index| interface(u32::from_ne_bytes(index))),
        Form::InterfaceBigEndian => whole(bytes).map(|index| interface(u32::from_be_bytes(index))),
        Form::Ipv4 => whole::<4>(bytes).map(|octets| Value::Ipv4(octets.into())),
        Form::PortRange => whole(bytes).map(|range| ports(u32::from_ne_bytes(range))),
        Form::Record(fields) => Some(Value::Record(Record::decode(fields, bytes))),
        Form::Membership4 | Form::Membership6 | Form::Opaque => None,
    };
    value.unwrap_or_else(|| Value::Bytes(bytes.to_vec()))
}

fn encode_number(number: i128, width: Width) -> io::Result<Vec<u8>> {
    let invalid = |_| invalid();
    Ok(match width {
        Width::Int => c_int::try_from(number)
            .map_err(invalid)?
            .to_ne_bytes()
            .to_vec(),
        Width::U32 => u32::try_from(number)
            .map_err(invalid)?
            .to_ne_bytes()
            .to_vec(),
        Width::U64 => u64::try_from(number)
            .map_err(invalid)?
            .to_ne_bytes()
            .to_vec(),
    })
}

fn width(form: &Form) -> Width {
    match form {
        Form::Number(number) => number.width,
        _ => Width::Int,
    }
}

/// The index of an interface by name; 0 for none.
fn index(name: &Option<String>) -> io::Result<u32> {
    match name {
        None => Ok(0),
        Some(name) => {
            index_of_interface(name).ok_or_else(|| io::Error::from_raw_os_error(libc::ENODEV))
        }
    }
}

fn interface(index: u32) -> Value {
    let name = || name_of_interface(index).unwrap_or_else(|| index.to_string());
    Value::Interface((index != 0).then(name))
}

fn ports(range: u32) -> Value {
    let [low, high] = [range & 0xffff, range >> 16].map(|port| u16::try_from(port).unwrap_or(0));
    Value::Ports((range != 0).then_some((low, high)))
}

/// A number of the length that the kernel chose: some answer in one byte, some in eight.
fn number(bytes: &[u8], width: Width) -> Option<i128> {
    Some(match (bytes.len(), width) {
        (1, _) => whole::<1>(bytes)?[0].into(),
        (4, Width::Int) => c_int::from_ne_bytes(whole(bytes)?).into(),
        (4, _) => u32::from_ne_bytes(whole(bytes)?).into(),
        (8, _) => u64::from_ne_bytes(whole(bytes)?).into(),
        _ => return None,
    })
}

fn time(bytes: &[u8]) -> Option<Duration> {
    let (seconds, rest) = bytes.split_first_chunk()?;
    let seconds = u64::try_from(libc::time_t::from_ne_bytes(*seconds)).ok()?;
    let microseconds = u64::try_from(libc::suseconds_t::from_ne_bytes(whole(rest)?)).ok()?;
    Duration::from_secs(seconds).checked_add(Duration::from_micros(microseconds))
}

fn pair(bytes: &[u8]) -> Option<[c_int; 2]> {
    let (first, second) = bytes.split_first_chunk()?;
    Some([
        c_int::from_ne_bytes(*first),
        c_int::from_ne_bytes(whole(second)?),
    ])
}

fn whole<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn invalid() -> io::Error {
    io::Error::from_raw_os_error(libc::EINVAL)
}
