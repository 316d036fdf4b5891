//! `--fastopen` in a network of its own, where the server takes bytes with the SYN.

use std::io::{self, Write};

use crate::kit::{Start, peer, program, python_here};

/// Greets, hears, and says what it has heard. The first connection fetches the cookie that the others come with.
const SERVER: &str = r#"
import socket, sys
s = socket.socket()
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
s.bind(("127.0.0.1", 8082)); s.listen(); s.settimeout(20)
print("listening", flush=True)
while True:
    c, _ = s.accept()
    c.settimeout(10)
    c.sendall(b"banner\n")
    heard = b""
    while piece := c.recv(100): heard += piece
    c.sendall(b"heard " + heard + b"\n"); c.close()
"#;

/// A client in a network where the server is, with a cookie; `None` where there can be no such network.
fn client(words: &str) -> Option<Start> {
    peer("unshare")?;
    peer("ip")?;
    python_here()?;
    let script = format!(
        r#"ip link set lo up && echo 3 > /proc/sys/net/ipv4/tcp_fastopen || exit 77
           exec 3< <(exec python3 -u -c "$1"); server=$!; read -r line <&3
           echo first | "$0" tcp connect --fastopen > /dev/null
           {words}; kill $server"#
    );
    let root = nix::unistd::geteuid().is_root();
    let user = if root { ["-n"].as_slice() } else { &["-rn"] };
    let start = program("unshare", user);
    Some(start.args(["bash", "-c", &script, env!("CARGO_BIN_EXE_sockkit"), SERVER]))
}

/// Run it; what it printed and told, `None` where there can be no such network.
fn run(words: &str) -> Option<(String, String)> {
    let finished = client(words)?.run();
    if finished.status == 77 {
        assert!(std::env::var_os("CI").is_none(), "{}", finished.stderr);
        let _ = writeln!(
            io::stderr(),
            "skipped: no network of its own: {}",
            finished.stderr
        );
        return None;
    }
    Some((finished.text(), finished.stderr.clone()))
}

#[test]
fn the_first_bytes_connect() {
    for stdin in ["printf question |", "cat <(printf question) |"] {
        let words = format!(r#"{stdin} "$0" tcp connect --fastopen --preamble hello- --explain"#);
        let Some((printed, told)) = run(&words) else {
            return;
        };
        assert_eq!(printed, "banner\nheard hello-question\n", "{told}");
        assert!(told.contains(", 127.0.0.1:8082) = 0\n"), "{told}");
        assert!(!told.contains(", 0) = -1 EINPROGRESS"), "{told}");
    }
}

#[test]
fn whoever_says_nothing_is_greeted_too() {
    for stdin in ["< /dev/null", "< <(exit)", "< <(sleep 1)"] {
        let words = format!(r#""$0" tcp connect --fastopen --explain {stdin}"#);
        let Some((printed, told)) = run(&words) else {
            return;
        };
        assert_eq!(printed, "banner\nheard \n", "{stdin}: {told}");
        assert!(told.contains(", 0) = -1 EINPROGRESS"), "{told}");
    }
}
