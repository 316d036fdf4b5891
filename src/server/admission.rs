//! Who may come in: how many connections there are, in all and from one address. Pure: a worker asks, and says who left.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::net::Address;

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// In all.
    pub all: usize,
    /// From one IPv4 address, or one /64 of IPv6; `None` without limit.
    pub per_address: Option<usize>,
}

/// Why a client is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowded {
    /// There are as many as there may be.
    Full,
    /// There are as many from its address.
    Address,
}

/// The connections that are there. Those of local sockets have no address and count for the whole alone.
#[derive(Debug)]
pub(super) struct Admission {
    places: Places,
    taken: usize,
    /// Never more entries than connections; hashed with a secret, as clients choose their /64.
    from: HashMap<Origin, usize>,
}

/// What a client that was let in gives back when it leaves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pass(Option<Origin>);

/// Who counts as one: whoever has one IPv6 address has 2^64 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    V4(Ipv4Addr),
    V6(u64),
}

impl Admission {
    /// Nobody is there.
    pub(super) fn new(places: Places) -> Self {
        Self {
            places,
            taken: 0,
            from: HashMap::new(),
        }
    }

    /// Let a client in, who then has to [`leave`](Self::leave).
    pub(super) fn enter(&mut self, peer: &Address) -> Result<Pass, Crowded> {
        let counted = self.places.per_address.zip(Origin::of(peer));
        if let Some((limit, origin)) = counted
            && self.from.get(&origin).is_some_and(|there| *there >= limit)
        {
            return Err(Crowded::Address);
        }
        if self.taken >= self.places.all {
            return Err(Crowded::Full);
        }
        self.taken += 1;
        let origin = counted.map(|(_, origin)| origin);
        if let Some(origin) = origin {
            *self.from.entry(origin).or_insert(0) += 1;
        }
        Ok(Pass(origin))
    }

    /// A client that was let in has left.
    pub(super) fn leave(&mut self, pass: Pass) {
        self.taken = self.taken.saturating_sub(1);
        if let Some(origin) = pass.0
            && let Some(there) = self.from.get_mut(&origin)
        {
            *there = there.saturating_sub(1);
            if *there == 0 {
                self.from.remove(&origin);
            }
        }
    }

    /// How many are there.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }
}

impl Origin {
    /// Whose address it is; `None` for a local socket.
    pub(super) fn of(peer: &Address) -> Option<Self> {
        Some(match peer.inet()?.ip().to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::UnixName;

    fn peer(text: &str) -> Address {
        Address::Inet(text.parse().unwrap())
    }

    fn admission(all: usize, per_address: Option<usize>) -> Admission {
        Admission::new(Places { all, per_address })
    }

    fn enter(admission: &mut Admission, peer: &Address) -> Result<(), Crowded> {
        admission.enter(peer).map(drop)
    }

    #[test]
    fn as_many_as_there_may_be() {
        let mut admission = admission(2, None);
        let client = peer("192.0.2.1:1");
        let pass = admission.enter(&client).unwrap();
        assert_eq!(enter(&mut admission, &client), Ok(()));
        assert_eq!(enter(&mut admission, &client), Err(Crowded::Full));
        admission.leave(pass);
        assert_eq!(enter(&mut admission, &client), Ok(()));
        assert_eq!(admission.taken(), 2);
        assert!(admission.from.is_empty());
    }

    #[test]
    fn an_address_is_a_host_whatever_its_form() {
        for (first, second, is_one) in [
            ("192.0.2.1:1", "192.0.2.1:2", true),
            ("192.0.2.1:1", "192.0.2.2:1", false),
            ("192.0.2.1:1", "[::ffff:192.0.2.1]:1", true),
            (
                "[2001:db8:0:1::1]:1",
                "[2001:db8:0:1:ffff:ffff:ffff:ffff]:1",
                true,
            ),
            ("[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1", false),
            ("[::1]:1", "127.0.0.1:1", false),
        ] {
            let mut admission = admission(9, Some(1));
            assert_eq!(enter(&mut admission, &peer(first)), Ok(()));
            let expected = if is_one {
                Err(Crowded::Address)
            } else {
                Ok(())
            };
            assert_eq!(enter(&mut admission, &peer(second)), expected, "{second}");
        }
    }

    #[test]
    fn what_is_turned_away_is_not_counted() {
        let mut admission = admission(3, Some(2));
        let (one, other) = (peer("192.0.2.1:1"), peer("192.0.2.2:1"));
        let passes = [&one, &one, &other].map(|client| admission.enter(client).unwrap());
        assert_eq!(enter(&mut admission, &one), Err(Crowded::Address));
        assert_eq!(enter(&mut admission, &other), Err(Crowded::Full));
        for pass in passes {
            admission.leave(pass);
        }
        assert_eq!((admission.taken(), admission.from.len()), (0, 0));
    }

    #[test]
    fn local_sockets_have_no_address() {
        let mut admission = admission(2, Some(1));
        let local = Address::Unix(UnixName::Unnamed);
        assert_eq!(enter(&mut admission, &local), Ok(()));
        assert_eq!(enter(&mut admission, &local), Ok(()));
        assert_eq!(enter(&mut admission, &local), Err(Crowded::Full));
    }
}
