//! Numbers that have names, and the functions that name the constants of read-only options.

use std::io;

use libc::c_int;

use super::form::{Form, Name, Number, Unit, Width};
use crate::net::error::errno_name;
use crate::net::family::{Family, Kind, Protocol};

/// Path MTU discovery, ip(7); IPv6 has the same numbers.
pub(super) const MTU_DISCOVER: &[Name] = &[
    ("dont", "IP_PMTUDISC_DONT", 0),
    ("want", "IP_PMTUDISC_WANT", 1),
    ("do", "IP_PMTUDISC_DO", 2),
    ("probe", "IP_PMTUDISC_PROBE", 3),
    ("interface", "IP_PMTUDISC_INTERFACE", 4),
    ("omit", "IP_PMTUDISC_OMIT", 5),
];

/// The same for IPv6, ipv6(7).
pub(super) const MTU_DISCOVER6: &[Name] = &[
    ("dont", "IPV6_PMTUDISC_DONT", 0),
    ("want", "IPV6_PMTUDISC_WANT", 1),
    ("do", "IPV6_PMTUDISC_DO", 2),
    ("probe", "IPV6_PMTUDISC_PROBE", 3),
    ("interface", "IPV6_PMTUDISC_INTERFACE", 4),
    ("omit", "IPV6_PMTUDISC_OMIT", 5),
];

/// Layouts of a ring of packets, `<linux/if_packet.h>`.
pub(super) const RING_VERSION: &[Name] = &[
    ("v1", "TPACKET_V1", 0),
    ("v2", "TPACKET_V2", 1),
    ("v3", "TPACKET_V3", 2),
];

/// Types of service (RFC 1349) and code points (RFC 2474, 2597, 3246), as `<netinet/ip.h>` has them.
pub(super) const SERVICE: &[Name] = &[
    ("lowdelay", "IPTOS_LOWDELAY", 0x10),
    ("throughput", "IPTOS_THROUGHPUT", 0x08),
    ("reliability", "IPTOS_RELIABILITY", 0x04),
    ("mincost", "IPTOS_MINCOST", 0x02),
    ("cs1", "IPTOS_CLASS_CS1", 0x20),
    ("cs2", "IPTOS_CLASS_CS2", 0x40),
    ("cs3", "IPTOS_CLASS_CS3", 0x60),
    ("cs4", "IPTOS_CLASS_CS4", 0x80),
    ("cs5", "IPTOS_CLASS_CS5", 0xa0),
    ("cs6", "IPTOS_CLASS_CS6", 0xc0),
    ("cs7", "IPTOS_CLASS_CS7", 0xe0),
    ("af11", "IPTOS_DSCP_AF11", 0x28),
    ("af12", "IPTOS_DSCP_AF12", 0x30),
    ("af13", "IPTOS_DSCP_AF13", 0x38),
    ("af21", "IPTOS_DSCP_AF21", 0x48),
    ("af22", "IPTOS_DSCP_AF22", 0x50),
    ("af23", "IPTOS_DSCP_AF23", 0x58),
    ("af31", "IPTOS_DSCP_AF31", 0x68),
    ("af32", "IPTOS_DSCP_AF32", 0x70),
    ("af33", "IPTOS_DSCP_AF33", 0x78),
    ("af41", "IPTOS_DSCP_AF41", 0x88),
    ("af42", "IPTOS_DSCP_AF42", 0x90),
    ("af43", "IPTOS_DSCP_AF43", 0x98),
    ("ef", "IPTOS_DSCP_EF", 0xb8),
];

/// The layouts that UDP_ENCAP takes, `<linux/udp.h>`.
pub(super) const ENCAPSULATION: &[Name] = &[
    ("none", "0", 0),
    ("espinudp", "UDP_ENCAP_ESPINUDP", 2),
    ("l2tpinudp", "UDP_ENCAP_L2TPINUDP", 3),
    ("gtp0", "UDP_ENCAP_GTP0", 4),
    ("gtp1u", "UDP_ENCAP_GTP1U", 5),
];

/// Which sizes the kernel leaves alone.
pub(super) const BUFFER_LOCKS: &[Name] = &[
    ("send", "SOCK_SNDBUF_LOCK", 1),
    ("receive", "SOCK_RCVBUF_LOCK", 2),
];

/// What SO_TIMESTAMPING stamps, and how it reports it, `<linux/net_tstamp.h>`.
pub(super) const TIMESTAMPING: &[Name] = &[
    ("tx-hardware", "SOF_TIMESTAMPING_TX_HARDWARE", 1),
    ("tx-software", "SOF_TIMESTAMPING_TX_SOFTWARE", 1 << 1),
    ("rx-hardware", "SOF_TIMESTAMPING_RX_HARDWARE", 1 << 2),
    ("rx-software", "SOF_TIMESTAMPING_RX_SOFTWARE", 1 << 3),
    ("software", "SOF_TIMESTAMPING_SOFTWARE", 1 << 4),
    ("sys-hardware", "SOF_TIMESTAMPING_SYS_HARDWARE", 1 << 5),
    ("raw-hardware", "SOF_TIMESTAMPING_RAW_HARDWARE", 1 << 6),
    ("opt-id", "SOF_TIMESTAMPING_OPT_ID", 1 << 7),
    ("tx-sched", "SOF_TIMESTAMPING_TX_SCHED", 1 << 8),
    ("tx-ack", "SOF_TIMESTAMPING_TX_ACK", 1 << 9),
    ("opt-cmsg", "SOF_TIMESTAMPING_OPT_CMSG", 1 << 10),
    ("opt-tsonly", "SOF_TIMESTAMPING_OPT_TSONLY", 1 << 11),
    ("opt-stats", "SOF_TIMESTAMPING_OPT_STATS", 1 << 12),
];

/// Which source addresses IPv6 prefers, RFC 5014.
pub(super) const SOURCES: &[Name] = &[
    ("tmp", "IPV6_PREFER_SRC_TMP", 0x1),
    ("public", "IPV6_PREFER_SRC_PUBLIC", 0x2),
    ("coa", "IPV6_PREFER_SRC_COA", 0x4),
    ("cga", "IPV6_PREFER_SRC_CGA", 0x8),
    ("pubtmp-default", "IPV6_PREFER_SRC_PUBTMP_DEFAULT", 0x100),
    ("home", "IPV6_PREFER_SRC_HOME", 0x400),
    ("noncga", "IPV6_PREFER_SRC_NONCGA", 0x800),
];

/// Bytes per second without a limit: all bits set.
pub(super) const PACING: Form = Form::Number(Number {
    width: Width::U64,
    unit: Unit::BytesPerSecond,
    names: &[("unlimited", "~0UL", u64::MAX)],
});

/// Bytes in an unsigned int.
pub(super) const SIZE_U32: Form = Form::number(Width::U32, Unit::Bytes);

/// SO_DOMAIN's constants.
pub(super) fn family(number: c_int) -> String {
    Family::from_number(number).map_or_else(|| number.to_string(), |family| family.to_string())
}

/// SO_TYPE's constants.
pub(super) fn kind(number: c_int) -> String {
    Kind::from_number(number).map_or_else(|| number.to_string(), |kind| kind.to_string())
}

/// SO_PROTOCOL's constants.
pub(super) fn protocol(number: c_int) -> String {
    Protocol(number).to_string()
}

/// SO_ERROR's constants; 0 is no error.
pub(super) fn error(number: c_int) -> String {
    match number {
        0 => "0".to_owned(),
        _ => errno_name(&io::Error::from_raw_os_error(number)).into_owned(),
    }
}
