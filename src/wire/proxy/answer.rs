//! Who asks, in the scheme that the proxy takes: Basic, RFC 7617, and Digest, RFC 7616.

use std::fmt::Write;

use base64ct::{Base64, Encoding};
use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::Credentials;
use super::challenge::Challenge;

/// How a challenge is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The password as it is.
    Basic,
    /// A hash that holds for one question.
    Digest(Digest),
}

/// A challenge of Digest, and the client's own chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// The algorithm as the proxy wrote it; `None` where it wrote none.
    written: Option<String>,
    is_session: bool,
    /// Whether the proxy knows RFC 2617's quality of protection.
    has_quality: bool,
    chance: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Answer {
    /// The answer to the strongest of the challenges that can be answered; `chance` is new for each.
    pub fn to(challenges: &[Challenge], chance: [u8; 16]) -> Option<Self> {
        let digests = challenges
            .iter()
            .filter_map(|challenge| Digest::to(challenge, chance));
        let strongest = digests.max_by_key(|digest| digest.algorithm);
        let is_basic = |challenge: &Challenge| challenge.scheme.eq_ignore_ascii_case("basic");
        strongest
            .map(Self::Digest)
            .or_else(|| challenges.iter().any(is_basic).then_some(Self::Basic))
    }

    /// The value of Proxy-Authorization in a request for `uri`.
    pub(super) fn value(&self, credentials: &Credentials, method: &str, uri: &str) -> String {
        match self {
            Self::Basic => {
                let pair = format!("{}:{}", credentials.user, credentials.password);
                format!("Basic {}", Base64::encode_string(pair.as_bytes()))
            }
            Self::Digest(digest) => digest.value(credentials, method, uri),
        }
    }
}

impl Digest {
    fn to(challenge: &Challenge, chance: [u8; 16]) -> Option<Self> {
        if !challenge.scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let written = challenge.parameter("algorithm");
        let name = written.unwrap_or("MD5").to_ascii_uppercase();
        let (name, is_session) = match name.strip_suffix("-SESS") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let algorithm = match name {
            "MD5" => Algorithm::Md5,
            "SHA-256" => Algorithm::Sha256,
            _ => return None,
        };
        let qualities = challenge.parameter("qop");
        let is_auth = |quality: &str| quality.trim().eq_ignore_ascii_case("auth");
        if qualities.is_some_and(|qualities| !qualities.split(',').any(is_auth)) {
            return None;
        }
        Some(Self {
            realm: challenge.parameter("realm")?.to_owned(),
            nonce: challenge.parameter("nonce")?.to_owned(),
            opaque: challenge.parameter("opaque").map(str::to_owned),
            algorithm,
            written: written.map(str::to_owned),
            is_session,
            has_quality: qualities.is_some(),
            chance: hex::encode(chance),
        })
    }

    /// RFC 7616, section 3.4.
    fn value(&self, credentials: &Credentials, method: &str, uri: &str) -> String {
        let Self { realm, nonce, .. } = self;
        let response = self.response(credentials, method, uri);
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            Quoted(&credentials.user),
            Quoted(realm),
            Quoted(nonce),
            Quoted(uri),
        );
        if let Some(algorithm) = &self.written {
            value += &format!(", algorithm={algorithm}");
        }
        if let Some(opaque) = &self.opaque {
            value += &format!(", opaque={}", Quoted(opaque));
        }
        if self.has_quality {
            value += &format!(", qop=auth, nc=00000001, cnonce=\"{}\"", self.chance);
        }
        value
    }

    /// RFC 7616, section 3.4.1: the response; without quality of protection that of RFC 2069.
    fn response(&self, credentials: &Credentials, method: &str, uri: &str) -> String {
        let Self {
            realm,
            nonce,
            chance,
            algorithm,
            ..
        } = self;
        let Credentials { user, password } = credentials;
        let mut secret = algorithm.hash(&format!("{user}:{realm}:{password}"));
        if self.is_session {
            secret = algorithm.hash(&format!("{secret}:{nonce}:{chance}"));
        }
        let asked = algorithm.hash(&format!("{method}:{uri}"));
        algorithm.hash(&match self.has_quality {
            true => format!("{secret}:{nonce}:00000001:{chance}:auth:{asked}"),
            false => format!("{secret}:{nonce}:{asked}"),
        })
    }
}

impl Algorithm {
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(text)),
            Self::Sha256 => hex::encode(Sha256::digest(text)),
        }
    }
}

/// A string in quotes, RFC 9110, section 5.6.4.
struct Quoted<'a>(&'a str);

impl std::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            user: "Mufasa".to_owned(),
            password: "Circle of Life".to_owned(),
        }
    }

    /// RFC 7616, section 3.9.1.
    #[test]
    fn the_rfcs_examples() {
        let head = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
                    nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                    opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", algorithm=";
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let challenges = Challenge::parse(format!("{head}{algorithm}").as_bytes());
            let Some(Answer::Digest(mut digest)) = Answer::to(&challenges, [0; 16]) else {
                panic!("{algorithm} is not answered");
            };
            digest.chance = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".to_owned();
            let value = digest.value(&credentials(), "GET", "/dir/index.html");
            assert!(value.contains(response), "{value}");
            assert!(value.contains("qop=auth, nc=00000001"), "{value}");
        }
    }

    #[test]
    fn the_strongest_is_answered() {
        for (asked, answered) in [
            ("", "none"),
            ("Negotiate", "none"),
            ("Digest realm=x", "none"),
            ("Digest realm=x, nonce=y, qop=\"auth-int\"", "none"),
            ("Digest realm=x, nonce=y, algorithm=SHA-512-256", "none"),
            ("Basic realm=x", "Basic"),
            (
                "Digest realm=x, nonce=y, qop=\"auth-int\", Basic realm=x",
                "Basic",
            ),
            ("Basic realm=x, Digest realm=x, nonce=y", "Md5"),
            (
                "Digest realm=x, nonce=y, algorithm=md5-sess, qop=auth",
                "Md5",
            ),
            (
                "Digest realm=x, nonce=y, algorithm=SHA-256, Digest realm=x, nonce=z, algorithm=MD5",
                "Sha256",
            ),
        ] {
            let shown = match Answer::to(&Challenge::parse(asked.as_bytes()), [7; 16]) {
                None => "none".to_owned(),
                Some(Answer::Basic) => "Basic".to_owned(),
                Some(Answer::Digest(digest)) => format!("{:?}", digest.algorithm),
            };
            assert_eq!(shown, answered, "{asked}");
        }
    }

    #[test]
    fn basic_is_the_pair() {
        let value = Answer::Basic.value(&credentials(), "CONNECT", "h:1");
        assert_eq!(value, "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl");
        assert!(!format!("{:?}", credentials()).contains("Circle"));
    }
}
