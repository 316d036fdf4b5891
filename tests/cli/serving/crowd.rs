//! Very many at once. How many is said by `SOCKKIT_CONNECTIONS`, where the limit on descriptors allows it.

use std::env;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;

use super::{becomes, client, connect, descriptors, listen};
use crate::kit::{LONG, pattern, read_end};

/// How many connections stand at once.
const MANY: usize = 10_000;

fn many() -> usize {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let given = env::var("SOCKKIT_CONNECTIONS").ok();
    let wanted = given.map_or(MANY, |text| text.parse().unwrap());
    wanted.min(usize::try_from(most).unwrap() - 500)
}

#[test]
fn very_many_are_echoed_at_once_and_each_by_itself() {
    let many = many();
    // The soft limit is one that would not do: it is raised.
    let script = r#"ulimit -Sn 256; exec "$0" "$@""#;
    let listener = listen("-k --echo").under(script).deadline(LONG).start();
    let port = listener.port();
    let open = descriptors(&listener);
    let mut clients: Vec<TcpStream> = (0..many).map(|_| client(port)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.set_read_timeout(Some(LONG)).unwrap();
        client.write_all(format!("{number:08}").as_bytes()).unwrap();
    }
    for (number, client) in clients.iter_mut().enumerate() {
        let mut heard = [0; 8];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(heard, format!("{number:08}").as_bytes());
    }
    // All stand at once, and one more costs no more than it would without them.
    let before = listener.ticks();
    let much = pattern(8 << 20);
    let said = connect(port).upload(&much).deadline(LONG).run();
    assert!(said.expect(0).stdout == much);
    let used = listener.ticks() - before;
    assert!(
        used < 500,
        "{used} ticks for 8 MiB beside {many} that are silent"
    );
    for client in &clients {
        client.shutdown(Shutdown::Write).unwrap();
    }
    for client in &mut clients {
        assert_eq!(read_end(client), b"");
    }
    drop(clients);
    assert!(
        becomes(|| descriptors(&listener) == open),
        "a descriptor leaks"
    );
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn many_that_are_silent_wake_nobody() {
    let listener = listen("-k --echo --idle-timeout 1h").start();
    let port = listener.port();
    let mut clients: Vec<TcpStream> = (0..200).map(|_| client(port)).collect();
    for client in &mut clients {
        client.write_all(b"x").unwrap();
        client.read_exact(&mut [0]).unwrap();
    }
    let before = listener.ticks();
    // A window to measure in.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let used = listener.ticks() - before;
    assert!(used <= 10, "{used} ticks in a second of silence");
}
