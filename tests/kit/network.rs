//! Hosts of a test's own: network namespaces with a router between them, ip-netns(8), that vanish with the shell in them.

use std::env;
use std::io::{self, Write};

use super::process::{Finished, program};
use super::{LONG, peer};

/// Three hosts in a row, `s`, `r` and `d`: 10.99.1.1 and fd99:1::1, the router 10.99.1.2 and 10.99.2.1, then 10.99.2.2 and
/// fd99:2::2 behind a link of 1400 bytes. The router is fe80::99 to `s`, whose link is `e1`.
const HOSTS: &str = r#"
set -e
mount -t tmpfs hosts /run
at() { ip netns exec "$@"; }
for n in s r d; do
    ip netns add $n
    ip -n $n link set lo up
    at $n sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 \
        net.ipv6.icmp.ratelimit=0
done
link() {
    ip -n $1 link add e1 type veth peer name e0 netns $2
    ip -n $1 addr add 10.99.$3.1/24 dev e1
    ip -n $2 addr add 10.99.$3.2/24 dev e0
    ip -n $1 addr add fd99:$3::1/64 dev e1 nodad
    ip -n $2 addr add fd99:$3::2/64 dev e0 nodad
    ip -n $1 link set e1 up
    ip -n $2 link set e0 up
}
link s r 1
link r d 2
ip -n r link set e1 mtu 1400
ip -n d link set e0 mtu 1400
ip -n r addr add fe80::99/64 dev e0 nodad
ip -n s route add default via 10.99.1.2
ip -n s -6 route add default via fd99:1::2
ip -n d route add default via 10.99.2.1
ip -n d -6 route add default via fd99:2::1
# Neighbours are looked for before anybody measures.
for to in 10.99.2.2 fd99:2::2; do
    for try in 1 2 3 4 5 6 7 8 9 10; do
        at s ping -n -c1 -W1 $to >/dev/null && break
    done
done
set +e
"#;

/// Two more behind those: `d` and `e` are routers too, and `f` is 10.99.4.2 and fd99:4::2, four hops from `s`.
pub(crate) const CHAIN: &str = r#"
for n in e f; do
    ip netns add $n
    ip -n $n link set lo up
    at $n sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.icmp.ratelimit=0
done
for n in s r d e f; do at $n sysctl -qw net.ipv4.icmp_ratemask=0; done
link d e 3
link e f 4
for by in 10.99.2.2 fd99:2::2; do ip -n r route add default via $by; done
ip -n d route add 10.99.4.0/24 via 10.99.3.2
ip -n d -6 route add fd99:4::/64 via fd99:3::2
for by in 10.99.3.1 fd99:3::1; do ip -n e route add default via $by; done
for by in 10.99.4.1 fd99:4::1; do ip -n f route add default via $by; done
for to in 10.99.4.2 fd99:4::2; do
    for try in 1 2 3 4 5 6 7 8 9 10; do
        at s ping -n -c1 -W1 $to >/dev/null && break
    done
done
"#;

/// Run a script among these hosts, in which `at HOST COMMAND` runs a command there and `$SOCKKIT` is the binary. `None`
/// where that is not permitted, which is a skip with a line at a desk, and a failure where `CI` is set.
pub(crate) fn among_hosts(script: &str) -> Option<Finished> {
    for tool in ["unshare", "ip", "ping", "nft"] {
        peer(tool)?;
    }
    let tried = program("unshare", ["-nmp", "--fork", "--mount-proc", "true"]).run();
    if tried.status != 0 {
        assert!(env::var_os("CI").is_none(), "unshare: {}", tried.stderr);
        let _ = writeln!(io::stderr(), "skipped: unshare: {}", tried.stderr.trim());
        return None;
    }
    let flags = ["-nmp", "--fork", "--kill-child", "--mount-proc", "sh", "-c"];
    let hosts = program("unshare", flags)
        .args([format!("{HOSTS}\n{script}")])
        .env("SOCKKIT", env!("CARGO_BIN_EXE_sockkit"));
    Some(hosts.deadline(LONG).run())
}
