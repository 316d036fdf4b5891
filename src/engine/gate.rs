//! Who may connect: rules of networks, of which those that deny win.

use crate::net::{Address, Network};

/// The rules of a listener; by default everybody may come.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// Only these may come; `None` is everybody.
    pub allow: Option<Vec<Network>>,
    /// These may not.
    pub deny: Vec<Network>,
}

impl Gate {
    /// Whether a peer may come in. A local socket's has no address that a rule could name.
    pub fn admits(&self, peer: &Address) -> bool {
        let Some(peer) = peer.inet() else { return true };
        let is_named = |rules: &[Network]| rules.iter().any(|rule| rule.contains(peer.ip()));
        let is_allowed = self.allow.as_deref().is_none_or(is_named);
        is_allowed && !is_named(&self.deny)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(words: &[&str]) -> Vec<Network> {
        let parse = |word: &&str| Network::parse(word).unwrap();
        words.iter().map(parse).collect()
    }

    #[test]
    fn what_denies_wins() {
        let peer = |word: &str| Address::Inet(word.parse().unwrap());
        let inside = peer("10.0.0.1:7");
        let mapped = peer("[::ffff:10.0.0.1]:7");
        let outside = peer("192.0.2.1:7");
        for (allow, deny, admitted) in [
            (None, vec![], [true, true, true]),
            (Some(vec![]), vec![], [false, false, false]),
            (Some(vec!["10.0.0.0/8"]), vec![], [true, true, false]),
            (None, vec!["10.0.0.0/8"], [false, false, true]),
            (
                Some(vec!["0.0.0.0/0"]),
                vec!["10.0.0.1"],
                [false, false, true],
            ),
        ] {
            let gate = Gate {
                allow: allow.as_deref().map(networks),
                deny: networks(&deny),
            };
            let found = [&inside, &mapped, &outside].map(|peer| gate.admits(peer));
            assert_eq!(found, admitted, "{allow:?} {deny:?}");
        }
    }
}
