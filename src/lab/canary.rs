//! A canary: a session that sends a small read ten times a second, as a neighbour of the load's might, and what it feels
//! of the load.

use super::LabError;
use crate::{
    catalog::Library,
    observe::ObserveError,
    stats::stream,
    target::{self, Route},
};
use rand_pcg::Pcg64;
use std::{
    cell::RefCell,
    collections::VecDeque,
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio_postgres::{Client, Statement};

/// Time between two reads.
const GAP: Duration = Duration::from_millis(100);
/// The reads that its percentile is of: those of the last five seconds.
const KEPT: usize = 50;
/// Fewer have no 95th percentile.
const FEWEST: usize = 20;
/// As many reads as a percentile needs, and a little longer.
pub(super) const REST: Duration = Duration::from_millis(2_300);
/// How long one try to open the session again may take.
const TRY: Duration = Duration::from_secs(2);
/// Purpose of the stream that chooses the rows; others have other numbers.
const CANARY_STREAM: u64 = 106;
/// One row by its key: the least that a neighbour asks for.
const READ: &str = "SELECT 1 FROM audio_tracks WHERE id = $1";

/// The session.
pub(super) struct Canary {
    route: Route,
    session: (Client, Statement),
    library: Library,
    rng: Pcg64,
}

impl Canary {
    /// # Errors
    /// When the session cannot be opened, or may not read.
    pub(super) async fn connect(route: &Route, library: Library, seed: u64) -> Result<Self, LabError> {
        let route = route.with_application_name(super::brake::CANARY);
        let session = open(&route).await?;
        Ok(Self { route, session, library, rng: stream(seed, CANARY_STREAM, 0) })
    }

    /// Reads again and again until it is dropped.
    pub(super) async fn sing(&mut self, felt: &RefCell<Felt>) -> Infallible {
        felt.borrow_mut().begin(Instant::now());
        loop {
            let due = felt.borrow().due;
            tokio::time::sleep_until(due.into()).await;
            felt.borrow_mut().ask(Instant::now());
            let id = self.library.track_id(&mut self.rng);
            let (client, statement) = &self.session;
            let answer = client.query_opt(statement, &[&id]).await;
            match answer {
                Ok(_) => felt.borrow_mut().answered(Instant::now()),
                // Whatever keeps it from an answer keeps it waiting, as it would a neighbour.
                Err(_) => self.recover().await,
            }
        }
    }

    async fn recover(&mut self) {
        tokio::time::sleep(GAP).await;
        if self.session.0.is_closed()
            && let Ok(Ok(session)) = tokio::time::timeout(TRY, open(&self.route)).await
        {
            self.session = session;
        }
    }
}

async fn open(route: &Route) -> Result<(Client, Statement), LabError> {
    let client = target::connect(route).await?;
    let refused = |error| ObserveError { what: "table audio_tracks", reason: target::describe(&error) };
    let statement = client.prepare(READ).await.map_err(refused)?;
    Ok((client, statement))
}

/// What the canary felt of late. A read that is not answered holds those back that were due after it: they count with the
/// time that they would have waited.
#[derive(Debug)]
pub(super) struct Felt {
    took_ms: VecDeque<f64>,
    /// When the next read is due.
    due: Instant,
    /// When the one under way was sent.
    asked: Option<Instant>,
}

impl Felt {
    pub(super) fn new(now: Instant) -> Self {
        Self { took_ms: VecDeque::new(), due: now, asked: None }
    }

    /// Goes on after a pause in which nothing was asked.
    fn begin(&mut self, now: Instant) {
        (self.due, self.asked) = (now + GAP, None);
    }

    /// A read is sent, perhaps again after it failed.
    fn ask(&mut self, now: Instant) {
        self.asked.get_or_insert(now);
    }

    fn answered(&mut self, now: Instant) {
        let Some(asked) = self.asked.take() else { return };
        self.keep(now - asked);
        let held_back = waiting(asked, now);
        held_back.iter().for_each(|waited| self.keep(*waited));
        self.due = asked + GAP * u32::try_from(held_back.len() + 1).unwrap_or(u32::MAX);
    }

    fn keep(&mut self, took: Duration) {
        self.took_ms.push_back(took.as_secs_f64() * 1e3);
        if self.took_ms.len() > KEPT {
            self.took_ms.pop_front();
        }
    }

    /// p95 in milliseconds of the last reads, those that wait at `now` with the time that they have waited; `None` with too
    /// few of them.
    pub(super) fn p95_ms(&self, now: Instant) -> Option<f64> {
        let under_way = self.asked.filter(|asked| now.saturating_duration_since(*asked) >= GAP);
        let waiting = under_way.map(|asked| {
            let held_back = waiting(asked, now).into_iter();
            held_back.chain([now - asked]).map(|waited| waited.as_secs_f64() * 1e3).collect::<Vec<f64>>()
        });
        let newest_first = waiting.unwrap_or_default().into_iter().chain(self.took_ms.iter().rev().copied());
        let mut last: Vec<f64> = newest_first.take(KEPT).collect();
        last.sort_by(f64::total_cmp);
        let rank = (last.len() as f64 * 0.95).ceil() as usize;
        (last.len() >= FEWEST).then(|| last[rank - 1])
    }
}

/// How long those have waited at `now` that were due after one that was sent at `asked`, the newest first, no more than
/// are kept.
fn waiting(asked: Instant, now: Instant) -> Vec<Duration> {
    let since = now.saturating_duration_since(asked).as_millis() / GAP.as_millis();
    let due = |number: u32| asked + GAP * number;
    (1..=u32::try_from(since).unwrap_or(u32::MAX)).rev().take(KEPT).map(|number| now - due(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many reads of so many milliseconds.
    fn felt(start: Instant, reads: usize, ms: u64) -> (Felt, Instant) {
        let mut felt = Felt::new(start);
        felt.begin(start);
        for _ in 0..reads {
            let at = felt.due;
            felt.ask(at);
            felt.answered(at + Duration::from_millis(ms));
        }
        let now = felt.due;
        (felt, now)
    }

    #[test]
    fn few_reads_have_no_percentile() {
        let start = Instant::now();
        let (few, now) = felt(start, FEWEST - 1, 2);
        assert_eq!(few.p95_ms(now), None);
        let (enough, now) = felt(start, FEWEST, 2);
        assert_eq!(enough.p95_ms(now), Some(2.0));
        assert_eq!(now, start + GAP * 21, "they keep to their rate");
    }

    #[test]
    fn three_slow_ones_of_fifty_show() {
        let (mut felt, _) = felt(Instant::now(), 60, 2);
        for number in 1..=3 {
            let at = felt.due;
            felt.ask(at);
            felt.answered(at + Duration::from_millis(80));
            assert_eq!(felt.p95_ms(felt.due), Some(if number < 3 { 2.0 } else { 80.0 }), "{number}");
        }
    }

    #[test]
    fn a_read_that_hangs_holds_back_those_after_it() {
        let (mut felt, at) = felt(Instant::now(), 50, 2);
        felt.ask(at);
        let after = |ms| at + Duration::from_millis(ms);
        assert_eq!(felt.p95_ms(after(99)), Some(2.0), "it has only begun");
        assert_eq!(felt.p95_ms(after(450)), Some(250.0), "450, 350, 250");
        felt.ask(after(450));
        felt.answered(after(1_050));
        assert_eq!(felt.due, after(1_100));
        assert_eq!(felt.p95_ms(after(1_100)), Some(850.0));
    }

    #[test]
    fn a_pause_is_no_wait() {
        let (mut felt, at) = felt(Instant::now(), 50, 2);
        felt.ask(at);
        let later = at + Duration::from_secs(60);
        felt.begin(later);
        assert_eq!((felt.p95_ms(later), felt.due), (Some(2.0), later + GAP));
        // Nobody asked for this answer any more.
        felt.answered(later);
        assert_eq!(felt.p95_ms(later), Some(2.0));
    }

    #[test]
    fn hours_of_silence_take_no_memory() {
        let start = Instant::now();
        assert_eq!(waiting(start, start + Duration::from_secs(86_400)).len(), KEPT);
    }
}
