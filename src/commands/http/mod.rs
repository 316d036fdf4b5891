//! `sockkit http`: the tutorial's server, and the files of a directory.

mod announce;
mod browser;
mod exec;
mod inspect;
mod limits;
mod listen;
mod listing;
mod log;
mod logins;
mod printer;
mod sandbox;
mod site;
mod tls;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use self::announce::AnnounceArgs;
use self::exec::ExecArgs;
use self::inspect::InspectArgs;
use self::limits::LimitArgs;
use self::listen::{ListenArgs, ListenAt, Opened};
use self::listing::ListingArgs;
use self::log::LogArgs;
use self::logins::Logins;
use self::sandbox::SandboxArgs;
use self::site::{Place, Reach, SiteArgs};
use self::tls::TlsArgs;
use super::Desk;
use crate::args::{FamilyArgs, PortArgs, SocketArgs, combine, duration};
use crate::engine::Expired;
use crate::http::Site;
use crate::net::{Address, CallError, Endpoint, Family, Host, HostPort, Socket, reason};
use crate::output::{Exit, Usage, Warning};
use crate::server::{
    Archives, CallLog, Crew, Entered, Gate, Grant, Guard, Home, Later, Measure, Observer, Says,
    Service,
};

/// What is answered where nothing else was asked for.
const GREETING: &str = "Hello world!";

/// Serve HTTP: a text on every path, or the files of a directory
///
/// Without DIR every GET is answered with `Hello world!`, whatever its path; with --status, --echo or --inspect every other method is too. Each request is printed on stdout. Once it listens, the server gives up its privileges and whatever it does not serve (Landlock): -v says what.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Http {
    /// The directory whose files are served, or a file that is served alone
    dir: Option<PathBuf>,
    /// HOST:PORT, *:PORT, PORT, HOST, /path, ./path, @name, fd:N or fd:systemd [default: 127.0.0.1:8082]
    #[arg(value_name = "ADDR", conflicts_with = "listen")]
    addr: Option<String>,
    /// The port, where ADDR is a host alone
    #[arg(value_name = "PORT")]
    second: Option<String>,
    /// Answer on every path with this text [default: Hello world!]
    #[arg(long, value_name = "STR")]
    text: Option<String>,
    /// The host to listen on: a name, an address, or * for all
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The port to listen on, 0 for any
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// The address, where there is no DIR
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["host", "port"])]
    listen: Option<String>,
    #[command(flatten)]
    family: FamilyArgs,
    #[command(flatten)]
    socket: SocketArgs,
    /// End after D, whatever happens: 500ms, 2s, 1m, or seconds
    #[arg(long, value_name = "D", value_parser = duration)]
    deadline: Option<Duration>,
    #[command(flatten)]
    ready: PortArgs,
    #[command(flatten)]
    listing: ListingArgs,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    listening: ListenArgs,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    inspect: InspectArgs,
    #[command(flatten)]
    exec: ExecArgs,
    #[command(flatten)]
    announcement: AnnounceArgs,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

/// What the words without a flag are.
struct Words<'a> {
    dir: Option<&'a Path>,
    /// The address in one word, or its host.
    addr: Option<&'a str>,
    /// Its port, where it stands apart.
    second: Option<&'a str>,
}

const EXAMPLES: &str = "\
Examples:
  sockkit http                       greet with Hello world! on http://127.0.0.1:8082/
  sockkit http . 8000                the files of this directory, for this machine only
  sockkit http site :8000            the same for everyone, IPv4 and IPv6
  sockkit http . --upload            take files too: curl -T file http://127.0.0.1:8082/
  sockkit http app --spa --cors      an application of one page, for pages of other origins too
  sockkit http . :80 --auth @.users  only for those of a file with lines like ada:secret
  sockkit http . --tls               over TLS, with a temporary certificate
  sockkit http --explain             see accept, recv, send and close as they happen
  sockkit http --text ok -q          an answer for health checks, and nothing printed
  sockkit http --inspect             show webhooks live on http://127.0.0.1:8082/.sockkit/
  sockkit http --status 503 --delay 2s --drop 10%    a bad day, to test a client with
  sockkit http --exec -- date        the output of a command, made for each request";

impl Http {
    /// Listen and serve until a signal, or the deadline.
    pub fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        desk.output.outlet().forgive()?;
        let Words { dir, addr, second } = self.words()?;
        let account = self.sandbox.account()?;
        let place = self.site.place(dir)?;
        let site = self.site.site(place.as_ref(), self.text())?;
        let logins = self.site.users()?;
        let users = logins.as_ref().map(Logins::read).transpose()?;
        let home = self.home(place.as_ref())?;
        if let Some(place) = &place {
            self.site.check_targets(place)?;
            let users = logins.iter().flat_map(Logins::files);
            self.site
                .check_secrets(place, users.chain(self.tls.key()))?;
        }
        let gateway = self.exec.gateway(&desk.output)?;
        let calls = self.inspect.inspect.then(CallLog::default);
        let desk = &match &calls {
            Some(calls) => Desk {
                explain: calls.beside(&desk.explain),
                ..desk.clone()
            },
            None => desk.clone(),
        };
        let at = self.listen_at(addr, second)?;
        let tls = self.tls.open(&at, desk)?;
        let is_handed = at.is_inherited();
        let Opened { listeners, file } = self.listen(at, desk)?;
        let everywhere = listeners.iter().any(|listener| listener.everywhere);
        let (sockets, locals): (Vec<Socket>, Vec<Address>) = listeners
            .into_iter()
            .map(|listener| (listener.socket, listener.local))
            .unzip();
        self.announcement
            .open(self.tls.scheme(), (&locals, everywhere), desk)?;
        let terms = self.limits.terms(is_handed);
        let crew = Crew::new(sockets, terms)?;
        self.ready(&locals, desk)?;
        // Commands that are run need more than what is served.
        let reach = place.as_ref().map(|place| self.site.reach(place, &site));
        let grants = gateway
            .is_none()
            .then(|| self.grants(reach.as_ref(), &locals));
        let later = self.later(reach, logins.as_ref());
        let Entered { measures, keeper } = self.sandbox.enter(grants, later, account)?;
        let keeper = keeper.map(Arc::new);
        let home = home.map(|home| Arc::new(home.kept_by(keeper.clone())));
        if let (Some(place), Some(home)) = (&place, &home) {
            check(home, &place.directory)?;
        }
        let source = logins.and_then(Logins::source);
        let guard = users.map(|users| Guard::new(users, source)).transpose();
        let guard = guard.context("a thread for passwords")?.map(Arc::new);
        let found = home.as_ref().and_then(|home| home.measure());
        let measures = measures.into_iter().chain(found).collect();
        self.announce((&locals, everywhere), measures, desk)?;
        self.inspect.announce(&locals, tls.is_some(), desk)?;

        let site = Site {
            listing: self.listing.is_on(),
            archives: self.listing.archive,
            is_plain: self.listing.no_compress,
            ..site
        };
        let archives = Archives::default();
        let output = &desk.output;
        let has_files = home.is_some();
        let is_on = self.log.is_on(has_files, output);
        let service = || {
            let observer: Box<dyn Observer> = match &calls {
                Some(_) => Box::new(self.inspect.printer(output.clone(), is_on)),
                None => self.log.observer(has_files, self.site.is_guarded(), output),
            };
            let service = Service::new(site.clone(), home.clone(), self.limits.limits(), observer)
                .packing_with(archives.clone())
                .guarded(guard.clone())
                .kept_by(keeper.clone())
                .behind(Gate::new(tls.as_ref(), self.listening.proxy_protocol));
            let ends = ExecArgs::ends(&locals, tls.is_some(), site.is_guarded);
            let says = match &gateway {
                Some(gateway) => Some(Says::Exec(Arc::clone(gateway), ends)),
                None if site.text.is_none() => None,
                None => self.inspect.says(self.text.as_deref()),
            };
            let service = self.inspect.shape(service, says);
            match &calls {
                Some(calls) => {
                    let (calls, name) = (calls.clone(), self.host.as_deref());
                    let inspector = InspectArgs::inspector(calls, ends, name);
                    service.inspected(inspector)
                }
                None => service,
            }
        };
        let outlet = is_on.then(|| output.outlet().as_ref());
        let ended = crew.run(
            Self::workers(has_files, desk),
            &service,
            outlet,
            self.deadline,
        );
        drop(file);
        if let Some(gateway) = &gateway {
            gateway.end();
        }
        Ok(Exit::Signal(ended.map_err(|error| late(error, &locals))?))
    }

    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or(GREETING)
    }

    /// What is needed of the file system from here on.
    fn grants(&self, reach: Option<&Reach>, locals: &[Address]) -> Vec<(PathBuf, Grant)> {
        let mut grants = reach.map(Reach::files).unwrap_or_default();
        // The socket goes with the server.
        let folders = locals.iter().filter_map(Address::path).map(folder_of);
        grants.extend(folders.map(|folder| (folder, Grant::Remove)));
        grants
    }

    /// What is opened later: what may take the place of DIR, and what SIGHUP has read again.
    fn later(&self, reach: Option<Reach>, logins: Option<&Logins>) -> Option<Later> {
        let mut near = reach.as_ref().map(Reach::near).unwrap_or_default();
        let files = logins.into_iter().flat_map(Logins::files);
        // They may be other ones by then.
        let folders = self.tls.files().chain(files).map(folder_of);
        near.extend(folders.map(|folder| (folder, Grant::Read)));
        let files = move || reach.as_ref().map(Reach::files).unwrap_or_default();
        (!near.is_empty()).then(|| Later {
            near,
            files: Box::new(files),
        })
    }

    fn announce(
        &self,
        (locals, everywhere): (&[Address], bool),
        measures: Vec<Measure>,
        desk: &Desk,
    ) -> anyhow::Result<()> {
        if let Some(message) = self.site.warning(locals, self.tls.is_on()) {
            desk.output.tell(&Warning { message })?;
        }
        self.announcement
            .tell(self.tls.scheme(), (locals, everywhere), desk)?;
        Ok(sandbox::tell(measures, desk)?)
    }

    /// One for each core; the tutorial's server is one loop, and so is one that is to be followed call by call.
    fn workers(has_files: bool, desk: &Desk) -> usize {
        match has_files && desk.explain.is_silent() {
            true => thread::available_parallelism().map_or(1, NonZero::get),
            false => 1,
        }
    }

    fn home(&self, place: Option<&Place>) -> Result<Option<Home>, Usage> {
        let Some(Place { directory: dir, .. }) = place else {
            return Ok(None);
        };
        let refused = |error: CallError| {
            let why = format!("{} {}: {}", error.call, error.on, reason(&error.cause));
            Usage::new(why, hint_for(dir))
        };
        let home = Home::open(dir, self.site.follows_links());
        home.map(Some).map_err(refused)
    }

    /// DIR and ADDR: where no directory is served, the words are the address.
    fn words(&self) -> Result<Words<'_>, Usage> {
        let (addr, second) = (self.addr.as_deref(), self.second.as_deref());
        let answers = self.exec.is_on()?
            || self.text.is_some()
            || self.site.single.is_some()
            || self.inspect.answers()
            || (self.inspect.inspect && self.dir.as_deref().is_some_and(is_address));
        let Some(dir) = self.dir.as_deref().filter(|_| answers) else {
            let dir = self.dir.as_deref();
            return Ok(Words { dir, addr, second });
        };
        let is_free = second.is_none() && self.listen.is_none() && !dir.is_dir();
        let word = dir.to_str().filter(|_| is_free).map(|word| Words {
            dir: None,
            addr: Some(word),
            second: addr,
        });
        word.ok_or_else(|| {
            let why = format!(
                "{}: what is answered has nothing to do with a directory",
                dir.display()
            );
            Usage::new(
                why,
                "DIR alone, or ADDR alone with --text, --status, --echo, --single or --exec",
            )
        })
    }

    fn listen_at(&self, addr: Option<&str>, second: Option<&str>) -> anyhow::Result<ListenAt> {
        let word = self.listen.as_deref().or(addr);
        let (host, port) = (self.host.as_deref(), self.port.as_deref());
        let is_apart = host.or(port).or(second).is_some();
        self.listening
            .place(word, is_apart, || combine(word, second, host, port))
    }

    fn listen(&self, at: ListenAt, desk: &Desk) -> anyhow::Result<Opened> {
        let preparation = self.socket.parse()?;
        let prepare = |socket: &Socket, family: Family| {
            // Handed on to every connection that is accepted, and so costs no call there, tcp(7).
            if family != Family::Unix {
                socket.set_int(libc::IPPROTO_TCP, libc::TCP_NODELAY, 1)?;
            }
            preparation.apply(socket)
        };
        self.listening
            .open(at, self.family.family(), &prepare, desk)
    }

    /// Tell those who wait for a file or a descriptor.
    fn ready(&self, locals: &[Address], desk: &Desk) -> anyhow::Result<()> {
        let port = locals.iter().find_map(Address::inet);
        self.ready.announce(port.map(|address| address.port()))?;
        // The sandbox would keep it from a socket with an abstract name.
        listen::tell_manager(desk)
    }
}

/// Whether a word where DIR stands is no name of a file, and could be an address.
fn is_address(word: &Path) -> bool {
    let is_free = !word.exists() && word.parent() == Some(Path::new(""));
    is_free
        && word.to_str().is_some_and(|word| {
            let port = word.rsplit(':').next().unwrap_or(word);
            port.parse::<u16>().is_ok()
        })
}

/// The deadline with what it was for.
fn late(error: anyhow::Error, locals: &[Address]) -> anyhow::Error {
    let all: Vec<String> = locals.iter().map(ToString::to_string).collect();
    match error.downcast::<Expired>() {
        Ok(expired) => expired
            .on(format_args!("listen on {}", all.join(", ")))
            .into(),
        Err(error) => error,
    }
}

/// What root could read by its privileges is no use to a server that has given them up.
fn check(home: &Home, dir: &Path) -> Result<(), Usage> {
    let refused = |error: CallError| {
        let why = format!("open {}: {}", dir.display(), reason(&error.cause));
        let hint = "the server has given up root's privileges: --user OWNER, or --no-sandbox";
        Usage::new(why, hint)
    };
    home.check().map_err(refused)
}

/// The directory that a file lies in.
fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A number, or a word with a port, was hardly meant for a directory.
fn hint_for(dir: &Path) -> String {
    if let Some(origin) = dir.to_str().filter(|word| word.contains("://")) {
        return format!("an origin stands behind the = of its flag: --cors={origin}");
    }
    match dir.to_str().and_then(address_of) {
        Some(address) => format!("an address goes after DIR, or: --listen {address}"),
        None => "DIR is a directory that this user may read".to_owned(),
    }
}

/// The address that a word was meant for, as it is written.
fn address_of(word: &str) -> Option<String> {
    let is_local = word.starts_with("fd:") || word.ends_with(".sock");
    match Endpoint::parse(word) {
        Ok(Endpoint::Network(HostPort { port: Some(_), .. })) => Some(word.to_owned()),
        Ok(Endpoint::Network(HostPort {
            host: Host::Literal(..),
            ..
        })) => Some(word.to_owned()),
        _ if is_local => Some(word.to_owned()),
        // An IPv6 address without brackets.
        Err(error) => error.hint.filter(|hint| hint.starts_with('[')),
        Ok(_) => None,
    }
}
