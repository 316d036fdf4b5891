//! `sockkit raw send`: one packet, byte for byte, or built from flags.

use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;

use super::craft::CraftArgs;
use super::event::{Sent, word};
use super::open::{Wish, open, without_port};
use crate::args::{FamilyArgs, SocketArgs, TimingArgs, from_hex, parse_host};
use crate::commands::Desk;
use crate::commands::privilege::give_up_all;
use crate::engine::{CHUNK, Inlet, LoopError, Timer, deliver};
use crate::net::{Address, CallError, Family, Host, Protocol, Resolver, Socket};
use crate::output::{Exit, Usage};

/// No packet is longer, header included: RFC 791 and RFC 8200 count its length in 16 bits.
const LONGEST: usize = 65535;

/// Send one packet (socket, sendto)
///
/// The bytes are what follows the IP header, checksums included; only ICMPv6's checksum is the kernel's to fill in. They come from DATA, --file
/// or stdin, and are sent as they are. With --icmp, --tcp or --udp the packet is built, and DATA, --payload or --file is what it carries. Whatever is answered goes to
/// the kernel too, which resets a connection that it knows nothing of.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Send {
    /// ADDR, a host without a port: 127.0.0.1 (::1 over IPv6) if left out. Then DATA, its words joined by spaces
    #[arg(value_name = "ADDR|DATA")]
    words: Vec<OsString>,
    /// More DATA, whatever it looks like
    #[arg(last = true, value_name = "DATA")]
    data: Vec<OsString>,
    /// The address, instead of ADDR
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    #[command(flatten)]
    family: FamilyArgs,
    /// icmp, icmp6, tcp, udp, or a number; ICMP or ICMPv6 if left out
    #[arg(long, value_name = "PROTO", value_parser = super::protocol, conflicts_with = "built")]
    proto: Option<Protocol>,
    /// The bytes are in FILE, `-` for stdin
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Take DATA, --file, --payload or stdin as hex digits; white space is ignored
    #[arg(long)]
    from_hex: bool,
    /// The bytes begin with the IP header (IP_HDRINCL, IPV6_HDRINCL)
    #[arg(long, conflicts_with = "built")]
    header: bool,
    /// The address to send from, one of this host's; any with -o IP_TRANSPARENT=1
    #[arg(long, value_name = "IP", value_parser = address, conflicts_with = "header")]
    bind: Option<IpAddr>,
    #[command(flatten)]
    craft: CraftArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    timing: TimingArgs,
}

const EXAMPLES: &str = "\
Examples:
  sockkit raw send 127.0.0.1 --from-hex 0800 f7fd 0001 0001   an echo request
  sockkit raw send ::1 --from-hex 8000 0000 0001 0001         the same over IPv6
  sockkit raw send 192.0.2.1 --proto 253 --file packet.bin
  sockkit raw send 127.0.0.1 --header --file packet.bin    with its own header
  sockkit raw send ::1 --icmp echo --ttl 3 --payload hello
  sockkit raw send 192.0.2.1 --tcp syn --dport 80 -v       and what was sent
  sockkit raw send ::1 --tcp syn --tcp-options mss=1460,sackok,nop,wscale=7
  sockkit raw send 127.0.0.1 --udp --dport 53 --bad-checksum --from-hex 00ff

Needs CAP_NET_RAW.";

impl Send {
    /// Read the bytes, open the socket, send.
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let preparation = self.socket.parse()?;
        let (host, data) = self.host_and_data()?;
        let (to, protocol) = self.destination(host, desk)?;
        let bytes = self.bytes(data, start)?;
        self.check(&bytes, protocol, to)?;
        let (address, family) = (Address::Inet(to), Address::Inet(to).family());
        let mut socket = open(family, protocol, &desk.explain)?;
        preparation.apply(&socket)?;
        if let Some(from) = self.bind {
            let from = SocketAddr::new(from, 0);
            let bound = socket.bind(&Address::Inet(from));
            bound.map_err(|error| without_port(error, from))?;
        }
        give_up_all(desk)?;
        let (level, hops, header) = match family {
            Family::Inet6 => (
                libc::IPPROTO_IPV6,
                libc::IPV6_UNICAST_HOPS,
                libc::IPV6_HDRINCL,
            ),
            _ => (libc::IPPROTO_IP, libc::IP_TTL, libc::IP_HDRINCL),
        };
        if let Some(ttl) = self.craft.ttl {
            socket.set_int(level, hops, ttl.into())?;
        }
        if self.header {
            socket.set_int(level, header, 1)?;
        }
        let (bytes, layer) = match self
            .craft
            .crafted(to.is_ipv6(), &Resolver::new(&desk.explain))?
        {
            None => (bytes, None),
            Some(crafted) => {
                let source = match self.bind {
                    // Which the kernel need not know of: it would refuse to connect from there.
                    Some(from) if !from.is_unspecified() => from,
                    _ => source(&mut socket, to)?,
                };
                let message = crafted.encode(source, to.ip(), &bytes, self.craft.bad_checksum);
                let layer = crafted.layer(to.is_ipv6(), &message);
                (message, Some(layer))
            }
        };
        deliver(&socket, &desk.explain, self.timing.to_connect(), |socket| {
            let sent = socket.sendto(&bytes, &address);
            sent.map_err(|error| without_port(error, to))
        })?;
        desk.output.tell(&Sent {
            proto: word(protocol),
            peer: address.host(),
            length: bytes.len(),
            layer,
        })?;
        socket.close()?;
        Ok(Exit::Done)
    }

    /// The words taken apart; `None` where there is no DATA.
    fn host_and_data(&self) -> anyhow::Result<(Host, Option<Vec<u8>>)> {
        let (host, words) = match (&self.host, self.words.as_slice()) {
            (Some(host), words) => (parse_host(host)?, words),
            (None, [first, rest @ ..]) => {
                let first = first.to_str().ok_or_else(|| no_address(first))?;
                (parse_host(first)?, rest)
            }
            (None, []) => (Host::Default, [].as_slice()),
        };
        let words: Vec<&[u8]> = words
            .iter()
            .chain(&self.data)
            .map(|word| word.as_bytes())
            .collect();
        let data = (!words.is_empty()).then(|| words.join(&b' '));
        let payload = self.craft.payload.as_ref();
        if data.is_some() && (self.file.is_some() || payload.is_some()) {
            let why = "DATA is there, and --file or --payload too";
            return Err(Usage::new(why, "one of them").into());
        }
        let data = data.or_else(|| payload.map(|text| text.as_bytes().to_vec()));
        Ok((host, data))
    }

    /// Where to, and the socket's protocol: any (IPPROTO_RAW) where the header names it.
    fn destination(&self, host: Host, desk: &Desk) -> anyhow::Result<(SocketAddr, Protocol)> {
        let wish = Wish {
            host,
            family: self.family.family(),
            protocol: self.proto.or_else(|| self.craft.protocol()),
        };
        if wish.host == Host::Any {
            return Err(Usage::new("`*` is no destination", "127.0.0.1").into());
        }
        let addresses = wish.addresses(self.timing.to_connect(), desk)?;
        let to = *addresses.first().context("no address")?;
        let protocol = match self.proto {
            None if self.header => Protocol::RAW,
            _ => wish.protocol(Address::Inet(to).family()),
        };
        Ok((to, protocol))
    }

    fn bytes(&self, data: Option<Vec<u8>>, start: Instant) -> anyhow::Result<Vec<u8>> {
        let typed = match (data, self.file.as_deref()) {
            (Some(data), _) => data,
            (None, None) if self.craft.is_built() => Vec::new(),
            (None, Some(file)) if file != Path::new("-") => {
                let failed = |cause| CallError::new("read", file.display(), cause);
                let inlet = Inlet::file(file).map_err(failed)?;
                let named = format!("read {}", file.display());
                self.read(inlet, &named, start)
                    .map_err(|error| match error {
                        LoopError::Stdin(cause) => failed(cause).into(),
                        other => other,
                    })?
            }
            _ => self.read(Inlet::stdin(), "read stdin", start)?,
        };
        if !self.from_hex {
            return Ok(typed);
        }
        let pairs = "--from-hex takes pairs of hex digits: 0800 f7fd";
        Ok(from_hex(&typed).map_err(|why| Usage::new(why, pairs))?)
    }

    /// How much is enough to be too long for a packet whatever follows.
    fn most(&self) -> u64 {
        let most = if self.from_hex {
            8 * LONGEST
        } else {
            LONGEST + 1
        };
        most as u64
    }

    fn read(&self, inlet: Inlet, named: &str, start: Instant) -> Result<Vec<u8>, LoopError> {
        let inlet = inlet.limited(Some(self.most()));
        let mut timers = self.timing.timers(start);
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; CHUNK]);
        loop {
            if let Some(expired) = timers.expired(Instant::now()) {
                return Err(expired.on(named).into());
            }
            if !inlet.is_ready() && !inlet.wait(timers.next()).map_err(LoopError::Stdin)? {
                continue;
            }
            match inlet.read(&mut buffer).map_err(LoopError::Stdin)? {
                Some(0) => return Ok(bytes),
                count => {
                    bytes.extend_from_slice(buffer.get(..count.unwrap_or(0)).unwrap_or_default());
                    timers.restart(Timer::Idle, Instant::now());
                }
            }
        }
    }

    /// What the kernel would refuse with less than a sentence.
    fn check(&self, bytes: &[u8], protocol: Protocol, to: SocketAddr) -> Result<(), Usage> {
        if self.craft.bad_checksum && protocol == Protocol::ICMPV6 {
            let why = "the kernel computes the checksum of every ICMPv6 message";
            return Err(Usage::new(why, "--header, and the packet as bytes"));
        }
        if self.craft.is_beyond() {
            return Err(Usage::new("an echo's --seq goes up to 65535", "--seq 1"));
        }
        // Such a socket takes packets with their header alone, asked for or not.
        let has_header = self.header || protocol == Protocol::RAW;
        let (what, shortest) = match protocol {
            _ if has_header && to.is_ipv4() => ("an IPv4 header", 20),
            _ if has_header => ("an IPv6 header", 40),
            _ if self.craft.is_built() => ("a payload", 0),
            // The kernel looks at type and code, and puts the checksum behind them.
            Protocol::ICMP => ("an ICMP message", 2),
            Protocol::ICMPV6 => ("an ICMPv6 message", 4),
            _ => ("a payload", 0),
        };
        if bytes.len() < shortest {
            let why = format!(
                "{what} has at least {shortest} bytes, here are {}",
                bytes.len()
            );
            return Err(Usage::new(why, "`sockkit raw send --help` has examples"));
        }
        if bytes.len() > LONGEST {
            let why = format!("a packet has at most {LONGEST} bytes");
            return Err(Usage::new(why, "send less, or in several packets"));
        }
        Ok(())
    }
}

fn no_address(word: &OsStr) -> Usage {
    Usage::new(format!("{word:?} is no address"), "data goes after --")
}

fn address(word: &str) -> Result<IpAddr, String> {
    word.parse()
        .map_err(|_| "an address is meant, as 192.0.2.1".to_owned())
}

/// The address that the packet will come from, which its checksum covers: the kernel finds it on the way to the other end.
fn source(socket: &mut Socket, to: SocketAddr) -> Result<IpAddr, CallError> {
    let connected = socket.connect(&Address::Inet(to));
    connected.map_err(|error| without_port(error, to))?;
    let name = socket.getsockname()?;
    Ok(name.inet().unwrap_or(to).ip())
}
