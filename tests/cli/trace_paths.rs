//! `trace` where there are two ways: `r` has the choice between `a1`, `a2` and `b1`, `b2` on the way to `z`.

use std::collections::{BTreeMap, BTreeSet};

use crate::kit::among_hosts;

/// A router chooses by addresses, protocol and ports alone: else a test's own sockets would have a say (the kernel hands
/// on what it has hashed a packet to).
const DIAMOND: &str = r#"
for n in a1 a2 b1 b2 z; do
    ip netns add $n
    ip -n $n link set lo up
done
for n in s r d a1 a2 b1 b2 z; do
    at $n sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratemask=0 net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.default.rp_filter=0 net.ipv4.icmp_errors_use_inbound_ifaddr=1 \
        net.ipv4.fib_multipath_hash_policy=3 net.ipv4.fib_multipath_hash_fields=55
done
join() {
    ip -n $1 link add $2$1 type veth peer name $1$2 netns $2
    ip -n $1 addr add 10.98.$3.1/24 dev $2$1
    ip -n $2 addr add 10.98.$3.2/24 dev $1$2
    ip -n $1 link set $2$1 up
    ip -n $2 link set $1$2 up
    at $1 sysctl -qw net.ipv4.conf.$2$1.rp_filter=0
    at $2 sysctl -qw net.ipv4.conf.$1$2.rp_filter=0
}
join r a1 11
join a1 a2 12
join a2 z 13
join r b1 21
join b1 b2 22
join b2 z 23
ip -n z addr add 10.98.9.9/32 dev lo
ip -n r route add 10.98.9.9/32 nexthop via 10.98.11.2 weight 1 nexthop via 10.98.21.2 weight 1
ip -n a1 route add 10.98.9.9/32 via 10.98.12.2
ip -n a2 route add 10.98.9.9/32 via 10.98.13.2
ip -n b1 route add 10.98.9.9/32 via 10.98.22.2
ip -n b2 route add 10.98.9.9/32 via 10.98.23.2
ip -n a1 route add default via 10.98.11.1
ip -n a2 route add default via 10.98.12.1
ip -n b1 route add default via 10.98.21.1
ip -n b2 route add default via 10.98.22.1
ip -n z route add default via 10.98.13.1
for try in 1 2 3 4 5 6 7 8 9 10; do
    at s ping -n -c1 -W1 10.98.9.9 >/dev/null && break
done
"#;

/// Which branch each flow was seen to take, `1` or `2`, hop by hop.
fn branches(events: &[serde_json::Value]) -> BTreeMap<u64, BTreeSet<char>> {
    let mut branches: BTreeMap<u64, BTreeSet<char>> = BTreeMap::new();
    for event in events {
        let ttl = event["ttl"].as_u64();
        if event["event"] != "probe" || !matches!(ttl, Some(2 | 3)) {
            continue;
        }
        let from = event["addr"].as_str().expect("an answer");
        let branch = from.strip_prefix("10.98.").unwrap().chars().next().unwrap();
        let flow = event["flow"].as_u64().unwrap();
        branches.entry(flow).or_default().insert(branch);
    }
    branches
}

#[test]
fn a_flow_takes_one_path_and_many_find_them_all() {
    for by in ["", "--tcp 80"] {
        let script = format!(
            "{DIAMOND}at s $SOCKKIT trace -n --json --probes 10 --flows 1 {by} 10.98.9.9\n\
             echo\nat s $SOCKKIT trace -n --json --flows 24 {by} 10.98.9.9\n"
        );
        let Some(run) = among_hosts(&script) else {
            return;
        };
        let text = run.text();
        let (one, many) = text.split_once("\n\n").expect("two runs");
        let events = |text: &str| -> Vec<serde_json::Value> {
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        };
        let (one, many) = (branches(&events(one)), branches(&events(many)));
        assert_eq!(one.len(), 1);
        assert_eq!(one[&0].len(), 1, "{by}: {one:?}");
        assert_eq!(many.len(), 24);
        assert!(
            many.values().all(|taken| taken.len() == 1),
            "{by}: {many:?}"
        );
        let taken: BTreeSet<char> = many.values().flatten().copied().collect();
        assert_eq!(taken.len(), 2, "{by}: {many:?}");
    }
}
