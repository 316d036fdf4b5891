//! People talk: lines, each with its speaker's name. What anybody says reaches no terminal unescaped.

use std::collections::BTreeMap;

use crate::engine::{Audience, Moderator, Say, StdoutError};
use crate::net::Address;
use crate::output::{Noted, Output, Spoken, harmless};

/// How long a line may be, in bytes; a longer one goes out in pieces.
const LINE: usize = 1024;
/// How long a name may be, in characters.
const NAME: usize = 20;
/// Who speaks at stdin.
const OPERATOR: &str = "operator";

/// A room with all who are in it.
pub(super) struct Chat<'a> {
    output: &'a Output,
    people: BTreeMap<u64, Person>,
    /// What the operator has begun to type.
    typed: Line,
}

/// Somebody in the room.
struct Person {
    name: String,
    line: Line,
}

/// The beginning of a line.
#[derive(Default)]
struct Line(Vec<u8>);

impl<'a> Chat<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self {
            output,
            people: BTreeMap::new(),
            typed: Line::default(),
        }
    }

    fn note(&self, text: &str) -> Result<(), StdoutError> {
        self.output.offer(&Noted { message: text })
    }

    /// One line of somebody's.
    fn hear(&mut self, conn: u64, line: &str, say: Say<'_>) -> Result<(), StdoutError> {
        if let Some(name) = line.strip_prefix("/nick")
            && (name.is_empty() || name.starts_with(' '))
        {
            return self.rename(conn, name.trim(), say);
        }
        let Some(person) = self.people.get(&conn) else {
            return Ok(());
        };
        let name = &person.name;
        say(Audience::Others, format!("<{name}> {line}\n").as_bytes());
        self.output.offer(&Spoken {
            conn,
            name,
            message: line,
        })
    }

    fn rename(&mut self, conn: u64, name: &str, say: Say<'_>) -> Result<(), StdoutError> {
        let refusal = self.refusal(conn, name);
        let Some(person) = self.people.get_mut(&conn) else {
            return Ok(());
        };
        if let Some(why) = refusal {
            say(Audience::One, format!("* {why}\n").as_bytes());
            return Ok(());
        }
        let before = std::mem::replace(&mut person.name, name.to_owned());
        let text = format!("<{before}> is now <{name}>");
        say(Audience::All, format!("* {text}\n").as_bytes());
        self.note(&text)
    }

    /// Why somebody cannot be called so; `None` when nothing is against it.
    fn refusal(&self, conn: u64, name: &str) -> Option<String> {
        let length = name.chars().count();
        let is_plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        if length == 0 || length > NAME || !name.chars().all(is_plain) {
            return Some(format!("a name is 1 to {NAME} letters, digits, - and _"));
        }
        let lower = name.to_lowercase();
        let is_given = |number: &str| number.parse::<u64>().is_ok_and(|number| number != conn);
        let is_others = lower.strip_prefix("user").is_some_and(is_given);
        let mut people = self.people.iter();
        let is_taken =
            people.any(|(other, person)| *other != conn && person.name.to_lowercase() == lower);
        (is_others || is_taken || lower == OPERATOR).then(|| format!("<{name}> is somebody else"))
    }

    fn others(&self, conn: u64) -> String {
        let others = self.people.iter().filter(|(other, _)| **other != conn);
        let names: Vec<String> = others
            .map(|(_, person)| format!("<{}>", person.name))
            .collect();
        match names.is_empty() {
            true => "nobody else".to_owned(),
            false => names.join(" "),
        }
    }
}

impl Moderator for Chat<'_> {
    fn joined(&mut self, conn: u64, peer: &Address, say: Say<'_>) -> Result<(), StdoutError> {
        let name = format!("user{conn}");
        let line = Line::default();
        let person = Person {
            name: name.clone(),
            line,
        };
        self.people.insert(conn, person);
        let here = self.others(conn);
        let welcome = format!("* you are <{name}>, /nick NAME changes that; here is {here}\n");
        say(Audience::One, welcome.as_bytes());
        say(
            Audience::Others,
            format!("* <{name}> has come\n").as_bytes(),
        );
        self.note(&format!("<{name}> has come from {peer}"))
    }

    fn said(&mut self, conn: u64, bytes: &[u8], say: Say<'_>) -> Result<(), StdoutError> {
        let Some(person) = self.people.get_mut(&conn) else {
            return Ok(());
        };
        for line in person.line.take(bytes) {
            self.hear(conn, &line, say)?;
        }
        Ok(())
    }

    fn left(&mut self, conn: u64, say: Say<'_>) -> Result<(), StdoutError> {
        let unfinished = self.people.get_mut(&conn).map(|person| person.line.end());
        if let Some(line) = unfinished.flatten() {
            self.hear(conn, &line, say)?;
        }
        let Some(person) = self.people.remove(&conn) else {
            return Ok(());
        };
        let text = format!("<{}> has left", person.name);
        say(Audience::Others, format!("* {text}\n").as_bytes());
        self.note(&text)
    }

    fn typed(&mut self, bytes: &[u8], say: Say<'_>) -> Result<(), StdoutError> {
        for line in self.typed.take(bytes) {
            operate(&line, say);
        }
        Ok(())
    }

    fn stdin_ended(&mut self, say: Say<'_>) -> Result<(), StdoutError> {
        if let Some(line) = self.typed.end() {
            operate(&line, say);
        }
        Ok(())
    }
}

fn operate(line: &str, say: Say<'_>) {
    say(Audience::All, format!("<{OPERATOR}> {line}\n").as_bytes());
}

impl Line {
    /// The lines that are complete with these bytes, made harmless; the beginning of another one stays.
    fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut rest = piece;
            while self.0.len() + rest.strip_suffix(b"\n").unwrap_or(rest).len() > LINE {
                let (now, later) = rest.split_at(cut(&self.0, rest));
                self.0.extend_from_slice(now);
                lines.extend(self.end());
                rest = later;
            }
            self.0.extend_from_slice(rest);
            if self.0.ends_with(b"\n") {
                self.0.pop();
                lines.push(self.end().unwrap_or_default());
            }
        }
        lines
    }

    /// What there is, as a line; `None` when there is nothing.
    fn end(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.0);
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        (!line.is_empty()).then(|| harmless(text))
    }
}

/// How much of `rest` fits into a line that has begun, without cutting a character in two.
fn cut(begun: &[u8], rest: &[u8]) -> usize {
    let room = LINE.saturating_sub(begun.len()).min(rest.len());
    let is_inside = |at: &usize| rest.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let back = (0..=room.min(3)).find(|back| !is_inside(&(room - back)));
    room - back.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Outlet;
    use crate::output::Style;

    /// Everything that is said in a room, and to whom.
    fn room(act: impl FnOnce(&mut Chat<'_>, Say<'_>)) -> Vec<(Audience, String)> {
        let style = Style {
            quiet: true,
            ..Style::default()
        };
        let output = Output::new(Outlet::stdout(), style, std::time::SystemTime::now);
        let mut said = Vec::new();
        let mut chat = Chat::new(&output);
        act(&mut chat, &mut |audience, bytes| {
            said.push((audience, String::from_utf8(bytes.to_vec()).unwrap()));
        });
        said
    }

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut line = Line::default();
        let mut lines: Vec<String> = pieces.iter().flat_map(|piece| line.take(piece)).collect();
        lines.extend(line.end());
        lines
    }

    #[test]
    fn lines_come_whole_and_harmless() {
        for (pieces, expected) in [
            (vec![b"a\nb\r\nc".as_slice()], vec!["a", "b", "c"]),
            (vec![b"a", b"b", b"\n"], vec!["ab"]),
            (vec![b"\n\n"], vec!["", ""]),
            (vec![b"\x1b[31m\0\n"], vec!["\\u{1b}[31m\\u{0}"]),
            (vec![b"\xff\n"], vec!["\\xff"]),
            (vec![b"\xe2\x82", b"\xac\n"], vec!["\u{20ac}"]),
            (vec![b"", b""], vec![]),
        ] {
            assert_eq!(lines(&pieces), expected);
        }
    }

    #[test]
    fn a_line_without_end_is_bounded_and_nothing_of_it_is_lost() {
        let much = vec![b'x'; 1 << 20];
        let found = lines(&[&much, b"\n"]);
        assert!(found.iter().all(|line| line.len() <= LINE));
        assert_eq!(found.concat().len(), 1 << 20);
        let euros = "\u{20ac}".repeat(LINE);
        let found = lines(&[euros.as_bytes()]);
        assert_eq!(found.concat(), euros, "no character is cut in two");
        let exact = lines(&[&[vec![b'y'; LINE], b"\n".to_vec()].concat()]);
        assert_eq!(exact.len(), 1);
    }

    #[test]
    fn names() {
        let peer = Address::Inet("192.0.2.1:7".parse().unwrap());
        let said = room(|chat, say| {
            chat.joined(1, &peer, say).unwrap();
            chat.joined(2, &peer, say).unwrap();
            for nick in [
                "/nick",
                "/nick ",
                "/nick a b",
                "/nick user2",
                "/nick Operator",
                "/nick \x1b",
                "/nick xxxxxxxxxxxxxxxxxxxxx",
                "/nick alice",
            ] {
                chat.said(1, format!("{nick}\n").as_bytes(), say).unwrap();
            }
            chat.said(2, b"/nick ALICE\n/nickname\n", say).unwrap();
            chat.left(1, say).unwrap();
        });
        let refused = said.iter().filter(|(to, text)| {
            *to == Audience::One && (text.contains("a name is") || text.contains("somebody else"))
        });
        assert_eq!(refused.count(), 8);
        let heard = |to, text: &str| said.contains(&(to, text.to_owned()));
        assert!(
            heard(Audience::All, "* <user1> is now <alice>\n"),
            "{said:?}"
        );
        assert!(heard(Audience::Others, "<user2> /nickname\n"), "{said:?}");
        assert!(heard(Audience::Others, "* <alice> has left\n"), "{said:?}");
        assert!(said.iter().all(|(_, text)| !text.contains("192.0.2.1")));
    }
}
