//! The table of socket options: the one place that knows their names, numbers, layouts and limits.
//!
//! Sources: socket(7), ip(7), ipv6(7), tcp(7), udp(7), unix(7), and the kernel's `include/uapi`. A test of its own reads
//! and sets each row on every kind of socket that the row names.

use super::form::Form;
use super::names::{
    BUFFER_LOCKS, ENCAPSULATION, MTU_DISCOVER, MTU_DISCOVER6, PACING, RING_VERSION, SERVICE,
    SIZE_U32, SOURCES, TIMESTAMPING, error, family, kind, protocol,
};
use super::option::{Access, Level, SocketOption};
use super::record::{CREDENTIALS, MEMORY, MPTCP_INFO, PACKET_COUNTS, TRANSMIT_TIME};
use super::sockets::Sockets;
use super::tcp_info::TCP_INFO;

/// `LEVEL = number, [other names] { NAME [= number where libc lacks it]: form, access, sockets, doc, extras }`.
macro_rules! table {
    ($($level:ident = $of:expr, [$($other:literal),*] {
        $($name:ident $(= $number:literal)?: $form:expr, $access:ident, $($set:ident)|+, $doc:literal $(, $extra:ident($($said:expr)?))*;)*
    })*) => {
        /// Every option that is known by name.
        pub static TABLE: &[Level] = &[$(Level {
            name: stringify!($level),
            number: $of,
            others: &[$($other),*],
            options: &[$(
                SocketOption::new(
                    ($of, stringify!($name), table!(number $name $($number)?)),
                    $form,
                    Access::$access,
                    Sockets(0)$(.and(Sockets::$set))+,
                    $doc,
                )$(.$extra($($said)?))*,
            )*],
        }),*];

        /// Each row on every socket that it names.
        #[cfg(test)]
        #[expect(non_snake_case, reason = "a test has the name of its row")]
        mod row {
            $($(
                #[test]
                fn $name() {
                    crate::net::sockopt::check::row(stringify!($name));
                }
            )*)*
        }
    };
    (number $name:ident) => { libc::$name };
    (number $name:ident $number:literal) => { $number };
}

const ADMIN: &str = "CAP_NET_ADMIN";
const SECURITY: &str = "a kernel with a security module (CONFIG_SECURITY_NETWORK)";

table! {
    SOL_SOCKET = libc::SOL_SOCKET, ["socket"] {
        SO_DEBUG: Form::Bool, Both, ANY, "Record debugging information", capability(ADMIN);
        SO_REUSEADDR: Form::Bool, Both, ANY, "Let bind take an address that is in TIME_WAIT";
        SO_TYPE: Form::Symbol(kind), Get, ANY, "The socket's type";
        SO_ERROR: Form::Symbol(error), Take, ANY, "The error that waits on the socket; reading takes it";
        SO_DONTROUTE: Form::Bool, Both, ANY, "Send to hosts on directly connected networks only";
        SO_BROADCAST: Form::Bool, Both, ANY, "Let datagrams go to broadcast addresses";
        SO_SNDBUF: Form::SIZE, Both, ANY, "Size of the send buffer", note("doubled, and capped at twice net.core.wmem_max");
        SO_RCVBUF: Form::SIZE, Both, ANY, "Size of the receive buffer", note("doubled, and capped at twice net.core.rmem_max");
        SO_KEEPALIVE: Form::Bool, Both, ANY, "Probe a silent connection, see TCP_KEEPIDLE";
        SO_OOBINLINE: Form::Bool, Both, ANY, "Leave urgent data in the stream";
        SO_NO_CHECK: Form::Bool, Both, UDP, "Send UDP over IPv4 without checksums";
        SO_PRIORITY: Form::INT, Both, ANY, "Queueing priority of what is sent; above 6 takes CAP_NET_ADMIN", note("IP_TOS sets it as well");
        SO_LINGER: Form::Linger, Both, ANY, "How long close waits for unsent data; 0 resets the connection";
        SO_REUSEPORT: Form::Bool, Both, INET, "Let several sockets bind the same address and share its load";
        SO_PASSCRED: Form::Bool, Both, UNIX, "Receive the sender's credentials, SCM_CREDENTIALS";
        SO_PEERCRED: Form::Record(CREDENTIALS), Get, UNIX, "Process, user and group of the peer, when it connected";
        SO_RCVLOWAT: Form::SIZE, Both, ANY, "How many bytes make the socket readable";
        SO_SNDLOWAT: Form::SIZE, Get, ANY, "How much space makes the socket writable; always 1";
        SO_RCVTIMEO: Form::Timeval, Both, ANY, "How long a blocking receive or accept waits", note("rounded up to the kernel's clock tick");
        SO_SNDTIMEO: Form::Timeval, Both, ANY, "How long a blocking send or connect waits", note("rounded up to the kernel's clock tick");
        SO_BINDTODEVICE: Form::Text, Both, INET, "Use this network interface only; empty for any";
        SO_TIMESTAMP: Form::Bool, Both, ANY, "Receive the time of arrival in microseconds, SCM_TIMESTAMP";
        SO_ACCEPTCONN: Form::Bool, Get, ANY, "Whether the socket listens";
        SO_PEERSEC: Form::Text, Get, UNIX, "Security context of the peer", needs(SECURITY);
        SO_SNDBUFFORCE: Form::SIZE, Set, ANY, "The send buffer beyond the limit of net.core.wmem_max", capability(ADMIN);
        SO_RCVBUFFORCE: Form::SIZE, Set, ANY, "The receive buffer beyond the limit of net.core.rmem_max", capability(ADMIN);
        SO_PASSSEC: Form::Bool, Both, UNIX, "Receive the sender's security context, SCM_SECURITY", needs(SECURITY);
        SO_TIMESTAMPNS: Form::Bool, Both, ANY, "Receive the time of arrival in nanoseconds, SCM_TIMESTAMPNS";
        SO_MARK: Form::U32, Both, ANY, "Mark what is sent, for routing and filters", capability(ADMIN);
        SO_TIMESTAMPING: Form::Flags(TIMESTAMPING), Both, INET, "Stamp packets in software or hardware, on their way in and out";
        SO_PROTOCOL: Form::Symbol(protocol), Get, ANY, "The socket's protocol";
        SO_DOMAIN: Form::Symbol(family), Get, ANY, "The socket's address family";
        SO_RXQ_OVFL: Form::Bool, Both, ANY, "Receive the count of packets dropped so far";
        SO_WIFI_STATUS: Form::Bool, Both, ANY, "Receive whether a wireless frame was acknowledged";
        SO_PEEK_OFF: Form::INT, Both, TCP | UDP | UNIX, "Where MSG_PEEK begins; -1 for the front", since("3.4"), note("on UDP since Linux 4.6, on TCP since 6.9");
        SO_NOFCS: Form::Bool, Both, ANY, "Let the sender supply the frame check sequence", since("3.4");
        SO_LOCK_FILTER: Form::Bool, Both, ANY, "Refuse changes of the socket's filter from now on", since("3.9"), note("once on, it stays on");
        SO_SELECT_ERR_QUEUE: Form::Bool, Both, ANY, "Report the error queue as POLLPRI", since("3.10");
        SO_BUSY_POLL: Form::MICROSECONDS, Both, ANY, "How long to poll the device's queue for packets", since("3.11"), needs("a kernel with CONFIG_NET_RX_BUSY_POLL"), capability(ADMIN);
        SO_MAX_PACING_RATE: PACING, Both, ANY, "Rate at which data leaves at most", since("3.13");
        SO_BPF_EXTENSIONS: Form::INT, Get, ANY, "How many extensions of socket filters the kernel has", since("3.14");
        SO_INCOMING_CPU: Form::INT, Both, ANY, "The processor that handles the socket's packets; -1 for none", since("3.19");
        SO_MEMINFO: Form::Record(MEMORY), Get, ANY, "Memory that the socket uses, and drops", since("4.12");
        SO_INCOMING_NAPI_ID: Form::U32, Get, ANY, "The device queue that the last packet came through", since("4.12"), needs("a kernel with CONFIG_NET_RX_BUSY_POLL");
        SO_COOKIE: Form::U64, Get, ANY, "A number that no other socket has, as sock_diag shows it", since("4.12");
        SO_ZEROCOPY: Form::Bool, Both, TCP | UDP, "Let send take MSG_ZEROCOPY", since("4.14");
        SO_TXTIME: Form::Record(TRANSMIT_TIME), Get, ANY, "Clock and flags of scheduled transmission", since("4.19");
        SO_BINDTOIFINDEX: Form::Interface, Both, INET, "Use this network interface only, by index", since("5.0");
        SO_PREFER_BUSY_POLL: Form::Bool, Both, ANY, "Prefer busy polling to interrupts", since("5.11"), needs("a kernel with CONFIG_NET_RX_BUSY_POLL"), capability(ADMIN);
        SO_BUSY_POLL_BUDGET: Form::INT, Set, ANY, "How many packets a busy poll takes", since("5.11"), needs("a kernel with CONFIG_NET_RX_BUSY_POLL"), capability(ADMIN);
        SO_NETNS_COOKIE: Form::U64, Get, ANY, "The number of the socket's network namespace", since("5.14");
        SO_BUF_LOCK: Form::Flags(BUFFER_LOCKS), Both, ANY, "Which buffer sizes the kernel no longer tunes", since("5.14");
        SO_RESERVE_MEM: Form::SIZE, Both, ANY, "Memory set aside for the socket", since("5.17"), needs("a memory cgroup that accounts for sockets");
        SO_TXREHASH: Form::Bool, Both, TCP, "Try another path when packets are lost", since("5.19");
        SO_RCVMARK: Form::Bool, Both, ANY, "Receive the packet's mark", since("5.19"), capability(ADMIN);
        SO_PASSPIDFD: Form::Bool, Both, UNIX, "Receive a pidfd of the sender, SCM_PIDFD", since("6.5");
        SO_RCVPRIORITY = 82: Form::Bool, Both, ANY, "Receive the packet's priority", since("6.14");
        SO_PASSRIGHTS = 83: Form::Bool, Both, UNIX, "Accept descriptors from the peer, SCM_RIGHTS", since("6.16");
    }
    IPPROTO_IP = libc::IPPROTO_IP, ["SOL_IP", "ip"] {
        IP_TOS: Form::named(SERVICE), Both, IP, "Type of service, or DSCP and ECN, of what is sent", note("TCP keeps the two ECN bits for itself");
        IP_TTL: Form::INT, Both, IP, "Time to live of what is sent; -1 for the system's";
        IP_HDRINCL: Form::Bool, Both, RAW4, "The sender writes the IP header itself";
        IP_OPTIONS: Form::Opaque, Both, UDP4 | RAW4, "IP options of what is sent";
        IP_ROUTER_ALERT: Form::Bool, Set, RAW4, "Receive forwarded packets that carry Router Alert, RFC 2113";
        IP_RECVOPTS: Form::Bool, Both, IP, "Receive the packet's IP options";
        IP_RETOPTS: Form::Bool, Both, IP, "Receive the packet's IP options, ready for the reply";
        IP_PKTINFO: Form::Bool, Both, IP, "Receive the address and interface that the packet came to";
        IP_MTU_DISCOVER: Form::named(MTU_DISCOVER), Both, IP, "Path MTU discovery: whether packets may be fragmented";
        IP_RECVERR: Form::Bool, Both, IP, "Receive ICMP errors on the error queue";
        IP_RECVTTL: Form::Bool, Both, IP, "Receive the packet's time to live";
        IP_RECVTOS: Form::Bool, Both, IP, "Receive the packet's type of service";
        IP_MTU: Form::SIZE, Get, TCP4 | UDP4, "The path's MTU, as known so far", connected();
        IP_FREEBIND: Form::Bool, Both, IP, "Let bind take an address that no interface has yet";
        IP_PASSSEC: Form::Bool, Both, IP, "Receive the security context of the peer", needs(SECURITY);
        IP_TRANSPARENT: Form::Bool, Both, IP, "Let bind take foreign addresses, for transparent proxies", capability(ADMIN);
        IP_RECVORIGDSTADDR: Form::Bool, Both, IP, "Receive the address that a redirected packet was sent to";
        IP_MINTTL: Form::INT, Both, IP, "Drop packets with a lower time to live, RFC 5082";
        IP_NODEFRAG: Form::Bool, Both, RAW4, "Leave fragments as they are";
        IP_CHECKSUM: Form::Bool, Both, IP, "Receive the packet's checksum", since("4.0");
        IP_BIND_ADDRESS_NO_PORT: Form::Bool, Both, IP, "Let bind with port 0 choose the port in connect", since("4.2");
        IP_RECVFRAGSIZE: Form::Bool, Both, IP_PACKETS, "Receive the size of the largest fragment", since("4.14");
        IP_RECVERR_RFC4884 = 26: Form::Bool, Both, IP, "Receive extended ICMP errors, RFC 4884", since("5.9");
        IP_MULTICAST_IF: Form::Ipv4, Both, IP_PACKETS, "Local address of the interface for multicast";
        IP_MULTICAST_TTL: Form::INT, Both, IP_PACKETS, "Time to live of multicast; -1 for 1";
        IP_MULTICAST_LOOP: Form::Bool, Both, IP_PACKETS, "Deliver multicast to this host as well";
        IP_ADD_MEMBERSHIP: Form::Membership4, Set, UDP4 | RAW4, "Join a multicast group: GROUP or GROUP@INTERFACE";
        IP_DROP_MEMBERSHIP: Form::Membership4, Set, UDP4 | RAW4, "Leave a multicast group: GROUP or GROUP@INTERFACE";
        IP_MULTICAST_ALL: Form::Bool, Both, IP_PACKETS, "Deliver groups that other sockets joined", since("3.1");
        IP_UNICAST_IF: Form::InterfaceBigEndian, Both, IP, "The interface for what is sent", since("3.3");
        IP_LOCAL_PORT_RANGE = 51: Form::PortRange, Both, IP, "Ports that the kernel may choose: LOW-HIGH", since("6.3");
        IP_PROTOCOL = 52: Form::Symbol(protocol), Get, RAW4, "The protocol of what is sent with IP_HDRINCL", since("6.4");
    }
    IPPROTO_IPV6 = libc::IPPROTO_IPV6, ["SOL_IPV6", "ipv6"] {
        IPV6_CHECKSUM: Form::INT, Both, RAW6, "Where the kernel puts the checksum; -1 for none, RFC 3542";
        IPV6_UNICAST_HOPS: Form::INT, Both, IPV6, "Hop limit of what is sent; -1 for the system's";
        IPV6_MULTICAST_IF: Form::Interface, Both, IPV6_PACKETS, "The interface for multicast";
        IPV6_MULTICAST_HOPS: Form::INT, Both, IPV6_PACKETS, "Hop limit of multicast; -1 for 1";
        IPV6_MULTICAST_LOOP: Form::Bool, Both, IPV6, "Deliver multicast to this host as well";
        IPV6_ADD_MEMBERSHIP: Form::Membership6, Set, IPV6_PACKETS, "Join a multicast group: GROUP or GROUP@INTERFACE";
        IPV6_DROP_MEMBERSHIP: Form::Membership6, Set, IPV6_PACKETS, "Leave a multicast group: GROUP or GROUP@INTERFACE";
        IPV6_MTU_DISCOVER: Form::named(MTU_DISCOVER6), Both, IPV6, "Path MTU discovery: whether packets may be fragmented";
        IPV6_MTU: Form::SIZE, Get, TCP6 | UDP6, "The path's MTU, as known so far", connected();
        IPV6_RECVERR: Form::Bool, Both, IPV6, "Receive ICMPv6 errors on the error queue";
        IPV6_V6ONLY: Form::Bool, Both, TCP6 | UDP6, "Leave IPv4 to other sockets", unbound();
        IPV6_MULTICAST_ALL: Form::Bool, Both, IPV6, "Deliver groups that other sockets joined", since("4.20");
        IPV6_ROUTER_ALERT_ISOLATE: Form::Bool, Both, IPV6, "Keep Router Alert packets to this namespace", since("5.1");
        IPV6_RECVERR_RFC4884 = 31: Form::Bool, Both, IPV6, "Receive extended ICMPv6 errors, RFC 4884", since("5.9");
        IPV6_FLOWINFO_SEND: Form::Bool, Both, IPV6, "Send the flow label that the address carries";
        IPV6_HDRINCL: Form::Bool, Both, RAW6, "The sender writes the IPv6 header itself", since("4.5");
        IPV6_RECVPKTINFO: Form::Bool, Both, IPV6, "Receive the address and interface that the packet came to";
        IPV6_RECVHOPLIMIT: Form::Bool, Both, IPV6, "Receive the packet's hop limit";
        IPV6_RECVHOPOPTS: Form::Bool, Both, IPV6, "Receive the hop-by-hop header";
        IPV6_RECVRTHDR: Form::Bool, Both, IPV6, "Receive the routing header";
        IPV6_RECVDSTOPTS: Form::Bool, Both, IPV6, "Receive the destination options";
        IPV6_RECVPATHMTU: Form::Bool, Both, IPV6, "Receive changes of the path's MTU";
        IPV6_DONTFRAG: Form::Bool, Both, IPV6, "Refuse datagrams that would be fragmented";
        IPV6_RECVTCLASS: Form::Bool, Both, IPV6, "Receive the packet's traffic class";
        IPV6_TCLASS: Form::named(SERVICE), Both, IPV6, "Traffic class of what is sent; -1 for 0", note("TCP keeps the two ECN bits for itself");
        IPV6_AUTOFLOWLABEL: Form::Bool, Both, IPV6, "Give what is sent a flow label", since("3.17");
        IPV6_ADDR_PREFERENCES: Form::Flags(SOURCES), Both, IPV6, "Which source addresses to prefer, RFC 5014", note("the other pairs keep their defaults");
        IPV6_MINHOPCOUNT: Form::INT, Both, IPV6, "Drop packets with a lower hop limit, RFC 5082";
        IPV6_RECVORIGDSTADDR: Form::Bool, Both, IPV6, "Receive the address that a redirected packet was sent to";
        IPV6_TRANSPARENT: Form::Bool, Both, IPV6, "Let bind take foreign addresses, for transparent proxies", capability(ADMIN);
        IPV6_UNICAST_IF: Form::InterfaceBigEndian, Both, IPV6, "The interface for what is sent", since("3.3");
        IPV6_RECVFRAGSIZE: Form::Bool, Both, IPV6, "Receive the size of the largest fragment", since("4.14");
        IPV6_FREEBIND: Form::Bool, Both, IPV6, "Let bind take an address that no interface has yet", since("4.15");
    }
    IPPROTO_TCP = libc::IPPROTO_TCP, ["SOL_TCP", "tcp"] {
        TCP_NODELAY: Form::Bool, Both, TCP, "Send small segments at once, without Nagle's algorithm";
        TCP_MAXSEG: Form::SIZE, Both, TCP, "Largest segment; before connect the wish, after it the fact";
        TCP_CORK: Form::Bool, Both, TCP, "Hold partial segments back until uncorked, at most 200 ms";
        TCP_KEEPIDLE: Form::SECONDS, Both, TCP, "Silence before the first keepalive probe";
        TCP_KEEPINTVL: Form::SECONDS, Both, TCP, "Time between keepalive probes";
        TCP_KEEPCNT: Form::INT, Both, TCP, "Unanswered keepalive probes that end a connection";
        TCP_SYNCNT: Form::INT, Both, TCP, "How often SYN is repeated before connect gives up";
        TCP_LINGER2: Form::SECONDS, Both, TCP, "How long a closed socket stays in FIN_WAIT2; -1 for not at all";
        TCP_DEFER_ACCEPT: Form::SECONDS, Both, TCP, "Wait so long for data before accept returns", note("rounded up to a whole number of SYN-ACK repeats");
        TCP_WINDOW_CLAMP: Form::SIZE, Both, TCP, "Bound of the advertised window", note("at least half of the smallest receive buffer");
        TCP_INFO: Form::Record(TCP_INFO), Get, TCP | MPTCP, "What the kernel knows about the connection";
        TCP_QUICKACK: Form::Bool, Both, TCP, "Acknowledge at once for now; the kernel turns it off again";
        TCP_CONGESTION: Form::Text, Both, TCP, "Congestion control algorithm, by name";
        TCP_THIN_LINEAR_TIMEOUTS: Form::Bool, Both, TCP, "Repeat at a constant pace where little is in flight";
        TCP_THIN_DUPACK: Form::Bool, Both, TCP, "Retransmit after one duplicate acknowledgement", note("without effect, and off, since Linux 4.17");
        TCP_USER_TIMEOUT: Form::MILLISECONDS, Both, TCP, "How long sent data may stay unacknowledged, RFC 5482; 0 for the system's";
        TCP_REPAIR: Form::Bool, Both, TCP, "Hand the connection's state to a checkpointing program", since("3.5"), capability(ADMIN);
        TCP_FASTOPEN: Form::INT, Both, TCP, "A listener's queue of data in SYN, RFC 7413; 0 for off", since("3.6");
        TCP_TIMESTAMP: Form::U32, Get, TCP, "The clock of the timestamp option", since("3.9");
        TCP_NOTSENT_LOWAT: SIZE_U32, Both, TCP, "Unsent bytes below which the socket is writable; 0 for the system's", since("3.12");
        TCP_CC_INFO: Form::Opaque, Get, TCP, "What the congestion control algorithm tells of itself", since("4.1");
        TCP_SAVE_SYN: Form::INT, Both, TCP, "Save the headers of each SYN (1), the link layer's too (2)", since("4.2");
        TCP_SAVED_SYN: Form::Opaque, Take, TCP, "The saved headers of the SYN; reading takes them", since("4.2");
        TCP_FASTOPEN_CONNECT: Form::Bool, Both, TCP, "Let connect wait for data to put into SYN", since("4.11"), unbound();
        TCP_ULP: Form::Text, Get, TCP, "The upper layer protocol on the connection, as tls", since("4.13");
        TCP_FASTOPEN_KEY: Form::Opaque, Both, TCP, "Keys of the fast open cookies, 16 or 32 bytes", since("4.15");
        TCP_FASTOPEN_NO_COOKIE: Form::Bool, Both, TCP, "Fast open without a cookie", since("4.15");
        TCP_INQ: Form::Bool, Both, TCP, "Receive how many bytes are left to read", since("4.18");
        TCP_TX_DELAY = 37: Form::MICROSECONDS, Both, TCP, "Delay what is sent, to test", since("4.20");
        TCP_IS_MPTCP = 43: Form::Bool, Get, TCP | MPTCP, "Whether the connection speaks Multipath TCP", since("6.10");
        TCP_RTO_MAX_MS = 44: Form::MILLISECONDS, Both, TCP, "Longest retransmission timeout", since("6.15");
        TCP_RTO_MIN_US = 45: Form::MICROSECONDS, Both, TCP, "Shortest retransmission timeout", since("6.15"), note("rounded up to the kernel's clock tick");
        TCP_DELACK_MAX_US = 46: Form::MICROSECONDS, Both, TCP, "Longest delay of an acknowledgement", since("6.15"), note("rounded up to the kernel's clock tick");
    }
    IPPROTO_UDP = libc::IPPROTO_UDP, ["SOL_UDP", "udp"] {
        UDP_CORK: Form::Bool, Both, UDP, "Collect what is sent into one datagram, until uncorked";
        UDP_ENCAP: Form::named(ENCAPSULATION), Both, UDP, "Hand packets of this tunnel to the kernel";
        UDP_NO_CHECK6_TX: Form::Bool, Both, UDP, "Send over IPv6 without checksums, RFC 6935", since("3.16");
        UDP_NO_CHECK6_RX: Form::Bool, Both, UDP, "Accept datagrams without checksums over IPv6", since("3.16");
        UDP_SEGMENT: Form::SIZE, Both, UDP, "Cut what is sent into datagrams of this size (GSO)", since("4.18");
        UDP_GRO: Form::Bool, Both, UDP, "Receive several datagrams of a sender at once (GRO)", since("5.0");
    }
    IPPROTO_UDPLITE = libc::IPPROTO_UDPLITE, ["SOL_UDPLITE", "udplite"] {
        UDPLITE_SEND_CSCOV = 10: Form::SIZE, Both, UDPLITE, "How much of a datagram the checksum covers; 0 for all, RFC 3828", needs("a kernel with UDP-Lite"), note("1 to 7 become 8");
        UDPLITE_RECV_CSCOV = 11: Form::SIZE, Both, UDPLITE, "Drop datagrams whose checksum covers less; 0 for none", needs("a kernel with UDP-Lite"), note("1 to 7 become 8");
    }
    SOL_PACKET = libc::SOL_PACKET, ["packet"] {
        PACKET_STATISTICS: Form::Record(PACKET_COUNTS), Take, PACKET, "Packets that the filter let through, and how many were dropped; reading resets", note("those that were dropped are among the packets");
        PACKET_COPY_THRESH: Form::SIZE, Set, PACKET, "Queue packets too that a ring cut, if they are no longer than this";
        PACKET_AUXDATA: Form::Bool, Both, PACKET, "Receive the packet's length, status and VLAN tag, struct tpacket_auxdata";
        PACKET_ORIGDEV: Form::Bool, Both, PACKET, "Name the interface that a packet came in by, in place of the one above";
        PACKET_VERSION: Form::named(RING_VERSION), Both, PACKET, "Layout of the ring that PACKET_RX_RING shares";
        PACKET_RESERVE: Form::SIZE, Both, PACKET, "Room in front of each packet of a ring";
        PACKET_LOSS: Form::Bool, Both, PACKET, "Skip what cannot be sent from a ring, rather than stop there";
        PACKET_VNET_HDR: Form::Bool, Both, PACKET, "A struct virtio_net_hdr stands in front of each packet";
        PACKET_TIMESTAMP: Form::Flags(TIMESTAMPING), Both, PACKET, "Which time the packets of a ring have, as SO_TIMESTAMPING";
        PACKET_FANOUT: Form::INT, Both, PACKET, "Share packets in this group: its number, plus mode and flags from bit 16 on", since("3.1");
        PACKET_TX_HAS_OFF: Form::Bool, Both, PACKET, "Packets of a ring that is sent from say where they begin", since("3.11");
        PACKET_QDISC_BYPASS: Form::Bool, Both, PACKET, "Send past the interface's queueing discipline", since("3.14");
        PACKET_IGNORE_OUTGOING: Form::Bool, Both, PACKET, "Do not receive what this host sends", since("4.20");
    }
    // libc lacks SOL_MPTCP, <linux/socket.h>.
    SOL_MPTCP = 284, ["mptcp"] {
        MPTCP_INFO = 1: Form::Record(MPTCP_INFO), Get, MPTCP, "What the kernel knows about the Multipath TCP connection", since("5.16");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_their_numbers() {
        for level in TABLE {
            assert!(
                level.options.is_sorted_by(|a, b| a.number < b.number),
                "{}",
                level.name
            );
        }
        let count: usize = TABLE.iter().map(|level| level.options.len()).sum();
        assert!(count >= 150, "{count} rows");
    }

    #[test]
    fn a_row_says_what_it_is_for_in_one_line() {
        for option in TABLE.iter().flat_map(|level| level.options) {
            assert!(
                !option.doc.is_empty() && option.doc.len() <= 80,
                "{}",
                option.name
            );
            assert!(!option.doc.ends_with('.'), "{}", option.name);
        }
    }
}
