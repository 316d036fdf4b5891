//! Several ports in the place of one: lists and ranges, as `22,80,8000-8010` or `ssh,http`.

use super::address::combine;
use crate::net::{Endpoint, EndpointError, HostPort, Port};

/// A host, and the ports that are asked about, each once.
pub struct Ports {
    /// The host; its port is the first of them.
    pub host: HostPort,
    /// The ports, in the order typed; none of them is 0.
    pub ports: Vec<Port>,
}

/// ADDR in one word, two words, or flags, where the port may be a list; the tutorial's port where there is none.
pub fn combine_ports(
    addr: Option<&str>,
    second: Option<&str>,
    host: Option<&str>,
    port: Option<&str>,
) -> Result<Ports, EndpointError> {
    let apart = second.or(port);
    let together = addr.filter(|_| apart.is_none()).and_then(split);
    let ports = match apart.or_else(|| together.map(|(_, list)| list)) {
        Some(list) => Some(parse(list)?),
        None => None,
    };
    // The first stands for all of them, so that the rest of the address is read as everywhere.
    let first = ports.as_ref().and_then(|ports| ports.first()).map(text);
    let word = together.map(|(before, _)| format!("{before}{}", first.clone().unwrap_or_default()));
    let endpoint = combine(
        word.as_deref().or(addr),
        second.and(first.as_deref()),
        host,
        port.and(first.as_deref()),
    )?;
    match endpoint {
        Endpoint::Network(host) => Ok(Ports {
            ports: ports
                .or_else(|| host.port.clone().map(|port| vec![port]))
                .unwrap_or_else(|| vec![Port::Number(crate::net::DEFAULT_PORT)]),
            host,
        }),
        Endpoint::Inherited(_) => Err(refused(
            "a descriptor has no ports".to_owned(),
            "HOST:22,80,8000-8010",
        )),
    }
}

/// A port, or a service of services(5), that is spoken to.
pub fn one_port(word: &str) -> Result<Port, String> {
    match parse_item(word).map_err(|error| error.why)?.as_slice() {
        [port] => Ok(port.clone()),
        _ => Err("one port is wanted".to_owned()),
    }
}

/// A word up to its ports, and the ports; `None` where it has none.
fn split(word: &str) -> Option<(&str, &str)> {
    if word.starts_with("fd:") {
        return None;
    }
    let at = match (
        word.starts_with('['),
        word.find("]:"),
        word.matches(':').count(),
    ) {
        (true, Some(bracket), _) => bracket + 2,
        (false, _, 1) => word.find(':')? + 1,
        (false, _, 0) if word.starts_with(|c: char| c.is_ascii_digit()) => {
            // An address in dots is a host; dots do not stand in ports.
            return (!word.contains('.')).then_some(("", word));
        }
        _ => return None,
    };
    word.split_at_checked(at)
}

fn parse(list: &str) -> Result<Vec<Port>, EndpointError> {
    let mut ports = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for item in list.split(',') {
        for port in parse_item(item)? {
            if seen.insert(text(&port)) {
                ports.push(port);
            }
        }
    }
    Ok(ports)
}

/// A port, a service, or a range of numbers.
fn parse_item(item: &str) -> Result<Vec<Port>, EndpointError> {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    match item.split_once('-') {
        Some((from, to)) if is_number(from) && is_number(to) => {
            let (first, last) = (number(from)?, number(to)?);
            if first > last {
                let why = format!("the range {item} ends before it begins");
                return Err(refused(why, &format!("{to}-{from}")));
            }
            Ok((first..=last).map(Port::Number).collect())
        }
        _ if is_number(item) => Ok(vec![Port::Number(number(item)?)]),
        _ => match Endpoint::parse_apart(None, Some(item))? {
            Endpoint::Network(HostPort {
                port: Some(port), ..
            }) => Ok(vec![port]),
            _ => Ok(Vec::new()),
        },
    }
}

fn number(word: &str) -> Result<u16, EndpointError> {
    let number = word.parse().ok().filter(|number| *number != 0);
    number.ok_or_else(|| {
        let why = format!("port {word} is out of range");
        refused(why, "a port to be probed is from 1 to 65535")
    })
}

fn text(port: &Port) -> String {
    match port {
        Port::Number(number) => number.to_string(),
        Port::Service(name) => name.clone(),
    }
}

fn refused(why: String, hint: &str) -> EndpointError {
    EndpointError {
        why,
        hint: Some(hint.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: [Option<&str>; 4]) -> Option<(String, String)> {
        let [addr, second, host, port] = words;
        let ports = combine_ports(addr, second, host, port).ok()?;
        let list: Vec<String> = ports.ports.iter().map(text).collect();
        let host = ports.host.to_string();
        let host = host.rsplit_once(':').unwrap().0.to_owned();
        Some((host, list.join(" ")))
    }

    #[test]
    fn lists_and_ranges() {
        for (word, host, ports) in [
            ("h:22", "h", "22"),
            ("h:22,80", "h", "22 80"),
            ("h:80,22,80,22-23", "h", "80 22 23"),
            ("h:8000-8003,9", "h", "8000 8001 8002 8003 9"),
            ("h:ssh,http-alt,7", "h", "ssh http-alt 7"),
            ("[::1]:1-2", "[::1]", "1 2"),
            ("[fe80::1%lo]:1-2", "[fe80::1%lo]", "1 2"),
            ("20-22", "127.0.0.1", "20 21 22"),
            ("20,22", "127.0.0.1", "20 22"),
            ("h", "h", "8082"),
            ("127.0.0.2", "127.0.0.2", "8082"),
            ("[::1]", "[::1]", "8082"),
        ] {
            let expected = Some((host.to_owned(), ports.to_owned()));
            assert_eq!(shown([Some(word), None, None, None]), expected, "{word}");
        }
        for words in [
            [Some("h"), Some("1,2"), None, None],
            [Some("h"), None, None, Some("1-2")],
            [None, None, Some("h"), Some("1-2")],
            [Some("1-2"), None, Some("h"), None],
        ] {
            let expected = Some(("h".to_owned(), "1 2".to_owned()));
            assert_eq!(shown(words), expected, "{words:?}");
        }
        let all = combine_ports(Some("h:1-65535"), None, None, None).unwrap();
        assert_eq!(all.ports.len(), 65535);
    }

    #[test]
    fn one_alone() {
        assert_eq!(one_port("22"), Ok(Port::Number(22)));
        assert_eq!(one_port("ssh"), Ok(Port::Service("ssh".to_owned())));
        for word in [
            "",
            "0",
            "65536",
            "1-2",
            "1,2",
            "80x",
            "::1",
            "127.0.0.1",
            "-1",
        ] {
            assert!(one_port(word).is_err(), "{word}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for word in [
            "",
            "h:",
            "h:,",
            "h:1,",
            "h:,1",
            "h:1-",
            "h:-1",
            "h:1--2",
            "h:2-1",
            "h:0",
            "h:0-2",
            "h:1-65536",
            "h:65536",
            "h:1;2",
            "h:1 2",
            "::1:1-2",
            "fd:3",
            "1-2x",
            "h:1-b",
        ] {
            assert_eq!(shown([Some(word), None, None, None]), None, "{word}");
        }
        assert_eq!(shown([Some("h:1"), Some("2"), None, None]), None);
        assert_eq!(shown([Some("h:1-2"), None, Some("g"), None]), None);
    }
}
