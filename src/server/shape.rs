//! The answer as it was asked for on the command line: a status, a text, an echo, a command's output; late, or never.

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::cgi::{Gateway, Verdict, Work};
use super::connection::Wait;
use super::exchange::{Asking, Outcome, Reply};
use super::incoming::Sink;
use super::service::Service;
use crate::engine::StdoutError;
use crate::http::cgi::{Ends, environment};
use crate::http::inspect::Kept;
use crate::http::{Content, Framing, Method, Plan, Refusal, Site, Status};

/// How many bytes an echo may have.
const ECHO: u64 = 8 << 20;

/// How answers are shaped.
pub struct Shape {
    /// What they say; `None` leaves that to the site.
    pub says: Option<Says>,
    /// How long after the request they come.
    pub delay: Option<Duration>,
    /// Which of them never come; `None` when all do.
    pub dice: Option<Dice>,
}

/// What an answer says.
#[derive(Clone, Debug)]
pub enum Says {
    /// A status and a text.
    Text(Status, String),
    /// A status and what was asked.
    Echo(Status),
    /// What a command says.
    Exec(Arc<Gateway>, Ends),
}

/// Which requests are dropped: so many of all of them, by chance.
#[derive(Debug)]
pub struct Dice {
    rate: f64,
    random: fastrand::Rng,
}

impl Dice {
    /// Drop this share of requests, from 0 to 1. With the same seed the same ones are dropped; `None` for any.
    pub fn new(rate: f64, seed: Option<u64>) -> Self {
        Self {
            rate,
            random: seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
        }
    }

    fn falls(&mut self) -> bool {
        self.random.f64() < self.rate
    }
}

/// A request that is answered in this shape, and its body as far as somebody needs it.
struct Shaped {
    says: Option<Says>,
    kept: Kept,
    /// The body for an echo.
    body: Vec<u8>,
    work: Option<Work>,
    /// How long it has to wait still.
    delay: Option<Duration>,
    is_dropped: bool,
}

impl Shape {
    /// Whether it changes anything.
    pub fn is_any(&self) -> bool {
        self.says.is_some() || self.delay.is_some() || self.dice.is_some()
    }

    /// Where the body of a request goes to, and what answers it.
    pub(super) fn sink(&mut self, asking: &Asking<'_>) -> Result<Box<dyn Sink>, Status> {
        let is_dropped = self.dice.as_mut().is_some_and(Dice::falls);
        let work = match &self.says {
            Some(Says::Exec(gateway, ends)) if !is_dropped => Some(start(gateway, *ends, asking)?),
            _ => None,
        };
        Ok(Box::new(Shaped {
            says: self.says.clone(),
            kept: Kept::default(),
            body: Vec::new(),
            work,
            delay: self.delay,
            is_dropped,
        }))
    }
}

fn start(gateway: &Gateway, ends: Ends, asking: &Asking<'_>) -> Result<Work, Status> {
    let ends = Ends {
        remote: asking.peer.inet(),
        ..ends
    };
    let request = asking.request;
    let variables = environment(request, ends)?;
    let is_fed = request.framing != Framing::None;
    gateway.start(variables, is_fed, request.method == Method::Head)
}

impl Sink for Shaped {
    fn limit(&self) -> u64 {
        match self.says {
            Some(Says::Echo(_)) => ECHO,
            _ => u64::MAX,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.kept.take(bytes);
        if matches!(self.says, Some(Says::Echo(_))) {
            self.body.extend_from_slice(bytes);
        }
        if let Some(work) = &mut self.work {
            work.take(bytes);
        }
        Ok(())
    }

    fn waits_for(&mut self) -> Option<BorrowedFd<'_>> {
        self.work.as_ref()?.waits_for()
    }

    fn patience(&self) -> Option<Duration> {
        self.work.as_ref().map(Work::patience)
    }

    fn finish(
        &mut self,
        asking: &Asking<'_>,
        service: &mut Service,
    ) -> Result<Outcome, StdoutError> {
        if let Some(work) = &mut self.work {
            work.end_body();
        }
        if let Some(delay) = self.delay.take() {
            return Ok(Outcome::Wait(Wait::Time(delay)));
        }
        let mut verdict = None;
        if let Some(work) = &self.work {
            verdict = work.verdict();
            if let (None, Some(fd)) = (&verdict, work.ready()) {
                return Ok(Outcome::Wait(Wait::Within(fd, work.patience())));
            }
        }
        service.inspect_body(mem::take(&mut self.kept));
        if self.is_dropped {
            return service.drop_request(asking);
        }
        match (&self.says, self.work.take()) {
            (_, Some(work)) => service
                .respond_by(work, verdict, asking)
                .map(Outcome::Reply),
            (Some(Says::Text(status, text)), _) => service
                .respond_saying(*status, Content::Text(text), asking)
                .map(Outcome::Reply),
            (Some(Says::Echo(status)), _) => {
                let body = mem::take(&mut self.body);
                service
                    .respond_echo(*status, body, asking)
                    .map(Outcome::Reply)
            }
            _ => service.answer(asking),
        }
    }
}

impl Service {
    /// Answer every request in this shape.
    #[must_use]
    pub fn shaped(mut self, shape: Shape) -> Self {
        self.shape = Some(RefCell::new(shape));
        self
    }

    /// The body back as what it was, or where there was none the head as text.
    fn respond_echo(
        &mut self,
        status: Status,
        body: Vec<u8>,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        let request = asking.request;
        if request.framing == Framing::None {
            return self.respond_saying(status, Content::Bytes(asking.head.to_vec()), asking);
        }
        let text = |name| {
            request
                .field(name)
                .and_then(|value| std::str::from_utf8(value).ok())
        };
        let site = Rc::clone(&self.site);
        let plan = Plan {
            named_type: Some(text("content-type").unwrap_or("application/octet-stream")),
            extra: text("content-encoding")
                .map(|coding| ("Content-Encoding", coding.to_owned()))
                .into_iter()
                .collect(),
            ..planned(status, Content::Bytes(body), &site)
        };
        self.respond(plan, None, asking)
    }

    fn respond_saying(
        &mut self,
        status: Status,
        content: Content<'_>,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        let site = Rc::clone(&self.site);
        self.respond(planned(status, content, &site), None, asking)
    }

    /// What a command says, as it says it.
    fn respond_by(
        &mut self,
        work: Work,
        verdict: Option<Verdict>,
        asking: &Asking<'_>,
    ) -> Result<Reply, StdoutError> {
        let (status, named) = match verdict {
            Some(Ok(head)) => head,
            Some(Err(status)) => return self.respond_with(status, asking),
            None => return self.respond_with(Status::INTERNAL_ERROR, asking),
        };
        let (kinds, others): (Vec<_>, Vec<_>) = named
            .into_iter()
            .partition(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let site = Rc::clone(&self.site);
        let mut fields = site.fields.clone();
        for (name, value) in others {
            fields.push_str(&format!("{name}: {value}\r\n"));
        }
        let plan = Plan {
            named_type: kinds.first().map(|(_, value)| value.as_str()),
            fields: &fields,
            ..planned(status, Content::Stream, &site)
        };
        let is_said = matches!(plan.content, Content::None | Content::Empty);
        match is_said || asking.request.method == Method::Head {
            true => self.respond(plan, None, asking),
            false => {
                let (fd, writer) = work.into_answer();
                self.respond_from(plan, fd, writer, asking)
            }
        }
    }
}

/// An answer to a site's clients.
fn planned<'a>(status: Status, content: Content<'a>, site: &'a Site) -> Plan<'a> {
    Plan {
        content: match status {
            status if status.has_no_content() => Content::None,
            // Nothing, and that is said: RFC 9110, section 15.3.6.
            Status::RESET_CONTENT => Content::Empty,
            _ => content,
        },
        fields: &site.fields,
        ..Plan::status(status)
    }
}

impl fmt::Debug for Shaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shaped").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_fall_as_often_as_they_should() {
        for (rate, least, most) in [
            (0.0, 0, 0),
            (0.1, 800, 1200),
            (0.5, 4700, 5300),
            (1.0, 10_000, 10_000),
        ] {
            let mut dice = Dice::new(rate, Some(7));
            let fallen = (0..10_000).filter(|_| dice.falls()).count();
            assert!((least..=most).contains(&fallen), "{rate}: {fallen}");
        }
        let row = |seed| {
            let mut dice = Dice::new(0.5, Some(seed));
            (0..64).map(|_| dice.falls()).collect::<Vec<_>>()
        };
        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
    }
}
