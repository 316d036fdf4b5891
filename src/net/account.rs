//! The account that a process continues as, once what only root may do is done: setgroups(2), setresgid(2), setresuid(2).

use std::ffi::CString;
use std::fmt;

use nix::errno::Errno;
use nix::unistd::{
    Gid, Group, Uid, User, getgrouplist, getresgid, getresuid, setgroups, setresgid, setresuid,
    setuid,
};

use super::error::CallError;

/// A user, a group and the groups besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    user: Uid,
    group: Gid,
    groups: Vec<Gid>,
    word: String,
}

impl Account {
    /// The account of `NAME`, `UID`, `NAME:GROUP` or `UID:GID`. With a group it is in that one alone, else in those
    /// that it has by passwd(5) and group(5).
    pub fn find(word: &str) -> Result<Self, String> {
        let (user, group) = match word.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (word, None),
        };
        let known = known_user(user)?;
        let number = match &known {
            Some(known) => known.uid,
            None => Uid::from_raw(user.parse().map_err(|_| format!("no user {user}"))?),
        };
        let (group, groups) = match (group, known) {
            (Some(group), _) => {
                let group = known_group(group)?;
                (group, vec![group])
            }
            (None, Some(known)) => (known.gid, groups_of(&known)),
            (None, None) => return Err(format!("no user {user} to take a group from")),
        };
        Ok(Self {
            user: number,
            group,
            groups,
            word: word.to_owned(),
        })
    }

    /// Continue as this account, in all threads and for ever: each step needs the privilege that the last one gives up.
    pub fn assume(&self) -> Result<(), CallError> {
        let Self { user, group, .. } = *self;
        let refused = |call| move |errno: Errno| CallError::new(call, self, errno);
        setgroups(&self.groups).map_err(refused("setgroups"))?;
        setresgid(group, group, group).map_err(refused("setresgid"))?;
        setresuid(user, user, user).map_err(refused("setresuid"))?;
        // What cannot be undone is looked at once more: a step that was left out by half would not show.
        let users = getresuid().map_err(refused("getresuid"))?;
        let groups = getresgid().map_err(refused("getresgid"))?;
        let is_done = [users.real, users.effective, users.saved] == [user; 3]
            && [groups.real, groups.effective, groups.saved] == [group; 3];
        let leads_back = !user.is_root() && setuid(Uid::from_raw(0)).is_ok();
        match is_done && !leads_back {
            true => Ok(()),
            false => Err(CallError::new("setresuid", self, Errno::EPERM)),
        }
    }
}

fn known_user(word: &str) -> Result<Option<User>, String> {
    let found = match word.parse() {
        Ok(number) => User::from_uid(Uid::from_raw(number)),
        Err(_) => User::from_name(word),
    };
    found.map_err(|errno| format!("user {word}: {}", errno.desc()))
}

/// The number of a group, by its name or by the number itself, group(5).
pub fn group(word: &str) -> Result<u32, String> {
    known_group(word).map(Gid::as_raw)
}

/// The name of a user, passwd(5); `None` where nobody has the number.
pub fn user_name(number: u32) -> Option<String> {
    let user = User::from_uid(Uid::from_raw(number)).ok()??;
    Some(user.name)
}

/// The name of a group, group(5); `None` where none has the number.
pub fn group_name(number: u32) -> Option<String> {
    let group = Group::from_gid(Gid::from_raw(number)).ok()??;
    Some(group.name)
}

fn known_group(word: &str) -> Result<Gid, String> {
    if let Ok(number) = word.parse() {
        return Ok(Gid::from_raw(number));
    }
    match Group::from_name(word) {
        Ok(Some(group)) => Ok(group.gid),
        Ok(None) => Err(format!("no group {word}")),
        Err(errno) => Err(format!("group {word}: {}", errno.desc())),
    }
}

fn groups_of(user: &User) -> Vec<Gid> {
    let name = CString::new(user.name.as_str()).unwrap_or_default();
    getgrouplist(&name, user.gid).unwrap_or_else(|_| vec![user.gid])
}

/// `www-data (33:33)`
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.word, self.user, self.group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (word, user, group, groups) in [
            ("root", 0, 0, None),
            ("0", 0, 0, None),
            ("root:12345", 0, 12345, Some(12345)),
            ("12345:54321", 12345, 54321, Some(54321)),
        ] {
            let account = Account::find(word).unwrap();
            assert_eq!(
                (account.user.as_raw(), account.group.as_raw()),
                (user, group)
            );
            assert!(!account.groups.is_empty());
            if let Some(only) = groups {
                assert_eq!(account.groups, [Gid::from_raw(only)]);
            }
        }
        let shown = Account::find("12345:54321").unwrap().to_string();
        assert_eq!(shown, "12345:54321 (12345:54321)");
    }

    #[test]
    fn who_is_nobody() {
        for word in [
            "",
            ":",
            "no-such-user",
            "-1",
            "4294967296",
            "root:",
            "root:no-such-group",
            "1234567",
            "root:root:root",
            "a\0b",
        ] {
            assert!(Account::find(word).is_err(), "{word}");
        }
    }
}
