//! Which entries are shown, and in which order.

use std::cmp::Ordering;

use super::name::shown;
use super::view::{Sort, View};
use super::{Entry, Kind};

/// The entries of a view, in its order.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    rows: Vec<Row<'a>>,
}

/// An entry and its name as it is shown.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) entry: &'a Entry,
    pub(super) shown: String,
    /// The name in small letters, by which it is sorted and found.
    folded: String,
}

/// What there is of it, for the foot of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) folders: u64,
    pub(super) files: u64,
    /// Links that lead nowhere, sockets and the like.
    pub(super) others: u64,
    pub(super) bytes: u64,
}

/// Filter and sort: the folders come first, and what is equal stays in the order of names.
pub(super) fn rows<'a>(entries: &'a [Entry], view: &View) -> Rows<'a> {
    let filter = view.filter.to_lowercase();
    let mut rows: Vec<Row<'_>> = entries.iter().map(Row::new).collect();
    rows.retain(|row| row.folded.contains(&filter));
    rows.sort_unstable_by(|one, other| {
        let folders = one.is_file().cmp(&other.is_file());
        folders.then_with(|| by_view(one, other, view))
    });
    Rows { rows }
}

fn by_view(one: &Row<'_>, other: &Row<'_>, view: &View) -> Ordering {
    let by_column = match view.sort {
        Sort::Name => one.by_name(other),
        Sort::Size => one.size().cmp(&other.size()),
        Sort::Date => one.entry.modified.cmp(&other.entry.modified),
    };
    let ordered = match view.descending {
        true => by_column.reverse(),
        false => by_column,
    };
    ordered.then_with(|| one.by_name(other))
}

impl<'a> Rows<'a> {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for row in &self.rows {
            match row.entry.kind {
                Kind::Directory => totals.folders += 1,
                Kind::File => {
                    totals.files += 1;
                    totals.bytes = totals.bytes.saturating_add(row.entry.size);
                }
                Kind::Broken | Kind::Special => totals.others += 1,
            }
        }
        totals
    }
}

impl<'a> Row<'a> {
    fn new(entry: &'a Entry) -> Self {
        let shown = shown(&entry.name);
        Self {
            entry,
            folded: shown.to_lowercase(),
            shown,
        }
    }

    fn is_file(&self) -> bool {
        self.entry.kind != Kind::Directory
    }

    /// The size of a folder is nothing that anyone sorts by.
    fn size(&self) -> u64 {
        match self.entry.kind {
            Kind::File => self.entry.size,
            _ => 0,
        }
    }

    fn by_name(&self, other: &Self) -> Ordering {
        let natural = natural(self.folded.as_bytes(), other.folded.as_bytes());
        // Two names of a folder are never the same bytes: the order is one, whatever the disk says first.
        natural.then_with(|| self.entry.name.cmp(&other.entry.name))
    }
}

/// Digits in a row count as one number, however many there are.
fn natural(mut one: &[u8], mut other: &[u8]) -> Ordering {
    loop {
        let (a, b) = match (one.split_first(), other.split_first()) {
            (Some((a, _)), Some((b, _))) => (a, b),
            _ => return one.len().cmp(&other.len()),
        };
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (number, rest) = number(one);
            let (other_number, other_rest) = self::number(other);
            let order = number.len().cmp(&other_number.len());
            match order.then_with(|| number.cmp(other_number)) {
                Ordering::Equal => (one, other) = (rest, other_rest),
                order => return order,
            }
        } else if a == b {
            one = one.get(1..).unwrap_or_default();
            other = other.get(1..).unwrap_or_default();
        } else {
            return a.cmp(b);
        }
    }
}

/// The digits in front, without the zeros before them, and what comes behind.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    let start = digits.iter().position(|digit| *digit != b'0');
    let number = digits.get(start.unwrap_or(digits.len())..);
    (number.unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(name: &str, kind: Kind, size: u64, modified: i64) -> Entry {
        Entry {
            name: name.as_bytes().to_vec(),
            kind,
            size,
            modified: Some(modified),
        }
    }

    fn names(entries: &[Entry], query: &str) -> String {
        let rows = rows(entries, &View::parse(Some(query)));
        let names: Vec<&str> = rows.iter().map(|row| row.shown.as_str()).collect();
        names.join(" ")
    }

    #[test]
    fn numbers_count_as_numbers() {
        for (less, more) in [
            ("", "a"),
            ("file 9", "file 10"),
            ("v1.9.2", "v1.10"),
            ("a", "a1"),
            ("007", "8"),
            ("99999999999999999999999998", "99999999999999999999999999"),
            ("1a", "1b"),
            ("a-1", "a1"),
        ] {
            let order = natural(less.as_bytes(), more.as_bytes());
            assert_eq!(order, Ordering::Less, "{less} {more}");
        }
        assert_eq!(natural(b"01", b"1"), Ordering::Equal);
    }

    #[test]
    fn folders_first_and_the_column_next() {
        let entries = [
            entry("b", Kind::File, 1, 3),
            entry("a10", Kind::File, 5, 1),
            entry("A9", Kind::File, 5, 2),
            entry("z", Kind::Directory, 4096, 9),
            entry("Y", Kind::Directory, 4, 8),
        ];
        for (query, expected) in [
            ("", "Y z A9 a10 b"),
            ("order=desc", "z Y b a10 A9"),
            ("sort=size", "Y z b A9 a10"),
            ("sort=size&order=desc", "Y z A9 a10 b"),
            ("sort=date", "Y z a10 A9 b"),
            ("sort=date&order=desc", "z Y b A9 a10"),
            ("q=A", "A9 a10"),
            ("q=nothing", ""),
        ] {
            assert_eq!(names(&entries, query), expected, "{query}");
        }
        let all = rows(&entries, &View::default());
        let totals = Totals {
            folders: 2,
            files: 3,
            others: 0,
            bytes: 11,
        };
        assert_eq!(all.totals(), totals);
    }

    proptest! {
        #[test]
        fn it_is_an_order(names in proptest::collection::vec("[a1-30A.]{0,6}", 3)) {
            let entries: Vec<Entry> = names.iter().map(|name| entry(name, Kind::File, 0, 0)).collect();
            let rows: Vec<Row<'_>> = entries.iter().map(Row::new).collect();
            let [a, b, c] = rows.as_slice() else { panic!() };
            prop_assert_eq!(a.by_name(b), b.by_name(a).reverse());
            if a.by_name(b).is_le() && b.by_name(c).is_le() {
                prop_assert!(a.by_name(c).is_le());
            }
            prop_assert_eq!(a.by_name(b).is_eq(), a.entry.name == b.entry.name);
        }
    }
}
