//! `trace` along a chain of routers, beside traceroute(8), mtr(8) and ping(8).

use crate::kit::{CHAIN, Finished, among_hosts, peer};

/// Someone who may do nothing.
const NOBODY: &str = "nobody() { at s setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
     --bounding-set=-all \"$@\"; }\n";

fn along(script: &str) -> Option<Finished> {
    among_hosts(&format!("{CHAIN}{NOBODY}{script}"))
}

/// The lines of hops without their times.
fn hops(text: &str) -> Vec<String> {
    let bare = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_time = |at: usize| words[at] == "ms" || words.get(at + 1) == Some(&"ms");
        let kept = (0..words.len())
            .filter(|at| !is_time(*at))
            .map(|at| words[at]);
        kept.collect::<Vec<_>>().join(" ")
    };
    let lines = text
        .lines()
        .filter(|line| line.starts_with([' ', '1', '2', '3']));
    lines.map(bare).collect()
}

#[test]
fn traceroute_agrees_and_nobody_needs_a_privilege() {
    if peer("traceroute").is_none() {
        return;
    }
    let script = |run: &str| {
        format!(
            "for to in 10.99.4.2 fd99:4::2; do for by in '' -I \"$TCP\"; do {run} -n $by $to; done; done\n\
             at s sysctl -qw net.ipv4.ping_group_range='0 2147483647'\n\
             for to in 10.99.4.2 fd99:4::2; do for by in '' -I \"$TCP\"; do {run} -n $by $to; done; done\n"
        )
    };
    let theirs = script("at s traceroute");
    let Some(theirs) = along(&format!("TCP='-T -p 80'\n{theirs}")) else {
        return;
    };
    let ours = along(&format!(
        "TCP='--tcp 80'\n{}",
        script("at s $SOCKKIT trace")
    ))
    .unwrap();
    let expected = hops(&theirs.text());
    assert_eq!(expected.len(), 48, "{}", theirs.text());
    assert_eq!(hops(&ours.expect(0).text()), expected);
    let open = "at s sysctl -qw net.ipv4.ping_group_range='0 2147483647'\nTCP='--tcp 80'\n";
    let nobodys = along(&format!("{open}{}", script("nobody $SOCKKIT trace"))).unwrap();
    assert_eq!(hops(&nobodys.expect(0).text()), expected);
}

#[test]
fn mtr_and_ping_agree() {
    if peer("mtr").is_none() {
        return;
    }
    let script = "
at s $SOCKKIT trace -n --report -c 2 -i 0.2 10.99.4.2
at s mtr -n -r -c 2 10.99.4.2
for ttl in 1 2 3; do at s ping -n -c1 -t $ttl 10.99.4.2; done
at s ping -n -c1 10.99.4.2
";
    let Some(run) = along(script) else {
        return;
    };
    let text = run.text();
    let rows = text.lines().filter_map(|line| line.split_once(".|-- "));
    let rows: Vec<(&str, Vec<&str>)> = rows
        .map(|(ttl, row)| (ttl.trim(), row.split_whitespace().take(3).collect()))
        .collect();
    assert_eq!(rows.len(), 8, "{text}");
    assert_eq!(rows[..4], rows[4..]);
    let froms = text.lines().filter_map(|line| {
        let from = line.split_once("rom ")?.1;
        from.split([' ', ':']).next()
    });
    let mtrs: Vec<&str> = rows[4..].iter().map(|(_, row)| row[0]).collect();
    assert_eq!(froms.collect::<Vec<_>>(), mtrs, "{text}");
}

#[test]
fn where_the_way_ends_is_said_as_traceroute_does() {
    if peer("traceroute").is_none() {
        return;
    }
    let script = r#"
at d nft -f - <<END
table ip filter {
    chain forward {
        type filter hook forward priority 0;
        ip daddr 10.99.4.11 reject with icmp type host-unreachable
        ip daddr 10.99.4.12 reject with icmp type net-unreachable
        ip daddr 10.99.4.13 reject with icmp type admin-prohibited
        ip daddr 10.99.4.14 reject with icmp type prot-unreachable
        ip daddr 10.99.4.15 reject with icmp type host-prohibited
    }
}
table ip6 filter {
    chain forward {
        type filter hook forward priority 0;
        ip6 daddr fd99:4::11 reject with icmpv6 type no-route
        ip6 daddr fd99:4::12 reject with icmpv6 type addr-unreachable
        ip6 daddr fd99:4::13 reject with icmpv6 type admin-prohibited
    }
}
END
for host in 11 12 13 14 15; do $TRACE 10.99.4.$host; done
for host in 11 12 13; do $TRACE fd99:4::$host; done
at s $SOCKKIT trace -n -I 10.99.4.13 > /dev/null || echo icmp $?
at s $SOCKKIT trace -n --tcp 80 fd99:4::13 > /dev/null || echo tcp $?
"#;
    let Some(theirs) = along(&format!("TRACE='at s traceroute -n'\n{script}")) else {
        return;
    };
    let ours = along(&format!("TRACE=\"at s $SOCKKIT trace -n\"\n{script}"));
    let (ours, theirs) = (ours.unwrap().text(), theirs.text());
    assert_eq!(hops(&theirs).len(), 24, "{theirs}");
    assert_eq!(hops(&ours), hops(&theirs));
    assert!(ours.ends_with("icmp 1\ntcp 1\n"), "{ours}");
}

#[test]
fn a_port_that_somebody_else_refuses_is_not_the_host() {
    let script = r#"
at d nft -f - <<END
table ip filter {
    chain forward {
        type filter hook forward priority 0;
        meta l4proto udp reject with icmp type port-unreachable
        meta l4proto tcp reject with tcp reset
        meta l4proto icmp drop
    }
}
END
at s $SOCKKIT trace -n 10.99.4.2; echo status $?
at s $SOCKKIT trace -n --tcp 80 10.99.4.2; echo status $?
at s $SOCKKIT trace -n -I -m 5 -t 300ms 10.99.4.2; echo status $?
"#;
    let Some(run) = along(script) else {
        return;
    };
    let text = run.text();
    let lines = hops(&text);
    assert_eq!(lines[2], "3 10.99.2.2 !<3> !<3> !<3>", "{text}");
    assert_eq!(lines[5], "3 10.99.4.2", "{text}");
    assert_eq!(lines[8..], ["3 * * *", "4 * * *", "5 * * *"], "{text}");
    let statuses = text.lines().filter(|line| line.starts_with("status"));
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        ["status 1", "status 0", "status 1"]
    );
}

#[test]
fn the_largest_packet_is_found() {
    if peer("traceroute").is_none() {
        return;
    }
    let script = "
at s traceroute -n --mtu 10.99.4.2
at s traceroute -n --mtu fd99:4::2
at s $SOCKKIT trace -n --mtu 10.99.4.2
at s $SOCKKIT trace -n --mtu fd99:4::2
at s $SOCKKIT trace -n --mtu -I 10.99.4.2 --json
at s $SOCKKIT trace -n --df -s 1500 10.99.4.2; echo status $?
at r nft 'table ip f { chain o { type filter hook output priority 0; icmp type destination-unreachable drop; }; }'
at s $SOCKKIT trace -n --df -s 1500 -m 3 -t 300ms 10.99.4.2; echo status $?
at s $SOCKKIT trace -n --df -s 1400 10.99.4.2; echo status $?
";
    let Some(run) = along(script) else {
        return;
    };
    let text = run.text();
    let lines = hops(&text);
    assert_eq!(lines[..8], lines[8..16], "{text}");
    assert_eq!(lines[8..10], ["1 10.99.1.2 F=1500", "2 10.99.2.2 F=1400"]);
    assert!(text.contains("\"path_mtu\":1400"), "{text}");
    assert_eq!(lines[17], "2 10.99.1.2 !F-1400 !F-1400 !F-1400", "{text}");
    // A black hole: the one who would have to say so is not heard.
    assert_eq!(
        lines[18..21],
        ["1 10.99.1.2", "2 * * *", "3 * * *"],
        "{text}"
    );
    assert_eq!(lines[24], "4 10.99.4.2", "{text}");
    let statuses = text.lines().filter(|line| line.starts_with("status"));
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        ["status 1", "status 1", "status 0"]
    );
}

#[test]
fn what_is_larger_than_a_link_goes_through_in_fragments() {
    if peer("traceroute").is_none() {
        return;
    }
    let script = |run: &str| format!("for by in '' -I; do at s {run} -n $by $LONG; done\n");
    let Some(theirs) = along(&format!("LONG='10.99.4.2 1500'\n{}", script("traceroute"))) else {
        return;
    };
    let ours = along(&format!(
        "LONG='-s 1500 10.99.4.2'\n{}",
        script("$SOCKKIT trace")
    ));
    let expected = hops(&theirs.text());
    assert_eq!(expected.len(), 8, "{}", theirs.text());
    assert_eq!(hops(&ours.unwrap().expect(0).text()), expected);
}

#[test]
fn over_ipv6_this_host_sends_the_fragments() {
    let script = r#"
for by in '' -I; do
    at s $SOCKKIT trace -n --json --probes 3 -s 1500 $by fd99:4::2
    at s ip -6 route flush cache
done
at s $SOCKKIT trace -n --df -s 1500 fd99:4::2; echo status $?
"#;
    let Some(run) = along(script) else {
        return;
    };
    let text = run.text();
    let events = text.lines().filter(|line| line.starts_with('{'));
    let events: Vec<serde_json::Value> = events
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let addrs = |event: &serde_json::Value| event["addrs"][0]["addr"].as_str().map(str::to_owned);
    let hops: Vec<String> = events.iter().filter_map(addrs).collect();
    let expected = ["fd99:1::2", "fd99:2::2", "fd99:3::2", "fd99:4::2"];
    assert_eq!(hops, [expected, expected].concat(), "{text}");
    let shrunk = events.iter().filter(|event| event["mtu"] == 1400);
    let hops: Vec<&serde_json::Value> = shrunk.map(|event| &event["ttl"]).collect();
    assert_eq!(hops, [2, 2], "{text}");
    let last = " 2  fd99:1::2  ";
    let line = text.lines().find(|line| line.starts_with(last)).unwrap();
    assert_eq!(line.matches(" !F-1400").count(), 3, "{text}");
    assert!(text.ends_with("status 1\n"), "{text}");
}

#[test]
fn loss_is_measured_and_told_from_a_limit() {
    let script = r#"
at d nft 'table ip f { chain o { type filter hook output priority 0; icmp type time-exceeded numgen inc mod 4 == 0 drop; }; }'
at f nft 'table ip f { chain o { type filter hook output priority 0; icmp type { destination-unreachable, echo-reply } numgen inc mod 5 == 0 drop; }; }'
at s $SOCKKIT trace -n --report --json -c 20 -i 20ms $BY 10.99.4.2
"#;
    for by in ["", "BY=-I\n"] {
        let Some(run) = along(&format!("{by}{script}")) else {
            return;
        };
        let events = run.expect(0).events();
        let hops = events.iter().filter(|event| event["event"] == "hop");
        let losses: Vec<(f64, bool)> = hops
            .map(|hop| {
                (
                    hop["loss_pct"].as_f64().unwrap(),
                    hop["limited"].as_bool().unwrap(),
                )
            })
            .collect();
        // The host loses a fifth itself: nothing behind it says that it was a limit.
        let expected = [(0.0, false), (25.0, true), (0.0, false), (20.0, false)];
        assert_eq!(losses, expected);
    }
}

#[test]
fn a_hop_that_is_silent_is_seen_to_be_before_it_is_given_up() {
    let script = r#"
at d nft 'table ip f { chain i { type filter hook input priority 0; icmp type echo-request drop; ip protocol udp drop; }; }'
at s $SOCKKIT trace -n -r -c 100 -i 200ms --deadline 2500ms 10.99.2.2
at s $SOCKKIT trace -n -r --json -c 2 -i 10ms -t 100ms -m 5 10.99.2.2
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let text = run.text();
    let row = text.lines().find(|line| line.starts_with("  2.|-- ???"));
    let says = |row: &str| row.contains(" 100.0% ") && !row.contains("limited");
    assert!(row.is_some_and(says), "{text}");
    let hops: Vec<serde_json::Value> = text
        .lines()
        .filter(|line| line.starts_with(r#"{"event":"hop""#))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let silent = hops.iter().find(|hop| hop["ttl"] == 2);
    assert!(
        silent.is_some_and(|hop| hop["loss_pct"] == 100.0 && hop["limited"] == false),
        "{text}"
    );
}

#[test]
fn a_report_outlives_the_way() {
    let script = r#"
at s $SOCKKIT trace --json -n -r -c 8 -i 300ms -t 400ms 10.99.2.2 | while read -r line; do
    echo "$line"
    case $line in *'"status":"reached"'*) ip -n s link set e1 down;; esac
done
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let events = run.expect(0).events();
    let last = events.last().unwrap();
    assert_eq!(
        (&last["event"], &last["reached"]),
        (&"summary".into(), &true.into())
    );
    let hops = events.iter().filter(|event| event["event"] == "hop");
    assert_eq!(hops.count(), 2, "{events:?}");
}

#[test]
fn names_do_no_harm_to_the_terminal() {
    let script = r#"
printf '10.99.1.2 \033[31mevil\033[0m\n10.99.2.2 \342\200\256live\n' > /run/hosts
mount --bind /run/hosts /etc/hosts
at s $SOCKKIT trace 10.99.2.2
at s $SOCKKIT trace --report -c 1 10.99.2.2
"#;
    let Some(run) = among_hosts(script) else {
        return;
    };
    let text = run.expect(0).text();
    assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
    assert_eq!(text.matches("evil").count(), 2, "{text:?}");
    assert_eq!(text.matches("live").count(), 2, "{text:?}");
}

#[test]
fn links_have_zones_and_descriptors_are_few() {
    let script = "
at s $SOCKKIT trace -n fe80::99%e1
at s $SOCKKIT trace -n --interface e1 fe80::99
at s $SOCKKIT trace -n --bind fd99:1::1 fd99:1::2
at s sh -c 'ulimit -n 24; exec $SOCKKIT trace -n --tcp 80 -m 6 -t 300ms 10.99.4.99'; echo status $?
at s $SOCKKIT trace -n 10.99.1.2
ip -n s route del default
at s $SOCKKIT trace -n 10.99.4.2; echo status $?
";
    let Some(run) = along(script) else {
        return;
    };
    let text = run.text();
    let lines = hops(&text);
    assert_eq!(
        lines[..3],
        ["1 fe80::99%e1", "1 fe80::99%e1", "1 fd99:1::2"],
        "{text}"
    );
    assert_eq!(
        lines[3..7],
        ["1 10.99.1.2", "2 10.99.2.2", "3 10.99.3.2", "4 * * *"],
        "{text}"
    );
    let statuses = text.lines().filter(|line| line.starts_with("status"));
    assert_eq!(statuses.collect::<Vec<_>>(), ["status 1", "status 1"]);
    assert!(
        run.stderr.contains("network is unreachable (ENETUNREACH)"),
        "{}",
        run.stderr
    );
}
