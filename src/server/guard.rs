//! Who may come in: credentials are checked on a thread where that takes long, and good ones remembered for a while, as
//! a keyed digest that is of no use to anyone else.

use std::collections::HashMap;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use blake2::Blake2sMac256;
use blake2::digest::{KeyInit, Mac};
use nix::errno::Errno;

use super::admission::Origin;
use super::connection::Wait;
use super::errand::{is_abandoned, wake};
use super::exchange::{Asking, Reply};
use super::service::Service;
use super::turns::Turns;
use crate::engine::StdoutError;
use crate::http::{CHALLENGE, Credentials, Name, Plan, Status, Users};
use crate::net::Address;

/// How long good credentials are taken for good.
const GOOD: Duration = Duration::from_secs(300);
/// How long wrong ones are taken for wrong: long enough for whoever waits for that to ask again.
const WRONG: Duration = Duration::from_secs(10);
/// How many credentials are remembered.
const KNOWN: usize = 4096;

/// The digest of credentials, which only this process can make.
type Digest = [u8; 32];

/// Where users come from, and come from again; why they do not, in words.
pub type UserSource = Box<dyn Fn() -> Result<Users, String> + Send + Sync>;

/// Lets in those who have a right password. Shared by all workers.
pub struct Guard {
    key: [u8; 32],
    /// Where its users are read again; `None` where they were typed.
    source: Option<UserSource>,
    desk: Arc<Desk>,
}

/// What the guard and the thread that checks share.
#[derive(Default)]
struct Desk {
    book: Mutex<Book>,
    /// Something is to be checked, or nothing ever again.
    news: Condvar,
}

#[derive(Default)]
struct Book {
    users: Arc<Users>,
    /// How often the users have changed.
    edition: u64,
    known: HashMap<Digest, Known>,
    checks: Turns<(Digest, Credentials)>,
    /// Whether a thread checks.
    is_staffed: bool,
    is_closed: bool,
}

/// What is known of credentials.
#[derive(Debug)]
enum Known {
    /// They are being checked; each of these is closed at the end.
    Checking(Vec<OwnedFd>),
    /// Whether they were right, and until when that holds.
    Checked(bool, Instant),
}

/// What becomes of a request at the door.
#[derive(Debug)]
pub(super) enum Admission {
    /// It may come in.
    Welcome,
    /// It is not known yet: to be asked again after a wait.
    Wait(Wait),
    /// It is turned away.
    Refused(Reply),
}

/// What is known of whoever comes.
#[derive(Debug)]
enum Verdict {
    /// They may come in.
    Welcome,
    /// They have no, or wrong, credentials.
    Unknown,
    /// It is not known yet: to be asked again once this can be read.
    Wait(OwnedFd),
    /// Too many wait already.
    Busy,
}

impl Service {
    /// Whether a request may come in. What browsers ask before one from a page of another origin always may.
    pub(super) fn admit(&mut self, asking: &Asking<'_>) -> Result<Admission, StdoutError> {
        let Some(guard) = &self.guard else {
            return Ok(Admission::Welcome);
        };
        if self.site.is_preflight(asking.request) {
            return Ok(Admission::Welcome);
        }
        let authorization = asking.request.value(Name::Authorization);
        let plan = match guard.judge(authorization, asking.peer, Instant::now()) {
            Verdict::Welcome => return Ok(Admission::Welcome),
            Verdict::Wait(fd) => return Ok(Admission::Wait(Wait::For(fd))),
            Verdict::Unknown => Plan {
                extra: vec![("WWW-Authenticate", CHALLENGE.to_owned())],
                ..Plan::status(Status::UNAUTHORIZED)
            },
            Verdict::Busy => Plan {
                extra: vec![("Retry-After", "1".to_owned())],
                ..Plan::status(Status::UNAVAILABLE)
            },
        };
        self.respond(plan, None, asking).map(Admission::Refused)
    }
}

impl Guard {
    /// Let in these users, and nobody else; they are read again from `source` where there is one.
    pub fn new(users: Users, source: Option<UserSource>) -> Result<Self, Errno> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| Errno::EAGAIN)?;
        let guard = Self {
            key,
            source,
            desk: Arc::default(),
        };
        guard.let_in(users)?;
        Ok(guard)
    }

    /// Read the users again; what came of it in words, `None` where they were typed.
    pub(super) fn reload(&self) -> Option<String> {
        let source = self.source.as_ref()?;
        let read = source().and_then(|users| {
            let count = users.len();
            let entered = self.let_in(users).map(|()| count);
            entered.map_err(|errno| errno.desc().to_owned())
        });
        Some(match read {
            Ok(1) => "the file of --auth was read again: 1 user".to_owned(),
            Ok(count) => format!("the file of --auth was read again: {count} users"),
            Err(why) => format!("{why}: the users stay the old ones"),
        })
    }

    /// From now on these users. What was known of others is forgotten, and who waits asks again.
    fn let_in(&self, users: Users) -> Result<(), Errno> {
        let mut book = self.desk.lock();
        if users.is_slow() && !book.is_staffed {
            let desk = Arc::clone(&self.desk);
            let spawned = thread::Builder::new().spawn(move || desk.check_all());
            spawned.map_err(|_| Errno::EAGAIN)?;
            book.is_staffed = true;
        }
        book.users = Arc::new(users);
        book.edition += 1;
        book.known.clear();
        book.checks.clear();
        Ok(())
    }

    /// What becomes of whoever sends this Authorization.
    fn judge(&self, authorization: Option<&[u8]>, peer: &Address, now: Instant) -> Verdict {
        let Some(credentials) = authorization.and_then(Credentials::parse) else {
            return Verdict::Unknown;
        };
        let mut book = self.desk.lock();
        if !book.users.is_slow() {
            let users = Arc::clone(&book.users);
            drop(book);
            return of(users.admits(&credentials));
        }
        let Some(digest) = self.digest(&credentials) else {
            return Verdict::Unknown;
        };
        match book.known.get_mut(&digest) {
            Some(Known::Checked(right, until)) if *until > now => return of(*right),
            Some(Known::Checking(waiting)) => {
                return wait(waiting).map_or(Verdict::Busy, Verdict::Wait);
            }
            _ => {}
        }
        if book.known.len() >= KNOWN {
            forget(&mut book.known, now);
        }
        let mut waiting = Vec::new();
        match wait(&mut waiting) {
            Ok(fd) if book.checks.push(Origin::of(peer), (digest, credentials)) => {
                book.known.insert(digest, Known::Checking(waiting));
                self.desk.news.notify_one();
                Verdict::Wait(fd)
            }
            _ => Verdict::Busy,
        }
    }

    fn digest(&self, credentials: &Credentials) -> Option<Digest> {
        let mut mac = Blake2sMac256::new_from_slice(&self.key).ok()?;
        mac.update(&credentials.user);
        // No user has a colon.
        mac.update(b":");
        mac.update(&credentials.password);
        Some(mac.finalize().into_bytes().into())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.desk.lock().is_closed = true;
        self.desk.news.notify_one();
    }
}

impl Desk {
    /// Check what comes, one after the other: guessing takes one core at most. It ends with the guard.
    fn check_all(&self) {
        let mut book = self.lock();
        while !book.is_closed {
            let Some((digest, credentials)) = book.checks.next() else {
                let woken = self.news.wait(book);
                book = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if book.known.get(&digest).is_none_or(is_left) {
                book.known.remove(&digest);
                continue;
            }
            let (users, edition) = (Arc::clone(&book.users), book.edition);
            drop(book);
            let right = users.admits(&credentials);
            let lasts = if right { GOOD } else { WRONG };
            let checked = Known::Checked(right, Instant::now() + lasts);
            book = self.lock();
            if book.edition == edition {
                // Those who waited find it there.
                let waiting = book.known.insert(digest, checked);
                drop(waiting);
            }
        }
    }

    /// A panic elsewhere leaves a whole book behind.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether everyone has gone who waited: nobody reads at the other ends.
fn is_left(known: &Known) -> bool {
    let Known::Checking(waiting) = known else {
        return true;
    };
    waiting.iter().all(is_abandoned)
}

fn of(right: bool) -> Verdict {
    match right {
        true => Verdict::Welcome,
        false => Verdict::Unknown,
    }
}

fn wait(waiting: &mut Vec<OwnedFd>) -> Result<OwnedFd, Errno> {
    let (fd, end) = wake()?;
    waiting.push(end);
    Ok(fd)
}

/// Make room: what is no longer true first, and then what guessing left behind.
fn forget(known: &mut HashMap<Digest, Known>, now: Instant) {
    known.retain(|_, known| !matches!(known, Known::Checked(_, until) if *until <= now));
    if known.len() >= KNOWN {
        known.retain(|_, known| !matches!(known, Known::Checked(false, _)));
    }
    if known.len() >= KNOWN {
        known.retain(|_, known| matches!(known, Known::Checking(_)));
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use base64ct::{Base64, Encoding};
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    /// From the test vectors of the reference implementation: the password is `password`.
    const HASHED: &str =
        "dave:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    fn guard(pairs: &[&str]) -> Guard {
        let mut users = Users::default();
        for pair in pairs {
            users.add(pair).unwrap();
        }
        Guard::new(users, None).unwrap()
    }

    fn basic(pair: &str) -> Vec<u8> {
        format!("Basic {}", Base64::encode_string(pair.as_bytes())).into_bytes()
    }

    fn address(number: u8) -> Address {
        Address::Inet(([127, 0, 0, number], 1).into())
    }

    fn judge(guard: &Guard, value: &[u8], now: Instant) -> Verdict {
        guard.judge(Some(value), &address(1), now)
    }

    /// Whether they may come in, once that is known.
    fn admits(guard: &Guard, pair: &str, now: Instant) -> bool {
        loop {
            match judge(guard, &basic(pair), now) {
                Verdict::Welcome => return true,
                Verdict::Unknown => return false,
                Verdict::Busy => panic!("busy"),
                Verdict::Wait(fd) => {
                    let mut waiting = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
                    let limit = PollTimeout::from(60_000_u16);
                    assert_eq!(poll(&mut waiting, limit), Ok(1), "it is never known");
                }
            }
        }
    }

    #[test]
    fn nobody_comes_in_without() {
        let guard = guard(&["alice:a"]);
        let now = Instant::now();
        for value in [
            None,
            Some(b"".as_slice()),
            Some(b"Basic"),
            Some(b"Bearer a"),
        ] {
            assert!(
                matches!(guard.judge(value, &address(1), now), Verdict::Unknown),
                "{value:?}"
            );
        }
        // Plain passwords are never waited for.
        let alice = basic("alice:a");
        assert!(matches!(judge(&guard, &alice, now), Verdict::Welcome));
        let wrong = basic("alice:b");
        assert!(matches!(judge(&guard, &wrong, now), Verdict::Unknown));
    }

    #[test]
    fn a_hash_is_checked_once_and_remembered_for_a_while() {
        let guard = guard(&["alice:a", HASHED]);
        let now = Instant::now();
        for (pair, right) in [
            ("dave:wrong", false),
            ("dave:password", true),
            ("mallory:password", false),
            ("alice:a", true),
            ("alice:password", false),
        ] {
            assert_eq!(admits(&guard, pair, now), right, "{pair}");
        }
        let dave = basic("dave:password");
        assert!(matches!(judge(&guard, &dave, now), Verdict::Welcome));
        let later = now + GOOD + WRONG;
        assert!(matches!(judge(&guard, &dave, later), Verdict::Wait(_)));
    }

    #[test]
    fn nothing_is_checked_for_those_who_have_gone() {
        let guard = guard(&[HASHED]);
        let (digest, credentials) = ([1; 32], Credentials::parse(&basic("a:b")).unwrap());
        let mut waiting = Vec::new();
        let stays = wait(&mut waiting).unwrap();
        drop(wait(&mut waiting).unwrap());
        let known = Known::Checking(waiting);
        assert!(!is_left(&known), "one stays");
        drop(stays);
        assert!(is_left(&known));
        let mut book = guard.desk.lock();
        book.known.insert(digest, known);
        book.checks.push(None, (digest, credentials));
        drop(book);
        guard.desk.news.notify_one();
        // The next check is behind it.
        assert!(!admits(&guard, "dave:wrong", Instant::now()));
        assert!(!guard.desk.lock().known.contains_key(&digest));
    }

    #[test]
    fn other_users_are_let_in_once_they_are_read() {
        let read = |pairs: &[&str]| {
            let mut users = Users::default();
            pairs.iter().for_each(|pair| users.add(pair).unwrap());
            users
        };
        let next = Arc::new(Mutex::new(Err("users: is a directory".to_owned())));
        let source = Arc::clone(&next);
        let source: UserSource = Box::new(move || source.lock().unwrap().clone());
        let guard = Guard::new(read(&["alice:a", HASHED]), Some(source)).unwrap();
        let now = Instant::now();
        assert!(admits(&guard, "dave:password", now));
        let said = guard.reload().unwrap();
        assert_eq!(said, "users: is a directory: the users stay the old ones");
        assert!(admits(&guard, "dave:password", now) && admits(&guard, "alice:a", now));
        for (pairs, said) in [
            (&["bob:b"][..], "the file of --auth was read again: 1 user"),
            (
                &["bob:b", HASHED],
                "the file of --auth was read again: 2 users",
            ),
        ] {
            *next.lock().unwrap() = Ok(read(pairs));
            assert_eq!(guard.reload().unwrap(), said);
            assert!(admits(&guard, "bob:b", now) && !admits(&guard, "alice:a", now));
            assert_eq!(admits(&guard, "dave:password", now), pairs.len() == 2);
        }
        assert!(Guard::new(read(&["a:b"]), None).unwrap().reload().is_none());
    }

    #[test]
    fn guessing_fills_neither_the_queue_nor_the_memory() {
        let guard = guard(&[HASHED]);
        let now = Instant::now();
        let mut waiting = Vec::new();
        let mut busy = 0;
        for number in 0..300 {
            match judge(&guard, &basic(&format!("dave:{number}")), now) {
                Verdict::Wait(fd) => waiting.push(fd),
                verdict => busy += usize::from(matches!(verdict, Verdict::Busy)),
            }
        }
        assert!(busy > 0, "the queue has no end");
        // Another one is not in their way.
        let other = guard.judge(Some(&basic("dave:other")), &address(2), now);
        assert!(matches!(other, Verdict::Wait(_)));
        let mut known: HashMap<Digest, Known> = (0..KNOWN)
            .map(|number| {
                let mut digest = [0; 32];
                digest[..8].copy_from_slice(&(number as u64).to_le_bytes());
                (digest, Known::Checked(number < 2, now + WRONG))
            })
            .collect();
        forget(&mut known, now);
        assert_eq!(known.len(), 2, "good ones stay");
    }
}
