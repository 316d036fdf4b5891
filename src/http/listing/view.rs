//! How a folder is looked at: the query of its page, and the links to other views of it.

use std::fmt;

use super::super::media_type::MediaType;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Which column a listing is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// In the order of people: `file 9` before `file 10`.
    #[default]
    Name,
    /// In bytes.
    Size,
    /// When it was changed.
    Date,
}

/// A format in which a folder can be had as one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// tar, as GNU writes it
    Tar,
    /// ZIP
    Zip,
}

/// What the query of a listing asks for; whatever else it says is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// `sort`
    pub sort: Sort,
    /// `order=desc`
    pub descending: bool,
    /// `q`: what a name must contain, in small or capital letters.
    pub filter: String,
    /// `archive`: not the listing, but all that is in the folder.
    pub archive: Option<Format>,
    /// Whether it asks for an archive at all, in a format that there is or not.
    pub wants_archive: bool,
}

impl View {
    /// The view of a query (`sort=size&order=desc`), as forms write it (URL Standard, section 5.1).
    pub fn parse(query: Option<&str>) -> Self {
        let mut view = Self::default();
        for pair in query.unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (name, value) {
                ("sort", "name") => view.sort = Sort::Name,
                ("sort", "size") => view.sort = Sort::Size,
                ("sort", "date") => view.sort = Sort::Date,
                ("order", order) => view.descending = order == "desc",
                ("archive", format) => {
                    view.wants_archive = true;
                    view.archive = Format::of(format);
                }
                ("q", text) => view.filter = decoded(text),
                _ => {}
            }
        }
        view
    }

    /// The same names sorted by a column, the other way round where they are already sorted by it. The largest and the
    /// newest are what people look for first.
    pub(super) fn sorted_by(&self, sort: Sort) -> Self {
        let descending = match sort == self.sort {
            true => !self.descending,
            false => sort != Sort::Name,
        };
        Self {
            sort,
            descending,
            ..self.clone()
        }
    }
}

impl Sort {
    /// As the query says it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Date => "date",
        }
    }
}

impl Format {
    /// The format of a word; `None` for one that there is not.
    fn of(word: &str) -> Option<Self> {
        match word {
            "tar" => Some(Self::Tar),
            "zip" => Some(Self::Zip),
            _ => None,
        }
    }

    /// Content-Type: an archive is a file to be kept.
    pub fn media_type(self) -> MediaType {
        match self {
            Self::Tar => MediaType::TAR,
            Self::Zip => MediaType::ZIP,
        }
    }

    /// `tar` or `zip`
    pub fn extension(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Zip => "zip",
        }
    }
}

/// The view as a relative link, `?sort=size&order=desc`.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.descending { "desc" } else { "asc" };
        write!(f, "?sort={}&order={order}", self.sort.word())?;
        if !self.filter.is_empty() {
            let filter = utf8_percent_encode(&self.filter, NON_ALPHANUMERIC);
            write!(f, "&q={filter}")?;
        }
        Ok(())
    }
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode(spaced.as_bytes()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let plain = View::default();
        for query in [
            "",
            "&&&",
            "=",
            "sort",
            "sort=",
            "sort=owner",
            "order=asc",
            "a=b&sort=%6eame",
        ] {
            assert_eq!(View::parse(Some(query)), plain, "{query}");
        }
        assert_eq!(View::parse(None), plain);
        let view = View::parse(Some("q=a%20b%2B+%3Cscript%3E%ff%&order=desc&sort=date"));
        assert_eq!(view.filter, "a b+ <script>\u{fffd}%");
        assert_eq!((view.sort, view.descending), (Sort::Date, true));
        let archive = View::parse(Some("archive=zip")).archive;
        assert_eq!(archive, Some(Format::Zip));
        for (query, wanted) in [
            ("archive=rar", true),
            ("archive", true),
            ("x=archive", false),
        ] {
            let view = View::parse(Some(query));
            assert_eq!(
                (view.archive, view.wants_archive),
                (None, wanted),
                "{query}"
            );
        }
    }

    #[test]
    fn a_link_says_what_it_means() {
        let view = View {
            sort: Sort::Size,
            descending: true,
            filter: "\"><b>&+ä".to_owned(),
            ..View::default()
        };
        let link = view.to_string();
        assert_eq!(link, "?sort=size&order=desc&q=%22%3E%3Cb%3E%26%2B%C3%A4");
        assert_eq!(View::parse(link.strip_prefix('?')), view);
        assert!(!view.sorted_by(Sort::Size).descending);
        assert!(view.sorted_by(Sort::Date).descending);
        assert!(!view.sorted_by(Sort::Name).descending);
    }
}
