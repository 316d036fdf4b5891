//! Traps 14 to 16: names with several addresses, both families at once, zones.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
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
