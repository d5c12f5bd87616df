//! Measuring: runs at light load of every size, again and again with other libraries, and a search for the knee at each.

use super::{reading::fewest_calls, tracks::short_tracks};
use crate::{
    lab::{self, Event, Interrupt, LabError, LoadOptions, Run, RunOptions},
    record::{Ended, OperationResult, Record},
    stats::{SEEDS, below, shuffle, stream},
    workload::Workload,
};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// Purpose of the stream that gives each run its seed.
const SEED_STREAM: u64 = 110;
/// Purpose of the stream that puts the sizes of a round into a random order.
const ORDER_STREAM: u64 = 111;

/// Tracks that are loaded in a second, and what a run takes beside its load: a server, the floor, plans and what other
/// settings would do to them. For the estimate alone.
const LOADED_PER_SECOND: f64 = 4_000.0;
const BESIDE: Duration = Duration::from_secs(25);

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct MeasureOptions {
    /// How each run is made; its number of tracks does not matter, and its seed is the first of all.
    pub run: RunOptions,
    /// The load of a search for the knee, and its longest time; `None` searches for none.
    pub knee: Option<(LoadOptions, Duration)>,
    /// Numbers of tracks.
    pub sizes: Vec<u64>,
    /// Runs of each.
    pub repeats: u32,
    /// A number of tracks beyond them, at which the predictions are checked.
    pub check: Option<u64>,
}

/// A run that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Planned {
    tracks: u64,
    seed: u64,
    searches: bool,
}

impl MeasureOptions {
    /// All runs, in their order: rounds of every size once, each in a random order, so that what changes with time does not
    /// look as if it came from size; then the searches.
    fn plan(&self) -> Vec<Planned> {
        let own = self.run.catalog.seed;
        let sizes: Vec<u64> = self.sizes.iter().copied().chain(self.check).collect();
        let mut planned = Vec::new();
        for round in 0..u64::from(self.repeats) {
            let mut order = sizes.clone();
            shuffle(&mut order, &mut stream(own, ORDER_STREAM, round));
            planned.extend(order.into_iter().map(|tracks| (tracks, false)));
        }
        if self.knee.is_some() {
            planned.extend(self.sizes.iter().map(|tracks| (*tracks, true)));
        }
        let run = |(number, (tracks, searches))| Planned { tracks, seed: self.seed(number), searches };
        planned.into_iter().enumerate().map(run).collect()
    }

    /// The seed of a run by its number: every run has a library and calls of its own.
    fn seed(&self, number: usize) -> u64 {
        below(&mut stream(self.run.catalog.seed, SEED_STREAM, number as u64), SEEDS)
    }

    /// About how long all of it takes.
    #[must_use]
    pub fn estimate(&self) -> Duration {
        let window = self.run.load.duration + self.run.load.warmup;
        let search = self.knee.as_ref().map_or(Duration::ZERO, |(_, budget)| *budget);
        let one = |planned: &Planned| {
            let load = Duration::from_secs_f64(planned.tracks as f64 / LOADED_PER_SECOND);
            load + BESIDE + window + if planned.searches { search } else { Duration::ZERO }
        };
        self.plan().iter().map(one).sum()
    }

    fn options(&self, planned: Planned) -> RunOptions {
        let mut options = self.run.clone();
        options.catalog.tracks = planned.tracks;
        options.catalog.seed = planned.seed;
        if let Some((load, budget)) = self.knee.as_ref().filter(|_| planned.searches) {
            options.load = load.clone();
            options.knee = Some(*budget);
        }
        options
    }
}

/// How often an operation that writes is called, by one that reads: more of them would make a small library a larger one.
const WRITES: f64 = 0.25;

/// The same workload with as many calls of each operation as of every other, of those that write fewer: a seldom one needs
/// as many for its percentile, and under light load they do not disturb one another.
fn evenly(workload: &Workload) -> Workload {
    let mut workload = workload.clone();
    workload.origin = format!("{}, its operations in equal shares", workload.origin);
    for operation in &mut workload.operations {
        operation.weight = if operation.writes() { WRITES } else { 1.0 };
    }
    workload
}

/// Every operation is to have so many times the calls without which its percentile says nothing.
const AMPLE: f64 = 2.0;
/// A window is made longer by this much at most.
const LONGEST: f64 = 10.0;

/// How many times as long a window has to be for operations that had too few calls in it; `None` where all had enough. The
/// larger the library, the longer the calls, and the fewer of them in a window.
fn longer(record: &Record) -> Option<f64> {
    let too_few = |operation: &OperationResult| {
        let (fewest, calls) =
            (fewest_calls(operation.summary.slo.quantile), operation.summary.response.count as f64);
        (operation.weight > 0.0 && calls < fewest).then(|| AMPLE * fewest / calls.max(1.0))
    };
    record.operations.iter().filter_map(too_few).max_by(f64::total_cmp).map(|factor| factor.min(LONGEST))
}

/// Makes all runs, each on a server of its own unless a database was named. The first of a size whose window was too short for
/// its percentiles is followed by one with a longer window, which the others of that size have, too. `keep` gets each as soon
/// as it is over. A run that was interrupted is the last; what was measured until then comes back.
///
/// # Errors
/// As [`lab::run`], when the server goes away or the brake ends the load, or when `keep` fails.
pub fn measure<E: From<LabError>>(
    workload: &Workload,
    options: &MeasureOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
    keep: &mut dyn FnMut(&Run) -> Result<(), E>,
) -> Result<Vec<Record>, E> {
    let mut plan = VecDeque::from(options.plan());
    let mut numbers = plan.len()..;
    let even = evenly(workload);
    let mut windows: BTreeMap<u64, Duration> = BTreeMap::new();
    let mut records = Vec::new();
    while let Some(planned) = plan.pop_front() {
        let all = records.len() + plan.len() + 1;
        let what = if planned.searches { "search for the knee" } else { "light load" };
        let tracks = short_tracks(planned.tracks);
        listen(Event::Note(format!("run {} of {all}: {tracks} tracks, {what}", records.len() + 1)));
        let mut run = options.options(planned);
        let workload = if planned.searches { workload } else { &even };
        if let Some(window) = windows.get(&planned.tracks).filter(|_| !planned.searches) {
            run.load.duration = *window;
        }
        let Some(record) = one(workload, &run, interrupt, listen, keep)? else { break };
        let can_grow =
            !planned.searches && run.load.stages.is_empty() && !windows.contains_key(&planned.tracks);
        if let Some(factor) = longer(&record).filter(|_| can_grow) {
            let window = Duration::from_secs_f64((run.load.duration.as_secs_f64() * factor).ceil());
            listen(Event::Note(format!(
                "too few calls at {tracks} tracks: windows of {} s there, and one run more",
                window.as_secs()
            )));
            windows.insert(planned.tracks, window);
            let seed = numbers.next().map_or(planned.seed, |number| options.seed(number));
            plan.push_front(Planned { seed, ..planned });
        }
        records.push(record);
    }
    Ok(records)
}

/// One run; `None` when it was interrupted.
fn one<E: From<LabError>>(
    workload: &Workload,
    options: &RunOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
    keep: &mut dyn FnMut(&Run) -> Result<(), E>,
) -> Result<Option<Record>, E> {
    let run = match lab::run(workload.clone(), options, interrupt, listen) {
        Err(LabError::Interrupted) => return Ok(None),
        run => run?,
    };
    keep(&run)?;
    let record = run.record;
    match record.run.ended {
        Ended::AsPlanned => Ok(Some(record)),
        Ended::Interrupted => Ok(None),
        Ended::Braked => Err(LabError::braked(&record).into()),
        Ended::ServerLost => {
            let what = format!("a library of {} tracks was measured", short_tracks(options.catalog.tracks));
            Err(LabError::ServerLost { what, fate: record.verdict.sentence }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{capacity::fixture, catalog::State, lab::CatalogOptions, target::TargetOptions};
    use std::collections::BTreeSet;

    fn options(sizes: &[u64], repeats: u32, check: Option<u64>, knee: bool) -> MeasureOptions {
        let load = LoadOptions::closed(1, Duration::from_secs(30));
        MeasureOptions {
            run: RunOptions::of(
                CatalogOptions { tracks: 1, seed: 42, state: State::Vacuumed },
                TargetOptions::at("postgres://localhost/x"),
                load.clone(),
            ),
            knee: knee.then(|| (load, Duration::from_secs(60))),
            sizes: sizes.to_vec(),
            repeats,
            check,
        }
    }

    #[test]
    fn every_size_is_measured_in_every_round_with_seeds_of_its_own() {
        let plan = options(&[1_000, 10_000], 4, Some(100_000), true).plan();
        assert_eq!(plan.len(), 4 * 3 + 2);
        for round in plan[..12].chunks(3) {
            let sizes: BTreeSet<u64> = round.iter().map(|run| run.tracks).collect();
            assert_eq!(sizes, BTreeSet::from([1_000, 10_000, 100_000]));
        }
        let orders: BTreeSet<Vec<u64>> =
            plan[..12].chunks(3).map(|round| round.iter().map(|run| run.tracks).collect()).collect();
        assert!(orders.len() > 1, "not always in the same order");
        let searched: Vec<u64> = plan.iter().filter(|run| run.searches).map(|run| run.tracks).collect();
        assert_eq!(searched, [1_000, 10_000], "what checks needs no knee");
        let seeds: BTreeSet<u64> = plan.iter().map(|run| run.seed).collect();
        assert_eq!(seeds.len(), plan.len());
        assert_eq!(plan, options(&[1_000, 10_000], 4, Some(100_000), true).plan());
    }

    #[test]
    fn the_estimate_grows_with_what_is_asked() {
        let small = options(&[1_000], 1, None, false).estimate();
        assert!((55..60).contains(&small.as_secs()), "{small:?}");
        let more = options(&[1_000, 100_000], 3, None, true).estimate();
        assert!(more > 6 * small, "{more:?}");
    }

    #[test]
    fn a_window_with_too_few_calls_becomes_longer() {
        let mut record = fixture::record(1_000, 1, |_, _| 1e3);
        assert_eq!(longer(&record), None);
        // A p95 needs 20 calls, and is to have 40.
        record.operations[1].summary.response.count = 16;
        assert!((longer(&record).unwrap() - 2.5).abs() < 1e-9);
        record.operations[2].summary.response.count = 0;
        assert_eq!(longer(&record), Some(LONGEST));
        record.operations[2].weight = 0.0;
        assert!((longer(&record).unwrap() - 2.5).abs() < 1e-9, "what is not asked for does not count");
    }

    #[test]
    fn shares_become_even_and_say_so() {
        let workload = crate::workload::builtin::find("mcp-mix").unwrap();
        let even = evenly(&workload);
        for operation in &even.operations {
            let expected = if operation.name.starts_with("process_audio") { 0.25 } else { 1.0 };
            assert_eq!(operation.weight, expected, "{}", operation.name);
        }
        assert!(even.origin.ends_with("in equal shares") && even.text == workload.text);
    }
}
