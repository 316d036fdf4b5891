//! Python's sockets as peers.

use crate::kit::{python, sockkit};

#[test]
fn fqdn_is_pythons() {
    let Some(python) = python("import socket; print(socket.getfqdn())", &[]) else {
        return;
    };
    let theirs = python.run().expect(0);
    let ours = sockkit(["fqdn"]).run().expect(0);
    assert_eq!(ours.text(), theirs.text());
}
