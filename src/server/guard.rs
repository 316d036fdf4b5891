//! Who may come in: credentials are checked on a thread where that takes long, and good ones remembered for a while, as
//! a keyed digest that is of no use to anyone else.

use std::collections::HashMap;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use blake2::Blake2sMac256;
use blake2::digest::{KeyInit, Mac};
use nix::errno::Errno;

use super::connection::Wait;
use super::errand::wake;
use super::exchange::{Asking, Reply};
use super::service::Service;
use crate::engine::StdoutError;
use crate::http::{CHALLENGE, Credentials, Name, Plan, Status, Users};

/// How long good credentials are taken for good.
const GOOD: Duration = Duration::from_secs(300);
/// How long wrong ones are taken for wrong: long enough for whoever waits for that to ask again.
const WRONG: Duration = Duration::from_secs(10);
/// How many checks may wait for the one that is being made.
const QUEUE: usize = 64;
/// How many credentials are remembered.
const KNOWN: usize = 4096;

/// The digest of credentials, which only this process can make.
type Digest = [u8; 32];

/// Lets in those who have a right password. Shared by all workers.
pub struct Guard {
    users: Arc<Users>,
    key: [u8; 32],
    known: Arc<Mutex<HashMap<Digest, Known>>>,
    checks: SyncSender<(Digest, Credentials)>,
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
        let plan = match guard.judge(authorization, Instant::now()) {
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
    /// Let in these users, and nobody else.
    pub fn new(users: Users) -> Result<Self, Errno> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| Errno::EAGAIN)?;
        let (checks, queue) = sync_channel(QUEUE);
        let guard = Self {
            users: Arc::new(users),
            key,
            known: Arc::default(),
            checks,
        };
        if guard.users.is_slow() {
            let (users, known) = (Arc::clone(&guard.users), Arc::clone(&guard.known));
            thread::Builder::new()
                .spawn(move || check_all(&queue, &users, &known))
                .map_err(|_| Errno::EAGAIN)?;
        }
        Ok(guard)
    }

    /// What becomes of whoever sends this Authorization.
    fn judge(&self, authorization: Option<&[u8]>, now: Instant) -> Verdict {
        let Some(credentials) = authorization.and_then(Credentials::parse) else {
            return Verdict::Unknown;
        };
        if !self.users.is_slow() {
            return of(self.users.admits(&credentials));
        }
        let Some(digest) = self.digest(&credentials) else {
            return Verdict::Unknown;
        };
        let mut known = lock(&self.known);
        match known.get_mut(&digest) {
            Some(Known::Checked(right, until)) if *until > now => return of(*right),
            Some(Known::Checking(waiting)) => {
                return wait(waiting).map_or(Verdict::Busy, Verdict::Wait);
            }
            _ => {}
        }
        if known.len() >= KNOWN {
            forget(&mut known, now);
        }
        let mut waiting = Vec::new();
        match wait(&mut waiting) {
            Ok(fd) if self.checks.try_send((digest, credentials)).is_ok() => {
                known.insert(digest, Known::Checking(waiting));
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

/// Check what comes, one after the other: guessing takes one core at most. It ends with the guard.
fn check_all(
    queue: &Receiver<(Digest, Credentials)>,
    users: &Users,
    known: &Mutex<HashMap<Digest, Known>>,
) {
    for (digest, credentials) in queue {
        let right = users.admits(&credentials);
        let lasts = if right { GOOD } else { WRONG };
        let checked = Known::Checked(right, Instant::now() + lasts);
        // Those who waited find it there.
        let waiting = lock(known).insert(digest, checked);
        drop(waiting);
    }
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

/// A panic elsewhere leaves a whole map behind.
fn lock(known: &Mutex<HashMap<Digest, Known>>) -> MutexGuard<'_, HashMap<Digest, Known>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
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
        Guard::new(users).unwrap()
    }

    fn basic(pair: &str) -> Vec<u8> {
        format!("Basic {}", Base64::encode_string(pair.as_bytes())).into_bytes()
    }

    /// Whether they may come in, once that is known.
    fn admits(guard: &Guard, pair: &str, now: Instant) -> bool {
        loop {
            match guard.judge(Some(&basic(pair)), now) {
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
                matches!(guard.judge(value, now), Verdict::Unknown),
                "{value:?}"
            );
        }
        // Plain passwords are never waited for.
        let alice = basic("alice:a");
        assert!(matches!(guard.judge(Some(&alice), now), Verdict::Welcome));
        let wrong = basic("alice:b");
        assert!(matches!(guard.judge(Some(&wrong), now), Verdict::Unknown));
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
        assert!(matches!(guard.judge(Some(&dave), now), Verdict::Welcome));
        let later = now + GOOD + WRONG;
        assert!(matches!(guard.judge(Some(&dave), later), Verdict::Wait(_)));
    }

    #[test]
    fn guessing_fills_neither_the_queue_nor_the_memory() {
        let guard = guard(&[HASHED]);
        let now = Instant::now();
        let judged = |number: usize| guard.judge(Some(&basic(&format!("dave:{number}"))), now);
        let busy = (0..QUEUE * 4).filter(|number| matches!(judged(*number), Verdict::Busy));
        assert!(busy.count() > 0, "the queue has no end");
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
