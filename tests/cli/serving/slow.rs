//! One that does not read: what it costs the others, and what becomes of it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{client, listen};
use crate::kit::{LONG, Running, Start, pattern, read_end};

/// More than all the buffers on the way of one connection take, and its queue.
const MUCH: usize = 32 << 20;
/// What goes through at once.
const PIECE: usize = 64 << 10;

/// Have a speaker say much to a reader and to one that does not read.
fn speak_past_one_that_does_not_read(start: Start) -> (Running, TcpStream) {
    let listener = start.deadline(LONG).start();
    let port = listener.port();
    let mut all = [client(port), client(port), client(port)];
    for one in &mut all {
        one.set_read_timeout(Some(LONG)).unwrap();
        one.set_write_timeout(Some(LONG)).unwrap();
    }
    // Each is in once a word of it has reached the other two.
    for speaker in 0..3 {
        all[speaker].write_all(b"?").unwrap();
        for other in (0..3).filter(|other| *other != speaker) {
            all[other].read_exact(&mut [0]).unwrap();
        }
    }
    let [mut speaker, mut reader, deaf] = all;
    // A piece is said when the last was heard: the reader is never behind, however busy the machine.
    let mut heard = vec![0; PIECE];
    for piece in pattern(MUCH).chunks(PIECE) {
        speaker.write_all(piece).unwrap();
        reader.read_exact(&mut heard).unwrap();
        assert!(heard == piece, "not a byte is missing");
    }
    (listener, deaf)
}

#[test]
fn one_that_does_not_read_is_cut_off_and_the_others_go_on() {
    let (listener, mut deaf) = speak_past_one_that_does_not_read(listen("--broker"));
    listener.stderr_until(|line| line.contains("takes nothing") && line.contains("cut off"));
    // It finds out: there is no plain end.
    let mut heard = Vec::new();
    assert!(deaf.read_to_end(&mut heard).is_err());
    assert!(heard.len() < MUCH);
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn what_does_not_fit_is_left_out_and_that_is_said() {
    let start = listen("--broker --slow drop");
    let (listener, mut deaf) = speak_past_one_that_does_not_read(start);
    listener.stderr_until(|line| line.contains("something is left out"));
    // What it did hear comes first, and then the end: it is told how much is missing.
    deaf.shutdown(std::net::Shutdown::Write).unwrap();
    let heard = read_end(&mut deaf);
    assert!(
        pattern(MUCH).starts_with(&heard[..1 << 20]),
        "the beginning is whole"
    );
    let said = listener.stderr_until(|line| line.contains("were left out"));
    let dropped = said.split(' ').find_map(|word| word.parse::<usize>().ok());
    assert_eq!(dropped, Some(MUCH - heard.len()), "{said}");
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn all_wait_where_that_is_wanted() {
    let listener = listen("-k --slow block").upload(pattern(MUCH)).start();
    let port = listener.port();
    let mut deaf = client(port);
    // Longer than anybody is waited for otherwise.
    assert!(!listener.ends_within(Duration::from_secs(4)));
    assert!(!listener.stderr_so_far().contains("cut off"));
    let heard = read_end(&mut deaf);
    assert!(
        heard == pattern(MUCH),
        "nothing is missing: {}",
        heard.len()
    );
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}

#[test]
fn what_stdin_says_reaches_those_who_read_past_one_who_does_not() {
    let listener = listen("-k").piped().start();
    let port = listener.port();
    let mut reader = client(port);
    let _deaf = client(port);
    reader.write_all(b"in\n").unwrap();
    listener.line();
    listener.write(pattern(MUCH));
    let mut heard = vec![0; MUCH];
    reader.set_read_timeout(Some(LONG)).unwrap();
    reader.read_exact(&mut heard).unwrap();
    assert!(heard == pattern(MUCH));
    listener.stderr_until(|line| line.contains("cut off"));
    listener.signal(Signal::SIGTERM);
    listener.finish().expect(143);
}
