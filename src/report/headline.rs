//! The verdict in a sentence, and the figures that stand beside it with their uncertainty.

use super::{grid::Tone, load};
use crate::record::{Knee, OperationResult, Outcome, QuantileInterval, Record, Server, ServerKind, Summary};
use crate::text::{
    bytes, counted, grouped, milliseconds, percent, percentile, three_digits, without_idle_zeros,
};

/// How an outcome is to be taken, and a word for it.
#[must_use]
pub fn outcome(outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Met => (Tone::Good, "met"),
        Outcome::Missed => (Tone::Bad, "missed"),
        Outcome::Inconclusive => (Tone::Warn, "inconclusive"),
    }
}

/// The verdict in one short sentence.
#[must_use]
pub fn sentence(record: &Record) -> String {
    let met: Vec<&OperationResult> =
        record.operations.iter().filter(|operation| operation.summary.slo.outcome == Outcome::Met).collect();
    let closest = closest_of(met.iter().copied()).filter(|_| record.verdict.outcome == Outcome::Met);
    let Some((closest, headroom)) = closest else { return capital(&record.verdict.sentence) };
    let (all, met) = (record.operations.len(), met.len());
    let who = match all {
        1 => format!("{} meets", closest.name),
        2 if met == 2 => "Both operations meet".to_owned(),
        _ if met == all => format!("All {all} operations meet"),
        _ => format!("{met} of {all} operations meet"),
    };
    let slo = &closest.summary.slo;
    let same = record.operations.iter().all(|operation| operation.summary.slo.objective == slo.objective);
    let what = if same { limit(closest) } else { "their objectives".to_owned() };
    let others = if met < all { ", the others had too few calls to tell" } else { "" };
    let least = if met > 1 { "at least " } else { "" };
    format!("{who} {what}, {least}{} times faster than the target{others}", factor(headroom))
}

/// With a capital letter at its beginning, unless that is a name of the workload's.
#[must_use]
pub fn capital(sentence: &str) -> String {
    let (first, rest) = sentence.split_at(sentence.chars().next().map_or(0, char::len_utf8));
    let is_name = sentence.split(' ').next().is_some_and(|word| word.contains('_'));
    if is_name { sentence.to_owned() } else { format!("{}{rest}", first.to_uppercase()) }
}

/// As in `p95 < 200 ms`.
fn limit(operation: &OperationResult) -> String {
    let slo = &operation.summary.slo;
    format!("{} < {} ms", percentile(slo.quantile), short(slo.target_us / 1e3))
}

/// Three digits, without idle zeros; whole numbers from 1,000 on.
fn short(value: f64) -> String {
    let text = if value < 1_000.0 { format!("{value:.3}") } else { three_digits(value) };
    without_idle_zeros(&text).to_owned()
}

fn factor(value: f64) -> String {
    if value >= 10.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// The operation that comes closest to its objective of those that were answered, and by what factor it is faster.
#[must_use]
pub fn closest(record: &Record) -> Option<(&OperationResult, f64)> {
    closest_of(record.operations.iter())
}

fn closest_of<'a>(
    operations: impl Iterator<Item = &'a OperationResult>,
) -> Option<(&'a OperationResult, f64)> {
    let all = operations.filter_map(|operation| Some((operation, operation.summary.slo.headroom()?)));
    all.min_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// A figure with its unit and how sure it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is of.
    pub name: String,
    /// The figure.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// Its interval, or what else says how sure it is.
    pub sure: String,
    /// How it is to be taken.
    pub tone: Tone,
}

/// The interval of a quantile; `None` where the run is too short for one.
#[must_use]
pub fn interval(summary: &Summary, quantile: f64) -> Option<&QuantileInterval> {
    summary.response_intervals.iter().find(|interval| (interval.quantile - quantile).abs() < 1e-9)
}

/// `5.86 to 8.61 ms`, or that it cannot be said.
#[must_use]
pub fn interval_text(summary: &Summary, quantile: f64) -> String {
    interval(summary, quantile).map_or_else(
        || "too short to say how sure".to_owned(),
        |i| format!("95 % interval {} to {} ms", milliseconds(Some(i.low_us)), milliseconds(Some(i.high_us))),
    )
}

/// The highest rate at which the objective holds, where it was searched for.
fn knee(knee: &Knee) -> Figure {
    let (low, high) = (three_digits(knee.low_per_second), three_digits(knee.high_per_second));
    let aside = knee.trials.iter().filter(|trial| trial.disturbed.is_some()).count();
    let blocks = counted(knee.trials.len(), "block");
    let blocks = match aside {
        0 => blocks,
        some => format!("{blocks}, {some} of them disturbed and set aside"),
    };
    let sure = if knee.bracketed {
        format!("95 % interval {low} to {high}, by {blocks}")
    } else {
        format!("not found: the farthest rate that was tried, by {blocks}")
    };
    Figure {
        name: "highest rate at which the objective holds (knee)".to_owned(),
        value: three_digits(knee.rate_per_second),
        unit: "calls/s".to_owned(),
        sure,
        tone: if aside == 0 && knee.bracketed { Tone::Plain } else { Tone::Warn },
    }
}

/// What a reader wants to know first, at most six.
#[must_use]
pub fn figures(record: &Record) -> Vec<Figure> {
    let overall = &record.overall;
    let mut figures: Vec<Figure> = record.knee.iter().map(knee).collect();
    if let Some((operation, _)) = closest(record) {
        let slo = &operation.summary.slo;
        figures.push(Figure {
            name: format!(
                "{} of {}, the closest to {}",
                percentile(slo.quantile),
                operation.name,
                slo.objective
            ),
            value: milliseconds(slo.observed_us),
            unit: "ms".to_owned(),
            sure: interval_text(&operation.summary, slo.quantile),
            tone: outcome(slo.outcome).0,
        });
    }
    figures.push(Figure {
        name: "p95 of all calls".to_owned(),
        value: milliseconds(overall.response.p95_us),
        unit: "ms".to_owned(),
        sure: interval_text(overall, 0.95),
        tone: Tone::Plain,
    });
    figures.push(throughput(record));
    let slo = &overall.slo;
    figures.push(Figure {
        name: format!("calls over {} or lost", slo.objective.split('@').next().unwrap_or_default()),
        value: percent(slo.miss_share).trim_end_matches(" %").to_owned(),
        unit: "%".to_owned(),
        sure: format!("95 % interval {} to {}", percent(slo.miss_share_low), percent(slo.miss_share_high)),
        tone: outcome(slo.outcome).0,
    });
    let lost = overall.lost();
    figures.push(Figure {
        name: "calls lost (failed, shed or unfinished)".to_owned(),
        value: grouped(lost),
        unit: format!("of {}", grouped(overall.calls)),
        sure: "counted, each of them".to_owned(),
        tone: if lost == 0 { Tone::Good } else { Tone::Bad },
    });
    figures
}

fn throughput(record: &Record) -> Figure {
    let series = &record.series;
    let slices = series.operations.iter().map(|operation| operation.answered.len()).max().unwrap_or_default();
    // The last slice may be shorter than the others.
    let rates: Vec<f64> = (0..slices.saturating_sub(1))
        .map(|slice| {
            let answered =
                series.operations.iter().filter_map(|operation| operation.answered.get(slice)).sum::<u64>();
            answered as f64 / series.interval_seconds
        })
        .collect();
    let sure = if rates.len() < 2 || series.interval_seconds <= 0.0 {
        "too short to say how even".to_owned()
    } else {
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        let length = three_digits(series.interval_seconds);
        format!("{} to {} in slices of {length} s", three_digits(least), three_digits(most))
    };
    Figure {
        name: "throughput, all operations".to_owned(),
        value: three_digits(record.overall.calls_per_second),
        unit: "calls/s".to_owned(),
        sure,
        tone: Tone::Plain,
    }
}

/// What was measured, in a line.
#[must_use]
pub fn subject(record: &Record) -> String {
    format!(
        "{} on {} tracks ({}, seed {}), {}, {} protocol, {} s",
        record.workload.name,
        grouped(record.catalog.tracks),
        record.catalog.state,
        record.run.seed,
        load::model(&record.load),
        record.workload.protocol,
        three_digits(record.window.seconds)
    )
}

/// A server, and how near it is to the clients.
#[must_use]
pub fn server(server: &Server) -> String {
    let machine = server.machine.as_ref().map(|machine| format!(" for {}", machine.name)).unwrap_or_default();
    let flags = server.flags.as_ref().map(|flags| format!(", flags {flags}")).unwrap_or_default();
    let place = match server.kind {
        ServerKind::Embedded => format!("embedded{machine}{flags}, on the clients' machine"),
        ServerKind::External => format!("{}{machine}", server.address),
    };
    format!("PostgreSQL {} ({place})", server.version)
}

/// On what.
#[must_use]
pub fn place(record: &Record) -> String {
    let host = &record.host;
    format!(
        "{}; clients on {} processors, {}; {}",
        server(&record.server),
        host.cpus,
        bytes(host.memory_bytes),
        record.run.started_at.format("%-d %B %Y, %H:%M UTC")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{record::KneeTrial, report::picture::fixture::sample};

    #[test]
    fn a_knee_is_the_first_figure_with_what_speaks_against_it() {
        let mut record = sample();
        let trial = |disturbed: Option<&str>| KneeTrial {
            rate_per_second: 700.0,
            held: true,
            calls: 1_400,
            miss_share: 0.0,
            answered_per_second: 700.0,
            capacity_per_second: None,
            disturbed: disturbed.map(str::to_owned),
        };
        let mut knee = Knee {
            rate_per_second: 734.0,
            low_per_second: 636.0,
            high_per_second: 787.0,
            bracketed: true,
            promised_per_second: 636.0,
            block_seconds: 2.0,
            searched_seconds: 9.0,
            trials: vec![trial(None), trial(Some("steal"))],
        };
        record.knee = Some(knee.clone());
        let first = figures(&record).remove(0);
        assert_eq!((first.value.as_str(), first.tone), ("734", Tone::Warn));
        assert_eq!(first.sure, "95 % interval 636 to 787, by 2 blocks, 1 of them disturbed and set aside");
        (knee.bracketed, knee.trials) = (false, vec![trial(None)]);
        record.knee = Some(knee);
        assert_eq!(figures(&record)[0].sure, "not found: the farthest rate that was tried, by 1 block");
    }

    /// A met run of these operations, each with its objective in milliseconds and what was observed, if anything.
    fn met(operations: &[(&str, f64, Option<f64>, Outcome)]) -> Record {
        let mut record = sample();
        let first = record.operations[0].clone();
        record.operations = operations
            .iter()
            .map(|(name, target_ms, observed_ms, outcome)| {
                let mut operation = first.clone();
                operation.name = (*name).to_owned();
                let slo = &mut operation.summary.slo;
                slo.objective = format!("{target_ms}ms@p95");
                (slo.target_us, slo.outcome) = (target_ms * 1e3, *outcome);
                slo.observed_us = observed_ms.map(|ms| ms * 1e3);
                operation
            })
            .collect();
        record.verdict.outcome = Outcome::Met;
        record.verdict.sentence = "The record's own words".to_owned();
        record
    }

    #[test]
    fn a_met_objective_is_told_with_its_headroom() {
        use Outcome::{Inconclusive, Met};
        type Cases<'a> = [(&'a [(&'a str, f64, Option<f64>, Outcome)], &'a str); 5];
        let cases: Cases<'_> = [
            (
                &[("read", 200.0, Some(80.0), Met)],
                "read meets p95 < 200 ms, 2.5 times faster than the target",
            ),
            (
                &[("a", 200.0, Some(10.0), Met), ("b", 200.0, Some(4.0), Met)],
                "Both operations meet p95 < 200 ms, at least 20 times faster than the target",
            ),
            (
                &[("a", 200.0, Some(10.0), Met), ("b", 0.5, Some(0.1), Met)],
                "Both operations meet their objectives, at least 5.0 times faster than the target",
            ),
            (
                &[("a", 200.0, Some(10.0), Met), ("b", 200.0, Some(50.0), Inconclusive)],
                "1 of 2 operations meet p95 < 200 ms, 20 times faster than the target, the others had too few calls to tell",
            ),
            (&[("a", 200.0, None, Met)], "The record's own words"),
        ];
        for (operations, said) in cases {
            assert_eq!(sentence(&met(operations)), said);
        }
    }

    #[test]
    fn what_was_not_met_is_told_in_the_words_of_the_record() {
        for outcome in [Outcome::Missed, Outcome::Inconclusive] {
            let mut record = met(&[("a", 200.0, Some(10.0), Outcome::Met)]);
            record.verdict.outcome = outcome;
            assert_eq!(sentence(&record), record.verdict.sentence);
        }
    }

    #[test]
    fn every_figure_says_how_sure_it_is() {
        let mut record = sample();
        for figure in figures(&record) {
            let Figure { name, value, unit, sure, .. } = &figure;
            assert!([name, value, unit, sure].iter().all(|text| !text.is_empty()), "{figure:?}");
        }
        record.overall.response_intervals.clear();
        let of_all = figures(&record).into_iter().find(|figure| figure.name == "p95 of all calls").unwrap();
        assert!(of_all.sure.contains("too short"), "{of_all:?}");
    }

    #[test]
    fn an_interval_stands_with_its_unit() {
        let mut summary = sample().overall;
        summary.response_intervals =
            vec![QuantileInterval { quantile: 0.95, low_us: 5_860.0, high_us: 8_610.0 }];
        assert_eq!(interval_text(&summary, 0.95), "95 % interval 5.86 to 8.61 ms");
    }

    #[test]
    fn the_last_slice_says_nothing_of_how_even_the_throughput_was() {
        let mut record = sample();
        record.series.operations.truncate(1);
        record.series.interval_seconds = 2.0;
        record.series.operations[0].answered = vec![200, 400, 300, 2];
        assert_eq!(throughput(&record).sure, "100 to 200 in slices of 2.00 s");
    }

    #[test]
    fn a_record_of_nothing_has_words_all_the_same() {
        let mut record = sample();
        record.operations.clear();
        record.series.operations.clear();
        (record.series.interval_seconds, record.window.seconds) = (0.0, 0.0);
        (record.overall.calls, record.overall.response) = (0, crate::record::Latency::default());
        record.overall.response_intervals.clear();
        assert_eq!(sentence(&record), record.verdict.sentence);
        let figures = figures(&record);
        assert_eq!((figures.len(), figures[0].value.as_str()), (4, "-"));
        assert!(subject(&record).ends_with(", 0.000 s"));
    }
}
