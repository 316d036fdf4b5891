//! Traps 34 and 35: many who hear each other.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::{WATCHED, ncat, ours};
use crate::kit::{Start, free_port, stream_to};

/// With ncat nobody hears anything any more when one does not read.
#[test]
fn trap_34_one_who_does_not_read() {
    const MUCH: usize = 24_000_000;
    let drive = |listening: Start| {
        let listening = listening.start();
        let port = listening.foreign_port();
        let [mut speaker, mut hearer, silent] = [0; 3].map(|_| stream_to(("127.0.0.1", port)));
        // Each is there when it is heard of.
        for client in [&mut speaker, &mut hearer] {
            client.write_all(b"here").unwrap();
        }
        speaker.read_exact(&mut [0; 4]).unwrap();
        let speaking = thread::spawn(move || {
            let piece = [b'x'; 1 << 16];
            let mut said = 0;
            while said < MUCH && speaker.write_all(&piece).is_ok() {
                said += piece.len();
            }
            speaker
        });
        hearer
            .set_read_timeout(Some(Duration::from_secs(4)))
            .unwrap();
        let mut heard = 0;
        let mut buffer = vec![0; 1 << 16];
        while heard < MUCH {
            match hearer.read(&mut buffer) {
                Ok(count) if count > 0 => heard += count,
                _ => break,
            }
        }
        drop((listening, silent, hearer));
        drop(speaking.join());
        heard >= MUCH
    };
    assert!(drive(ours("tcp listen 0 --broker")));
    let port = free_port();
    if let Some(listening) = ncat(&format!("-v -l --broker 127.0.0.1 {port}")) {
        assert!(!drive(listening), "ncat");
    }
}

/// The operator of ncat's chat does not hear it, and a name there is a descriptor's number, which goes to whoever comes next.
#[test]
fn trap_35_who_speaks_and_who_hears() {
    let drive = |listening: Start| {
        let listening = listening.piped().start();
        let port = listening.foreign_port();
        let mut hearer = stream_to(("127.0.0.1", port));
        hearer.write_all(b"I am here\n").unwrap();
        let mut heard = Vec::new();
        let mut hear_until = |end: &str| {
            loop {
                let mut byte = [0];
                hearer.read_exact(&mut byte).unwrap();
                heard.extend(byte);
                if heard.ends_with(end.as_bytes()) {
                    return String::from_utf8_lossy(&heard).into_owned();
                }
            }
        };
        let names = ["first", "second"].map(|word| {
            let mut speaker = stream_to(("127.0.0.1", port));
            speaker.write_all(format!("{word}\n").as_bytes()).unwrap();
            let said = hear_until(&format!("{word}\n"));
            drop(speaker);
            // It is heard of that it has gone, in whatever words.
            hear_until("\n");
            let line = said.lines().last().unwrap().to_owned();
            line.split('>').next().unwrap().to_owned()
        });
        let operator = listening.line_within(WATCHED).is_some();
        (names[0] != names[1], operator)
    };
    assert_eq!(drive(ours("tcp listen 0 --chat")), (true, true));
    let port = free_port();
    if let Some(listening) = ncat(&format!("-v -l --chat 127.0.0.1 {port}")) {
        assert_eq!(drive(listening), (false, false), "ncat");
    }
}

/// ncat escapes what is no text as well.
#[test]
fn trap_35_what_a_chat_passes_on() {
    let drive = |listening: Start| {
        let listening = listening.start();
        let port = listening.foreign_port();
        let mut hearer = stream_to(("127.0.0.1", port));
        hearer.write_all("I am here\n".as_bytes()).unwrap();
        let mut speaker: TcpStream = stream_to(("127.0.0.1", port));
        let said = "\u{1b}[31mred\u{7}\0 caf\u{e9} end\n";
        speaker.write_all(said.as_bytes()).unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"end\n") {
            let mut byte = [0];
            hearer.read_exact(&mut byte).unwrap();
            heard.extend(byte);
        }
        let text = String::from_utf8_lossy(&heard).into_owned();
        let harmless = !text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\r');
        (harmless, text)
    };
    let (harmless, text) = drive(ours("tcp listen 0 --chat"));
    assert!(harmless, "{text:?}");
    assert!(
        text.contains("red") && text.contains("caf\u{e9}"),
        "{text:?}"
    );
    let port = free_port();
    if let Some(listening) = ncat(&format!("-v -l --chat 127.0.0.1 {port}")) {
        let (harmless, text) = drive(listening);
        assert!(harmless, "ncat: {text:?}");
    }
}
