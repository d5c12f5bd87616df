//! A server that is made up: its settings have a known effect, blocks have a spread, some settings crash it, some pairs are
//! disturbed, and time passes as it says. Everything follows from seeds.

use super::{
    Candidate, Objective, Search, TuneError, TuneOptions,
    measurer::{Measured, Measurer, Pair},
};
use crate::{
    catalog::State,
    compare::fixture,
    flags::catalog,
    lab::{CatalogOptions, LoadOptions},
    record::{Block, Disturbance, DisturbanceKind, Evidence, Outcome, Record, Samples},
    stats::{below, stream},
    target::TargetOptions,
    workload::builtin,
};
use std::time::Duration;

/// Purposes of the streams of noise and of disturbances.
const NOISE_STREAM: u64 = 900;
const DISTURBANCE_STREAM: u64 = 901;
/// What a close look, a pair, and a pair whose challenger crashes take.
pub(super) const LOOK: Duration = Duration::from_secs(20);
pub(super) const PAIR: Duration = Duration::from_secs(8);
/// The length of the search's blocks.
const BLOCK: Duration = Duration::from_millis(1_500);
const CRASH: Duration = Duration::from_secs(3);

/// Settings in force, as bare numbers in PostgreSQL's own units, or words.
pub(super) struct InForce<'a> {
    record: &'a Record,
    changes: &'a Candidate,
}

impl InForce<'_> {
    fn text(&self, name: &str) -> String {
        let own = self.record.evidence.setting(name).map(|setting| setting.value.clone());
        let value = self.changes.value(name).map(str::to_owned).or(own).unwrap_or_default();
        let parsed = catalog::find(name).and_then(|flag| flag.parse(&value).ok());
        parsed.and_then(|parsed| parsed.number()).map_or(value, |number| number.to_string())
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.text(name) == value
    }

    pub(super) fn number(&self, name: &str) -> f64 {
        self.text(name).parse().unwrap()
    }
}

/// The logarithm of what calls cost with these settings, over what they cost at best.
pub(super) type Law = fn(&InForce<'_>) -> f64;
/// Whether the server crashes with these settings, in the experiment of this name.
pub(super) type Crashes = fn(&InForce<'_>, &str) -> bool;

/// The server.
pub(super) struct Noisy {
    law: Law,
    /// Standard deviation of the logarithm of a pair's ratio, of blocks of [`BLOCK`]: a quarter of the variance is that of
    /// whole blocks, and the rest is less in longer ones: as fuzzy searches were found to behave.
    pub(super) spread: f64,
    /// Share of the pairs in which a block is disturbed from outside.
    pub(super) disturbed: f64,
    pub(super) crashes: Crashes,
    /// Measurements after which the program is killed.
    pub(super) lives: Option<u32>,
    /// What a pair takes, with blocks of [`BLOCK`]; longer ones take as much longer as they are.
    pub(super) pair: Duration,
    clock: Duration,
    /// What a close look shows, and what a block does, which is less.
    look: Record,
    block: Record,
}

impl Noisy {
    /// One that begins with `start`, beside what the sample has; nothing crashes or is disturbed.
    pub(super) fn new(start: &[(&str, &str)], law: Law) -> Self {
        let mut look = fixture::record(10.0);
        (look.advice, look.plans, look.what_ifs) = (Vec::new(), Vec::new(), Vec::new());
        look.series.operations.clear();
        look.series.heat = None;
        look.samples = Samples::default();
        for (name, value) in start {
            let setting = look.evidence.settings.iter_mut().find(|setting| setting.name == *name).unwrap();
            (setting.value, setting.source) = ((*value).to_owned(), "configuration file".to_owned());
        }
        let mut block = Record { evidence: Evidence::default(), ..look.clone() };
        block.operations[0].statements.clear();
        let crashes = |_: &InForce<'_>, _: &str| false;
        let (spread, disturbed, lives, clock) = (0.08, 0.0, None, Duration::ZERO);
        Self { law, spread, disturbed, crashes, lives, pair: PAIR, clock, look, block }
    }

    /// What the settings cost in truth.
    pub(super) fn truth(&self, changes: &Candidate) -> f64 {
        (self.law)(&self.in_force(changes))
    }

    fn in_force<'a>(&'a self, changes: &'a Candidate) -> InForce<'a> {
        InForce { record: &self.look, changes }
    }

    /// Time passes, unless the program is killed.
    fn pass(&mut self, time: Duration) -> Result<(), TuneError> {
        if let Some(lives) = &mut self.lives {
            *lives = lives.checked_sub(1).ok_or(TuneError::Interrupted)?;
        }
        self.clock += time;
        Ok(())
    }

    /// A block of the pair's side `at`.
    fn of_pair(&self, pair: &Pair<'_>, at: usize) -> Measured {
        let (settings, side) = (pair.sides[at], ["base", "new"][at]);
        if (self.crashes)(&self.in_force(settings), pair.experiment) {
            return Err("the server went away".to_owned());
        }
        let mut record = self.block.clone();
        record.load.duration_seconds = pair.length.as_secs_f64();
        let calls = 0.25 + 0.75 * BLOCK.as_secs_f64() / pair.length.as_secs_f64();
        let noise = normal(pair.seed, at as u64) * self.spread * (calls / 2.0).sqrt();
        let mut disturbance = stream(pair.seed, DISTURBANCE_STREAM, 0);
        let is_disturbed = (below(&mut disturbance, 1_000) as f64) < self.disturbed * 1_000.0;
        let bad_luck = if is_disturbed && at == 0 { 1.0 } else { 0.0 };
        fixture::time(&mut record, 10.0 * (self.truth(settings) + noise + bad_luck).exp());
        if bad_luck > 0.0 {
            record.verdict.outcome = Outcome::Inconclusive;
            record.disturbances.push(Disturbance {
                kind: DisturbanceKind::Steal,
                sentence: "steal".to_owned(),
                decisive: true,
            });
        }
        record.block = Some(Block {
            experiment: pair.experiment.to_owned(),
            side: side.to_owned(),
            pair: pair.number,
            first: pair.new_first == (at == 1),
        });
        Ok(record)
    }
}

/// A normal value of standard deviation 1: the sum of twelve even ones.
fn normal(seed: u64, at: u64) -> f64 {
    let mut rng = stream(seed, NOISE_STREAM, at);
    (0..12).map(|_| below(&mut rng, 1 << 32) as f64 / (1_u64 << 32) as f64).sum::<f64>() - 6.0
}

impl Measurer for Noisy {
    fn look(&mut self, settings: &Candidate, _: u64, _: Duration) -> Result<Measured, TuneError> {
        self.pass(LOOK)?;
        let mut record = self.look.clone();
        fixture::time(&mut record, 10.0 * self.truth(settings).exp());
        Ok(Ok(record))
    }

    fn pair(&mut self, pair: &Pair<'_>) -> Result<[Measured; 2], TuneError> {
        let measured = [self.of_pair(pair, 0), self.of_pair(pair, 1)];
        let is_whole = measured.iter().all(Result::is_ok);
        let longer = 2 * pair.length.saturating_sub(BLOCK);
        self.pass(if is_whole { self.pair + longer } else { CRASH })?;
        Ok(measured)
    }

    fn elapsed(&self) -> Duration {
        self.clock
    }
}

/// A study of ten minutes, on an embedded server.
pub(super) fn options() -> TuneOptions {
    TuneOptions {
        workload: builtin::find("mcp-mix").unwrap(),
        target: TargetOptions { database_url: None, embedded: true, ..TargetOptions::at("") },
        catalog: CatalogOptions { tracks: 10_000, seed: 42, state: State::Vacuumed },
        load: LoadOptions::closed(4, BLOCK),
        is_duration_chosen: false,
        slo: None,
        protocol: None,
        objective: Objective::P95,
        budget: Duration::from_secs(600),
        only: Vec::new(),
        durability: false,
        search: Search::Guided,
        given: None,
        notes: Vec::new(),
        external: None,
        seed: 42,
    }
}
