//! The study's own view of who measures: what was measured before comes from the journal, what is new goes into it, and the
//! time of both counts.

use super::{
    Candidate, Journal, TuneError,
    length::{OF_CONFIRMATION, of_confirmation, of_search},
    measurer::{Measured, Measurer, Pair},
    options::TuneOptions,
    trial::{Purpose, Trial, TrialBlock},
};
use crate::{
    compare::FROM_OUTSIDE,
    lab::Event,
    record::Record,
    stats::{SEEDS, below, stream},
};
use std::time::Duration;

/// Purpose of the stream that gives each pair its seed.
const SEED_STREAM: u64 = 108;
/// Purpose of the stream that decides which block of a pair comes first.
const ORDER_STREAM: u64 = 109;

/// By how much what the longest pair took counts for less with each one that follows.
const FORGETTING: f64 = 0.9;

/// What a statement may take in any case, and how many times the slowest call of the server as it is.
const PATIENCE: Duration = Duration::from_secs(30);
const TIMES: f64 = 3.0;

/// Where the study measures.
pub(super) struct Bench<'a> {
    pub(super) options: &'a TuneOptions,
    pub(super) listen: &'a dyn Fn(Event),
    measurer: &'a mut dyn Measurer,
    journal: &'a mut Journal,
    /// Pairs so far; each has a seed of its own.
    pairs: u32,
    /// Time that all of it took, with what is in the journal.
    spent: f64,
    /// What the longest of the last pairs took beside the length of its blocks, to start servers and to warm up; `None` before
    /// there is one.
    beside: Option<f64>,
    /// What a statement of a pair may take.
    patience: Duration,
}

impl<'a> Bench<'a> {
    /// Where `spent` seconds of the budget are gone already.
    pub(super) fn new(
        options: &'a TuneOptions,
        journal: &'a mut Journal,
        measurer: &'a mut dyn Measurer,
        listen: &'a dyn Fn(Event),
        spent: f64,
    ) -> Self {
        Self { options, listen, measurer, journal, pairs: 0, spent, beside: None, patience: PATIENCE }
    }

    /// Seconds that are left of a part of the budget, 1 being all of it. Where pairs are so long that the confirmation needs
    /// more than its part, the other parts are smaller.
    pub(super) fn left(&self, share: f64) -> f64 {
        let budget = self.options.budget.as_secs_f64();
        let until = if share < 1.0 {
            let of_pair = self.pair_seconds(Purpose::Confirm).unwrap_or_default();
            share / (1.0 - OF_CONFIRMATION) * of_search(budget, of_pair)
        } else {
            budget
        };
        (until - self.spent).max(0.0)
    }

    /// How many pairs a part of the budget still holds: all of it is the confirmation's. What none has shown yet is taken as
    /// holding one.
    pub(super) fn holds(&self, share: f64) -> usize {
        let left = self.left(share);
        match self.pair_seconds(if share < 1.0 { Purpose::Search } else { Purpose::Confirm }) {
            Some(pair) => (left / pair) as usize,
            None => usize::from(left > 0.0),
        }
    }

    /// What a pair for this may take, as far as it is known.
    fn pair_seconds(&self, purpose: Purpose) -> Option<f64> {
        self.beside.map(|beside| beside + 2.0 * self.length(purpose).as_secs_f64())
    }

    /// The length of a block that is measured for this. A close look is compared with the confirmation's blocks.
    pub(super) fn length(&self, purpose: Purpose) -> Duration {
        match purpose {
            Purpose::Search | Purpose::Shrink | Purpose::Worth => self.options.load.duration,
            Purpose::Portrait | Purpose::Confirm => of_confirmation(self.options),
        }
    }

    /// Seconds of the budget that are gone.
    pub(super) fn spent(&self) -> f64 {
        self.spent
    }

    /// Measurements so far.
    pub(super) fn trials(&self) -> u32 {
        self.journal.given()
    }

    pub(super) fn note(&self, sentence: String) {
        (self.listen)(Event::Note(sentence));
    }

    /// The server with these settings, closely looked at; `None` where it cannot be measured with them.
    pub(super) fn look(&mut self, settings: &Candidate) -> Result<Option<Record>, TuneError> {
        let seed = self.options.seed;
        self.note(format!("a close look at {}", settings.shown()));
        let length = self.length(Purpose::Portrait);
        let trial = self.trial(Purpose::Portrait, &[settings], seed, |measurer| {
            Ok(vec![measurer.look(settings, seed, length)?])
        })?;
        if trial.blocks.iter().any(|block| block.failed.is_some()) {
            return Ok(None);
        }
        // Read back, so that a study that goes on sees the same.
        let record = self.journal.record(&trial, 0)?;
        if settings.changes.is_empty() {
            let slowest = record.overall.response.max_us.unwrap_or_default() / 1e6;
            self.patience = Duration::try_from_secs_f64(TIMES * slowest).unwrap_or_default().max(PATIENCE);
        }
        Ok(Some(record))
    }

    /// Both, one after the other in random order, with the same calls.
    pub(super) fn pair(&mut self, purpose: Purpose, sides: [&Candidate; 2]) -> Result<Trial, TuneError> {
        self.pairs += 1;
        let (own, number) = (self.options.seed, self.pairs);
        let seed = below(&mut stream(own, SEED_STREAM, u64::from(number)), SEEDS);
        let new_first = below(&mut stream(own, ORDER_STREAM, u64::from(number)), 2) == 1;
        let experiment = format!("{own}-{}", purpose.name());
        let (length, patience) = (self.length(purpose), self.patience);
        let pair = Pair { sides, experiment: &experiment, number, seed, new_first, length, patience };
        let trial = self.trial(purpose, &sides, seed, |measurer| Ok(Vec::from(measurer.pair(&pair)?)))?;
        // A challenger that does not start takes no time, and is no measure.
        if trial.blocks.iter().all(|block| block.failed.is_none()) {
            let beside = trial.took_seconds - 2.0 * length.as_secs_f64();
            self.beside = Some(self.beside.map_or(beside, |before| beside.max(before * FORGETTING)));
        }
        Ok(trial)
    }

    /// The records of a trial's blocks, of those that have one.
    pub(super) fn records(&self, trial: &Trial) -> Result<Vec<Record>, TuneError> {
        let there = trial.blocks.iter().enumerate().filter(|(_, block)| block.failed.is_none());
        there.map(|(at, _)| self.journal.record(trial, at)).collect()
    }

    fn trial(
        &mut self,
        purpose: Purpose,
        sides: &[&Candidate],
        seed: u64,
        measure: impl FnOnce(&mut dyn Measurer) -> Result<Vec<Measured>, TuneError>,
    ) -> Result<Trial, TuneError> {
        if let Some(trial) = self.journal.next(purpose, sides, seed)? {
            self.spent += trial.took_seconds;
            return Ok(trial);
        }
        let before = self.measurer.elapsed();
        let measured = measure(&mut *self.measurer)?;
        let took: Duration = self.measurer.elapsed().saturating_sub(before);
        let trial = Trial {
            number: self.journal.given() + 1,
            purpose,
            seed,
            blocks: sides.iter().zip(&measured).map(|(side, measured)| self.block(side, measured)).collect(),
            set_aside: measured.iter().flatten().find_map(disturbed),
            took_seconds: took.as_secs_f64(),
        };
        let records: Vec<Option<&Record>> = measured.iter().map(|measured| measured.as_ref().ok()).collect();
        self.journal.keep(&trial, &records)?;
        self.spent += trial.took_seconds;
        Ok(trial)
    }

    fn block(&self, side: &Candidate, measured: &Measured) -> TrialBlock {
        let (objective, record) = (self.options.objective, measured.as_ref().ok());
        TrialBlock {
            candidate: side.clone(),
            value: record.and_then(|record| objective.value(record)),
            cost: record.and_then(|record| objective.cost(record)),
            failed: measured.as_ref().err().cloned(),
        }
    }
}

/// What came from outside and makes a block say nothing. What settings bring about, as late clients, is what they cost.
fn disturbed(record: &Record) -> Option<String> {
    let found = record.disturbances.iter().find(|one| one.decisive && FROM_OUTSIDE.contains(&one.kind));
    found.map(|one| one.sentence.clone())
}
