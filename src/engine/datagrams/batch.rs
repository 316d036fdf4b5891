//! Datagrams that wait to be sent, end to end in one buffer, and how they travel: those of one size behind each other go
//! as a train, which the kernel takes for one and cuts again (UDP_SEGMENT).

use super::super::pump::CHUNK;

/// How many datagrams are gathered at most.
const DATAGRAMS: usize = 1024;
/// How many datagrams a train has at most: UDP_MAX_SEGMENTS of older kernels.
const CARS: usize = 64;
/// How many bytes it has at most: what one datagram may have.
const LONGEST: usize = 65_507;

/// Datagrams, end to end.
#[derive(Debug)]
pub struct Batch {
    memory: Vec<u8>,
    ends: Vec<usize>,
}

/// Datagrams of a batch that go out as one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Train {
    /// Where its bytes begin and end.
    pub bytes: (usize, usize),
    /// How many datagrams it has.
    pub count: usize,
    /// The size of each but the last; `None` where it is a single one.
    pub segment: Option<u16>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            memory: vec![0; CHUNK],
            ends: Vec::with_capacity(DATAGRAMS),
        }
    }
}

impl Batch {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many bytes they have.
    pub fn bytes(&self) -> usize {
        self.used()
    }

    /// Forget them.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// How many bytes there is room for still; nothing, once there are many.
    pub fn room(&self) -> usize {
        match self.len() < DATAGRAMS {
            true => self.memory.len() - self.used(),
            false => 0,
        }
    }

    /// Add one; one that is larger than any room makes it.
    pub fn push(&mut self, datagram: &[u8]) {
        let start = self.used();
        let end = start + datagram.len();
        if self.memory.len() < end {
            self.memory.resize(end, 0);
        }
        if let Some(place) = self.memory.get_mut(start..end) {
            place.copy_from_slice(datagram);
        }
        self.ends.push(end);
    }

    /// Room for what is to be cut into datagrams of `size` bytes: as many as fit, and one at least where there is room
    /// for it.
    pub fn space(&mut self, size: usize) -> &mut [u8] {
        let start = self.used();
        let many = DATAGRAMS
            .saturating_sub(self.len())
            .min(self.room() / size.max(1));
        self.memory
            .get_mut(start..start + many * size)
            .unwrap_or_default()
    }

    /// So many bytes of the space were filled: they are datagrams of `size` bytes, the last one of the rest.
    pub fn fill(&mut self, count: usize, size: usize) {
        let (mut end, all) = (self.used(), self.used() + count);
        while end < all {
            end = (end + size).min(all);
            self.ends.push(end);
        }
    }

    /// Leave so many.
    pub fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
    }

    /// Take the last one out.
    pub fn pop(&mut self) -> Option<Vec<u8>> {
        let end = self.ends.pop()?;
        self.between(self.used(), end).map(<[u8]>::to_vec)
    }

    /// They, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.between(self.start(index), *self.ends.get(index)?))
    }

    /// The bytes of a train.
    pub fn between(&self, start: usize, end: usize) -> Option<&[u8]> {
        self.memory.get(start..end)
    }

    fn used(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn start(&self, index: usize) -> usize {
        index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before).copied())
            .unwrap_or(0)
    }

    /// The message that begins with datagram `first`; `None` behind the last. Without `joins` each goes by itself.
    pub fn train(&self, first: usize, joins: bool) -> Option<Train> {
        let start = self.start(first);
        let mut end = *self.ends.get(first)?;
        let size = end - start;
        let mut count = 1;
        if joins && size > 0 {
            for next in self.ends.iter().skip(first + 1) {
                let length = next - end;
                if length == 0 || length > size || count == CARS || next - start > LONGEST {
                    break;
                }
                (end, count) = (*next, count + 1);
                // A shorter one is the last.
                if length < size {
                    break;
                }
            }
        }
        let segment = u16::try_from(size).ok().filter(|_| count > 1);
        Some(Train {
            bytes: (start, end),
            count,
            segment,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn batch(sizes: &[usize]) -> Batch {
        let mut batch = Batch::default();
        for (index, size) in sizes.iter().enumerate() {
            batch.push(&vec![u8::try_from(index % 256).unwrap(); *size]);
        }
        batch
    }

    /// How many datagrams each message has, and the size that it is cut by.
    fn trains(batch: &Batch, joins: bool) -> Vec<(usize, Option<u16>)> {
        let (mut all, mut first) = (Vec::new(), 0);
        while let Some(train) = batch.train(first, joins) {
            first += train.count;
            all.push((train.count, train.segment));
        }
        all
    }

    #[test]
    fn those_of_one_size_travel_together() {
        let some = batch(&[5, 5, 5, 3, 5, 0, 0, 7, 9, 9]);
        let expected = [
            (4, Some(5)),
            (1, None),
            (1, None),
            (1, None),
            (1, None),
            (2, Some(9)),
        ];
        assert_eq!(trains(&some, true), expected);
        assert_eq!(trains(&some, false), vec![(1, None); 10]);
    }

    #[test]
    fn a_train_has_an_end() {
        let small = batch(&[1; 130]);
        let expected = [(64, Some(1)), (64, Some(1)), (2, Some(1))];
        assert_eq!(trains(&small, true), expected);
        let large = batch(&[30_000; 3]);
        assert_eq!(trains(&large, true), [(2, Some(30_000)), (1, None)]);
    }

    #[test]
    fn a_space_is_cut_by_size() {
        let mut some = Batch::default();
        assert_eq!(some.space(100).len(), 100 * DATAGRAMS);
        assert_eq!(some.space(100_000).len(), 200_000);
        some.space(4)[..10].copy_from_slice(b"0123456789");
        some.fill(10, 4);
        let all: Vec<&[u8]> = some.iter().collect();
        assert_eq!(all, [&b"0123"[..], b"4567", b"89"]);
        assert_eq!((some.pop(), some.len()), (Some(b"89".to_vec()), 2));
    }

    proptest! {
        #[test]
        fn trains_keep_every_boundary(sizes in prop::collection::vec(0_usize..2000, 0..300)) {
            let some = batch(&sizes);
            let (mut cut, mut first) = (Vec::new(), 0);
            while let Some(train) = some.train(first, true) {
                let bytes = some.between(train.bytes.0, train.bytes.1).unwrap();
                match train.segment {
                    Some(segment) => cut.extend(bytes.chunks(segment.into()).map(<[u8]>::to_vec)),
                    None => cut.push(bytes.to_vec()),
                }
                prop_assert!(train.count <= CARS && bytes.len() <= LONGEST);
                first += train.count;
            }
            let whole: Vec<Vec<u8>> = some.iter().map(<[u8]>::to_vec).collect();
            prop_assert_eq!(cut, whole);
        }
    }
}
