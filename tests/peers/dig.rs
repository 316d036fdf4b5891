//! dig: its question is heard by `udp listen`, and our bytes are an answer to it.

use serde_json::Value;

use crate::kit::{peer, program, sockkit};

/// The bytes of a datagram's event.
fn bytes(event: &Value) -> Vec<u8> {
    match (event["hex"].as_str(), event["data"].as_str()) {
        (Some(digits), _) => hex::decode(digits).unwrap(),
        (_, Some(text)) => text.as_bytes().to_vec(),
        _ => panic!("no payload: {event}"),
    }
}

/// An answer to `query`: one A record, 192.0.2.7, RFC 1035, section 4.
fn answer(query: &[u8]) -> Vec<u8> {
    let (id, question) = (&query[..2], &query[12..]);
    let head = [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    let record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7];
    [id, &head, question, &record].concat()
}

#[test]
fn dig_asks_and_is_answered() {
    if peer("dig").is_none() {
        return;
    }
    let words = ["udp", "listen", "0", "--json", "--from-hex"];
    let listening = sockkit(words).piped().start();
    let ready: Value = serde_json::from_str(&listening.line()).unwrap();
    let port = ready["local"].as_str().unwrap().rsplit(':').next().unwrap();
    let words = [
        "@127.0.0.1",
        "-p",
        port,
        "+noedns",
        "+nocookie",
        "+tries=1",
        "+time=9",
        "+short",
        "name.test",
    ];
    let dig = program("dig", words).start();
    let query: Value = serde_json::from_str(&listening.line()).unwrap();
    assert_eq!(query["event"], "datagram");
    let query = bytes(&query);
    assert_eq!(&query[12..22], b"\x04name\x04test", "the name asked for");
    listening.write(hex::encode(answer(&query)));
    assert_eq!(dig.finish().expect(0).text(), "192.0.2.7\n");
}

#[test]
fn dig_over_tcp_is_heard() {
    if peer("dig").is_none() {
        return;
    }
    let listening = sockkit(["tcp", "listen", "0", "--from-hex"])
        .piped()
        .start();
    let port = listening.port().to_string();
    let words = [
        "@127.0.0.1",
        "-p",
        &port,
        "+tcp",
        "+noedns",
        "+nocookie",
        "+tries=1",
        "+time=9",
        "+short",
        "name.test",
    ];
    let dig = program("dig", words).start();
    let length = listening.read(2);
    let query = listening.read(usize::from(u16::from_be_bytes([length[0], length[1]])));
    let answer = answer(&query);
    let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
    listening.write(hex::encode([&length, answer.as_slice()].concat()));
    assert_eq!(dig.finish().expect(0).text(), "192.0.2.7\n");
}
