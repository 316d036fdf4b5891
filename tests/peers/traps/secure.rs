//! Trap 36: where TLS ends, and where it was cut off.

use super::{ncat, ours, socat};
use crate::kit::{Finished, Start, peer, program, python, scratch};

/// A server of one client; its second word says what it does.
const SERVER: &str = r#"
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
connection = context.wrap_socket(listener.accept()[0], server_side=True, suppress_ragged_eofs=False)
if sys.argv[2] == "cut":
    connection.sendall(b"a part of it")
    connection.recv(1)
    connection.close()
else:
    heard = b""
    try:
        while piece := connection.recv(100):
            heard += piece
        connection.sendall(b"answer to " + heard)
        connection.unwrap()
    except (ssl.SSLError, OSError):
        pass
"#;

/// socat takes a connection that is cut off for one that ended; so does ncat, when its stdin has ended too.
#[test]
fn trap_36_a_cut_is_no_end() {
    let drive = |client: &dyn Fn(&str) -> Option<Start>| {
        let (server, port) = serving("cut")?;
        let client = client(&port)?.piped().start();
        assert_eq!(client.read(12), b"a part of it");
        client.write("x");
        let finished = client.finish();
        drop(server);
        Some(finished)
    };
    let tls = |port: &str| Some(ours(&format!("tcp connect {port} --tls --insecure")));
    let Some(cut) = drive(&tls) else { return };
    let said = cut.expect(1);
    assert!(said.stderr.contains("close_notify"), "{}", said.stderr);
    let is_fine = |finished: Option<Finished>| finished.is_none_or(|end| end.status == 0);
    let tls = |port: &str| socat(&format!("- OPENSSL:127.0.0.1:{port},verify=0"));
    assert!(is_fine(drive(&tls)), "socat");
}

/// ncat ends the whole connection with its stdin, and does not hear the answer.
#[test]
fn trap_36_the_end_of_stdin_is_half_an_end() {
    let drive = |client: &dyn Fn(&str) -> Option<Start>| {
        let (server, port) = serving("answer")?;
        let finished = client(&port)?.input("question").run();
        drop(server);
        Some(finished.text())
    };
    let tls = |port: &str| Some(ours(&format!("tcp connect {port} --tls --insecure")));
    let Some(answer) = drive(&tls) else { return };
    assert_eq!(answer, "answer to question");
    let tls = |port: &str| ncat(&format!("--ssl 127.0.0.1 {port}"));
    assert!(drive(&tls).is_none_or(|answer| answer.is_empty()), "ncat");
}

/// ncat takes a certificate that nobody vouches for, and says nothing.
#[test]
fn trap_36_who_is_spoken_to() {
    let drive = |client: &dyn Fn(&str) -> Option<Start>| {
        let (server, port) = serving("answer")?;
        let finished = client(&port)?.input("secret").run();
        drop(server);
        Some(finished)
    };
    let tls = |port: &str| Some(ours(&format!("tcp connect {port} --tls")));
    let Some(refused) = drive(&tls) else { return };
    drop(refused.expect(1).says("certificate"));
    let tls = |port: &str| ncat(&format!("--ssl 127.0.0.1 {port}"));
    let Some(taken) = drive(&tls) else { return };
    assert_eq!((taken.status, taken.stderr.as_str()), (0, ""), "ncat");
}

/// A server that is ready, and its port.
fn serving(what: &str) -> Option<(crate::kit::Running, String)> {
    peer("openssl")?;
    let folder = scratch();
    let [key, cert, both] = ["key", "cert", "both"].map(|name| {
        let path = folder.path().join(name);
        path.to_str().unwrap().to_owned()
    });
    let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x";
    let made = program("openssl", words.split(' '));
    made.args(["-keyout", &key, "-out", &cert]).run().expect(0);
    let pem = [&key, &cert].map(|path| std::fs::read_to_string(path).unwrap());
    std::fs::write(&both, pem.concat()).unwrap();
    let server = python(SERVER, &[&both, what])?.start();
    let port = server.line();
    Some((server, port))
}
