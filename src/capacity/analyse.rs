//! From records to the answer. Pure.

use super::{
    CapacityError, Prices, Question, ahead,
    answer::{self, AtSize, Capacity, Operation},
    check::{self, Check, CheckRow},
    cost,
    growth::Response,
    reach::reach,
    reading::{OperationReading, Reading, Stored},
    respond::{SIZES, Subject, TIMES, Wanted},
    rows, say,
    series::Series,
    steps,
};
use crate::{
    record::Record,
    stats::{Law, Variance, median, moderated},
};
use chrono::NaiveDate;

/// Probability that the intervals of all operations together hold.
const CONFIDENCE: f64 = 0.95;
/// Numbers of tracks that are told for orientation, too.
const OUTLOOK: [u64; 5] = [1_000, 10_000, 50_000, 100_000, 1_000_000];

/// Answers `question` by what was measured. `today` tells whether the prices are old.
///
/// # Errors
/// When no record serves, or they differ in more than size and seed.
pub fn analyse(
    records: &[Record],
    question: &Question,
    prices: &Prices,
    today: NaiveDate,
) -> Result<Capacity, CapacityError> {
    let series = Series::of(records, question.check)?;
    let responses = Responses::of(&series, question);
    let operations: Vec<Operation> =
        responses.operations.iter().map(|response| operation(response, &series)).collect();
    let checked = question.check.map(|tracks| checked_at(tracks, &responses, &series.check));
    let first = series.any().map(|run| run.record);
    let rows = rows::rows(&operations, &responses, question, prices);
    let connections = rows::connections(&rows, &series, question);
    let verdict = say::verdict(&operations, &rows, checked.as_ref());
    let at = records.iter().map(|record| record.run.started_at).min().unwrap_or_default();
    let of_first = |of: fn(&Record) -> String| first.map(of).unwrap_or_default();
    Ok(Capacity {
        format: answer::FORMAT.to_owned(),
        version: answer::VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        at,
        outcome: verdict.outcome,
        sentence: verdict.sentence,
        details: verdict.details,
        workload: of_first(|record| record.workload.name.clone()),
        machine: of_first(say::machine),
        postgresql: of_first(|record| record.server.version.clone()),
        load: of_first(say::load),
        objective: operations.first().map(|one| one.objective.clone()).unwrap_or_default(),
        confidence: CONFIDENCE,
        question: question.clone(),
        sizes: series.told(),
        plan: cost::against_plan(&responses.database, prices),
        operations,
        database: responses.database,
        heap: responses.heap,
        indexes: responses.indexes,
        cpu: responses.cpu,
        rows,
        connections,
        check: checked,
        prices: prices.name.clone(),
        prices_date: prices.date,
        prices_unconfirmed: prices.unconfirmed(),
        assumptions: say::assumptions(question),
        cautions: say::cautions(&series, prices, today),
    })
}

/// Every response over the sizes.
pub(super) struct Responses {
    pub(super) operations: Vec<Response>,
    pub(super) database: Response,
    pub(super) heap: Response,
    pub(super) indexes: Response,
    pub(super) cpu: Response,
}

impl Responses {
    fn of(series: &Series<'_>, question: &Question) -> Self {
        let tracks = numbers(series, question);
        let names = series.operations();
        let of_operations: Vec<Subject> = names.iter().map(|name| of_operation(series, name)).collect();
        // The operations and the size of the database are judged together.
        let tail = (1.0 - CONFIDENCE) / 2.0 / (names.len() + 1) as f64;
        let wanted = Wanted { rows: &tracks, tail };
        let variances = variances(&of_operations);
        let operations = of_operations
            .iter()
            .zip(variances)
            .map(|(one, variance)| one.respond(variance, &wanted))
            .collect();
        let alone = |subject: &Subject, wanted: &Wanted<'_>| subject.respond(subject.own_variance(), wanted);
        let stored = |name: &str, of: fn(&Stored) -> f64| alone(&stored(series, name, of), &wanted);
        let plain = Wanted { rows: &tracks, tail: (1.0 - CONFIDENCE) / 2.0 };
        Self {
            operations,
            database: stored("database", |stored| stored.database),
            heap: stored("heap of the tracks", |stored| stored.heap),
            indexes: stored("indexes of the tracks", |stored| stored.indexes),
            cpu: alone(&of_cpu(series, &of_operations), &plain),
        }
    }
}

/// Numbers of tracks that are told of.
fn numbers(series: &Series<'_>, question: &Question) -> Vec<u64> {
    let mut all: Vec<u64> = series.sizes.keys().copied().chain(OUTLOOK).collect();
    all.extend(question.growth.iter().copied().chain(question.check));
    all.sort_unstable();
    all.dedup();
    all
}

fn subject(name: &str, laws: &'static [Law]) -> Subject {
    Subject { name: name.to_owned(), tracks: Vec::new(), groups: Vec::new(), laws, step: None, ahead: None }
}

fn of_operation(series: &Series<'_>, name: &str) -> Subject {
    let mut subject = subject(name, TIMES);
    for (tracks, runs) in &series.sizes {
        let shown = |run: &Reading<'_>| Some((run.effective, run.operation(name)?.response_us?));
        subject.push(*tracks, &runs.iter().filter_map(shown).collect::<Vec<_>>());
    }
    let records = series.records();
    subject.step = steps::last(&records, name);
    subject.ahead = records.last().and_then(|(largest, runs)| ahead::nearest(*largest, runs, name));
    subject
}

/// Share of the processor time of the mix from which an operation's step is a step of it.
const MATTERS: f64 = 0.1;

/// The processor time of the mix takes a step where an operation does that makes up much of it.
fn of_cpu(series: &Series<'_>, operations: &[Subject]) -> Subject {
    let mut subject = subject("processor time of a call of the mix", TIMES);
    for (tracks, runs) in &series.sizes {
        let shown = |run: &Reading<'_>| Some((run.effective, run.cpu_us?));
        subject.push(*tracks, &runs.iter().filter_map(shown).collect::<Vec<_>>());
    }
    let matters = |one: &&Subject| {
        let share = |run: &Reading<'_>| {
            let operation = run.operation(&one.name)?;
            Some(operation.share * operation.cpu_us? / run.cpu_us?)
        };
        series.sizes.values().flatten().filter_map(share).any(|share| share >= MATTERS)
    };
    let heavy: Vec<&Subject> = operations.iter().filter(matters).collect();
    subject.step = heavy.iter().filter_map(|one| one.step.clone()).max_by_key(|step| step.from);
    subject.ahead = heavy.iter().filter_map(|one| one.ahead.clone()).min_by_key(|ahead| ahead.tracks);
    subject
}

fn stored(series: &Series<'_>, name: &str, of: fn(&Stored) -> f64) -> Subject {
    let mut subject = subject(name, SIZES);
    for (tracks, runs) in &series.sizes {
        let shown = |run: &Reading<'_>| run.stored.map(|stored| (stored.tracks, of(&stored)));
        subject.push(*tracks, &runs.iter().filter_map(shown).collect::<Vec<_>>());
    }
    subject
}

/// The variances between runs: those that are known, moderated by one another.
fn variances(subjects: &[Subject]) -> Vec<Option<Variance>> {
    let own: Vec<Option<Variance>> = subjects.iter().map(Subject::own_variance).collect();
    let known: Vec<Variance> = own.iter().copied().flatten().collect();
    let mut moderated = moderated(&known).into_iter();
    own.iter().map(|own| own.and_then(|_| moderated.next())).collect()
}

fn operation(response: &Response, series: &Series<'_>) -> Operation {
    let first = series.sizes.values().flatten().find_map(|run| run.operation(&response.name));
    let target_us = first.map_or(f64::INFINITY, |one| one.target_us);
    Operation {
        share: first.map_or(0.0, |one| one.share),
        objective: first.map(|one| one.objective.clone()).unwrap_or_default(),
        target_us,
        at_size: series.sizes.iter().map(|(tracks, runs)| at_size(*tracks, runs, &response.name)).collect(),
        reach: reach(response, target_us),
        response: response.clone(),
    }
}

fn at_size(tracks: u64, runs: &[Reading<'_>], name: &str) -> AtSize {
    let all: Vec<&OperationReading> = runs.iter().filter_map(|run| run.operation(name)).collect();
    let middle = |of: fn(&OperationReading) -> Option<f64>| {
        median(&all.iter().filter_map(|one| of(one)).collect::<Vec<_>>())
    };
    let low = middle(|one| one.p95_within_us.map(|(low, _)| low));
    let high = middle(|one| one.p95_within_us.map(|(_, high)| high));
    AtSize {
        tracks,
        calls: all.iter().map(|one| one.calls).sum(),
        p50_us: middle(|one| one.p50_us),
        p95_us: middle(|one| one.p95_us),
        p95_within_us: low.zip(high),
        service_us: middle(|one| one.service_us),
        cpu_us: middle(|one| one.cpu_us),
    }
}

fn checked_at(tracks: u64, responses: &Responses, runs: &[Reading<'_>]) -> Check {
    let row = |response: &Response, measured: Vec<f64>| {
        response.at(tracks).map(|prediction| CheckRow::new(&response.name, prediction.clone(), measured))
    };
    let sizes = runs.iter().filter_map(|run| run.stored.map(|stored| stored.database)).collect();
    let database = row(&responses.database, sizes);
    let of_operation = |response: &Response| {
        let shown = |run: &Reading<'_>| run.operation(&response.name)?.response_us;
        row(response, runs.iter().filter_map(shown).collect())
    };
    let rows = database.into_iter().chain(responses.operations.iter().filter_map(of_operation)).collect();
    check::check(tracks, runs.len(), rows)
}

#[cfg(test)]
mod tests;
