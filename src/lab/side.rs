//! A side of a duet, and one block of it.

use super::{
    CatalogOptions, Event, Interrupt, LabError, LoadOptions, Looks, RunOptions, run::run,
    settle::part_of_capacity,
};
use crate::{
    compare::{Answer, Effects, Judgement, Stop},
    record::{Block, Metric, Record},
    stats::{SEEDS, below, stream},
    target::TargetOptions,
    workload::{Protocol, Slo, Workload},
};
use std::time::Duration;

/// Numbers of the sides, and their names in records.
pub(super) const BASE: usize = 0;
pub(super) const NAMES: [&str; 2] = ["base", "new"];
/// Purpose of the stream that gives each pair its seed.
const SEED_STREAM: u64 = 105;
/// Part of what the base answers in a closed loop that is asked of both sides where no load is named. Identical blocks of
/// four clients in a closed loop differed in the median by 14 % (standard deviation of pairs, two processors), at a
/// quarter of the capacity by 6 %, at a tenth by 3 %: there a call seldom waits for another.
const SHARE_OF_CAPACITY: f64 = 0.12;

/// One side of a duet.
#[derive(Debug, Clone)]
pub struct Side {
    /// What it is called.
    pub label: String,
    /// What is replayed.
    pub workload: Workload,
    /// Which server.
    pub target: TargetOptions,
}

/// What must be certain for a duet to end before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// Every answer that decisions rest on.
    All,
    /// The same, or one of them that is slower.
    Slower,
    /// These answers, by operation and metric.
    These(Vec<(String, Metric)>),
}

impl Until {
    /// Why a duet that has come to `effects` is over, if it is.
    pub(super) fn is_reached(&self, effects: &Effects) -> Option<Stop> {
        let is_open = |(operation, metric): &(String, Metric)| {
            let mut open = effects.answered(Answer::NotResolved);
            open.any(|(name, effect)| name == operation && effect.metric == *metric)
        };
        let is_reached = match self {
            Self::All => false,
            Self::Slower => effects.answered(Answer::Slower).next().is_some(),
            Self::These(asked) => !asked.iter().any(is_open),
        };
        let enough = is_reached.then_some(Stop::Enough);
        if effects.is_certain() { Some(Stop::Certain) } else { enough }
    }
}

/// What a duet can be told.
#[derive(Debug, Clone)]
pub struct DuetOptions {
    /// The base, and the side that is compared with it.
    pub sides: [Side; 2],
    /// What is in the database of each block.
    pub catalog: CatalogOptions,
    /// How hard; its duration is that of a block.
    pub load: LoadOptions,
    /// Objective of every operation; `None` leaves it to the workload.
    pub slo: Option<Slo>,
    /// How statements travel; `None` leaves it to the workload.
    pub protocol: Option<Protocol>,
    /// Longest time.
    pub budget: Duration,
    /// Most pairs; `None` leaves it to the budget.
    pub most_pairs: Option<usize>,
    /// What is decided, and how sure it must be.
    pub judgement: Judgement,
    /// What must be certain for it to end before its time.
    pub until: Until,
    /// Its name, which its blocks carry.
    pub id: String,
    /// Seed of the order of the blocks and of what the clients draw.
    pub seed: u64,
    /// Whether each side is looked at closely before, for its plans and settings.
    pub portraits: bool,
}

impl DuetOptions {
    /// Whether nothing says how hard.
    #[must_use]
    pub fn is_load_open(&self) -> bool {
        self.load.is_open(&self.sides[BASE].workload)
    }

    /// Length of a block's window: that of the stages, where there are any.
    #[must_use]
    pub fn block_length(&self) -> Duration {
        let load = &self.load;
        let of_workload = load.stages.is_empty() && load.rate.is_none();
        let stages = if of_workload { &self.sides[0].workload.stages } else { &load.stages };
        if stages.is_empty() { load.duration } else { stages.iter().map(|stage| stage.duration).sum() }
    }

    /// Where nothing says how hard, settles on an open loop at a part of what the base answers in a closed one: so hard
    /// that calls come as they do from people, and so lightly that they seldom wait for each other.
    ///
    /// # Errors
    /// When the base cannot be measured.
    pub fn settle_load(&mut self, interrupt: &Interrupt, listen: &dyn Fn(Event)) -> Result<(), LabError> {
        if !self.is_load_open() {
            return Ok(());
        }
        let Side { workload, .. } = &self.sides[BASE];
        let options = self.run_options(BASE, &self.load, Looks::Nothing, None);
        let quiet = |event| match event {
            Event::Note(_) => listen(event),
            other => quietly(listen)(other),
        };
        self.load.rate = Some(part_of_capacity(workload, &options, SHARE_OF_CAPACITY, interrupt, &quiet)?);
        Ok(())
    }

    /// One block of a side; a close look at it where `pair` is 0.
    ///
    /// # Errors
    /// When it cannot be measured.
    pub(super) fn block(
        &self,
        side: usize,
        (pair, first): (u32, bool),
        seed: u64,
        interrupt: &Interrupt,
        listen: &dyn Fn(Event),
    ) -> Result<Record, LabError> {
        let looks = if pair > 0 { Looks::Samples } else { Looks::Everything };
        let load = LoadOptions { seed: Some(seed), ..self.load.clone() };
        let block = Block { experiment: self.id.clone(), side: NAMES[side].to_owned(), pair, first };
        self.measure(side, &load, looks, Some(block), interrupt, listen)
    }

    fn measure(
        &self,
        side: usize,
        load: &LoadOptions,
        looks: Looks,
        block: Option<Block>,
        interrupt: &Interrupt,
        listen: &dyn Fn(Event),
    ) -> Result<Record, LabError> {
        let options = self.run_options(side, load, looks, block);
        run(self.sides[side].workload.clone(), &options, interrupt, &quietly(listen)).map(|run| run.record)
    }

    fn run_options(&self, side: usize, load: &LoadOptions, looks: Looks, block: Option<Block>) -> RunOptions {
        RunOptions {
            catalog: self.catalog,
            target: self.sides[side].target.clone(),
            load: load.clone(),
            slo: self.slo,
            protocol: self.protocol,
            knee: None,
            metrics: None,
            looks,
            block,
        }
    }

    /// Seed of a pair; both of its blocks share it.
    pub(super) fn seed_of(&self, pair: u32) -> u64 {
        below(&mut stream(self.seed, SEED_STREAM, u64::from(pair)), SEEDS)
    }
}

/// Steps of single blocks are too many to be told.
pub(crate) fn quietly(listen: &dyn Fn(Event)) -> impl Fn(Event) {
    move |event| {
        if let Event::Progress { .. } | Event::Kept(_) = event {
            listen(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{self, Set, fixture::pairs};

    #[test]
    fn what_is_waited_for_ends_it() {
        let effects = |factor: f64| {
            let (base, new) = pairs(12, factor);
            let [base, new] =
                [&base, &new].map(|records| Set { label: String::new(), records: records.iter().collect() });
            let judgement = Judgement::default();
            compare::effects(&base, &new, &judgement, judgement.tail()).unwrap()
        };
        let these = |metric| Until::These(vec![("search".to_owned(), metric)]);
        let (same, unclear, slower) = (effects(1.0), effects(1.05), effects(1.3));
        assert_eq!(Until::All.is_reached(&same), Some(Stop::Certain));
        assert_eq!(Until::All.is_reached(&unclear), None);
        assert_eq!(Until::Slower.is_reached(&unclear), None);
        assert_eq!(Until::Slower.is_reached(&slower), Some(Stop::Certain));
        assert_eq!(these(Metric::P50).is_reached(&unclear), None);
        assert_eq!(these(Metric::ErrorShare).is_reached(&unclear), Some(Stop::Enough));
    }
}
