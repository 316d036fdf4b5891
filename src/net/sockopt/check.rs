//! The check of one row of the table, against the kernel: get, set where it can be set, get again, on every kind of socket
//! that the row names.
#![expect(
    clippy::disallowed_types,
    reason = "a connected pair of local sockets comes from std"
)]

use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};

use super::{Form, Moment, Setting, SocketOption, Sockets, Target, Value};
use crate::net::{Address, CallError, Explain, Family, Kind, Protocol, Socket};

/// An open socket, and what keeps it connected.
struct Specimen {
    socket: Socket,
    _peers: Vec<Socket>,
}

/// Check the row of this name.
pub(super) fn row(name: &str) {
    let target = Target::parse(name).unwrap();
    let option = target.option.unwrap();
    assert_eq!(option.name, name);
    for (kind, family, socket_type, protocol) in kinds() {
        if option.sockets.holds(kind) {
            let open = || specimen(option.moment, family, socket_type, protocol);
            examine(target, option, kind, &open);
        }
    }
}

fn examine(
    target: Target,
    option: &SocketOption,
    kind: Sockets,
    open: &dyn Fn() -> Result<Specimen, CallError>,
) {
    let specimen = match open() {
        Ok(specimen) => specimen,
        Err(error) if cannot_open(kind, &error) => return skipped(kind, &error),
        Err(error) => panic!("{kind}: {error}"),
    };
    if option.access.reads() {
        match target.read(&specimen.socket) {
            Ok(value) => assert_laid_out(option, kind, &value),
            Err(error) => return assert_excused(option, kind, &error),
        }
    }
    if option.access.sets() {
        for (asked, granted) in samples(option) {
            set_and_get(target, option, kind, &open().unwrap(), asked, granted);
        }
    }
}

fn set_and_get(
    target: Target,
    option: &SocketOption,
    kind: Sockets,
    specimen: &Specimen,
    asked: &str,
    granted: &str,
) {
    let socket = &specimen.socket;
    if let Some(joined) = option.name.strip_suffix("DROP_MEMBERSHIP") {
        let join = Setting::parse(&format!("{joined}ADD_MEMBERSHIP={asked}")).unwrap();
        join.apply(socket).unwrap();
    }
    let setting = Setting::parse(&format!("{}={asked}", option.name)).unwrap();
    if let Err(error) = setting.apply(socket) {
        return assert_excused(option, kind, &error);
    }
    if option.access.reads() {
        let value = target.read(socket).unwrap();
        let shown = value.show(&target.form);
        assert_eq!(shown, granted, "{setting} on {kind}");
        assert!(
            value == setting.value || option.note.is_some(),
            "{setting} on {kind} reads {shown}, and the row does not say so"
        );
    }
}

/// A layout of another length than the kernel's would leave bytes.
fn assert_laid_out(option: &SocketOption, kind: Sockets, value: &Value) {
    let name = option.name;
    match (value, option.form) {
        (Value::Bytes(_), Form::Opaque) => {}
        (Value::Bytes(bytes), _) => panic!("{name} on {kind} is not as laid out: {bytes:?}"),
        (Value::Record(record), _) => assert!(!record.fields.is_empty(), "{name} on {kind}"),
        (value, form) => {
            let again = super::parse::parse(&form, &value.show(&form));
            let symbol = matches!(form, Form::Symbol(_));
            assert!(
                symbol || again.as_ref() == Some(value),
                "{name} on {kind}: {value:?}"
            );
        }
    }
}

/// A kernel may lack an option, and a user a capability, where the row says so.
fn assert_excused(option: &SocketOption, kind: Sockets, error: &CallError) {
    let excused = match error.errno() {
        libc::ENOPROTOOPT | libc::EOPNOTSUPP => option.since.is_some() || option.needs.is_some(),
        libc::EPERM | libc::EACCES => option.capability.is_some(),
        _ => false,
    };
    assert!(excused, "{kind}: {error}");
    skipped(kind, error);
}

/// Past the harness, which keeps what a passing test prints to itself.
fn skipped(kind: Sockets, error: &CallError) {
    let _ = writeln!(io::stderr(), "skipped: {kind}: {error}");
}

fn cannot_open(kind: Sockets, error: &CallError) -> bool {
    match error.errno() {
        libc::EPERM => Sockets::RAW.holds(kind) || kind == Sockets::PACKET,
        libc::EPROTONOSUPPORT | libc::ENOPROTOOPT => {
            kind == Sockets::UDPLITE || kind == Sockets::MPTCP
        }
        libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL => Sockets::IPV6.holds(kind),
        _ => false,
    }
}

/// What is asked for, and what is read then.
fn samples(option: &SocketOption) -> &'static [(&'static str, &'static str)] {
    match option.name {
        "SO_SNDBUF" | "SO_RCVBUF" => &[("100000", "200000 bytes"), ("64K", "131072 bytes")],
        "SO_SNDBUFFORCE" | "SO_RCVBUFFORCE" => &[("100000", "")],
        "SO_PRIORITY" => &[("5", "5")],
        "SO_LINGER" => &[("5", "5 s"), ("0", "0 s"), ("off", "off")],
        "SO_RCVLOWAT" => &[("1000", "1000 bytes")],
        "SO_RCVTIMEO" | "SO_SNDTIMEO" => &[("500ms", "500ms"), ("2", "2s"), ("off", "off")],
        "SO_BINDTODEVICE" => &[("lo", "lo"), ("", "")],
        "SO_BINDTOIFINDEX" => &[("lo", "lo"), ("none", "none")],
        "SO_MARK" => &[("7", "7"), ("0xffffffff", "4294967295")],
        "SO_TIMESTAMPING" => &[("rx-software|software", "rx-software|software")],
        "SO_PEEK_OFF" => &[("0", "0"), ("-1", "-1")],
        "SO_LOCK_FILTER" | "TCP_REPAIR" | "IP_ROUTER_ALERT" => &[("on", "on")],
        "SO_BUSY_POLL" => &[("50", "50 us"), ("2ms", "2000 us")],
        "SO_BUSY_POLL_BUDGET" => &[("16", "")],
        "SO_MAX_PACING_RATE" => &[("1M", "1048576 bytes/s"), ("unlimited", "unlimited")],
        "SO_INCOMING_CPU" => &[("0", "0")],
        "SO_BUF_LOCK" => &[("send|receive", "send|receive"), ("none", "none")],
        "SO_RESERVE_MEM" => &[("64K", "65536 bytes")],
        "IP_TOS" | "IPV6_TCLASS" => &[("lowdelay", "lowdelay"), ("0xb8", "ef"), ("0", "0")],
        "IP_TTL" | "IPV6_UNICAST_HOPS" | "IP_MINTTL" | "IPV6_MINHOPCOUNT" => &[("5", "5")],
        "IP_MULTICAST_TTL" | "IPV6_MULTICAST_HOPS" => &[("5", "5"), ("255", "255")],
        "IP_OPTIONS" => &[("01010101", "01010101"), ("", "")],
        "IP_MTU_DISCOVER" | "IPV6_MTU_DISCOVER" => &[("do", "do"), ("0", "dont"), ("omit", "omit")],
        "IP_MULTICAST_IF" => &[("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0")],
        "IP_ADD_MEMBERSHIP" | "IP_DROP_MEMBERSHIP" => &[("239.1.2.3@lo", "")],
        "IPV6_ADD_MEMBERSHIP" | "IPV6_DROP_MEMBERSHIP" => &[("ff02::1:2@lo", "")],
        "IP_UNICAST_IF" | "IPV6_UNICAST_IF" | "IPV6_MULTICAST_IF" => {
            &[("lo", "lo"), ("none", "none")]
        }
        "IP_LOCAL_PORT_RANGE" => &[("40000-50000", "40000-50000"), ("none", "none")],
        "IPV6_CHECKSUM" => &[("6", "6"), ("-1", "-1")],
        "IPV6_ADDR_PREFERENCES" => &[("public", "public|home")],
        "TCP_MAXSEG" => &[("1000", "1000 bytes")],
        "TCP_KEEPIDLE" | "TCP_KEEPINTVL" => &[("60", "60 s"), ("2m", "120 s")],
        "TCP_KEEPCNT" | "TCP_SYNCNT" | "TCP_FASTOPEN" => &[("5", "5")],
        "TCP_LINGER2" => &[("10", "10 s"), ("-1", "-1 s")],
        "TCP_DEFER_ACCEPT" => &[("5", "7 s")],
        "TCP_WINDOW_CLAMP" => &[("64K", "65536 bytes")],
        "TCP_CONGESTION" => &[("reno", "reno")],
        "TCP_THIN_DUPACK" => &[("on", "off")],
        "TCP_USER_TIMEOUT" => &[("30s", "30000 ms"), ("0", "0 ms")],
        "TCP_NOTSENT_LOWAT" => &[("16K", "16384 bytes")],
        "TCP_SAVE_SYN" => &[("1", "1"), ("2", "2"), ("0", "0")],
        "TCP_FASTOPEN_KEY" => &[(
            "000102030405060708090a0b0c0d0e0f",
            "000102030405060708090a0b0c0d0e0f",
        )],
        "TCP_TX_DELAY" => &[("1ms", "1000 us")],
        "TCP_RTO_MAX_MS" => &[("2s", "2000 ms")],
        "TCP_RTO_MIN_US" | "TCP_DELACK_MAX_US" => &[("100ms", "100000 us")],
        "UDP_ENCAP" => &[("l2tpinudp", "l2tpinudp")],
        "UDP_SEGMENT" => &[("1400", "1400 bytes"), ("0", "0 bytes")],
        "UDPLITE_SEND_CSCOV" | "UDPLITE_RECV_CSCOV" => &[("20", "20 bytes"), ("1", "8 bytes")],
        "PACKET_COPY_THRESH" => &[("1500", "")],
        "PACKET_VERSION" => &[("v1", "v1"), ("v3", "v3")],
        "PACKET_RESERVE" => &[("64", "64 bytes")],
        "PACKET_TIMESTAMP" => &[("software", "software")],
        "PACKET_FANOUT" => &[("7", "7")],
        name => {
            assert!(matches!(option.form, Form::Bool), "{name} has no sample");
            &[("on", "on"), ("off", "off")]
        }
    }
}

fn kinds() -> impl Iterator<Item = (Sockets, Family, Kind, Protocol)> {
    // 253 is for experiments, RFC 3692: ICMPv6 would have its checksum fixed.
    let fresh = Sockets::FRESH.into_iter().map(|(set, family, kind)| {
        let protocol = match kind {
            Kind::Raw => Protocol(253),
            _ => Protocol::DEFAULT,
        };
        (set, family, kind, protocol)
    });
    fresh.chain([
        (
            Sockets::UDPLITE,
            Family::Inet,
            Kind::Dgram,
            Protocol::UDPLITE,
        ),
        (Sockets::MPTCP, Family::Inet, Kind::Stream, Protocol::MPTCP),
    ])
}

fn specimen(
    moment: Moment,
    family: Family,
    kind: Kind,
    protocol: Protocol,
) -> Result<Specimen, CallError> {
    let silent = Explain::default();
    let open = || Socket::open(family, kind, protocol, &silent);
    match (moment, family) {
        (Moment::Connected, Family::Unix) => Ok(pair(kind, &silent)),
        (Moment::Connected, _) => connected(family, kind, open()?, open()?),
        _ => Ok(Specimen {
            socket: open()?,
            _peers: Vec::new(),
        }),
    }
}

fn connected(
    family: Family,
    kind: Kind,
    mut client: Socket,
    mut server: Socket,
) -> Result<Specimen, CallError> {
    let loopback: SocketAddr = match family {
        Family::Inet6 => "[::1]:0".parse().unwrap(),
        _ => "127.0.0.1:0".parse().unwrap(),
    };
    server.bind(&Address::from(loopback))?;
    if kind == Kind::Stream {
        server.listen(1)?;
    }
    client.connect(&server.getsockname()?)?;
    Ok(Specimen {
        socket: client,
        _peers: vec![server],
    })
}

fn pair(kind: Kind, silent: &Explain) -> Specimen {
    let (ours, theirs): (OwnedFd, OwnedFd) = match kind {
        Kind::Dgram => {
            let (ours, theirs) = UnixDatagram::pair().unwrap();
            (ours.into(), theirs.into())
        }
        _ => {
            let (ours, theirs) = UnixStream::pair().unwrap();
            (ours.into(), theirs.into())
        }
    };
    Specimen {
        socket: Socket::from_fd(ours, silent),
        _peers: vec![Socket::from_fd(theirs, silent)],
    }
}
