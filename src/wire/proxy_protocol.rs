//! The header by which a proxy tells whose connection it hands on: versions 1 and 2 of HAProxy's PROXY protocol.
//!
//! Pure: bytes in, an address and a length out. Whatever is not exactly such a header is refused, since behind a header
//! that was misread anybody could pass for anybody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str;

/// The longest line of version 1, with its CRLF (section 2.1).
const LINE_LIMIT: usize = 107;
/// What a line begins with.
const LINE: &[u8] = b"PROXY ";
/// What a binary header begins with (section 2.2).
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family and transport, length.
const FIXED: usize = 16;
/// The longest binary header that is waited for: room for addresses, and for a client's certificate behind them.
const LIMIT: usize = 8 * 1024;
/// The type of the field that holds the checksum (section 2.2.4).
const CRC32C: u8 = 0x03;
/// The room that a path has in a binary header: `sun_path`.
const PATH: usize = 108;

/// Who is behind the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Client {
    /// The proxy itself, or somebody that it does not know: the connection's own address stands.
    Proxy,
    /// A client over TCP.
    Inet(SocketAddr),
    /// A client over a local socket, by its name as in `sun_path`: a path, an abstract name behind its NUL, or empty.
    Unix(Vec<u8>),
}

/// What the first bytes of a connection are found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preface {
    /// A header may become of them.
    Partial,
    /// A header.
    Complete {
        /// Whom it tells of.
        client: Client,
        /// How many bytes it has.
        length: usize,
    },
    /// No header, and why.
    Refused(&'static str),
}

impl Preface {
    /// Read the bytes that a connection begins with.
    pub fn parse(bytes: &[u8]) -> Self {
        let parsed = if begins(bytes, SIGNATURE) {
            parse_binary(bytes)
        } else if begins(bytes, LINE) {
            parse_line(bytes)
        } else {
            Err("it does not begin with a PROXY header")
        };
        match parsed {
            Ok(Some((client, length))) => Self::Complete { client, length },
            Ok(None) => Self::Partial,
            Err(why) => Self::Refused(why),
        }
    }
}

/// A header, `None` as long as it is not all there, or why it is none.
type Parsed = Result<Option<(Client, usize)>, &'static str>;

/// Whether `bytes` begin with `start`, as far as they are there.
fn begins(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(byte, wanted)| byte == wanted)
}

fn parse_line(bytes: &[u8]) -> Parsed {
    let line = bytes.get(..LINE_LIMIT).unwrap_or(bytes);
    let Some(end) = line.windows(2).position(|two| two == b"\r\n") else {
        return match line.len() {
            LINE_LIMIT => Err("its line is longer than 107 bytes"),
            _ => Ok(None),
        };
    };
    let words = line.get(LINE.len()..end);
    let words = words.and_then(|words| str::from_utf8(words).ok());
    let words = words.ok_or("its line is no text")?;
    parse_words(words).map(|client| Some((client, end + 2)))
}

fn parse_words(words: &str) -> Result<Client, &'static str> {
    if words == "UNKNOWN" || words.starts_with("UNKNOWN ") {
        return Ok(Client::Proxy);
    }
    let words: Vec<&str> = words.split(' ').collect();
    let [protocol, source, destination, from, to] = words.as_slice() else {
        return Err("its line has not the words that it must have");
    };
    let ip = |word: &str| -> Option<IpAddr> {
        match *protocol {
            "TCP4" => word.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            "TCP6" => word.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    let client = ip(source).zip(port(from));
    let served = ip(destination).zip(port(to));
    match client.zip(served) {
        Some(((ip, port), _)) => Ok(Client::Inet(SocketAddr::new(ip, port))),
        None => Err("its line has no addresses of its protocol"),
    }
}

/// A decimal number without a sign or a zero in front.
fn port(word: &str) -> Option<u16> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_canonical = is_plain && (word == "0" || !word.starts_with('0'));
    is_canonical.then(|| word.parse().ok()).flatten()
}

fn parse_binary(bytes: &[u8]) -> Parsed {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else {
        return Ok(None);
    };
    let [.., command, transport, high, low] = *fixed;
    if command >> 4 != 2 {
        return Err("its version is not 2");
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if FIXED + length > LIMIT {
        return Err("it is longer than 8 KiB");
    }
    let (Some(rest), Some(header)) = (rest.get(..length), bytes.get(..FIXED + length)) else {
        return Ok(None);
    };
    let client = match command & 0xf {
        // What follows is to be passed over, whatever it is.
        0 => Client::Proxy,
        1 => parse_addresses(transport, rest, header)?,
        _ => return Err("its command is neither LOCAL nor PROXY"),
    };
    Ok(Some((client, FIXED + length)))
}

/// The addresses of a transport, and the fields behind them.
fn parse_addresses(transport: u8, rest: &[u8], header: &[u8]) -> Result<Client, &'static str> {
    const SHORT: &str = "it is too short for its addresses";
    let (client, size) = match transport {
        0x00 => return Ok(Client::Proxy),
        0x11 => (inet::<4>(rest), 12),
        0x21 => (inet::<16>(rest), 36),
        0x31 => (rest.get(..PATH).map(unix), 2 * PATH),
        _ => return Err("its transport is no stream that is known"),
    };
    let fields = rest.get(size..).ok_or(SHORT)?;
    check_fields(fields, header)?;
    client.ok_or(SHORT)
}

/// Two addresses of `N` bytes and two ports, the client's first.
fn inet<const N: usize>(rest: &[u8]) -> Option<Client>
where
    IpAddr: From<[u8; N]>,
{
    let (source, after) = rest.split_first_chunk::<N>()?;
    let (_, ports) = after.split_first_chunk::<N>()?;
    let (port, _) = ports.split_first_chunk::<2>()?;
    let address = SocketAddr::new(IpAddr::from(*source), u16::from_be_bytes(*port));
    Some(Client::Inet(address))
}

/// A path ends with its first NUL, an abstract name with the last byte that is none.
fn unix(room: &[u8]) -> Client {
    let length = match room.first() {
        Some(0) => room.iter().rposition(|byte| *byte != 0).map(|at| at + 1),
        _ => room.iter().position(|byte| *byte == 0).or(Some(room.len())),
    };
    let name = room.get(..length.unwrap_or(0)).unwrap_or_default();
    Client::Unix(name.to_vec())
}

/// Every field ends where the next begins, the last with the header, and a checksum is right.
fn check_fields(mut fields: &[u8], header: &[u8]) -> Result<(), &'static str> {
    while let Some(([kind, high, low], rest)) = fields.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((value, after)) = rest.split_at_checked(length) else {
            return Err("a field is longer than what is there");
        };
        if *kind == CRC32C {
            let begins = header.len() - rest.len();
            let told = <[u8; 4]>::try_from(value).map_err(|_| "its checksum has not 4 bytes")?;
            if crc32c(header, begins..begins + length) != u32::from_be_bytes(told) {
                return Err("its checksum is wrong");
            }
        }
        fields = after;
    }
    match fields.is_empty() {
        true => Ok(()),
        false => Err("a field is cut off"),
    }
}

/// RFC 4960, appendix B, with the checksum's own bytes as zero; a header is too short to earn a table.
fn crc32c(bytes: &[u8], zeroed: std::ops::Range<usize>) -> u32 {
    let sum = bytes.iter().enumerate().fold(!0, |sum: u32, (at, byte)| {
        let byte = if zeroed.contains(&at) { 0 } else { *byte };
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            let carry = (sum & 1).wrapping_neg();
            (sum >> 1) ^ (0x82f6_3b78 & carry)
        })
    });
    !sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn binary(command: u8, transport: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, transport], &length, rest].concat()
    }

    fn inet4(fields: &[u8]) -> Vec<u8> {
        [&[192, 0, 2, 1, 192, 0, 2, 2, 0x30, 0x39, 0, 80][..], fields].concat()
    }

    fn client(bytes: &[u8]) -> Result<String, Preface> {
        match Preface::parse(bytes) {
            Preface::Complete {
                client: Client::Inet(address),
                length,
            } if length == bytes.len() => Ok(address.to_string()),
            other => Err(other),
        }
    }

    fn refused(bytes: &[u8]) -> &'static str {
        match Preface::parse(bytes) {
            Preface::Refused(why) => why,
            other => panic!("{}: {other:?}", bytes.escape_ascii()),
        }
    }

    #[test]
    fn lines() {
        for (line, meant) in [
            (
                "PROXY TCP4 192.0.2.1 192.0.2.2 12345 80\r\n",
                "192.0.2.1:12345",
            ),
            (
                "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n",
                "0.0.0.0:0",
            ),
            (
                "PROXY TCP6 2001:db8::1 ::1 12345 80\r\n",
                "[2001:db8::1]:12345",
            ),
            (
                "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
                 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
            ),
        ] {
            assert_eq!(client(line.as_bytes()), Ok(meant.to_owned()), "{line}");
        }
    }

    #[test]
    fn lines_that_tell_nothing() {
        let unknown = format!("PROXY UNKNOWN {}\r\n", "f".repeat(91));
        assert_eq!(unknown.len(), LINE_LIMIT);
        for line in ["PROXY UNKNOWN\r\n", &unknown] {
            let length = line.len();
            let client = Client::Proxy;
            let expected = Preface::Complete { client, length };
            assert_eq!(Preface::parse(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn bad_lines() {
        for line in [
            "GET / HTTP/1.1\r\n",
            "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY\r\n",
            "PROXY \r\n",
            "PROXY UNKNOWNS\r\n",
            "PROXY TCP4\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            "PROXY TCP4 192.0.2.1\t192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP6 fe80::1%lo ::1 1 2\r\n",
            "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n",
            "PROXY TCP4 localhost 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nGET / HTTP/1.1\r\n",
        ] {
            refused(line.as_bytes());
        }
        refused(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 \xff\r\n");
        refused(format!("PROXY UNKNOWN {}\r\n", "f".repeat(92)).as_bytes());
        refused(&[b"PROXY ".as_slice(), &[b'x'; 101]].concat());
    }

    #[test]
    fn binary_headers() {
        let noop = [0x04, 0, 3, 1, 2, 3];
        let address = Ok("192.0.2.1:12345".to_owned());
        assert_eq!(client(&binary(0x21, 0x11, &inet4(&[]))), address);
        assert_eq!(client(&binary(0x21, 0x11, &inet4(&noop))), address);
        assert_eq!(client(&binary(0x21, 0x11, &inet4(&[0xee, 0, 0]))), address);
        let six = [
            &Ipv6Addr::LOCALHOST.octets()[..],
            &[0; 16],
            &[0x30, 0x39, 0, 80],
        ]
        .concat();
        let meant = Ok("[::1]:12345".to_owned());
        assert_eq!(client(&binary(0x21, 0x21, &six)), meant);
    }

    #[test]
    fn binary_headers_that_tell_nothing() {
        for bytes in [
            binary(0x20, 0x00, b""),
            binary(0x20, 0x11, b"anything"),
            binary(0x20, 0xff, &[0; 300]),
            binary(0x21, 0x00, b"anything"),
        ] {
            let length = bytes.len();
            let client = Client::Proxy;
            let expected = Preface::Complete { client, length };
            assert_eq!(Preface::parse(&bytes), expected);
        }
    }

    #[test]
    fn local_sockets() {
        for (name, meant) in [
            (&b"/run/x.sock\0rest"[..], &b"/run/x.sock"[..]),
            (b"\0name", b"\0name"),
            (b"\0a\0b", b"\0a\0b"),
            (b"", b""),
            (&[b'p'; 108], &[b'p'; 108]),
        ] {
            let mut rest = name.to_vec();
            rest.resize(2 * PATH, 0);
            let parsed = Preface::parse(&binary(0x21, 0x31, &rest));
            let Preface::Complete { client, .. } = parsed else {
                panic!("{parsed:?}")
            };
            assert_eq!(client, Client::Unix(meant.to_vec()));
        }
    }

    #[test]
    fn bad_binary_headers() {
        for (bytes, why) in [
            (binary(0x11, 0x11, &inet4(&[])), "version"),
            (binary(0x31, 0x11, &inet4(&[])), "version"),
            (binary(0x22, 0x11, &inet4(&[])), "command"),
            (binary(0x2f, 0x00, &[]), "command"),
            (binary(0x21, 0x01, &inet4(&[])), "transport"),
            (binary(0x21, 0x10, &inet4(&[])), "transport"),
            (binary(0x21, 0x12, &inet4(&[])), "transport"),
            (binary(0x21, 0x41, &inet4(&[])), "transport"),
            (binary(0x21, 0x11, &[]), "short"),
            (binary(0x21, 0x11, &inet4(&[])[..11]), "short"),
            (binary(0x21, 0x21, &inet4(&[])), "short"),
            (binary(0x21, 0x31, &[b'p'; 215]), "short"),
            (binary(0x21, 0x11, &inet4(&[4])), "cut off"),
            (binary(0x21, 0x11, &inet4(&[4, 0])), "cut off"),
            (binary(0x21, 0x11, &inet4(&[4, 0, 1])), "longer"),
            (binary(0x21, 0x11, &inet4(&[4, 0xff, 0xff, 1])), "longer"),
            (binary(0x21, 0x11, &inet4(&[3, 0, 0])), "4 bytes"),
            (binary(0x21, 0x11, &inet4(&[3, 0, 4, 0, 0, 0, 0])), "wrong"),
            (binary(0x20, 0x00, &vec![0; LIMIT]), "8 KiB"),
        ] {
            let said = refused(&bytes);
            assert!(said.contains(why), "{said}, not {why}");
        }
    }

    #[test]
    fn checksums() {
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0; 32], 0..0), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32], 0..0), 0x62a8_ab43);
        let mut bytes = binary(0x21, 0x11, &inet4(&[3, 0, 4, 0, 0, 0, 0, 4, 0, 1, 7]));
        let at = bytes.len() - 8;
        let sum = crc32c(&bytes, 0..0).to_be_bytes();
        bytes[at..at + 4].copy_from_slice(&sum);
        assert_eq!(client(&bytes), Ok("192.0.2.1:12345".to_owned()));
        // A field that is no checksum any more is passed over.
        let kind = at - 3;
        for flipped in (FIXED..bytes.len()).filter(|flipped| *flipped != kind) {
            let mut bad = bytes.clone();
            bad[flipped] ^= 0x40;
            assert!(client(&bad).is_err(), "byte {flipped}");
        }
    }

    #[test]
    fn every_cut_is_waited_for() {
        let line = b"PROXY TCP4 192.0.2.1 192.0.2.2 12345 80\r\n".to_vec();
        for whole in [line, binary(0x21, 0x11, &inet4(&[4, 0, 1, 7]))] {
            for cut in 0..whole.len() {
                assert_eq!(Preface::parse(&whole[..cut]), Preface::Partial, "{cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_a_cut_is_found_to_be_it_stays(bytes: Vec<u8>, version in 0..3, cut: prop::sample::Index) {
            let start: &[u8] = match version { 1 => b"PROXY TCP4 ", 2 => SIGNATURE, _ => b"" };
            let bytes = [start, &bytes].concat();
            let first = Preface::parse(&bytes[..cut.index(bytes.len() + 1)]);
            if first != Preface::Partial {
                prop_assert_eq!(first, Preface::parse(&bytes));
            }
        }
    }
}
