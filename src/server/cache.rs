//! Files that are asked for again and again: open, or read when they are small, with the whole answer to a plain request.
//!
//! A file is kept from the second request on, as long as nothing happens to it, and for a second at most. So is the
//! answer where there is no file: that costs as many look-ups as it has directories.

use std::cell::{OnceCell, RefCell};
use std::fs::File;
use std::hash::BuildHasher;
use std::mem;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use rustc_hash::FxHashMap;

use super::changes::Changes;
use super::coded::Coded;
use super::files::{Root, take_up};
use super::held::{Held, Shelf};
use super::outgoing::{Part, Slice};
use super::stored::Stored;
use crate::http::{Coding, Codings, Facts, Request, coding};

/// How long a file is kept before it is looked at again: some changes are not told.
const FRESH: Duration = Duration::from_secs(1);
/// How many files are kept.
const FILES: usize = 1024;
/// How many of them open.
const OPEN: usize = 128;
/// How many answers are kept for paths that lead to nothing: whoever guesses paths must not push out the files.
const ABSENT: usize = 256;
/// How many bytes of content are kept.
const BYTES: usize = 16 << 20;
/// How many names are remembered that were asked for once; a power of two.
const SEEN: usize = 1024;

/// The files that are kept, by the path as it is asked for.
#[derive(Debug)]
pub(super) struct Cache {
    changes: Option<Changes>,
    kept: FxHashMap<Box<[u8]>, Rc<Kept>>,
    /// What is answered where there is nothing.
    absent: FxHashMap<Box<[u8]>, Absent>,
    /// Hashes of what was asked for once.
    seen: Vec<u64>,
    /// Where pages are held, once a file is large enough; `None` where that cannot be.
    shelf: OnceCell<Option<Rc<Shelf>>>,
    workers: usize,
    open: usize,
    bytes: usize,
    /// Whether its descriptor is another one than before, and to be watched.
    is_new: bool,
}

/// A file that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    /// The path beneath the root.
    pub(super) path: Box<[u8]>,
    /// What is known of it.
    pub(super) facts: Facts,
    /// The codings in which it can be had.
    pub(super) offered: Codings,
    /// What it holds.
    pub(super) content: Stored,
    /// The answer to a request that asks for all of it and nothing else.
    ready: OnceCell<Ready>,
    /// Its pages, once that was asked for again.
    held: OnceCell<Option<Rc<Held>>>,
    /// The same file in other codings.
    coded: RefCell<Vec<Rc<Self>>>,
    until: Instant,
}

/// An answer that says that there is nothing.
#[derive(Debug)]
pub(super) struct Absent {
    /// All of it.
    pub(super) answer: Ready,
    /// How many bytes of content it has.
    pub(super) sent: u64,
    until: Instant,
}

/// An answer as it was sent, and where its date stands.
#[derive(Debug)]
pub(super) struct Ready {
    answer: Box<[u8]>,
    date: Range<usize>,
}

impl Cache {
    /// Nothing is kept yet; without files nothing ever is.
    pub(super) fn new(has_files: bool) -> Self {
        Self {
            changes: has_files.then(Changes::new).flatten(),
            kept: FxHashMap::default(),
            absent: FxHashMap::default(),
            seen: vec![0; SEEN],
            shelf: OnceCell::new(),
            workers: 1,
            open: 0,
            bytes: 0,
            is_new: true,
        }
    }

    /// The descriptor that can be read once something happened to what is kept, when it is a new one.
    pub(super) fn new_fd(&mut self) -> Option<BorrowedFd<'_>> {
        let is_new = mem::replace(&mut self.is_new, false);
        self.changes.as_ref().filter(|_| is_new).map(Changes::fd)
    }

    /// Something may have happened: what did is forgotten, with everything else.
    pub(super) fn refresh(&mut self) {
        if self.changes.as_ref().is_some_and(Changes::have_come) {
            self.clear();
        }
    }

    /// What is kept under a path as it is asked for.
    pub(super) fn find(&mut self, asked: &[u8], now: Instant) -> Option<&Rc<Kept>> {
        let kept = self.kept.get(asked)?;
        (kept.until > now).then_some(kept)
    }

    /// What is answered where a path as it is asked for leads to nothing.
    pub(super) fn find_absent(&self, asked: &[u8], now: Instant) -> Option<&Absent> {
        let absent = self.absent.get(asked)?;
        (absent.until > now).then_some(absent)
    }

    /// Whether this path is worth keeping what it leads to.
    pub(super) fn is_wanted(&mut self, asked: &[u8]) -> bool {
        if self.changes.is_none() {
            return false;
        }
        let hash = self.kept.hasher().hash_one(asked) | 1;
        let index = usize::try_from(hash >> 32).unwrap_or(0) & (SEEN - 1);
        let seen = self.seen.get_mut(index);
        seen.is_some_and(|seen| mem::replace(seen, hash) == hash)
    }

    /// Keep a file that was opened at a path beneath the root, if it is certain to be told what happens to it.
    pub(super) fn keep(
        &mut self,
        asked: &[u8],
        root: &Root,
        path: &[u8],
        file: &Rc<File>,
        offered: Codings,
        now: Instant,
    ) -> Option<Rc<Kept>> {
        if !self.watch(root, path, file) {
            return None;
        }
        let (facts, content) = take_up(file, path)?;
        let kept = Rc::new(Kept {
            path: path.into(),
            facts: Facts {
                varies: !offered.is_empty(),
                ..facts
            },
            offered,
            content,
            ready: OnceCell::new(),
            held: OnceCell::new(),
            coded: RefCell::default(),
            until: now + FRESH,
        });
        self.insert(asked, Rc::clone(&kept));
        Some(kept)
    }

    /// Keep what is answered where a path leads to nothing, if it is certain to be told when there is something.
    pub(super) fn keep_absent(
        &mut self,
        asked: &[u8],
        root: &Root,
        path: &[u8],
        answer: Ready,
        sent: u64,
        now: Instant,
    ) {
        if self.absent.len() >= ABSENT {
            self.absent.clear();
        }
        if self.watch_for(root, path) {
            let until = now + FRESH;
            let absent = Absent {
                answer,
                sent,
                until,
            };
            self.absent.insert(asked.into(), absent);
        }
    }

    /// What of a file follows an answer's head, where anything does: held from now on, if that is worth it.
    pub(super) fn part(&mut self, kept: &Kept) -> Option<Part> {
        let Stored::File(file) = &kept.content else {
            return None;
        };
        let left = kept.facts.length;
        let held = kept.held.get_or_init(|| {
            let workers = self.workers;
            let shelf = self.shelf.get_or_init(|| Shelf::new(workers)).as_ref();
            shelf?.hold(file, left)
        });
        Some(Part::File(Slice {
            file: Rc::clone(file),
            offset: 0,
            left,
            held: held.clone(),
        }))
    }

    /// It is one of so many workers'.
    pub(super) fn share(&mut self, workers: usize) {
        self.workers = workers;
    }

    /// Keep a file in a coding with the file itself, if it is certain to be told what happens to it.
    pub(super) fn keep_coded(&mut self, kept: &Kept, coded: Coded) -> Rc<Kept> {
        let source = coded.source.as_ref();
        let is_watched = source.is_none_or(|file| {
            let changes = self.changes.as_mut();
            changes.is_some_and(|changes| changes.watch_file(file))
        });
        let size = coded.content.size();
        let coded = Rc::new(Kept {
            path: kept.path.clone(),
            facts: coded.facts,
            offered: kept.offered,
            content: coded.content,
            ready: OnceCell::new(),
            held: OnceCell::new(),
            coded: RefCell::default(),
            until: kept.until,
        });
        if is_watched {
            kept.coded.borrow_mut().push(Rc::clone(&coded));
            self.count(size);
        }
        coded
    }

    /// Watch everything that the path leads through, and the file; `false` when that cannot be, or the path does not
    /// lead straight to the file any more.
    fn watch(&mut self, root: &Root, path: &[u8], file: &File) -> bool {
        let Some(changes) = self.changes_with_room() else {
            return false;
        };
        directories(path).all(|directory| {
            let directory = root.open_directory(directory);
            directory.is_ok_and(|directory| changes.watch_directory(directory))
        }) && changes.watch_file(file)
            && root.leads_straight_to(path, file)
    }

    /// Watch the directories that the path leads through as far as there are any; `false` when that cannot be, or
    /// there is something meanwhile, be it a link.
    fn watch_for(&mut self, root: &Root, path: &[u8]) -> bool {
        let Some(changes) = self.changes_with_room() else {
            return false;
        };
        for directory in directories(path) {
            match root.open_directory(directory) {
                Ok(directory) if changes.watch_directory(&directory) => {}
                Err(Errno::ENOENT) => break,
                Ok(_) | Err(_) => return false,
            }
        }
        root.leads_straight_to_nothing(path)
    }

    /// What tells of changes, begun anew where it watches too much.
    fn changes_with_room(&mut self) -> Option<&mut Changes> {
        if self.changes.as_ref().is_some_and(Changes::is_full) {
            self.clear();
            self.changes = Changes::new();
            self.is_new = true;
        }
        self.changes.as_mut()
    }

    fn insert(&mut self, asked: &[u8], kept: Rc<Kept>) {
        if self.kept.len() >= FILES {
            self.clear();
        }
        self.count(kept.content.size());
        // What it takes the place of is counted until everything is forgotten.
        self.kept.insert(asked.into(), kept);
    }

    /// So many files are open, and so many bytes are kept, besides those that there are.
    fn count(&mut self, (open, bytes): (usize, usize)) {
        if self.open + open > OPEN || self.bytes + bytes > BYTES {
            self.clear();
        }
        self.open += open;
        self.bytes += bytes;
    }

    /// Forget everything.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.absent.clear();
        self.open = 0;
        self.bytes = 0;
    }
}

impl Kept {
    /// The same file in a coding, if it is kept.
    pub(super) fn coded(&self, coding: Coding) -> Option<Rc<Self>> {
        let coded = self.coded.borrow();
        let found = coded.iter().find(|kept| kept.facts.coding == coding);
        found.cloned()
    }

    /// The same file in the coding that a client would rather have, if it is kept.
    pub(super) fn fit_for(self: &Rc<Self>, request: &Request<'_>) -> Option<Rc<Self>> {
        if self.offered.is_empty() {
            return Some(Rc::clone(self));
        }
        match coding(request, self.offered) {
            Coding::Identity => Some(Rc::clone(self)),
            coding => self.coded(coding),
        }
    }

    /// The answer to a request that asks for all of it and nothing else.
    pub(super) fn ready(&self) -> Option<&Ready> {
        self.ready.get()
    }

    /// Whether something of it follows an answer's head: all that is not small, and in one with the head.
    pub(super) fn has_part(&self) -> bool {
        matches!(self.content, Stored::File(_))
    }

    /// Keep an answer that has all of it, as it was sent at `date`; only its head where a part follows.
    pub(super) fn make_ready(&self, answer: &[u8], date: &str) {
        if self.ready.get().is_none()
            && let Some(ready) = Ready::new(answer, date)
        {
            let _ = self.ready.set(ready);
        }
    }
}

impl Ready {
    /// Take a rendered answer over; `None` where no date of this length stands in it.
    pub(super) fn new(answer: &[u8], date: &str) -> Option<Self> {
        let is_date = |window: &[u8]| window == date.as_bytes();
        let at = answer.windows(date.len().max(1)).position(is_date)?;
        Some(Self {
            answer: answer.into(),
            date: at..at + date.len(),
        })
    }

    /// The same answer, of another date: all dates are as long as another (RFC 9110, section 5.6.7).
    pub(super) fn append(&self, date: &str, into: &mut Vec<u8>) {
        let start = into.len();
        into.extend_from_slice(&self.answer);
        let (start, end) = (start + self.date.start, start + self.date.end);
        match into.get_mut(start..end) {
            Some(place) if place.len() == date.len() => place.copy_from_slice(date.as_bytes()),
            // The clock is out of its mind meanwhile, and there is no date.
            _ => drop(into.splice(start..end, date.bytes())),
        }
    }
}

/// The directories on the way to what lies at a path, from the root on.
fn directories(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let ends = std::iter::once(0).chain(slashes.map(|(end, _)| end));
    ends.map(|end| path.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;
    use crate::http::Found;

    struct Shelf {
        root: Root,
        cache: Cache,
        now: Instant,
    }

    impl Shelf {
        fn over(path: &Path) -> Self {
            Self {
                root: Root::open(path).unwrap(),
                cache: Cache::new(true),
                now: Instant::now(),
            }
        }

        /// What is served under a path, and whether it is kept from now on.
        fn serve(&mut self, path: &str) -> (Option<String>, bool) {
            self.cache.refresh();
            let key = path.as_bytes();
            if let Some(kept) = self.cache.find(key, self.now) {
                return (Some(text(&kept.content)), true);
            }
            let index = ["index.html".to_owned()];
            let mut found_at = key.to_vec();
            let (Found::File(_), Some(file)) = self.root.find(&mut found_at, &index) else {
                return (None, false);
            };
            let file = Rc::new(file);
            let now = self.now;
            match self
                .cache
                .keep(key, &self.root, &found_at, &file, Codings::default(), now)
            {
                Some(kept) => (Some(text(&kept.content)), true),
                None => (Some(text(&Stored::File(file))), false),
            }
        }
    }

    fn text(content: &Stored) -> String {
        match content {
            Stored::Small(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Stored::File(file) => {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut &**file, &mut bytes).unwrap();
                String::from_utf8(bytes).unwrap()
            }
        }
    }

    #[test]
    fn what_happens_to_a_file_is_noticed_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/c"), "one").unwrap();
        fs::write(at("other"), "other").unwrap();
        let mut shelf = Shelf::over(folder.path());
        let mut expect = |what: &str, expected: Option<&str>| {
            let expected = expected.map(str::to_owned);
            assert_eq!(shelf.serve("a/b/c").0, expected, "{what}");
            assert_eq!(shelf.serve("a/b/c").0, expected, "{what}, again");
        };
        expect("as it was", Some("one"));
        fs::write(at("a/b/c"), "two").unwrap();
        expect("written", Some("two"));
        fs::rename(at("other"), at("a/b/c")).unwrap();
        expect("renamed onto", Some("other"));
        fs::rename(at("a"), at("z")).unwrap();
        expect("a directory on the way moved", None);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/c"), "new").unwrap();
        expect("another one in its place", Some("new"));
        fs::remove_file(at("a/b/c")).unwrap();
        expect("removed", None);
        fs::rename(at("z/b/c"), at("a/b/c")).unwrap();
        expect("moved there", Some("other"));
    }

    #[test]
    fn nothing_is_nothing_until_there_is_something() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::create_dir(at("other")).unwrap();
        fs::write(at("other/c"), "c").unwrap();
        fs::write(at("file"), "f").unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("a", at("link")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        let mut cache = Cache::new(true);
        let now = Instant::now();
        let mut is_kept = |path: &str, happens: &dyn Fn()| {
            let answer = Ready::new(b"then", "then").unwrap();
            cache.keep_absent(path.as_bytes(), &root, path.as_bytes(), answer, 0, now);
            let before = cache.find_absent(path.as_bytes(), now).is_some();
            happens();
            cache.refresh();
            (before, cache.find_absent(path.as_bytes(), now).is_some())
        };
        let idle = || ();
        for path in ["none", "a/b/c", "a/x/y/z", ".."] {
            assert_eq!(is_kept(path, &idle).0, path != "..", "{path}");
        }
        for path in ["file", "a/b", "dangling", "dangling/x", "link/x", "file/x"] {
            assert_eq!(is_kept(path, &idle), (false, false), "{path}");
        }
        type Change<'a> = (&'a str, &'a dyn Fn());
        let changes: [Change<'_>; 6] = [
            ("a/b/c", &|| fs::write(at("a/b/c"), "c").unwrap()),
            ("a/x/y", &|| fs::create_dir(at("a/x")).unwrap()),
            ("a/x/y", &|| fs::rename(at("file"), at("a/x/y")).unwrap()),
            ("none", &|| symlink("a", at("none")).unwrap()),
            ("other/d/c", &|| fs::rename(at("other"), at("d")).unwrap()),
            ("other/c", &|| fs::rename(at("d"), at("other")).unwrap()),
        ];
        for (path, happens) in changes {
            assert_eq!(is_kept(path, happens), (true, false), "{path}");
        }
        assert_eq!(is_kept("late", &idle), (true, true));
        assert!(cache.find_absent(b"late", now + FRESH).is_none());
        for number in 0..=ABSENT {
            let answer = Ready::new(b"then", "then").unwrap();
            let path = format!("none{number}");
            cache.keep_absent(path.as_bytes(), &root, path.as_bytes(), answer, 0, now);
            assert!(cache.absent.len() <= ABSENT);
        }
    }

    #[test]
    fn a_way_through_a_link_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("a")).unwrap();
        fs::write(at("a/c"), "one").unwrap();
        symlink("a", at("b")).unwrap();
        symlink("c", at("a/d")).unwrap();
        let mut shelf = Shelf::over(folder.path());
        for (path, is_kept) in [("a/c", true), ("b/c", false), ("a/d", false)] {
            assert_eq!(
                shelf.serve(path),
                (Some("one".to_owned()), is_kept),
                "{path}"
            );
        }
    }

    #[test]
    fn nothing_is_kept_for_long_nor_without_measure() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..OPEN + 2 {
            let file = File::create(folder.path().join(number.to_string())).unwrap();
            file.set_len(1 << 20).unwrap();
        }
        let mut shelf = Shelf::over(folder.path());
        for number in 0..OPEN + 2 {
            shelf.serve(&number.to_string());
            assert!(shelf.cache.open <= OPEN);
        }
        assert_eq!(shelf.cache.kept.len(), shelf.cache.open);
        let last = (OPEN + 1).to_string();
        assert!(shelf.cache.find(last.as_bytes(), shelf.now).is_some());
        let later = shelf.now + FRESH;
        assert!(shelf.cache.find(last.as_bytes(), later).is_none());
    }

    #[test]
    fn only_what_is_asked_for_again_is_wanted() {
        let mut cache = Cache::new(true);
        assert!(!cache.is_wanted(b"/a"));
        assert!(cache.is_wanted(b"/a"));
        assert!(!cache.is_wanted(b"/b"));
        let mut without = Cache::new(false);
        assert!(!without.is_wanted(b"/a") && !without.is_wanted(b"/a"));
    }

    #[test]
    fn an_answer_is_cut_at_its_date() {
        let ready = Ready::new(b"HTTP/1.1 200 OK\r\nDate: then\r\n\r\nthen", "then").unwrap();
        let mut into = Vec::new();
        ready.append("now", &mut into);
        assert_eq!(into, b"HTTP/1.1 200 OK\r\nDate: now\r\n\r\nthen");
        assert!(Ready::new(b"HTTP/1.1 200 OK\r\n\r\n", "then").is_none());
    }
}
