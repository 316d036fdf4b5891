//! Flags of what is served and how: which file a path stands for, what every answer has, who is let in, what may be left.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf, absolute};
use std::time::Duration;

use clap::Args;

use super::logins::Logins;
use crate::args::{duration, size};
use crate::http::{Cors, Layout, Single, Site, Uploads, field_line};
use crate::net::Address;
use crate::output::Usage;
use crate::server::Grant;

/// How many bytes one request may leave.
const UPLOAD_LIMIT: u64 = 1 << 30;

/// What is served of a directory, and how.
#[derive(Args, Debug)]
#[command(next_help_heading = "Files")]
pub(super) struct SiteArgs {
    /// The file that a folder is answered with, the first of these that is there [default: index.html]
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "dir")]
    index: Vec<String>,
    /// Serve names that begin with a dot too
    #[arg(long, requires = "dir")]
    hidden: bool,
    /// Follow links that lead out of DIR
    #[arg(long, requires = "dir")]
    follow_links: bool,
    /// Answer with FILE where nothing is found, for an application of one page [default: index.html]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "index.html", requires = "dir")]
    spa: Option<String>,
    /// Serve page.html as page, and redirect from the one to the other
    #[arg(long, requires = "dir")]
    clean_urls: bool,
    /// Answer with FILE and status 404 where nothing is found
    #[arg(long = "404", value_name = "FILE", requires = "dir")]
    not_found: Option<String>,
    /// Serve this one file, as / and by its name
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub(super) single: Option<PathBuf>,
    /// Serve each host its own folder: DIR/HOSTNAME, in lower case
    #[arg(long, requires = "dir")]
    vhost: bool,
    /// Let pages of ORIGIN read the answers, those of all without it
    #[arg(long, value_name = "ORIGIN", num_args = 0..=1, require_equals = true, default_missing_value = "*", value_delimiter = ',')]
    cors: Vec<String>,
    /// Add a field to every answer: 'Name: value'
    #[arg(long, value_name = "FIELD")]
    header: Vec<String>,
    /// How long files may be kept without asking again (Cache-Control), 0 for not at all [default: no-cache, ask each time]
    #[arg(long, value_name = "D", value_parser = duration)]
    cache: Option<Duration>,
    /// Let in only those with LOGIN: USER:PASS, or @FILE of such lines; PASS may be a bcrypt or argon2 hash; the file is read again on SIGHUP [env: SOCKKIT_AUTH]
    #[arg(long, value_name = "LOGIN")]
    auth: Vec<String>,
    /// Take files by PUT and by form, below FOLDER of DIR [default: all of DIR]; pages of other sites may not leave any, unless their name leads to this machine (DNS rebinding): --auth keeps those out too
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true, default_missing_value = "", requires = "dir")]
    upload: Option<String>,
    /// How many bytes a request may leave at most [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "upload")]
    upload_limit: Option<u64>,
    /// Let an upload replace a file
    #[arg(long, requires = "upload")]
    overwrite: bool,
}

/// The files that are in reach.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    root: PathBuf,
    /// From where its name leads there, where that is no name from the root of the file system on.
    start: Option<PathBuf>,
    /// Whether links may lead out of it.
    is_wide: bool,
    /// Below which folder of it uploads are taken; `None` where none are.
    uploads: Option<String>,
}

/// Where the files are.
#[derive(Debug)]
pub(super) struct Place {
    /// The directory that is the root.
    pub(super) directory: PathBuf,
    /// The one file of it that is served; `None` for all.
    single: Option<Single>,
}

impl SiteArgs {
    /// Where the files are, if there are any: beneath DIR, or one alone.
    pub(super) fn place(&self, dir: Option<&Path>) -> Result<Option<Place>, Usage> {
        match (&self.single, dir) {
            (Some(file), _) => alone(file).map(Some),
            (None, Some(dir)) if dir.is_file() => {
                let place = alone(dir)?;
                match self.wants_folder() {
                    false => Ok(Some(place)),
                    true => Err(Usage::new(
                        format!("{} is a file", dir.display()),
                        "this flag is for a directory",
                    )),
                }
            }
            (None, Some(dir)) => Ok(Some(Place {
                directory: dir.to_owned(),
                single: None,
            })),
            (None, None) => Ok(None),
        }
    }

    /// Whether links may lead out of the root.
    pub(super) fn follows_links(&self) -> bool {
        self.follow_links
    }

    /// What is offered; `text` where there are no files.
    pub(super) fn site(&self, place: Option<&Place>, text: &str) -> Result<Site, Usage> {
        Ok(Site {
            text: place.is_none().then(|| text.to_owned()),
            layout: self.layout(place)?,
            uploads: self.uploads()?,
            fields: self.fields()?,
            cache: self.cache,
            cors: self.cors()?,
            is_guarded: self.is_guarded(),
            ..Site::default()
        })
    }

    /// Whom to let in; `None` for everyone.
    pub(super) fn users(&self) -> Result<Option<Logins>, Usage> {
        Logins::of(&self.auth)
    }

    /// What is in reach while the files of `place` are served.
    pub(super) fn reach(&self, place: &Place, site: &Site) -> Reach {
        let directory = &place.directory;
        Reach {
            root: absolute(directory).unwrap_or_else(|_| directory.clone()),
            start: env::current_dir().ok().filter(|_| directory.is_relative()),
            is_wide: self.follow_links,
            uploads: site.uploads.as_ref().map(|uploads| match self.vhost {
                // Each host has a folder of that name.
                true => String::new(),
                false => uploads.folder.clone(),
            }),
        }
    }

    /// What to be warned of: a password that everyone on the way can read.
    pub(super) fn warning(&self, locals: &[Address], is_encrypted: bool) -> Option<String> {
        let is_open = locals
            .iter()
            .filter_map(Address::inet)
            .any(|address| !address.ip().is_loopback());
        (self.is_guarded() && is_open && !is_encrypted).then(|| {
            "passwords cross the network as they are: --tls keeps them from others".to_owned()
        })
    }

    /// Whether it is asked who comes.
    pub(super) fn is_guarded(&self) -> bool {
        !self.auth.is_empty() || Logins::are_in_environment()
    }

    /// Whether a flag is there that makes no sense for one file.
    fn wants_folder(&self) -> bool {
        let files = [&self.spa, &self.not_found, &self.upload];
        !self.index.is_empty()
            || self.vhost
            || self.clean_urls
            || files.iter().any(|file| file.is_some())
    }

    /// What is named beneath DIR has to be there: a name that is mistyped would show at the first request that needs it.
    pub(super) fn check_targets(&self, place: &Place) -> Result<(), Usage> {
        let directory = &place.directory;
        if self.vhost {
            // Each host has its own.
            return Ok(());
        }
        let missing = |flag: &str, name: &str, what: &str| {
            let why = format!(
                "{flag} {name}: there is no such {what} in {}",
                directory.display()
            );
            Usage::new(
                why,
                "it is looked for in DIR, wherever the program is started",
            )
        };
        for (flag, name) in [("--404", &self.not_found), ("--spa", &self.spa)] {
            if let Some(name) = name.as_ref().filter(|name| !directory.join(name).is_file()) {
                return Err(missing(flag, name, "file"));
            }
        }
        let folder = self.upload.as_ref();
        match folder.filter(|name| !directory.join(name).is_dir()) {
            Some(name) => Err(missing("--upload", name, "folder")),
            None => Ok(()),
        }
    }

    /// What keeps others out must not be handed to them: no file of passwords or key lies beneath DIR, unless its name is
    /// one that is not served.
    pub(super) fn check_secrets<'a>(
        &self,
        place: &Place,
        mut files: impl Iterator<Item = &'a Path>,
    ) -> Result<(), Usage> {
        let Ok(root) = place.directory.canonicalize() else {
            return Ok(());
        };
        let is_served = |file: &&Path| {
            let file = file.canonicalize().ok();
            let name = file
                .as_deref()
                .and_then(|file| file.strip_prefix(&root).ok());
            let is_dot = |part: &OsStr| part.as_encoded_bytes().starts_with(b".");
            name.is_some_and(|name| self.hidden || !name.iter().any(is_dot))
        };
        match files.find(is_served).filter(|_| place.single.is_none()) {
            None => Ok(()),
            Some(file) => Err(Usage::new(
                format!(
                    "{} lies in DIR, and would be served like any other file",
                    file.display()
                ),
                "it belongs elsewhere, or has a name that begins with a dot",
            )),
        }
    }

    fn layout(&self, place: Option<&Place>) -> Result<Layout, Usage> {
        let index = match self.index.as_slice() {
            [] => Layout::default().index,
            names => names
                .iter()
                .map(|name| relative("--index", name))
                .collect::<Result<_, _>>()?,
        };
        let file = |flag, name: &Option<String>| {
            name.as_ref().map(|name| relative(flag, name)).transpose()
        };
        Ok(Layout {
            index,
            hidden: self.hidden,
            clean_urls: self.clean_urls,
            shell: file("--spa", &self.spa)?,
            not_found: file("--404", &self.not_found)?,
            single: place.and_then(|place| place.single.clone()),
            vhosts: self.vhost,
        })
    }

    fn uploads(&self) -> Result<Option<Uploads>, Usage> {
        let Some(folder) = &self.upload else {
            return Ok(None);
        };
        let folder = match folder.trim_end_matches('/') {
            "" | "." => String::new(),
            folder => relative("--upload", folder)?,
        };
        Ok(Some(Uploads {
            folder,
            limit: self.upload_limit.unwrap_or(UPLOAD_LIMIT),
            overwrite: self.overwrite,
        }))
    }

    fn fields(&self) -> Result<String, Usage> {
        let line = |word: &String| {
            field_line(word).map_err(|error| {
                let hint = "--header 'Name: value', once for each field";
                Usage::new(format!("--header {word}: {error}"), hint)
            })
        };
        self.header.iter().map(line).collect()
    }

    fn cors(&self) -> Result<Option<Cors>, Usage> {
        if self.cors.is_empty() {
            return Ok(None);
        }
        let nobody = Cors::Origins(Vec::new());
        let mut words = self.cors.iter();
        let cors = words.try_fold(nobody, |cors, word| cors.with(word).ok_or(word));
        cors.map(Some).map_err(|word| {
            let hint =
                "an origin is a scheme, a host and perhaps a port: --cors=https://example.com";
            Usage::new(format!("--cors={word}: this is no origin"), hint)
        })
    }
}

impl Reach {
    /// As it stands there now.
    pub(super) fn files(&self) -> Vec<(PathBuf, Grant)> {
        let root = match self.is_wide {
            true => PathBuf::from("/"),
            false => self.root.clone(),
        };
        let mut files = vec![(root, Grant::Read)];
        if let Some(uploads) = &self.uploads {
            let folder = self.root.join(uploads);
            // One that is not there yet has no place to hold on to.
            let is_there = folder.is_dir();
            files.push((
                if is_there { folder } else { self.root.clone() },
                Grant::Write,
            ));
        }
        files
    }

    /// Where another directory of that name may turn up: beside it, and beneath where the server was started, as a build
    /// may make the folders above it anew too.
    pub(super) fn near(&self) -> Vec<(PathBuf, Grant)> {
        let grant = match self.uploads {
            Some(_) => Grant::Write,
            None => Grant::Read,
        };
        let real = self.root.canonicalize().ok();
        let places = [Some(&self.root), real.as_ref()].into_iter().flatten();
        let mut near: Vec<(PathBuf, Grant)> = places
            .map(|place| (place.parent().unwrap_or(place).to_owned(), grant))
            .collect();
        let is_above = |start: &&PathBuf| {
            let is_beneath = real.as_ref().is_some_and(|real| real.starts_with(start));
            is_beneath && start.parent().is_some()
        };
        let start = self.start.iter().filter(is_above).cloned();
        near.extend(start.map(|start| (start, grant)));
        near.dedup();
        near
    }
}

/// A file as the only one beneath its directory. Whoever names it means it, wherever links lead from there.
fn alone(file: &Path) -> Result<Place, Usage> {
    let refused = |why: &str| {
        let why = format!("{}: {why}", file.display());
        Usage::new(why, "FILE is a file that this user may read")
    };
    let real = file
        .canonicalize()
        .map_err(|error| refused(&crate::net::reason(&error)))?;
    let is_file = real.is_file();
    match (real.parent(), real.file_name(), file.file_name()) {
        (Some(directory), Some(target), name) if is_file => Ok(Place {
            directory: directory.to_owned(),
            single: Some(Single {
                name: name.unwrap_or(target).as_encoded_bytes().to_vec(),
                file: target.as_encoded_bytes().to_vec(),
            }),
        }),
        _ => Err(refused("not a file")),
    }
}

/// A name beneath the root, written without dots that lead elsewhere.
fn relative(flag: &str, name: &str) -> Result<String, Usage> {
    let name = name.strip_prefix("./").unwrap_or(name);
    let is_beneath = !name.is_empty()
        && !name.contains('\0')
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    match is_beneath {
        true => Ok(name.to_owned()),
        false => Err(Usage::new(
            format!("{flag} {name}: not a name beneath DIR"),
            "it is looked for in DIR, wherever the program is started",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_beneath() {
        for name in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            ".",
            "./",
        ] {
            assert!(relative("--404", name).is_err(), "{name}");
        }
        for (name, meant) in [
            ("a", "a"),
            ("./a", "a"),
            ("a/b.html", "a/b.html"),
            (".hidden", ".hidden"),
        ] {
            assert_eq!(
                relative("--404", name).ok().as_deref(),
                Some(meant),
                "{name}"
            );
        }
    }
}
