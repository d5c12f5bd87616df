//! The session that looks on, beside the load: it samples, and it notices when the server goes away and comes back.

use super::{LabError, Looks};
use crate::{
    engine::StopFlag,
    flags::Setting,
    observe::{self, Sampler},
    record::{Samples, Session as Reached},
    target::{self, Route, Target},
};
use std::{
    cell::Cell,
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio_postgres::Client;

/// How long a server that has gone may stay away before the run ends. A restart with recovery takes some seconds.
const ABSENCE: Duration = Duration::from_secs(30);
/// How long one try to reach it may take.
const TRY: Duration = Duration::from_secs(2);
/// How long a server may take to answer when the load is over, before it is asked by another session.
const ANSWER: Duration = Duration::from_secs(5);

/// The session that looks on.
#[derive(Debug)]
pub(super) struct Observer {
    route: Route,
    client: Client,
    /// How it reached the server.
    pub(super) reached: Reached,
    backend_pid: Option<i32>,
    /// The settings as a session has them that was not told otherwise.
    pub(super) settings: Vec<Setting>,
    /// How much it looks at; in any case it notices when the server goes away.
    pub(super) looks: Looks,
    /// `application_name` of the load's own sessions.
    application: String,
}

/// When the server was away, since the window began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Absence {
    pub(super) from: Duration,
    /// `None` if it did not come back.
    pub(super) until: Option<Duration>,
}

/// What became of the session since the last look.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Session {
    Kept,
    /// There is a new one, since the old one was closed or else did not answer.
    Opened {
        was_closed: bool,
    },
    /// There is none, or none that answers.
    Lost,
}

/// Notes down what a look found; `well` is when the server was last seen to answer. A server that is back before the
/// next look was away, too: its sessions are closed. Returns whether it has stayed away for too long.
fn note(absences: &mut Vec<Absence>, session: Session, well: Duration, now: Duration) -> bool {
    match (session, absences.last_mut().filter(|absence| absence.until.is_none())) {
        (Session::Lost, Some(absence)) => return now > absence.from + ABSENCE,
        (Session::Lost, None) => absences.push(Absence { from: well, until: None }),
        (_, Some(absence)) => absence.until = Some(now),
        (Session::Opened { was_closed: true }, None) => match absences.last_mut() {
            // It has not been seen well since.
            Some(last) if last.until.is_some_and(|until| well <= until) => last.until = Some(now),
            _ => absences.push(Absence { from: well, until: Some(now) }),
        },
        (_, None) => {}
    }
    false
}

impl Observer {
    pub(super) async fn connect(route: &Route, looks: Looks) -> Result<Self, LabError> {
        let application = route.application_name().to_owned();
        let route = route.with_application_name("loist-bench observer");
        let target::Opened { client, session: mut reached, .. } = target::open(&route).await?;
        reached.server_view = observe::server_view(&client).await;
        let settings = observe::settings(&client).await?;
        observe::limit_session(&client).await?;
        let backend_pid = observe::backend_pid(&client).await;
        Ok(Self { route, client, reached, backend_pid, settings, looks, application })
    }

    /// The session, which may be closed.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The session, opened again if it is closed or does not answer any more; tries once.
    async fn session(&mut self, silent: bool) -> Session {
        let closed = self.client.is_closed();
        match closed || silent {
            false => Session::Kept,
            true if self.reconnect().await => Session::Opened { was_closed: closed },
            true => Session::Lost,
        }
    }

    /// Whether the server answers. A network that swallows everything closes no session, and a session may still be
    /// busy with a question that was given up: one that does not answer is replaced.
    pub(super) async fn answers(&mut self) -> bool {
        let answer = tokio::time::timeout(ANSWER, self.client.simple_query("")).await;
        answer.is_ok_and(|answer| answer.is_ok()) || self.reconnect().await
    }

    async fn reconnect(&mut self) -> bool {
        let again = async {
            let client = target::connect(&self.route).await.ok()?;
            observe::limit_session(&client).await.ok()?;
            let backend_pid = observe::backend_pid(&client).await;
            Some((client, backend_pid))
        };
        match tokio::time::timeout(TRY, again).await.ok().flatten() {
            Some((client, backend_pid)) => {
                self.backend_pid = backend_pid;
                self.client = client;
                true
            }
            None => false,
        }
    }

    /// A sampler for a window of this length, which begins now; none where nothing is looked at.
    pub(super) async fn sampler(&self, window: Duration, target: &Target) -> Option<Sampler> {
        if !self.looks.samples() {
            return None;
        }
        let interval = observe::interval_for(window);
        let local = target.is_on_this_machine();
        let mut sampler = Sampler::new(interval, local, self.backend_pid, &self.application);
        sampler.begin(&self.client).await;
        Some(sampler)
    }
}

/// Looks on during a phase.
pub(super) struct Watch<'a> {
    pub(super) observer: &'a mut Observer,
    pub(super) target: &'a Target,
    pub(super) stop: StopFlag,
    sampler: Option<Sampler>,
    interval: Duration,
    absences: Vec<Absence>,
    /// Size of the database as seen last, for whoever listens.
    database_bytes: &'a Cell<Option<u64>>,
}

impl<'a> Watch<'a> {
    pub(super) async fn new(
        observer: &'a mut Observer,
        target: &'a Target,
        stop: StopFlag,
        window: Duration,
        database_bytes: &'a Cell<Option<u64>>,
    ) -> Self {
        let sampler = observer.sampler(window, target).await;
        let interval = observe::interval_for(window);
        Self { observer, target, stop, sampler, interval, absences: Vec::new(), database_bytes }
    }

    /// Takes samples until it is dropped. When the server stays away, or is known to have ended, ends the load: the
    /// rest of the phase would be a row of failed calls.
    pub(super) async fn go_on(&mut self) -> Infallible {
        let began = Instant::now();
        if let Some(sampler) = &mut self.sampler {
            sampler.begin_now();
        }
        let (mut next, mut well) = (began, Duration::ZERO);
        loop {
            next += self.interval;
            tokio::time::sleep_until(next.into()).await;
            // A network that swallows everything closes no session.
            let silent = began.elapsed().saturating_sub(well) > self.interval + ANSWER;
            let session = self.observer.session(silent).await;
            let now = began.elapsed();
            let gone = session == Session::Lost && self.target.is_gone();
            if note(&mut self.absences, session, well, now) || gone {
                self.stop.stop();
            }
            let Some(sampler) = &mut self.sampler else {
                // Nobody asks; a session that is open is all that is known.
                well = if session == Session::Lost { well } else { now };
                continue;
            };
            if matches!(session, Session::Opened { .. }) {
                sampler.begin_anew(self.observer.backend_pid);
            }
            let client = Some(self.observer.client()).filter(|_| session != Session::Lost);
            if sampler.tick(client, now).await {
                well = now;
            }
            self.database_bytes.set(sampler.database_bytes());
        }
    }

    /// What was seen.
    pub(super) fn finish(self) -> (Samples, Vec<Absence>) {
        (self.sampler.map(Sampler::finish).unwrap_or_default(), self.absences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absences_last_from_the_last_answer_on() {
        let seconds = Duration::from_secs;
        let opened = |was_closed| Session::Opened { was_closed };
        let mut absences = Vec::new();
        assert!(!note(&mut absences, Session::Kept, seconds(1), seconds(2)));
        assert!(!note(&mut absences, opened(false), seconds(1), seconds(8)), "only slow");
        assert_eq!(absences, []);
        // Back before the next look.
        assert!(!note(&mut absences, opened(true), seconds(8), seconds(9)));
        // Away for longer than that.
        assert!(!note(&mut absences, Session::Lost, seconds(9), seconds(10)));
        assert!(!note(&mut absences, Session::Lost, seconds(9), seconds(39)));
        assert!(note(&mut absences, Session::Lost, seconds(9), seconds(40)));
        assert!(!note(&mut absences, opened(true), seconds(9), seconds(41)));
        let absence = |from, until| Absence { from: seconds(from), until: Some(seconds(until)) };
        assert_eq!(absences, [absence(8, 9), absence(9, 41)]);
        // Ended again before it was seen well: the same absence.
        assert!(!note(&mut absences, opened(true), seconds(9), seconds(42)));
        assert_eq!(absences, [absence(8, 9), absence(9, 42)]);
        assert!(!note(&mut absences, opened(true), seconds(43), seconds(44)));
        assert_eq!(absences[2..], [absence(43, 44)]);
    }
}
