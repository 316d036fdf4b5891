//! `sockkit unix listen`.

use std::time::Instant;

use clap::Args;

use super::rights::RightsArgs;
use super::target::{TalkArgs, Target, TargetArgs, Type};
use crate::args::{LocalArgs, ReadyArgs};
use crate::commands::Desk;
use crate::commands::datagram::{Conversation, CrowdArgs, Ears, Service};
use crate::commands::endpoint::inherited_listeners;
use crate::commands::privilege::give_up_sockets;
use crate::commands::serve::{Plan, ServeArgs};
use crate::commands::sight::Sight;
use crate::commands::stream::Stream;
use crate::engine::{Answer, Gate, Listener, Reactor};
use crate::net::{Address, BoundPath, Family, Kind, Protocol, Socket, UnixName};
use crate::output::{Exit, Listening, Usage};

/// Listen on a local socket: what arrives goes to stdout, stdin is sent
///
/// Takes one connection and closes the listener; -k serves many at once. With --type dgram every sender is heard, and
/// stdin answers whoever was heard last, or with --to all everybody; or --echo, --reply, --exec and --sh do, a command for
/// each that has a name. With --type seqpacket --count, --lines, --format and their like are for records. The file has
/// mode 0600 and is removed at the end.
#[derive(Args, Debug)]
#[command(after_help = LISTEN_EXAMPLES)]
pub(super) struct Listen {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    local: LocalArgs,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    ready: ReadyArgs,
    #[command(flatten)]
    crowd: CrowdArgs,
    #[command(flatten)]
    rights: RightsArgs,
    #[command(flatten)]
    talk: TalkArgs,
}

const LISTEN_EXAMPLES: &str = "\
Examples:
  sockkit unix listen ./app.sock
  sockkit unix listen ./app.sock -k --replace      many; replaces a dead one
  sockkit unix listen ./app.sock --group staff     its members may connect
  sockkit unix listen ./app.sock --recv-fd -- wc   what is handed over is stdin
  sockkit unix listen @log --type dgram --json     an event per datagram";

impl Listen {
    pub(super) fn run(&self, desk: &Desk) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let kind = self.target.kind.kind();
        self.talk.check(self.target.kind)?;
        let service = self.service(kind)?;
        if self.rights.receives() && self.serve.is_special() {
            let why = "--recv-fd goes on with the descriptor that one connection brings";
            return Err(Usage::new(why, "leave out -k, and what serves many").into());
        }
        if self.target.kind == Type::Seqpacket {
            self.serve.check_records(&self.talk.datagrams)?;
        }
        let plan = self
            .serve
            .plan(self.rights.command(), Gate::default(), &self.talk.stream)?;
        let preparation = self.talk.socket.parse_local()?;
        let rights = self.rights.parse(self.target.kind)?;
        let sight = Sight::open(&self.talk.stream, start, &desk.output)?;
        let mut reactor = Reactor::new()?;
        // From here on a signal is an event, so that the file is removed in every case.
        reactor.catch_signals()?;
        let mut bound: Option<BoundPath> = None;
        let listeners = match self.target.parse()? {
            Target::Inherited(descriptor) => {
                let listeners = inherited_listeners(descriptor, kind, desk)?;
                listeners
                    .iter()
                    .try_for_each(|listener| preparation.apply(&listener.socket))?;
                listeners
            }
            Target::Name(name) => {
                let mut socket = self.target.kind.open(desk)?;
                if kind == Kind::Dgram {
                    let ears = Ears {
                        notes: self.talk.datagrams.wants_notes(desk),
                        credentials: self.rights.shows(),
                        trains: false,
                    };
                    let family = (Family::Unix, Protocol::DEFAULT);
                    ears.prepare(&socket, family, &preparation)?;
                }
                preparation.apply(&socket)?;
                if matches!(name, UnixName::Abstract(_)) && self.local.is_given() {
                    let why = "an abstract name has no file: everybody may connect to it";
                    return Err(Usage::new(
                        why,
                        "a path, or neither --mode, --group, --replace nor --keep-file",
                    )
                    .into());
                }
                bound = self.local.bind(&mut socket, &name, &desk.explain)?;
                if kind.has_connections() {
                    socket.listen(self.serve.backlog())?;
                }
                vec![Listener {
                    socket,
                    local: Address::Unix(name),
                    everywhere: false,
                }]
            }
        };
        let exit = if kind == Kind::Dgram {
            self.hear(&mut reactor, listeners, service, start, desk)
        } else {
            let limit = self.talk.stream.timing.timeout;
            let welcome = |conn, socket: &Socket| rights.welcome(conn, socket, limit, desk);
            let stream = Stream {
                desk,
                args: &self.talk.stream,
                proto: "unix",
                records: self.talk.records(self.target.kind),
                widens: preparation.leaves_sending(),
                start,
                welcome: rights.is_any().then_some(&welcome),
                sight,
                secure: None,
            };
            if self.rights.receives() {
                return self.receive(reactor, listeners, bound, &plan, &stream);
            }
            stream.serve(reactor, listeners, plan, |_| self.ready.announce())
        };
        drop(bound);
        exit
    }

    /// What answers datagrams.
    fn service(&self, kind: Kind) -> anyhow::Result<Service> {
        if kind != Kind::Dgram {
            if self.crowd.is_given() {
                let why = "--to and --expire are for datagrams";
                return Err(Usage::new(why, "--type dgram").into());
            }
            return Ok(self.crowd.service(Answer::Stdin));
        }
        let answer = self.serve.answer(self.rights.command())?;
        if self.crowd.is_stdins() && !matches!(answer, Answer::Stdin) {
            let why = "--to is about what stdin says, which something else answers for";
            return Err(Usage::new(why, "leave it out").into());
        }
        Ok(self.crowd.service(answer))
    }

    /// Take one connection for the descriptor that it brings; the file is for nothing any more.
    fn receive(
        &self,
        mut reactor: Reactor,
        listeners: Vec<Listener>,
        bound: Option<BoundPath>,
        plan: &Plan,
        stream: &Stream<'_>,
    ) -> anyhow::Result<Exit> {
        stream.announce(&listeners, |_| self.ready.announce())?;
        match stream.take_one(&mut reactor, listeners, plan)? {
            Err(signal) => Ok(Exit::Signal(signal)),
            Ok(connection) => {
                drop(bound);
                let timing = self.talk.stream.timing;
                self.rights.go_on(&mut reactor, connection, timing, stream)
            }
        }
    }

    fn hear(
        &self,
        reactor: &mut Reactor,
        listeners: Vec<Listener>,
        service: Service,
        start: Instant,
        desk: &Desk,
    ) -> anyhow::Result<Exit> {
        let Some(local) = listeners.first().map(|listener| listener.local.clone()) else {
            return Ok(Exit::Done);
        };
        give_up_sockets(desk)?;
        self.ready.announce()?;
        desk.output.tell(&Listening {
            proto: "unix",
            local: local.to_string(),
            everywhere: false,
        })?;
        Conversation {
            desk,
            args: self.talk.exchange(),
            start,
        }
        .listen(
            reactor,
            listeners.into_iter().map(Ears::ear).collect(),
            service,
        )
    }
}
