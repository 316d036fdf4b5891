//! The directory that is served, by its name: should another one take its place there, that is served from then on.

use std::path::{Path, PathBuf, absolute};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::sys::stat::stat;

use super::deputy::{Deputy, Keeper};
use super::files::{Identity, Root, identity};
use super::sandbox::Measure;
use crate::net::{CallError, reason};

/// A directory by its name; the workers share it.
#[derive(Debug)]
pub struct Home {
    /// From the root of the file system on: where the process started is nothing to hold on to.
    path: PathBuf,
    follows_links: bool,
    /// Who finds somebody that may open what the workers may not; `None` where they may open everything.
    keeper: Option<Arc<Keeper>>,
    standing: Mutex<Standing>,
}

/// What stands there.
#[derive(Debug)]
struct Standing {
    root: Arc<Root>,
    /// What was found there last, and is not served, and when it was changed: its number may be another's next, and its
    /// permissions others. `None` while nothing is there.
    refused: Option<Seen>,
    /// Whether it was said that nothing is there, or nothing that can be served.
    is_told: bool,
}

/// A directory, or something else, at a time: when its inode was changed last, in seconds and nanoseconds.
type Seen = (Identity, (i64, i64));

/// What a look came to.
#[derive(Debug)]
pub(super) struct Look {
    /// What is to be served from now on; `None` when that has not changed.
    pub(super) root: Option<Arc<Root>>,
    /// Whether its name leads to what is served.
    pub(super) is_there: bool,
    /// What was not said before.
    pub(super) news: Option<String>,
}

impl Home {
    /// Open a directory.
    pub fn open(path: &Path, follows_links: bool) -> Result<Self, CallError> {
        let root = Arc::new(opened(path, follows_links)?);
        Ok(Self {
            path: absolute(path).unwrap_or_else(|_| path.to_owned()),
            follows_links,
            keeper: None,
            standing: Mutex::new(Standing {
                root,
                refused: None,
                is_told: false,
            }),
        })
    }

    /// Have `keeper` find somebody for what the workers may not open.
    #[must_use]
    pub fn kept_by(self, keeper: Option<Arc<Keeper>>) -> Self {
        Self { keeper, ..self }
    }

    /// What is done for want of openat2(2); `None` where it is there.
    pub fn measure(&self) -> Option<Measure> {
        self.root().goes_by_steps().then(|| Measure {
            name: "openat2",
            holds: false,
            note: "not here: each name of a path is opened by itself".to_owned(),
        })
    }

    /// Whether this process, with the privileges that it has now, can look for files in it: EACCES where it cannot.
    pub fn check(&self) -> Result<(), CallError> {
        self.root().check()
    }

    /// What stands there, as far as is known.
    pub(super) fn root(&self) -> Arc<Root> {
        Arc::clone(&self.lock().root)
    }

    /// See whether its name still leads to what a worker holds, stat(2).
    pub(super) fn look(&self, held: &Root) -> Look {
        let there = stat(&self.path).ok();
        let there = there.map(|stat| (identity(&stat), (stat.st_ctime, stat.st_ctime_nsec)));
        if there.is_some_and(|(there, _)| there == held.identity()) {
            return Look {
                is_there: true,
                ..Look::nothing_new()
            };
        }
        let mut standing = self.lock();
        match there {
            // What was renamed is served until something stands there again.
            None => standing.tell(None, || self.is_gone()),
            Some((there, _)) if there == standing.root.identity() => Look {
                root: Some(Arc::clone(&standing.root)),
                is_there: true,
                news: None,
            },
            there if standing.refused == there => Look::nothing_new(),
            there => match self.reopen() {
                Ok(root) => standing.serve(root, self.is_another()),
                Err(why) => standing.tell(there, || why),
            },
        }
    }

    fn reopen(&self) -> Result<Root, String> {
        let name = self.path.display();
        let failed =
            |why: String, hint: &str| format!("{name} is another directory now, {why}: {hint}");
        let refused = |error: &CallError| failed(reason(&error.cause), "it is not served");
        let root = opened(&self.path, self.follows_links).map_err(|error| refused(&error))?;
        root.check().map_err(|error| refused(&error))?;
        let deputy = match &self.keeper {
            None => Deputy::default(),
            Some(keeper) => keeper
                .appoint()
                .map_err(|errno: Errno| failed(errno.desc().to_owned(), "start the server anew"))?,
        };
        let root = root.reached_by(deputy);
        match root.is_out_of_reach() {
            false => Ok(root),
            true => Err(failed(
                "out of the sandbox's reach".to_owned(),
                "start the server anew, or with --no-sandbox",
            )),
        }
    }

    fn is_gone(&self) -> String {
        let name = self.path.display();
        format!("{name} is gone: what stands there next is served")
    }

    fn is_another(&self) -> String {
        format!(
            "{} is another directory now: that one is served",
            self.path.display()
        )
    }

    /// A panic elsewhere leaves a whole value behind.
    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn serve(&mut self, root: Root, news: String) -> Look {
        self.root = Arc::new(root);
        self.refused = None;
        self.is_told = false;
        Look {
            root: Some(Arc::clone(&self.root)),
            is_there: true,
            news: Some(news),
        }
    }

    /// Say once that what is there is not served.
    fn tell(&mut self, refused: Option<Seen>, why: impl FnOnce() -> String) -> Look {
        let is_known = self.is_told && self.refused == refused;
        self.is_told = true;
        self.refused = refused;
        Look {
            root: None,
            is_there: false,
            news: (!is_known).then(why),
        }
    }
}

impl Look {
    fn nothing_new() -> Self {
        Self {
            root: None,
            is_there: false,
            news: None,
        }
    }
}

fn opened(path: &Path, follows_links: bool) -> Result<Root, CallError> {
    let root = Root::open(path)?;
    Ok(match follows_links {
        true => root.following_links(),
        false => root,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::http::Found;

    #[test]
    fn what_takes_its_place_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root");
        let make = |content: &str| {
            fs::create_dir(&path).unwrap();
            fs::write(path.join("f"), content).unwrap();
        };
        let length = |root: &Root| match root.find(&mut b"f".to_vec(), &[]).0 {
            Found::File(facts) => Some(facts.length),
            _ => None,
        };
        make("1");
        let home = Home::open(&path, false).unwrap();
        let first = home.root();
        let look = |held: &Root| {
            let Look { root, news, .. } = home.look(held);
            (root, news.unwrap_or_default())
        };
        assert!(matches!(look(&first), (None, news) if news.is_empty()));

        fs::remove_dir_all(&path).unwrap();
        let (root, news) = look(&first);
        assert!(root.is_none() && news.contains("is gone"), "{news}");
        // Once is enough.
        assert!(matches!(look(&first), (None, news) if news.is_empty()));
        fs::write(&path, "no directory").unwrap();
        let (root, news) = look(&first);
        assert!(root.is_none() && news.contains("not served"), "{news}");
        assert!(matches!(look(&first), (None, news) if news.is_empty()));
        fs::remove_file(&path).unwrap();

        make("22");
        let (second, news) = look(&first);
        let second = second.unwrap();
        assert!(news.contains("that one is served"), "{news}");
        assert_eq!((length(&first), length(&second)), (None, Some(2)));
        // Another worker learns of it without a word.
        assert!(matches!(look(&first), (Some(_), news) if news.is_empty()));

        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        assert!(look(&second).0.is_none());
        assert_eq!(length(&second), Some(2));
        make("333");
        assert_eq!(length(&look(&second).0.unwrap()), Some(3));
    }
}
