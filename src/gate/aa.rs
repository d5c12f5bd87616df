//! Measures a side against itself again and again, and counts how often a comparison of the blocks raises an alarm.

use super::false_alarms::{Comparison, Detectable, FORMAT, FalseAlarms, Spread, VERSION};
use crate::{
    compare::{self, Answer, Effects, Judgement, POWER, Set},
    lab::{DuetOptions, Event, Interrupt, LabError, duet},
    observe,
    record::{Latency, Metric, Record},
    stats::{self, Interval, LatencyHistogram, SEEDS, below, clearest, detectable, deviation, stream},
    text::sha256,
};
use chrono::Utc;
use std::time::{Duration, Instant};

/// Purpose of the stream that gives each comparison its seed.
const SEED_STREAM: u64 = 112;

/// Compares the base of `options` with itself until there are so many comparisons, those of `so_far` counted. `keep`
/// gets what there is after each of them.
///
/// # Errors
/// When nothing can be measured, or `keep` fails. An interrupt ends it with what there is.
pub fn aa<E: From<LabError>>(
    options: &DuetOptions,
    comparisons: usize,
    so_far: FalseAlarms,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
    keep: &mut dyn FnMut(&FalseAlarms) -> Result<(), E>,
) -> Result<FalseAlarms, E> {
    let mut found = so_far;
    while found.comparisons.len() < comparisons {
        let began = Instant::now();
        let number = found.comparisons.len();
        let seed = below(&mut stream(options.seed, SEED_STREAM, number as u64), SEEDS);
        let options = DuetOptions { seed, id: format!("{}-{}", options.id, number + 1), ..options.clone() };
        let mut records: Vec<Record> = Vec::new();
        let mut collect = |record: &Record| -> Result<(), LabError> {
            records.push(record.clone());
            Ok(())
        };
        let effects = match duet(&options, interrupt, &quiet(listen), &mut collect) {
            Ok(effects) => effects,
            Err(LabError::Interrupted) => break,
            Err(error) => return Err(error.into()),
        };
        if interrupt.is_asked() {
            break;
        }
        check_whole(&effects, &options)?;
        let version = records.first().map_or_else(String::new, |record| record.server.version.clone());
        if !found.postgresql.is_empty() && found.postgresql != version {
            let message = format!(
                "the comparisons so far were measured on PostgreSQL {}, this server is {version}: leave --resume out",
                found.postgresql
            );
            return Err(LabError::Usage(message).into());
        }
        found.postgresql = version;
        found.add(&effects, &records, &options.judgement);
        found.took_seconds += began.elapsed().as_secs_f64();
        let gate = found.gate();
        listen(Event::Note(format!(
            "comparison {} of {comparisons}: {} false alarms so far",
            number + 1,
            gate.alarms
        )));
        keep(&found)?;
    }
    Ok(found)
}

/// SHA-256 of all that is asked, but for the comparison's own name and seed.
fn digest(options: &DuetOptions) -> String {
    let mut asked = DuetOptions { id: String::new(), budget: Duration::ZERO, ..options.clone() };
    // The side's name says which; an address may hold a password.
    asked.sides.iter_mut().for_each(|side| side.target.database_url = None);
    sha256(format!("{asked:?}"))
}

/// A comparison with fewer pairs than were asked for could raise no alarm, and is none.
fn check_whole(effects: &Effects, options: &DuetOptions) -> Result<(), LabError> {
    let compare::Design::Pairs { pairs, set_aside } = &effects.design else { return Ok(()) };
    let most = options.most_pairs.unwrap_or_default();
    let ended = effects.experiment.as_ref().map(|experiment| experiment.ended);
    match ended {
        Some(compare::Stop::ServerLost) => Err(LabError::ServerLost {
            what: "comparing a side with itself".to_owned(),
            fate: "what there was before is kept".to_owned(),
        }),
        Some(compare::Stop::Braked) => {
            Err(LabError::Braked("what there was before this comparison is kept".to_owned()))
        }
        Some(compare::Stop::Budget) if *pairs < most => Err(LabError::Usage(format!(
            "a comparison of {most} pairs does not fit into its budget ({pairs} counted, {} were set aside): raise --budget, or lower --pairs or --duration",
            set_aside.len()
        ))),
        _ => Ok(()),
    }
}

/// The load, in words.
fn load(options: &DuetOptions) -> String {
    let load = &options.load;
    let stages = if load.stages.is_empty() { &options.sides[0].workload.stages } else { &load.stages };
    match load.rate {
        Some(rate) => format!("open loop, {rate} calls/s"),
        None if !stages.is_empty() => {
            let stages: Vec<String> = stages.iter().map(ToString::to_string).collect();
            format!("open loop, {}", stages.join(", "))
        }
        None => {
            let clients = load.clients.map_or_else(String::new, |number| format!(", {number} clients"));
            format!("closed loop{clients}")
        }
    }
}

/// Single pairs are too many to be told.
fn quiet(listen: &dyn Fn(Event)) -> impl Fn(Event) {
    move |event| {
        if let Event::Progress { .. } = event {
            listen(event);
        }
    }
}

impl FalseAlarms {
    /// Nothing measured yet.
    #[must_use]
    pub fn begin(options: &DuetOptions) -> Self {
        let host = observe::host();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            at: Utc::now(),
            took_seconds: 0.0,
            machine: format!(
                "{}, {} processors, {:.0} GiB",
                host.cpu_model,
                host.cpus,
                host.memory_bytes as f64 / f64::from(1 << 30)
            ),
            postgresql: String::new(),
            workload: options.sides[0].workload.name.clone(),
            side: options.sides[0].label.clone(),
            load: load(options),
            options_sha256: digest(options),
            rate_per_second: options.load.rate,
            tracks: options.catalog.tracks,
            confidence: options.judgement.confidence,
            block_seconds: options.block_length().as_secs_f64(),
            pairs: options.most_pairs.unwrap_or_default(),
            set_aside: 0,
            comparisons: Vec::new(),
            detectable: Vec::new(),
            spread: Vec::new(),
        }
    }

    /// Whether comparisons of `options` can be added to these.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        let of = |all: &Self| {
            (
                all.machine.clone(),
                all.side.clone(),
                all.options_sha256.clone(),
                all.workload.clone(),
                all.load.clone(),
                all.tracks,
                all.pairs,
                all.confidence.to_bits(),
                all.block_seconds.to_bits(),
            )
        };
        of(self) == of(other)
    }

    /// One comparison more.
    fn add(&mut self, effects: &Effects, records: &[Record], judgement: &Judgement) {
        let count = |answer| effects.answered(answer).count();
        if let compare::Design::Pairs { set_aside, .. } = &effects.design {
            self.set_aside += set_aside.len();
        }
        self.comparisons.push(Comparison {
            judged: effects.gated().count(),
            slower: count(Answer::Slower),
            faster: count(Answer::Faster),
            equivalent: count(Answer::Equivalent),
            over_threshold: over_threshold(effects),
            single_run: single_run(effects, records),
        });
        let of = |side: &str| Set {
            label: side.to_owned(),
            records: records.iter().filter(|r| r.block.as_ref().is_some_and(|b| b.side == side)).collect(),
        };
        for (operation, metric, values) in compare::worse_by_pair(&of("base"), &of("new"), judgement) {
            let base = effects.gated().find(|(name, effect)| *name == operation && effect.metric == metric);
            let spread = self.spread_of(&operation, metric);
            spread.base = base.and_then(|(_, effect)| effect.base).or(spread.base);
            spread.values.extend(values.iter().map(|value| rounded(*value)));
        }
        // What is always 0 tells nothing of what could be seen.
        let spread = self.spread.iter().filter(|one| one.values.iter().any(|value| *value != 0.0));
        let spread: Vec<&Spread> = spread.collect();
        let family = spread.len();
        self.detectable = spread.into_iter().map(|one| self.detectable(one, family, judgement)).collect();
    }

    fn spread_of(&mut self, operation: &str, metric: Metric) -> &mut Spread {
        let is_same = |one: &Spread| one.operation == operation && one.metric == metric;
        let place = self.spread.iter().position(is_same).unwrap_or_else(|| {
            let operation = operation.to_owned();
            self.spread.push(Spread { operation, metric, base: None, values: Vec::new() });
            self.spread.len() - 1
        });
        &mut self.spread[place]
    }

    fn detectable(&self, spread: &Spread, family: usize, judgement: &Judgement) -> Detectable {
        let metric = spread.metric;
        let least = judgement.least(metric).at(metric, spread.base.unwrap_or_default());
        let on_scale = if metric.is_share() { least } else { least.ln_1p() };
        let design = stats::Design {
            count: self.pairs,
            level: (judgement.tail() / family.max(1) as f64).max(clearest(self.pairs)),
            threshold: on_scale,
            power: POWER,
        };
        let found = detectable(&spread.values, &design, judgement.seed);
        Detectable {
            operation: spread.operation.clone(),
            metric,
            spread: deviation(&spread.values).unwrap_or_default(),
            change: found.map(|found| if metric.is_share() { found } else { found.exp_m1() }),
        }
    }
}

/// Four digits are more than the values are worth.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// What a gate with a fixed threshold would call slower: the medians differ by more than matters.
fn over_threshold(effects: &Effects) -> usize {
    let is_over = |effect: &compare::Effect| {
        let (Some(base), Some(new)) = (effect.base, effect.new) else { return false };
        let change = if effect.metric.is_share() { new - base } else { new / base - 1.0 };
        let worse = if effect.metric.higher_is_worse() { change } else { -change };
        worse > effect.least
    };
    effects.gated().filter(|(_, effect)| is_over(effect)).count()
}

/// What a test of one run a side would call slower: in the first pair the intervals do not overlap that its calls would
/// have if they were independent.
fn single_run(effects: &Effects, records: &[Record]) -> usize {
    let first = |side: &str| {
        let of = |record: &&Record| record.block.as_ref().is_some_and(|b| b.pair == 1 && b.side == side);
        records.iter().find(of)
    };
    let (Some(base), Some(new)) = (first("base"), first("new")) else { return 0 };
    let of = |record: &Record, operation: &str, metric: Metric| {
        naive_interval(&compare::summary(record, operation)?.response, metric.quantile()?)
    };
    let is_worse = |(operation, effect): &(&str, &compare::Effect)| {
        let (ours, theirs) = (of(base, operation, effect.metric), of(new, operation, effect.metric));
        ours.zip(theirs).is_some_and(|(ours, theirs)| theirs.low > ours.high)
    };
    effects.gated().filter(is_worse).count()
}

/// The 95 % interval of a quantile if calls were independent: between the two latencies whose ranks lie 1.96 standard
/// deviations of a binomial number below and above it (Hahn and Meeker 1991, section 5.2).
fn naive_interval(latency: &Latency, quantile: f64) -> Option<Interval> {
    let histogram = LatencyHistogram::decode(&latency.histogram).ok()?;
    let count = histogram.count() as f64;
    let half = 1.96 * (quantile * (1.0 - quantile) / count).sqrt();
    let at = |share: f64| histogram.quantile_us(share.clamp(0.0, 1.0));
    Some(Interval { low: at(quantile - half)?, high: at(quantile + half)? })
}
