//! Traps 14 to 16: names with several addresses, both families at once, zones.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{WATCHED, nc, ncat, ours, socat, tool};
use crate::kit::{DEADLINE, Names, Start, deaf_port, free_port, peer};

/// nc and socat wait for the first address of a name as long as the kernel does, though another one is alive.
#[test]
fn trap_14_a_name_whose_first_address_is_silent() {
    let hosts = "127.0.0.1 two\n127.0.0.2 two\n";
    let Some(names) = Names::new("machine", hosts, None) else {
        return;
    };
    let drive = |client: &dyn Fn(u16) -> Option<Start>, limit: Duration| {
        let (_deaf, _queue, port) = deaf_port();
        let server = TcpListener::bind(("127.0.0.2", port)).unwrap();
        let client = names.around(client(port)?).start();
        let mut waiting = [PollFd::new(server.as_fd(), PollFlags::POLLIN)];
        let came = poll(&mut waiting, PollTimeout::try_from(limit).unwrap()).unwrap() == 1;
        drop(client);
        Some(came)
    };
    let connect = |port| Some(ours(&format!("tcp connect two:{port}")));
    assert_eq!(drive(&connect, DEADLINE), Some(true));
    let connect = |port| nc(&format!("-d two {port}"));
    assert!(drive(&connect, WATCHED).is_none_or(|came| !came), "nc");
    let connect = |port| socat(&format!("-u TCP:two:{port} -"));
    assert!(drive(&connect, WATCHED).is_none_or(|came| !came), "socat");
}

/// A datagram to a name whose first address nobody hears does not get to the second one by nc, ncat or socat.
#[test]
fn trap_14_a_name_whose_first_address_refuses_datagrams() {
    let hosts = "127.0.0.1 two\n127.0.0.2 two\n";
    let Some(names) = Names::new("machine", hosts, None) else {
        return;
    };
    let drive = |client: &dyn Fn(u16) -> Option<Start>, limit: Duration| {
        let server = UdpSocket::bind("127.0.0.2:0").unwrap();
        server.set_read_timeout(Some(limit)).unwrap();
        let client = client(server.local_addr().unwrap().port())?;
        let client = names.around(client).input("heard").start();
        let came = server.recv_from(&mut [0; 100]).is_ok();
        drop(client);
        Some(came)
    };
    let send = |port| Some(ours(&format!("udp send two:{port}")));
    assert_eq!(drive(&send, DEADLINE), Some(true));
    let connect = |port| Some(ours(&format!("udp connect two:{port}")));
    assert_eq!(drive(&connect, DEADLINE), Some(true));
    let send = |port| nc(&format!("-u two {port}"));
    assert!(drive(&send, WATCHED).is_none_or(|came| !came), "nc");
    let send = |port| ncat(&format!("-u two {port}"));
    assert!(drive(&send, WATCHED).is_none_or(|came| !came), "ncat");
    let send = |port| socat(&format!("-u - UDP:two:{port}"));
    assert!(drive(&send, WATCHED).is_none_or(|came| !came), "socat");
}

/// nc listens on IPv4 alone where no address is given.
#[test]
fn trap_15_everywhere_is_both_families() {
    if !std::path::Path::new("/proc/net/if_inet6").exists() {
        return;
    }
    let port = free_port();
    let both = |port: u16| {
        let four = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let six = TcpStream::connect(SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
        (four.is_ok(), six.is_ok())
    };
    let listening = ours(&format!("tcp listen -k *:{port}")).start();
    listening.listening();
    assert_eq!(both(port), (true, true));
    drop(listening);
    for (address, reached) in [("0.0.0.0", (true, false)), ("[::]", (false, true))] {
        let listening = ours(&format!("tcp listen -k {address}:{port}")).start();
        listening.listening();
        assert_eq!(both(port), reached, "{address}");
    }
    if let Some(listening) = nc(&format!("-lkv {port}")) {
        let listening = listening.start();
        listening.stderr_until(|line| line.contains("istening on"));
        assert_eq!(both(port), (true, false), "nc");
    }
}

/// What socat's TCP6-LISTEN and nc -6 hear is a matter of net.ipv6.bindv6only.
#[test]
fn trap_15_whatever_the_host_has_set() {
    if peer("ip").is_none() || peer("unshare").is_none() || peer("sysctl").is_none() {
        return;
    }
    // Of each listener, which it heard: 4, 6.
    let script = r#"exec unshare -n sh -c '
ip link set lo up && sysctl -qw net.ipv6.bindv6only="$1" || exit 9
shift
"$0" "$@" </dev/null >/dev/null 2>&1 &
listener=$!
for try in $(seq 200); do
    grep -qE ":2328 .* 0A " /proc/net/tcp /proc/net/tcp6 && break
    kill -0 $listener || exit 8
    sleep 0.05
done
for host in 127.0.0.1 ::1; do
    python3 -c "import socket; socket.create_connection((\"$host\", 9000), 5)" 2>/dev/null && echo $host
done
kill $listener' "$0" "$@""#;
    let heard = |only: &str, start: Start| {
        let mut words = start.words();
        words.insert(1, only.into());
        let program_of = words.remove(0);
        let finished = crate::kit::program(program_of, words).under(script).run();
        (finished.status != 9).then(|| finished.text())
    };
    if crate::kit::python_here().is_none()
        || crate::kit::program("unshare", ["-n", "true"]).run().status != 0
    {
        return;
    }
    let both = "127.0.0.1\n::1\n";
    for (words, zero, one) in [
        ("tcp listen -k *:9000", both, both),
        ("tcp listen -k [::]:9000", "::1\n", "::1\n"),
        ("tcp listen -k 0.0.0.0:9000", "127.0.0.1\n", "127.0.0.1\n"),
    ] {
        for (only, expected) in [("0", zero), ("1", one)] {
            let Some(heard) = heard(only, ours(words)) else {
                return;
            };
            assert_eq!(heard, expected, "{words} with bindv6only {only}");
        }
    }
    let theirs = [socat("TCP6-LISTEN:9000,fork PIPE"), nc("-6 -l -k 9000")];
    for start in theirs.into_iter().flatten() {
        let words = format!("{:?}", start.words());
        assert_eq!(heard("1", start).as_deref(), Some("::1\n"), "{words}");
    }
    for start in [socat("TCP6-LISTEN:9000,fork PIPE"), nc("-6 -l -k 9000")] {
        let heard = start.and_then(|start| heard("0", start));
        assert!(heard.is_none_or(|heard| heard == both));
    }
}

/// ncat does not find a link-local address in brackets. Without its zone none of the three reaches it, or says why.
#[test]
fn trap_16_zones_of_link_local_addresses() {
    let alone = |start: Start| {
        start.under(
            r#"exec unshare -n sh -c 'ip link set lo up && ip -6 addr add fe80::1/64 dev lo nodad &&
exec "$0" "$@"' "$0" "$@""#,
        )
    };
    if peer("ip").is_none() || peer("unshare").is_none() {
        return;
    }
    if alone(crate::kit::program("true", [""; 0])).run().status != 0 {
        return;
    }
    let refused = alone(ours("tcp connect [fe80::1%lo]:9")).run().expect(1);
    let expected = "sockkit: connect [fe80::1%lo]:9: connection refused (ECONNREFUSED)\n";
    assert_eq!(refused.stderr, expected);
    alone(ours("tcp connect fe80::1%lo 9"))
        .run()
        .expect(1)
        .says("ECONNREFUSED");
    alone(ours("tcp connect [fe80::1]:9"))
        .run()
        .expect(2)
        .says("EINVAL")
        .says("hint: a link-local address needs its zone");
    if let Some(client) = tool(super::NCAT, &["[fe80::1%lo]", "9"]) {
        let client = alone(client).run();
        assert!(
            client.stderr.contains("Could not resolve"),
            "{}",
            client.stderr
        );
    }
    if let Some(client) = ncat("fe80::1 9") {
        let client = alone(client).run();
        assert!(!client.stderr.contains("zone"), "{}", client.stderr);
    }
    let listening = alone(ours("tcp listen [fe80::1%lo]:0")).start();
    let address = listening.listening();
    assert!(address.starts_with("[fe80::1%lo]:"), "{address}");
}
