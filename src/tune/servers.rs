//! PostgreSQL, measured: a server for each block that begins as a copy of the seeded one, or the database that is there.

use super::{
    Candidate, TuneError, TuneOptions,
    measurer::{Measured, Measurer, Pair},
};
use crate::{
    flags::secret::without_passwords,
    lab::{self, Event, Interrupt, LabError, LoadOptions, Looks, RunOptions, quietly},
    record::{Block, Ended, Record},
    target::TargetOptions,
};
use std::time::{Duration, Instant};

/// What fails once may be the machine's doing.
const TRIES: usize = 2;
/// What ends a statement that takes too long.
const TIMEOUT: &str = "statement_timeout";

/// Servers in earnest.
pub(super) struct Servers<'a> {
    options: &'a TuneOptions,
    interrupt: &'a Interrupt,
    listen: &'a dyn Fn(Event),
    began: Instant,
}

/// A block that is to be measured.
struct Asked<'a> {
    settings: &'a Candidate,
    seed: u64,
    length: Duration,
    /// Its place in a pair; `None` for a close look.
    place: Option<Block>,
    patience: Option<Duration>,
}

impl<'a> Servers<'a> {
    pub(super) fn new(options: &'a TuneOptions, interrupt: &'a Interrupt, listen: &'a dyn Fn(Event)) -> Self {
        Self { options, interrupt, listen, began: Instant::now() }
    }

    fn block(&self, block: &Asked<'_>) -> Result<Measured, TuneError> {
        let mut failed = String::new();
        for attempt in 1..=TRIES {
            let error = match self.measure(block) {
                Ok(record) => match record.run.ended {
                    Ended::AsPlanned => return Ok(Ok(record)),
                    Ended::Interrupted => return Err(TuneError::Interrupted),
                    // What suffered once would suffer again.
                    Ended::Braked => return Err(LabError::braked(&record).into()),
                    Ended::ServerLost => TuneError::Start { reason: "the server went away".to_owned() },
                },
                Err(LabError::Interrupted) => return Err(TuneError::Interrupted),
                Err(error) => error.into(),
            };
            // What the server began with must work; what is tried may not.
            if attempt == TRIES && block.settings.changes.is_empty() {
                return Err(error);
            }
            failed = match error {
                TuneError::Start { reason } => reason,
                other => without_passwords(&other.to_string()),
            };
        }
        Ok(Err(failed))
    }

    fn measure(&self, block: &Asked<'_>) -> Result<Record, LabError> {
        let load =
            LoadOptions { seed: Some(block.seed), duration: block.length, ..self.options.load.clone() };
        let target = self.target(block.settings, block.patience);
        let looks = if block.place.is_some() { Looks::Samples } else { Looks::Everything };
        let options =
            RunOptions { looks, block: block.place.clone(), ..self.options.run_options(target, load) };
        let listen = quietly(self.listen);
        lab::run(self.options.workload.clone(), &options, self.interrupt, &listen).map(|run| run.record)
    }

    /// The server with these settings over its own.
    fn target(&self, settings: &Candidate, patience: Option<Duration>) -> TargetOptions {
        let mut target = self.options.target.clone();
        if !self.options.is_embedded() {
            // Sessions that load the catalog are among them, and may take their time.
            target.session.extend(settings.changes.iter().cloned());
            return target;
        }
        let is_own = |(name, _): &(String, String)| name.eq_ignore_ascii_case(TIMEOUT);
        if let Some(patience) = patience.filter(|_| !target.settings.iter().any(is_own)) {
            target.settings.push((TIMEOUT.to_owned(), format!("{}ms", patience.as_millis())));
        }
        target.settings.extend(settings.changes.iter().cloned());
        target
    }
}

impl Measurer for Servers<'_> {
    fn look(&mut self, settings: &Candidate, seed: u64, length: Duration) -> Result<Measured, TuneError> {
        self.block(&Asked { settings, seed, length, place: None, patience: None })
    }

    fn pair(&mut self, pair: &Pair<'_>) -> Result<[Measured; 2], TuneError> {
        let block = |at: usize| {
            let place = Block {
                experiment: pair.experiment.to_owned(),
                side: ["base", "new"][at].to_owned(),
                pair: pair.number,
                first: pair.new_first == (at == 1),
            };
            let (place, patience) = (Some(place), Some(pair.patience));
            let Pair { seed, length, .. } = *pair;
            self.block(&Asked { settings: pair.sides[at], seed, length, place, patience })
        };
        if pair.new_first {
            let new = block(1)?;
            Ok([block(0)?, new])
        } else {
            Ok([block(0)?, block(1)?])
        }
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}
