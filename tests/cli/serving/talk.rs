//! `--broker` and `--chat`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

use nix::sys::signal::Signal;

use super::{client, listen};
use crate::kit::{Running, pattern, read_end};

/// Somebody in a chat, with what was heard so far.
struct Guest(BufReader<TcpStream>);

impl Guest {
    /// Come in; the line of welcome is heard.
    fn enter(port: u16) -> (Self, String) {
        let mut guest = Self(BufReader::new(client(port)));
        let welcome = guest.hear();
        (guest, welcome)
    }

    fn say(&mut self, words: &str) {
        self.0.get_mut().write_all(words.as_bytes()).unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "a whole line: {line:?}");
        line.trim_end_matches('\n').to_owned()
    }
}

fn end(listener: Running) -> String {
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143).text()
}

#[test]
fn a_broker_passes_everything_on_to_the_others() {
    let listener = listen("--broker").piped().start();
    let port = listener.port();
    let mut all = [client(port), client(port), client(port)];
    // A word of stdin reaches all three: they are in.
    let mut heard = vec![0; 5];
    listener.write("hello");
    for one in &mut all {
        one.read_exact(&mut heard).unwrap();
        assert_eq!(heard, b"hello");
    }
    let [speaker, first, second] = &mut all;
    let much = pattern(2 << 20);
    std::thread::scope(|scope| {
        let speaking = scope.spawn(|| speaker.write_all(&much).unwrap());
        let other = scope.spawn(|| {
            let mut heard = vec![0; 2 << 20];
            first.read_exact(&mut heard).unwrap();
            heard
        });
        let mut heard = vec![0; 2 << 20];
        second.read_exact(&mut heard).unwrap();
        assert!(heard == much && other.join().unwrap() == much);
        speaking.join().unwrap();
    });
    // One who ends does not end the others, and hears nothing of its own.
    speaker.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_end(speaker), b"");
    first.write_all(b"bye").unwrap();
    let mut heard = [0; 3];
    second.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"bye");
    assert_eq!(end(listener), "", "stdout is nobody's");
}

#[test]
fn people_talk_and_the_operator_with_them() {
    let listener = listen("--chat").piped().start();
    let port = listener.port();
    let (mut anna, welcome) = Guest::enter(port);
    assert!(
        welcome.contains("you are <user1>") && welcome.contains("nobody else"),
        "{welcome}"
    );
    let (mut ben, welcome) = Guest::enter(port);
    assert!(
        welcome.contains("you are <user2>") && welcome.contains("<user1>"),
        "{welcome}"
    );
    assert_eq!(anna.hear(), "* <user2> has come");
    anna.say("hello\r\n");
    assert_eq!(ben.hear(), "<user1> hello");
    anna.say("/nick anna\n");
    for guest in [&mut anna, &mut ben] {
        assert_eq!(guest.hear(), "* <user1> is now <anna>");
    }
    ben.say("/nick Anna\n");
    assert_eq!(ben.hear(), "* <Anna> is somebody else");
    ben.say("/nick operator\n");
    assert_eq!(ben.hear(), "* <operator> is somebody else");
    // A line comes whole, in however many pieces it was said.
    ben.say("a");
    ben.say("b\nc");
    assert_eq!(anna.hear(), "<user2> ab");
    listener.write("good evening\n");
    for guest in [&mut anna, &mut ben] {
        assert_eq!(guest.hear(), "<operator> good evening");
    }
    // What was not finished is said in leaving.
    drop(ben);
    assert_eq!(anna.hear(), "<user2> c");
    assert_eq!(anna.hear(), "* <user2> has left");
    drop(anna);
    let seen: Vec<String> = (0..7).map(|_| listener.line()).collect();
    assert!(
        seen[0].starts_with("* <user1> has come from 127.0.0.1:"),
        "{seen:?}"
    );
    assert_eq!(
        &seen[2..],
        [
            "<user1> hello",
            "* <user1> is now <anna>",
            "<user2> ab",
            "<user2> c",
            "* <user2> has left"
        ]
    );
    end(listener);
}

#[test]
fn nothing_that_harms_a_terminal_is_passed_on() {
    let listener = listen("--chat").start();
    let port = listener.port();
    let (mut anna, _) = Guest::enter(port);
    let (mut mallory, _) = Guest::enter(port);
    anna.hear();
    for (said, heard) in [
        (
            b"\x1b]0;owned\x07\x1b[2J\n".as_slice(),
            "<user2> \\u{1b}]0;owned\\u{7}\\u{1b}[2J",
        ),
        (b"nul\0\n", "<user2> nul\\u{0}"),
        (b"\xff\xfe\n", "<user2> \\xff\\xfe"),
        ("\u{202e}desrever\n".as_bytes(), "<user2> \\u{202e}desrever"),
        ("gr\u{fc}\u{df}e\n".as_bytes(), "<user2> gr\u{fc}\u{df}e"),
        (b"a\rb\n", "<user2> a\\rb"),
    ] {
        mallory.0.get_mut().write_all(said).unwrap();
        assert_eq!(anna.hear(), heard);
        let _ = listener.stderr_so_far();
    }
    // A megabyte without a line end is heard in lines that are not too long for anybody.
    mallory.0.get_mut().write_all(&vec![b'x'; 1 << 20]).unwrap();
    let mut heard = 0;
    while heard < (1 << 20) - 1024 {
        let line = anna.hear();
        let text = line.strip_prefix("<user2> ").unwrap();
        assert!(text.len() <= 1024);
        heard += text.len();
    }
    let seen = end(listener);
    assert!(!seen.contains('\x1b') && !seen.contains('\0'));
}

#[test]
fn programs_see_a_chat_as_events() {
    let listener = listen("--chat --json").start();
    let first: serde_json::Value = serde_json::from_str(&listener.line()).unwrap();
    let local = first["local"].as_str().unwrap();
    let port = local.rsplit(':').next().unwrap().parse().unwrap();
    let (mut anna, _) = Guest::enter(port);
    anna.say("hello\n");
    let event = std::iter::repeat_with(|| listener.line())
        .map(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap())
        .find(|event| event["event"] == "spoken")
        .unwrap();
    assert_eq!(event["name"], "user1");
    assert_eq!(event["message"], "hello");
    assert_eq!(event["conn"], 1);
}
