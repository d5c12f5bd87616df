//! Several records side by side: what differs between them, and what that did.

use super::{
    flags::readable,
    grid::{Cell, Column, Grid, Row, Tone},
    headline, load,
    source::Source,
    trust,
    varied::Varied,
};
use crate::text::{grouped, milliseconds, short_digest, three_digits};
use crate::{
    flags::place::tells_of_place_alone,
    record::{OperationResult, Record, Summary},
    workload::ALL,
};

/// Settings that are named where runs are told apart; a section has them all.
const MOST_SETTINGS: usize = 4;

/// Records with short names.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The records; the first one is the base.
    pub records: Vec<&'a Record>,
    /// What they are called.
    pub labels: Vec<String>,
    /// What was chosen differently, with the value of each record.
    pub differences: Vec<(&'static str, Vec<String>)>,
}

impl<'a> Comparison<'a> {
    /// Names them by what differs between them: `base` and `new` for two, else the values, else numbers. The points of a
    /// sweep stand in the order of what was varied.
    #[must_use]
    pub fn of(sources: &'a [Source]) -> Self {
        let mut records: Vec<&Record> = sources.iter().map(|source| &source.record).collect();
        if let Some(varied) = Varied::over(&records) {
            records = varied.points.iter().map(|(_, index)| records[*index]).collect();
        }
        let settings = std::iter::once(("settings", settings(&records)));
        let differences: Vec<(&'static str, Vec<String>)> = choices(&records)
            .into_iter()
            .chain(settings)
            .filter(|(_, values)| values.iter().any(|value| *value != values[0]))
            .collect();
        let labels = labels(records.len(), &differences);
        Self { records, labels, differences }
    }

    /// What differs, as a table; the time of each is always there.
    #[must_use]
    pub fn differences(&self) -> Grid {
        let mut grid = self.grid("what", false);
        let times =
            self.records.iter().map(|record| record.run.started_at.format("%Y-%m-%d %H:%M UTC").to_string());
        let times = std::iter::once(("measured", times.collect::<Vec<_>>()));
        let verdicts =
            self.records.iter().map(|record| headline::outcome(record.verdict.outcome).1.to_owned());
        let verdicts = std::iter::once(("verdict", verdicts.collect::<Vec<_>>()));
        for (name, values) in self.differences.iter().cloned().chain(times).chain(verdicts) {
            let cells = values.into_iter().map(Cell::text);
            grid.push(Row::new(std::iter::once(Cell::text(name)).chain(cells).collect()));
        }
        grid
    }

    /// An empty table with a column a record.
    fn grid(&self, first: &str, are_numbers: bool) -> Grid {
        let column = |label: &String| Column { is_number: are_numbers, ..Column::words(label) };
        Grid::new(std::iter::once(Column::words(first)).chain(self.labels.iter().map(column)).collect())
    }

    /// Operations that every record has, by name, with each record's result.
    #[must_use]
    pub fn operations(&self) -> Vec<(&'a str, Vec<&'a OperationResult>)> {
        let Some(base) = self.records.first() else { return Vec::new() };
        let of = |operation: &'a OperationResult| {
            let same =
                |record: &&'a Record| record.operations.iter().find(|other| other.name == operation.name);
            let all: Option<Vec<_>> = self.records.iter().map(same).collect();
            Some((operation.name.as_str(), all?))
        };
        base.operations.iter().filter_map(of).collect()
    }

    /// The p95 of each operation in each record with its interval, and what the last is to the first.
    #[must_use]
    pub fn latencies(&self) -> Grid {
        let mut columns = vec![Column::words("operation")];
        columns.extend(self.labels.iter().map(|label| Column::numbers(format!("{label}: p95, ms"))));
        let (first, last) = (&self.labels[0], &self.labels[self.labels.len() - 1]);
        columns.push(Column::numbers(format!("{last} : {first}")).hint("ratio of the p95"));
        columns.push(Column::words("reading"));
        let mut grid = Grid::new(columns);
        let overall = (ALL, self.records.iter().map(|record| &record.overall).collect::<Vec<_>>());
        let each = self
            .operations()
            .into_iter()
            .map(|(name, all)| (name, all.into_iter().map(|o| &o.summary).collect()));
        for (name, summaries) in each.chain([overall]) {
            grid.push(latency_row(name, &summaries));
        }
        grid
    }

    /// What the differences come to, in a sentence: of a sweep how far the objective holds, else what was seen, which is not
    /// judged.
    #[must_use]
    pub fn sentence(&self) -> String {
        match Varied::over(&self.records) {
            Some(varied) => varied.sentence(&self.records),
            None if self.operations().is_empty() => "These records have no operation in common".to_owned(),
            None => {
                let seen = self.seen();
                format!("Each was run once, and what differs is shown and not judged: {seen}")
            }
        }
    }

    /// In how many operations the last has another p95 than the first.
    fn seen(&self) -> String {
        let read = |name: &str| {
            let all = self.operations();
            all.iter()
                .filter(|(_, all)| reading(&all[0].summary, &all[all.len() - 1].summary).1 == name)
                .count()
        };
        let (faster, slower) = (read(FASTER), read(SLOWER));
        let all = self.operations().len();
        let (first, last) = (&self.labels[0], &self.labels[self.labels.len() - 1]);
        match (faster, slower) {
            (0, 0) => format!(
                "no operation's p95 differs between {first} and {last} by more than its interval within a run"
            ),
            (faster, 0) => format!(
                "{last} has a lower p95 than {first} in {faster} of {all} operations, and in none a higher one"
            ),
            (0, slower) => format!(
                "{last} has a higher p95 than {first} in {slower} of {all} operations, and in none a lower one"
            ),
            (faster, slower) => format!(
                "against {first}, {last} has a lower p95 in {faster} of {all} operations, and a higher one in {slower}"
            ),
        }
    }

    /// Settings of the servers that differ.
    #[must_use]
    pub fn settings(&self) -> Grid {
        let mut grid = self.grid("setting", false);
        for (name, values) in settings_that_differ(&self.records) {
            grid.push(Row::new(std::iter::once(name.to_owned()).chain(values).map(Cell::text).collect()));
        }
        grid
    }

    /// Whether each measurement can be trusted.
    #[must_use]
    pub fn trust(&self) -> Grid {
        let mut grid = self.grid("looked at", false);
        let all: Vec<Vec<trust::Check>> = self.records.iter().map(|record| trust::checks(record)).collect();
        let mut names: Vec<&str> = Vec::new();
        for check in all.iter().flatten() {
            if !names.contains(&check.name) {
                names.push(check.name);
            }
        }
        for name in names {
            let cell = |checks: &Vec<trust::Check>| {
                let of: Vec<_> = checks.iter().filter(|check| check.name == name).collect();
                let said: Vec<&str> = of.iter().map(|check| check.seen.as_str()).collect();
                let has = |tone: &Tone| of.iter().any(|check| check.tone == *tone);
                let worst = [Tone::Bad, Tone::Warn].into_iter().find(has).unwrap_or_default();
                Cell::text(if said.is_empty() { "-".to_owned() } else { said.join("; ") }).tone(worst)
            };
            grid.push(Row::new(std::iter::once(Cell::text(name)).chain(all.iter().map(cell)).collect()));
        }
        grid
    }

    /// Mean time of each statement in the server, by record.
    #[must_use]
    pub fn statements(&self) -> Grid {
        let mut columns = vec![Column::words("statement")];
        columns.extend(self.labels.iter().map(|label| Column::numbers(format!("{label}: mean, ms"))));
        let (first, last) = (&self.labels[0], &self.labels[self.labels.len() - 1]);
        columns.push(Column::numbers(format!("{last} : {first}")).hint("ratio of the means"));
        let mut grid = Grid::new(columns);
        // A statement whose text differs from call to call has several entries of one name.
        let sums = |record: &Record, names: &[String]| {
            let all = record.evidence.statements.iter().flatten();
            let same = all.filter(|one| one.statements == names);
            same.fold((0.0, 0), |(ms, calls), one| (ms + one.total_ms, calls + one.calls))
        };
        let mean = |record: &Record, names: &[String]| {
            let (ms, calls) = sums(record, names);
            (calls > 0).then(|| ms / calls as f64)
        };
        let Some(base) = self.records.first() else { return grid };
        let mut all: Vec<&[String]> = Vec::new();
        for one in base.evidence.statements.iter().flatten() {
            if !one.statements.is_empty() && !all.contains(&one.statements.as_slice()) {
                all.push(&one.statements);
            }
        }
        all.sort_by(|a, b| sums(base, b).0.total_cmp(&sums(base, a).0));
        for names in all {
            let means: Vec<Option<f64>> = self.records.iter().map(|record| mean(record, names)).collect();
            let cell =
                |mean: &Option<f64>| Cell::number(mean.map_or_else(|| "-".to_owned(), three_digits), *mean);
            let ratio = means[0]
                .zip(means[means.len() - 1])
                .filter(|(base, _)| *base > 0.0)
                .map(|(base, new)| new / base);
            let mut cells = vec![Cell::text(names.join(", "))];
            cells.extend(means.iter().map(cell));
            cells.push(Cell::number(
                ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
                ratio,
            ));
            grid.push(Row::new(cells));
        }
        grid
    }
}

/// Everything that somebody chose, for each record.
fn choices(records: &[&Record]) -> Vec<(&'static str, Vec<String>)> {
    let each = |value: &dyn Fn(&Record) -> String| {
        records.iter().map(|record| value(record)).collect::<Vec<String>>()
    };
    let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    vec![
        ("workload", each(&|r| r.workload.name.clone())),
        ("workload's text", each(&|r| short_digest(&r.workload.sha256).to_owned())),
        ("tracks", each(&|r| grouped(r.catalog.tracks))),
        ("state", each(&|r| r.catalog.state.clone())),
        ("clients", each(&|r| r.load.clients.to_string())),
        ("pool", each(&|r| r.load.connections.to_string())),
        ("rate", each(&|r| rate(r).map_or_else(|| "-".to_owned(), three_digits))),
        ("load", each(&|r| load::model(&r.load))),
        ("protocol", each(&|r| r.workload.protocol.clone())),
        ("seed", each(&|r| r.run.seed.to_string())),
        ("flags", each(&|r| optional(&r.server.flags))),
        ("machine", each(&|r| r.server.machine.as_ref().map_or_else(|| "-".to_owned(), |m| m.name.clone()))),
        ("PostgreSQL", each(&|r| r.server.version.clone())),
        ("client machine", each(&|r| format!("{}, {} processors", r.host.cpu_model, r.host.cpus))),
        ("objective", each(&|r| r.overall.slo.objective.clone())),
        ("loist-bench", each(&|r| r.tool_version.clone())),
    ]
}

/// Settings that are not the same in all records, by name, with the value in each.
fn settings_that_differ<'a>(records: &[&'a Record]) -> Vec<(&'a str, Vec<String>)> {
    let all = records.iter().flat_map(|record| &record.evidence.settings);
    let mut names: Vec<&str> = all.map(|setting| setting.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let value =
        |record: &Record, name: &str| record.evidence.setting(name).map_or_else(|| "-".to_owned(), readable);
    names
        .into_iter()
        .filter(|name| !tells_of_place_alone(name))
        .map(|name| (name, records.iter().map(|record| value(record, name)).collect::<Vec<_>>()))
        .filter(|(_, values)| values.iter().any(|value| *value != values[0]))
        .collect()
}

/// Settings of each record that are not the same in all, some of them.
fn settings(records: &[&Record]) -> Vec<String> {
    let differ = settings_that_differ(records);
    let more = match differ.len().saturating_sub(MOST_SETTINGS) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let of = |index: usize| {
        let some = differ.iter().take(MOST_SETTINGS);
        let texts = some.map(|(name, values)| format!("{name} {}", values[index]));
        texts.collect::<Vec<_>>().join(", ") + &more
    };
    (0..records.len()).map(of).collect()
}

/// Calls a second that were asked for.
#[must_use]
pub fn rate(record: &Record) -> Option<f64> {
    record.schedule.as_ref()?.asked_per_second
}

/// Values that make a good name.
const NAMING: [&str; 8] = ["rate", "clients", "pool", "tracks", "protocol", "flags", "machine", "PostgreSQL"];

fn labels(count: usize, differences: &[(&'static str, Vec<String>)]) -> Vec<String> {
    if count == 2 {
        return vec!["base".to_owned(), "new".to_owned()];
    }
    let naming: Vec<_> = differences.iter().filter(|(name, _)| NAMING.contains(name)).collect();
    let label = |index: usize| {
        let parts: Vec<String> =
            naming.iter().map(|(name, values)| format!("{name} {}", values[index])).collect();
        parts.join(", ")
    };
    let labels: Vec<String> = (0..count).map(label).collect();
    let is_unique = (1..count).all(|index| !labels[..index].contains(&labels[index]));
    if is_unique && !naming.is_empty() {
        labels
    } else {
        (1..=count).map(|number| format!("run {number}")).collect()
    }
}

const FASTER: &str = "lower";
const SLOWER: &str = "higher";

/// What one p95 is to another: clear where the intervals within the runs do not overlap.
fn reading(base: &Summary, new: &Summary) -> (Tone, &'static str) {
    let (Some(a), Some(b)) = (headline::interval(base, 0.95), headline::interval(new, 0.95)) else {
        return (Tone::Plain, "too short to say");
    };
    if b.high_us < a.low_us {
        (Tone::Good, FASTER)
    } else if b.low_us > a.high_us {
        (Tone::Bad, SLOWER)
    } else {
        (Tone::Plain, "not clear")
    }
}

fn latency_row(name: &str, summaries: &[&Summary]) -> Row {
    let cell = |summary: &&Summary| {
        let p95 = summary.response.p95_us;
        let within = headline::interval(summary, 0.95).map_or_else(String::new, |i| {
            format!(" ({}..{})", milliseconds(Some(i.low_us)), milliseconds(Some(i.high_us)))
        });
        Cell::number(format!("{}{within}", milliseconds(p95)), p95)
    };
    let (base, new) = (summaries[0], summaries[summaries.len() - 1]);
    let ratio =
        base.response.p95_us.zip(new.response.p95_us).filter(|(base, _)| *base > 0.0).map(|(a, b)| b / a);
    let (tone, word) = reading(base, new);
    let mut cells = vec![Cell::text(name)];
    cells.extend(summaries.iter().map(cell));
    cells.push(Cell::number(ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")), ratio));
    cells.push(Cell::text(word).tone(tone));
    Row::new(cells)
}

#[cfg(test)]
mod tests;
