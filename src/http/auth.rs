//! Basic authentication, RFC 7617: credentials as they are sent, and the users who may come in.
//!
//! What a check takes tells neither whether there is such a user nor how much of a password was right.

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params};
use base64ct::{Base64Unpadded, Encoding};
use bcrypt::HashParts;
use blake2::{Blake2s256, Digest};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// The challenge to whoever comes without credentials, or with wrong ones (RFC 7617, section 2).
pub const CHALLENGE: &str = "Basic realm=\"sockkit\", charset=\"UTF-8\"";

/// Who somebody says they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user, without a colon.
    pub user: Vec<u8>,
    /// The password.
    pub password: Vec<u8>,
}

/// Those who may come in.
#[derive(Clone, Debug, Default)]
pub struct Users {
    users: Vec<User>,
    /// The hash that is checked where there is no such user, or only a plain password.
    decoy: Option<Hash>,
}

#[derive(Clone)]
struct User {
    name: [u8; 32],
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    /// The digest of a password, which is quickly checked.
    Plain([u8; 32]),
    Hashed(Hash),
}

/// A hash that takes tens of milliseconds to check.
#[derive(Clone)]
enum Hash {
    /// `$2y$10$...` as written.
    Bcrypt(String),
    /// `$argon2id$v=19$m=...`
    Argon2(Box<PasswordHash>),
}

/// Why a word is no user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoUser {
    /// There is no colon, or nothing in front of it.
    NoName,
    /// There is no password.
    NoPassword,
    /// A control character, which RFC 7617 has no room for.
    Control,
    /// The name was there before.
    Twice,
    /// A hash that is none, or of a kind that is cracked too quickly.
    Hash,
}

impl Credentials {
    /// The value of Authorization; `None` for another scheme and for what is malformed.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok()?;
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim_start_matches(' ').trim_end_matches('=');
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = Base64Unpadded::decode_vec(token).ok()?;
        let colon = pair.iter().position(|byte| *byte == b':')?;
        let (user, password) = pair.split_at_checked(colon)?;
        (!pair.iter().any(u8::is_ascii_control)).then(|| Self {
            user: user.to_vec(),
            password: password.get(1..).unwrap_or_default().to_vec(),
        })
    }
}

impl Users {
    /// Let in whom `USER:SECRET` names; the secret is a password, or its hash by bcrypt or argon2.
    pub fn add(&mut self, pair: &str) -> Result<(), NoUser> {
        let (name, secret) = pair.split_once(':').ok_or(NoUser::NoName)?;
        if name.is_empty() {
            return Err(NoUser::NoName);
        } else if secret.is_empty() {
            return Err(NoUser::NoPassword);
        } else if pair.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(NoUser::Control);
        }
        let name = digest(name.as_bytes());
        if self.users.iter().any(|user| user.name == name) {
            return Err(NoUser::Twice);
        }
        let secret = secret.parse()?;
        if let (None, Secret::Hashed(hash)) = (&self.decoy, &secret) {
            self.decoy = Some(hash.clone());
        }
        self.users.push(User { name, secret });
        Ok(())
    }

    /// A password file: `USER:SECRET` lines, blank ones and those that begin with `#` left out; the number of a line
    /// that is none of these comes with the error.
    pub fn add_lines(&mut self, text: &str) -> Result<(), (usize, NoUser)> {
        for (index, line) in text.lines().enumerate() {
            if !line.trim().is_empty() && !line.starts_with('#') {
                self.add(line).map_err(|error| (index + 1, error))?;
            }
        }
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Whether [`Users::admits`] takes tens of milliseconds.
    pub fn is_slow(&self) -> bool {
        self.decoy.is_some()
    }

    /// Whether the credentials are right. It takes as long for a user who does not exist, and for a part of a password.
    pub fn admits(&self, credentials: &Credentials) -> bool {
        let name = digest(&credentials.user);
        let password = digest(&credentials.password);
        let (mut found, mut plain) = (None, [0; 32]);
        let mut is_plain = Choice::from(0);
        for user in &self.users {
            let is_user = user.name.ct_eq(&name);
            match &user.secret {
                Secret::Plain(secret) => {
                    plain
                        .iter_mut()
                        .zip(secret)
                        .for_each(|(into, from)| into.conditional_assign(from, is_user));
                    is_plain |= is_user;
                }
                Secret::Hashed(hash) if bool::from(is_user) => found = Some(hash),
                Secret::Hashed(_) => {}
            }
        }
        let plain_fits = is_plain & plain.ct_eq(&password);
        let hash = found.or(self.decoy.as_ref());
        let hash_fits = hash.is_some_and(|hash| hash.fits(&credentials.password));
        bool::from(plain_fits) | (hash_fits & found.is_some())
    }
}

impl Hash {
    fn fits(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::Argon2(hash) => Argon2::default()
                .verify_password(password, hash.as_ref())
                .is_ok(),
        }
    }
}

impl FromStr for Secret {
    type Err = NoUser;

    /// What looks like a hash is one, or is refused: nobody is to log in with the hash that they wrote down.
    fn from_str(word: &str) -> Result<Self, NoUser> {
        let schemes = ["$1$", "$apr1$", "$5$", "$6$", "$y$", "{SHA}", "$scrypt$"];
        if word.starts_with("$2") {
            let parts = HashParts::from_str(word).map_err(|_| NoUser::Hash)?;
            let is_payable = (4..=31).contains(&parts.get_cost());
            return is_payable
                .then(|| Self::Hashed(Hash::Bcrypt(word.to_owned())))
                .ok_or(NoUser::Hash);
        } else if word.starts_with("$argon2") {
            let hash = PasswordHash::new(word).map_err(|_| NoUser::Hash)?;
            let is_whole = Params::try_from(&hash).is_ok()
                && argon2::Algorithm::try_from(hash.algorithm.as_str()).is_ok()
                && hash.salt.is_some()
                && hash.hash.is_some();
            return is_whole
                .then(|| Self::Hashed(Hash::Argon2(Box::new(hash))))
                .ok_or(NoUser::Hash);
        } else if schemes.iter().any(|scheme| word.starts_with(scheme)) {
            return Err(NoUser::Hash);
        }
        Ok(Self::Plain(digest(word.as_bytes())))
    }
}

/// Of one length whatever was digested, so that comparing tells nothing of it.
fn digest(bytes: &[u8]) -> [u8; 32] {
    Blake2s256::digest(bytes).into()
}

/// Without the password: what is shown in an error may be kept in a log.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:...", self.user.escape_ascii())
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("User")
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}

impl fmt::Display for NoUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoName => "a user is written USER:PASSWORD",
            Self::NoPassword => "a user has a password",
            Self::Control => "a user and a password have no control characters",
            Self::Twice => "a user is named twice",
            Self::Hash => "a password's hash is one of bcrypt or argon2",
        })
    }
}

impl std::error::Error for NoUser {}

#[cfg(test)]
mod tests {
    use base64ct::Base64;

    use super::*;

    /// `htpasswd -nbBC 4 carol secret`
    const BCRYPT: &str = "carol:$2y$04$oFEqgSFnmQMWnW45C9FZje8d5nZrQTsFhQl3OE4EVrJTW6jsiMtoO";
    /// From the test vectors of the reference implementation.
    const ARGON2: &str =
        "dave:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    fn credentials(user: &str, password: &str) -> Credentials {
        let pair = format!("{user}:{password}");
        let value = format!("Basic {}", Base64::encode_string(pair.as_bytes()));
        Credentials::parse(value.as_bytes()).unwrap()
    }

    #[test]
    fn hostile_credentials_are_none() {
        for value in [
            "",
            "Basic",
            "Basic ",
            "Basic =",
            "Basic !!!!",
            "Basic YTpi YTpi",
            "Basic YWI=",
            "Basic YQpiOmM=",
            "Basic YTpiAA==",
            "Bearer YTpi",
            "Digest username=\"a\"",
            "YTpi",
            "Basic\tYTpi",
            "BasicYTpi",
            "Basic YTpi\u{ff}",
        ] {
            assert_eq!(Credentials::parse(value.as_bytes()), None, "{value}");
        }
        assert_eq!(Credentials::parse(b"Basic \xff\xfe"), None);
    }

    #[test]
    fn credentials_are_read() {
        for (value, user, password) in [
            ("Basic YTpi", "a", "b"),
            ("bASIC   YTpi", "a", "b"),
            ("Basic YTpiOmM=", "a", "b:c"),
            ("Basic YTpiOmM", "a", "b:c"),
            ("Basic Og==", "", ""),
            ("Basic dGVzdDoxMjPCow==", "test", "123\u{a3}"),
        ] {
            let read = Credentials::parse(value.as_bytes()).unwrap();
            assert_eq!(read.user, user.as_bytes(), "{value}");
            assert_eq!(read.password, password.as_bytes(), "{value}");
        }
        assert!(!format!("{:?}", credentials("a", "geheim")).contains("geheim"));
    }

    #[test]
    fn hostile_users_are_refused() {
        for (pair, why) in [
            ("", NoUser::NoName),
            ("alice", NoUser::NoName),
            (":secret", NoUser::NoName),
            ("alice:", NoUser::NoPassword),
            ("alice:a\u{7}", NoUser::Control),
            ("alice:$2y$10$short", NoUser::Hash),
            ("alice:$2y$99$BCRYPTHASH", NoUser::Hash),
            ("alice:$argon2id$v=19$m=16,t=2,p=1", NoUser::Hash),
            ("alice:$argon2id$nonsense", NoUser::Hash),
            ("alice:$apr1$abc$def", NoUser::Hash),
            ("alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", NoUser::Hash),
            ("alice:$6$salt$hash", NoUser::Hash),
        ] {
            assert_eq!(Users::default().add(pair), Err(why), "{pair}");
        }
        let mut users = Users::default();
        let lines = "# who may come in\n\nalice:a\r\nbob:b\nalice:c\n";
        assert_eq!(users.add_lines(lines), Err((5, NoUser::Twice)));
    }

    #[test]
    fn only_the_right_password_is_right() {
        let mut users = Users::default();
        users.add("alice:secret").unwrap();
        users.add("bob:$pecial").unwrap();
        assert!(!users.is_slow());
        let check = |users: &Users| {
            for (user, password, right) in [
                ("alice", "secret", true),
                ("bob", "$pecial", true),
                ("alice", "secre", false),
                ("alice", "secret2", false),
                ("alice", "", false),
                ("Alice", "secret", false),
                ("bob", "secret", false),
                ("", "", false),
                ("mallory", "secret", false),
            ] {
                let admitted = users.admits(&credentials(user, password));
                assert_eq!(admitted, right, "{user} {password}");
            }
        };
        check(&users);
        users.add(BCRYPT).unwrap();
        users.add(ARGON2).unwrap();
        assert!(users.is_slow());
        check(&users);
        for (user, password, wrong) in [("carol", "secret", "Secret"), ("dave", "password", "")] {
            assert!(users.admits(&credentials(user, password)), "{user}");
            assert!(!users.admits(&credentials(user, wrong)), "{user}");
        }
    }
}
