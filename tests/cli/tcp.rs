//! `tcp connect` and `tcp listen`: streams, their ends and their lifetimes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::kit::{
    self, LONG, Running, Start, Stdin, accept, dead_port, linger_zero, listener, pattern, read_end,
    reset, scratch, sockkit, stream_to,
};

/// `tcp listen` on a port that the kernel chooses.
fn listen(words: &str) -> Start {
    sockkit(
        ["tcp", "listen", "127.0.0.1:0"]
            .into_iter()
            .chain(words.split_whitespace()),
    )
}

/// `tcp connect` to a port of this host.
fn connect(port: u16, words: &str) -> Start {
    let address = format!("127.0.0.1:{port}");
    let head = ["tcp", "connect", address.as_str()];
    sockkit(head.into_iter().chain(words.split_whitespace()))
}

fn client(listener: &Running) -> TcpStream {
    stream_to(("127.0.0.1", listener.port()))
}

#[test]
fn a_listener_hands_on_what_it_hears() {
    let listener = listen("").start();
    let mut client = client(&listener);
    client.write_all(b"hello\n").unwrap();
    drop(client);
    let finished = listener.finish().expect(0);
    assert_eq!(finished.text(), "hello\n");
}

#[test]
fn the_ready_line_has_the_real_port() {
    let listener = listen("").start();
    let line = listener.stderr_until(|_| true);
    let port = line
        .strip_prefix("listening on tcp 127.0.0.1:")
        .expect(&line);
    let port: u16 = port.parse().unwrap();
    assert_ne!(port, 0);
    drop(stream_to(("127.0.0.1", port)));
    listener.finish().expect(0);
}

#[test]
fn a_client_says_and_hears() {
    let (listener, port) = listener();
    let client = connect(port, "").input("hello").start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"hello");
    peer.write_all(b"world").unwrap();
    drop(peer);
    let finished = client.finish().expect(0);
    assert_eq!(finished.text(), "world");
    assert_eq!(finished.stderr, "");
}

#[test]
fn two_sockkits_speak() {
    let listener = listen("").upload("from the listener").start();
    let client = connect(listener.port(), "").upload("from the client").run();
    assert_eq!(client.expect(0).text(), "from the listener");
    assert_eq!(listener.finish().expect(0).text(), "from the client");
}

#[test]
fn a_reply_three_seconds_after_the_end_of_stdin_arrives() {
    let (listener, port) = listener();
    let client = connect(port, "").input("question").start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"question");
    // The delay is what is tested: nothing may end the client before the answer.
    thread::sleep(Duration::from_secs(3));
    peer.write_all(b"answer").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "answer");
}

#[test]
fn a_listener_with_nothing_to_say_does_not_half_close() {
    for script in [r#"exec "$0" "$@" </dev/null"#, r#"exec "$0" "$@" <&-"#] {
        let listener = listen("").under(script).start();
        let mut client = client(&listener);
        client.write_all(&pattern(1 << 20)).unwrap();
        assert_eq!(listener.read(1 << 20), pattern(1 << 20), "{script}");
        client
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let silence = client
            .read(&mut [0])
            .expect_err("no end before the client's");
        assert_eq!(silence.kind(), ErrorKind::WouldBlock, "{script}");
        client.write_all(b"more").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut kit::patient(client)), b"");
        assert_eq!(listener.finish().expect(0).stdout.len(), (1 << 20) + 4);
    }
}

#[test]
fn a_listener_that_has_said_all_half_closes() {
    let listener = listen("").input("all").start();
    let mut client = client(&listener);
    assert_eq!(read_end(&mut client), b"all");
    client.write_all(b"still heard").unwrap();
    drop(client);
    assert_eq!(listener.finish().expect(0).text(), "still heard");
}

#[test]
fn a_client_with_nothing_to_say_half_closes_at_once() {
    let (listener, port) = listener();
    let client = connect(port, "").start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"");
    peer.write_all(b"banner").unwrap();
    drop(peer);
    assert_eq!(client.finish().expect(0).text(), "banner");
}

#[test]
fn the_peers_end_is_the_clients_while_stdin_is_silent() {
    let fastest = (0..5).map(|_| {
        let (listener, port) = listener();
        let client = connect(port, "").piped().start();
        let mut peer = accept(&listener);
        peer.write_all(b"bye").unwrap();
        assert_eq!(client.read(3), b"bye");
        let start = Instant::now();
        drop(peer);
        assert!(client.ends_within(kit::DEADLINE), "the client stays");
        let taken = start.elapsed();
        client.finish().expect(0);
        taken
    });
    // The best of a few: other load on the machine is not what is measured.
    let fastest = fastest.min().unwrap();
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
}

#[test]
fn a_file_is_heard_out_although_the_peer_ended() {
    let folder = scratch();
    let file = folder.path().join("upload");
    std::fs::write(&file, pattern(4 << 20)).unwrap();
    let (listener, port) = listener();
    let client = connect(port, "").stdin(Stdin::File(file)).start();
    let mut peer = accept(&listener);
    peer.shutdown(Shutdown::Write).unwrap();
    assert!(read_end(&mut peer) == pattern(4 << 20), "all of the file");
    client.finish().expect(0);
}

#[test]
fn a_pipe_that_has_spoken_is_heard_out() {
    let (listener, port) = listener();
    let mut client = connect(port, "").piped().start();
    let mut peer = accept(&listener);
    client.write("first, ");
    let mut first = [0; 7];
    peer.read_exact(&mut first).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert!(
        !client.ends_within(Duration::from_millis(300)),
        "stdin is open"
    );
    client.write("second");
    client.end_stdin();
    assert_eq!(read_end(&mut peer), b"second");
    client.finish().expect(0);
}

#[test]
fn what_a_pipe_holds_at_the_peers_end_is_heard() {
    // The pipe has spoken before the peer ended, whichever the client comes to read first.
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"said in time").unwrap();
    let (listener, port) = listener();
    let client = connect(port, "").stdin(Stdin::Open(reader.into())).start();
    let mut peer = accept(&listener);
    peer.shutdown(Shutdown::Write).unwrap();
    let mut heard = [0; 12];
    peer.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"said in time");
    drop(writer);
    assert_eq!(read_end(&mut peer), b"");
    client.finish().expect(0);
}

#[test]
fn on_peer_eof_exit_ends_whatever_stdin_may_say() {
    let (listener, port) = listener();
    let client = connect(port, "--on-peer-eof exit").piped().start();
    let mut peer = accept(&listener);
    client.write("spoken");
    peer.read_exact(&mut [0; 6]).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    client.finish().expect(0);
}

#[test]
fn on_peer_eof_drain_hears_a_silent_pipe_out() {
    let (listener, port) = listener();
    let mut client = connect(port, "--on-peer-eof drain").piped().start();
    let mut peer = accept(&listener);
    peer.shutdown(Shutdown::Write).unwrap();
    assert!(
        !client.ends_within(Duration::from_millis(300)),
        "stdin is open"
    );
    client.write("late");
    client.end_stdin();
    assert_eq!(read_end(&mut peer), b"late");
    client.finish().expect(0);
}

#[test]
fn a_listener_closes_stdout_at_the_clients_end() {
    let mut listener = listen("").piped().start();
    let mut client = client(&listener);
    listener.write("spoken");
    client.read_exact(&mut [0; 6]).unwrap();
    client.write_all(b"archive").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert!(listener.stdout_ends(), "`listen | tar x` ends");
    assert_eq!(listener.stdout_so_far(), b"archive");
    assert!(listener.is_running(), "stdin may say more");
    listener.write(" more");
    listener.end_stdin();
    assert_eq!(read_end(&mut client), b" more");
    listener.finish().expect(0);
}

#[test]
fn what_a_vanished_peer_did_not_take_is_no_success() {
    let (listener, port) = listener();
    let client = connect(port, "").input(pattern(8 << 20)).start();
    // Closed with bytes unread, which is a reset.
    let mut peer = accept(&listener);
    peer.read_exact(&mut [0; 10]).unwrap();
    drop(peer);
    let finished = client.finish().expect(1);
    assert!(
        finished.stderr.starts_with("sockkit: "),
        "{}",
        finished.stderr
    );
}

#[test]
fn one_connection_closes_the_listener() {
    let listener = listen("").start();
    let port = listener.port();
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"x").unwrap();
    listener.read(1);
    let second = TcpStream::connect(("127.0.0.1", port));
    assert_eq!(second.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    drop(client);
    listener.finish().expect(0);
}

#[test]
fn keep_open_serves_twenty_at_once() {
    let listener = listen("-k").start();
    let port = listener.port();
    let mut clients: Vec<_> = (0..20).map(|_| stream_to(("127.0.0.1", port))).collect();
    // The last first: each is served on its own.
    for (number, client) in clients.iter_mut().enumerate().rev() {
        client
            .write_all(format!("client {number}\n").as_bytes())
            .unwrap();
        assert_eq!(listener.line(), format!("client {number}"));
    }
    drop(clients);
    let mut late = stream_to(("127.0.0.1", port));
    late.write_all(b"late\n").unwrap();
    assert_eq!(listener.line(), "late");
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn keep_open_does_not_cut_its_clients_short() {
    let listener = listen("-k").start();
    let mut client = client(&listener);
    client.write_all(b"first\n").unwrap();
    assert_eq!(listener.line(), "first");
    let pause = Duration::from_millis(200);
    client.set_read_timeout(Some(pause)).unwrap();
    let silence = client
        .read(&mut [0])
        .expect_err("no end before the client's");
    assert_eq!(silence.kind(), ErrorKind::WouldBlock);
    client.write_all(b"second\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(listener.line(), "second");
    assert_eq!(
        read_end(&mut kit::patient(client)),
        b"",
        "each ends on its own"
    );
}

#[test]
fn keep_open_tells_each_client_what_stdin_says() {
    let mut listener = listen("-k").piped().start();
    let port = listener.port();
    let mut clients: Vec<_> = (0..3).map(|_| stream_to(("127.0.0.1", port))).collect();
    for client in &mut clients {
        client.write_all(b"here\n").unwrap();
        assert_eq!(listener.line(), "here");
    }
    // One has nothing more to say, and was told nothing: it may go.
    clients[0].shutdown(Shutdown::Write).unwrap();
    let much = pattern(3 << 20);
    listener.write(&much);
    listener.end_stdin();
    let hearing = clients
        .into_iter()
        .skip(1)
        .map(|mut client| thread::spawn(move || read_end(&mut client)));
    let hearing: Vec<_> = hearing.collect();
    for heard in hearing {
        assert!(heard.join().unwrap() == much, "all of stdin");
    }
}

#[test]
fn keep_open_hears_out_a_pipe_that_has_spoken() {
    let mut listener = listen("-k").piped().start();
    let mut client = client(&listener);
    client.write_all(b"here\n").unwrap();
    assert_eq!(listener.line(), "here");
    listener.write("first ");
    let mut first = [0; 6];
    client.read_exact(&mut first).unwrap();
    client.write_all(b"bye\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(listener.line(), "bye");
    listener.write("second");
    listener.end_stdin();
    assert_eq!(read_end(&mut client), b"second");
}

#[test]
fn keep_open_serves_a_file_to_one_that_has_half_closed() {
    let much = pattern(8 << 20);
    let listener = listen("-k").upload(&much).start();
    let mut client = client(&listener);
    client.shutdown(Shutdown::Write).unwrap();
    assert!(read_end(&mut client) == much);
}

#[test]
fn keep_open_hears_one_out_that_takes_no_more() {
    let (mut stdout, writer) = std::io::pipe().unwrap();
    let listener = listen("-k --deadline 3s").piped().stdout(writer).start();
    let port = listener.port();
    let mut flood = stream_to(("127.0.0.1", port));
    flood.write_all(&[b'f'; 400_000]).unwrap();
    thread::sleep(Duration::from_millis(200));
    // Nobody reads stdout: this one is not heard before it has gone, and what it is told meanwhile is refused.
    let mut gone = stream_to(("127.0.0.1", port));
    gone.write_all(&[b'g'; 1000]).unwrap();
    drop(gone);
    for _ in 0..20 {
        listener.write("x");
        thread::sleep(Duration::from_millis(20));
    }
    let mut heard = Vec::new();
    stdout.read_to_end(&mut heard).unwrap();
    let count = |wanted| heard.iter().filter(|byte| **byte == wanted).count();
    assert_eq!((count(b'f'), count(b'g')), (400_000, 1000));
    listener.finish().expect(124);
}

#[test]
fn keep_open_leaks_no_descriptor() {
    let listener = listen("-k").start();
    let port = listener.port();
    let visit = || {
        let mut client = stream_to(("127.0.0.1", port));
        client.write_all(b"x\n").unwrap();
        listener.line();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_end(&mut client), b"");
    };
    let open = || {
        let listed = std::fs::read_dir(format!("/proc/{}/fd", listener.pid()));
        listed.unwrap().count()
    };
    visit();
    let before = open();
    (0..50).for_each(|_| visit());
    assert_eq!(open(), before);
}

#[test]
fn keep_open_outlives_a_reset() {
    let listener = listen("--keep-open").start();
    let port = listener.port();
    let mut rude = stream_to(("127.0.0.1", port));
    rude.write_all(b"rude\n").unwrap();
    assert_eq!(listener.line(), "rude");
    reset(rude);
    let mut polite = stream_to(("127.0.0.1", port));
    polite.write_all(b"polite\n").unwrap();
    assert_eq!(listener.line(), "polite");
    listener.signal(Signal::SIGINT);
    listener.finish().expect(130);
}

#[test]
fn a_reset_is_a_no_and_what_came_before_is_delivered() {
    let (listener, port) = listener();
    let client = connect(port, "").piped().start();
    let mut peer = accept(&listener);
    client.write("here");
    peer.read_exact(&mut [0; 4]).unwrap();
    linger_zero(&peer);
    peer.write_all(b"before the reset").unwrap();
    drop(peer);
    let finished = client.finish().expect(1).says("(ECONNRESET)");
    assert_eq!(finished.text(), "before the reset");
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
}

#[test]
fn a_reset_right_after_the_greeting_loses_nothing() {
    for _ in 0..20 {
        let (listener, port) = listener();
        let client = connect(port, "").piped().start();
        let mut peer = accept(&listener);
        linger_zero(&peer);
        peer.write_all(b"too many connections").unwrap();
        drop(peer);
        let finished = client.finish().expect(1).says("(ECONNRESET)");
        assert_eq!(finished.text(), "too many connections");
    }
}

#[test]
fn a_listeners_client_that_resets_is_a_no_too() {
    let listener = listen("").start();
    let mut client = client(&listener);
    linger_zero(&client);
    client.write_all(b"before the reset").unwrap();
    drop(client);
    let finished = listener.finish().expect(1).says("(ECONNRESET)");
    assert_eq!(finished.text(), "before the reset");
}

#[test]
fn every_byte_passes_both_ways() {
    let every: Vec<u8> = (0..=255).cycle().take(2560).collect();
    let listener = listen("").upload(&every).start();
    let mut client = client(&listener);
    client.write_all(&every).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(&mut client), every);
    assert_eq!(listener.finish().expect(0).stdout, every);
}

#[test]
fn fifty_megabytes_through_an_echo_are_the_same() {
    let (listener, port) = listener();
    let sent = pattern(50_000_000);
    let client = connect(port, "").input(&sent).deadline(LONG).start();
    let peer = accept(&listener);
    let echo = thread::spawn(move || {
        let (mut from, mut to) = (&peer, &peer);
        std::io::copy(&mut from, &mut to).unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
    });
    let finished = client.finish().expect(0);
    assert!(finished.stdout == sent, "the bytes that came back");
    echo.join().unwrap();
}

#[test]
fn both_may_talk_without_listening() {
    // Neither reads before it has said everything: whoever waits in a write deadlocks.
    let much = pattern(16 << 20);
    let (listener, port) = listener();
    let client = connect(port, "").input(&much).deadline(LONG).start();
    let mut peer = accept(&listener);
    peer.write_all(&much).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert!(read_end(&mut peer) == much, "what the client said");
    assert!(
        client.finish().expect(0).stdout == much,
        "what the client heard"
    );
}

#[test]
fn a_blocked_stdout_does_not_hold_up_the_upload() {
    let (reader, writer) = std::io::pipe().unwrap();
    let (listener, port) = listener();
    let much = pattern(4 << 20);
    let client = connect(port, "").input(&much).stdout(writer).start();
    let mut peer = accept(&listener);
    let mut download = peer.try_clone().unwrap();
    let pushing = thread::spawn(move || {
        download.write_all(&pattern(4 << 20)).unwrap();
        download.shutdown(Shutdown::Write).unwrap();
    });
    assert!(read_end(&mut peer) == much, "the upload, stdout unread");
    let mut reader = reader;
    assert!(read_end(&mut reader) == much, "the download");
    pushing.join().unwrap();
    client.finish().expect(0);
}

#[test]
fn nobody_there_is_a_no() {
    let (_bound, port) = dead_port();
    let finished = connect(port, "").run().expect(1);
    let expected =
        format!("sockkit: connect 127.0.0.1:{port}: connection refused (ECONNREFUSED)\n");
    assert_eq!(finished.stderr, expected);
    assert!(finished.stdout.is_empty());
}

#[test]
fn bind_chooses_the_source_address() {
    let (listener, port) = listener();
    let client = connect(port, "--bind 127.0.0.2").start();
    let peer = accept(&listener);
    assert_eq!(peer.peer_addr().unwrap().ip().to_string(), "127.0.0.2");
    drop(peer);
    client.finish().expect(0);
}

#[test]
fn bind_chooses_the_source_port() {
    let port_to_bind = kit::free_port();
    for word in [
        format!("127.0.0.1:{port_to_bind}"),
        format!(":{port_to_bind}"),
    ] {
        let (listener, port) = listener();
        let client = connect(port, "--bind").args([&word]).start();
        let peer = accept(&listener);
        assert_eq!(peer.peer_addr().unwrap().port(), port_to_bind, "{word}");
        // The client's side is not the one that lingers in TIME_WAIT: it is reset.
        reset(peer);
        client.finish();
    }
}

#[test]
fn a_source_of_the_other_family_is_trouble() {
    let (_listener, port) = listener();
    let finished = connect(port, "--bind ::1").run().expect(2);
    assert!(finished.stderr.contains("::1"), "{}", finished.stderr);
}

#[test]
fn hex_in_and_out() {
    let (listener, port) = listener();
    let client = connect(port, "--hex --from-hex")
        .input("48 65\n6C6c 6f 00ff")
        .start();
    let mut peer = accept(&listener);
    assert_eq!(read_end(&mut peer), b"Hello\x00\xff");
    peer.write_all(b"Hi\r\n").unwrap();
    drop(peer);
    assert_eq!(
        client.finish().expect(0).text(),
        "00000000  48 69 0d 0a                                       |Hi..|\n"
    );
}

#[test]
fn hex_offsets_count_on() {
    let listener = listen("--hex").start();
    let mut client = client(&listener);
    client.write_all(b"0123456789abcdef").unwrap();
    let first = listener.line();
    assert_eq!(
        first,
        "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|"
    );
    client.write_all(b"g").unwrap();
    assert!(listener.line().starts_with("00000010  67 "));
    drop(client);
    listener.finish().expect(0);
}

#[test]
fn what_is_no_hex_is_trouble() {
    for typed in ["4g", "484", "zz", "4 8 6"] {
        let (_listener, port) = listener();
        let finished = connect(port, "--from-hex").input(typed).run();
        assert_eq!(finished.status, 2, "{typed}");
        assert!(finished.stderr.starts_with("sockkit: "), "{typed}");
    }
}

#[test]
fn mptcp_is_a_protocol_of_both_roles() {
    let listener = listen("--mptcp").input("multipath").start();
    let finished = connect(listener.port(), "--mptcp").run().expect(0);
    assert_eq!(finished.text(), "multipath");
    listener.finish().expect(0);
}

#[test]
fn protocols_that_the_kernel_lacks_are_named() {
    for (flag, module, errno) in [
        ("--sctp", "sctp", "EPROTONOSUPPORT"),
        ("--dccp", "dccp", "ESOCKTNOSUPPORT"),
    ] {
        let finished = sockkit(["tcp", "connect", "127.0.0.1:1", flag]).run();
        if !finished.stderr.contains("NOSUPPORT") {
            // A kernel that has it says no for another reason.
            assert_eq!(finished.status, 1, "{flag}: {}", finished.stderr);
            continue;
        }
        let finished = finished.expect(2).says(errno);
        assert!(
            finished.stderr.contains(&format!("modprobe {module}")),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn a_port_in_use_is_trouble() {
    let (_listener, port) = listener();
    let finished = sockkit(["tcp", "listen", &port.to_string()])
        .run()
        .expect(2);
    let expected = format!("sockkit: bind 127.0.0.1:{port}: address already in use (EADDRINUSE)");
    assert_eq!(finished.stderr.lines().next(), Some(expected.as_str()));
}

#[test]
fn a_listener_starts_again_while_its_old_connection_lingers() {
    let listener = listen("-k").start();
    let port = listener.port();
    let mut client = stream_to(("127.0.0.1", port));
    client.write_all(b"x\n").unwrap();
    listener.line();
    listener.signal(Signal::SIGTERM);
    // The server closed first: its side is in FIN_WAIT2 or TIME_WAIT.
    listener.finish().expect(143);
    let again = sockkit(["tcp", "listen", &port.to_string()]).start();
    assert_eq!(again.port(), port);
}

#[test]
fn running_out_of_descriptors_neither_ends_nor_spins() {
    let few = r#"ulimit -n 16; exec "$0" "$@""#;
    let listener = listen("-k").under(few).start();
    let port = listener.port();
    let mut clients: Vec<_> = (0..20).map(|_| stream_to(("127.0.0.1", port))).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client
            .write_all(format!("client {number}\n").as_bytes())
            .unwrap();
    }
    listener.stderr_until(|line| line.contains("EMFILE"));
    let before = listener.ticks();
    // A window to measure in.
    thread::sleep(Duration::from_secs(1));
    let used = listener.ticks() - before;
    assert!(used <= 20, "{used} ticks in a second of waiting");
    drop(clients);
    // Descriptors are free again: all who waited are heard, and who comes new.
    let mut late = stream_to(("127.0.0.1", port));
    late.write_all(b"late\n").unwrap();
    drop(late);
    let mut heard: Vec<String> = (0..21).map(|_| listener.line()).collect();
    heard.sort();
    let mut expected: Vec<String> = (0..20).map(|number| format!("client {number}")).collect();
    expected.push("late".to_owned());
    expected.sort();
    assert_eq!(heard, expected);
    let warnings = listener.stderr_so_far().matches("EMFILE").count();
    assert!(warnings <= 3, "said {warnings} times");
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}
