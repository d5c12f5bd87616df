//! What an A/A measurement says in words and tables.

use crate::text::{counted, grouped, percent, span};
use crate::{
    gate::{Detectable, FalseAlarms, Rate},
    record::amount::size,
    report::{
        grid::{Cell, Column, Grid, Row, Tone},
        xml::plain,
    },
};

/// A judge of comparisons, and how often it was wrong.
struct Judge {
    name: &'static str,
    meaning: &'static str,
    rate: Rate,
}

fn judges(alarms: &FalseAlarms) -> [Judge; 4] {
    let judge = |name, meaning, rate| Judge { name, meaning, rate };
    [
        judge("the gate", "called something slower", alarms.gate()),
        judge("the gate, either way", "called something slower or faster", alarms.either()),
        judge(
            "a fixed threshold",
            "some median was worse by more than the smallest change that matters",
            alarms.fixed_threshold(),
        ),
        judge(
            "a test of single runs",
            "some first pair differed by more than its two blocks would if calls were independent",
            alarms.single_run(),
        ),
    ]
}

/// Share of comparisons that may raise a false alarm, as promised.
fn promised(alarms: &FalseAlarms) -> f64 {
    1.0 - alarms.confidence
}

/// How the whole of it is to be taken, and a word for it.
#[must_use]
pub fn outcome(alarms: &FalseAlarms) -> (Tone, &'static str) {
    let promised = promised(alarms);
    match () {
        () if alarms.comparisons.is_empty() => (Tone::Warn, "nothing measured"),
        () if alarms.either().low > promised || alarms.gate().low > promised => {
            (Tone::Bad, "more than promised")
        }
        () if alarms.either().at_most <= promised => (Tone::Good, "as promised"),
        () => (Tone::Plain, "too few to tell"),
    }
}

/// What it comes to, in one sentence without a full stop.
#[must_use]
pub fn sentence(alarms: &FalseAlarms) -> String {
    let (short, rest) = in_short(alarms);
    if rest.is_empty() { short } else { format!("{short}: {rest}") }
}

/// The same in two parts: what was seen, and what that tells.
#[must_use]
pub fn in_short(alarms: &FalseAlarms) -> (String, String) {
    let (gate, promised) = (alarms.gate(), percent(promised(alarms)));
    if gate.of == 0 {
        return ("no comparison was made: nothing is known of false alarms".to_owned(), String::new());
    }
    let seen = match gate.alarms {
        0 => "no false alarm".to_owned(),
        some => counted(some as usize, "false alarm"),
    };
    let short = format!(
        "the gate raised {seen} in {} of a side with itself",
        counted(gate.of as usize, "comparison")
    );
    let truth =
        format!("in truth at most {} have one, with a probability of 95 %", short_share(gate.at_most));
    let promise = match outcome(alarms).0 {
        Tone::Bad => format!("that is more than the {promised} promised"),
        Tone::Good => format!("{promised} is promised"),
        _ => format!("{promised} is promised, and so few comparisons can neither prove nor disprove it"),
    };
    (short, format!("{truth}; {promise}"))
}

/// The exact interval of a rate.
#[must_use]
pub fn interval(rate: &Rate) -> String {
    format!("{} to {}", short_share(rate.low), short_share(rate.high))
}

/// A share as a percentage with one digit after the point.
fn short_share(share: f64) -> String {
    if share < 0.001 { percent(share) } else { percent((share * 1_000.0).round() / 1_000.0) }
}

/// Judges with their alarms.
#[must_use]
pub fn rates(alarms: &FalseAlarms) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("judge"),
        Column::numbers("alarms").hint("comparisons with a false alarm"),
        Column::numbers("comparisons"),
        Column::numbers("rate"),
        Column::numbers("95 % interval").hint("of the rate, exact (Clopper and Pearson 1934)"),
        Column::words("an alarm is"),
    ]);
    for Judge { name, meaning, rate } in judges(alarms) {
        let share = (rate.of > 0).then(|| rate.alarms as f64 / rate.of as f64);
        grid.push(Row::new(vec![
            Cell::text(name),
            Cell::count(rate.alarms),
            Cell::count(rate.of),
            Cell::number(share.map_or_else(|| "-".to_owned(), short_share), share),
            Cell::number(interval(&rate), rate.low),
            Cell::text(meaning),
        ]));
    }
    grid
}

/// The smallest change that is found nine times in ten, the largest first.
#[must_use]
pub fn detectable(alarms: &FalseAlarms) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("operation"),
        Column::words("metric"),
        Column::numbers("smallest change found").hint("nine times in ten, with as many pairs"),
        Column::numbers("spread of the pairs").hint("standard deviation of their ratios or differences"),
    ]);
    let known = |one: &Detectable| one.change.filter(|change| change.is_finite());
    let mut all: Vec<&Detectable> = alarms.detectable.iter().collect();
    all.sort_by(|a, b| known(b).unwrap_or(f64::MAX).total_cmp(&known(a).unwrap_or(f64::MAX)));
    for one in all {
        let text = known(one).map_or_else(|| "-".to_owned(), |change| size(one.metric, change));
        let spread = Some(one.spread).filter(|spread| spread.is_finite());
        grid.push(Row::new(vec![
            Cell::text(&one.operation),
            Cell::text(one.metric.title()),
            Cell::number(text, known(one)),
            Cell::number(spread.map_or_else(|| "-".to_owned(), |s| size(one.metric, s)), spread),
        ]));
    }
    grid
}

/// What the table of the smallest changes means.
#[must_use]
pub fn of_detectable(alarms: &FalseAlarms) -> String {
    format!(
        "So large a change must be for {} of blocks of {} on this machine to find it nine times in ten; a smaller one may stay unseen, and the gate then says that it cannot tell. More pairs, longer blocks or a quieter machine make it smaller. - stands where it cannot be told.",
        counted(alarms.pairs, "pair"),
        span(alarms.block_seconds)
    )
}

/// How it was measured: a name and a sentence each.
#[must_use]
pub fn facts(alarms: &FalseAlarms) -> Vec<(&'static str, String)> {
    let judged: usize = alarms.comparisons.iter().map(|comparison| comparison.judged).sum();
    let equivalent: usize = alarms.comparisons.iter().map(|comparison| comparison.equivalent).sum();
    // A file that was made before sides were kept has none.
    let side = Some(plain(&alarms.side)).filter(|side| !side.is_empty()).map(|side| ("side", side));
    let facts = [
        ("workload", format!("{}, {}", plain(&alarms.workload), plain(&alarms.load))),
        ("catalog", format!("{} tracks", grouped(alarms.tracks))),
        ("machine", plain(&alarms.machine)),
        ("PostgreSQL", plain(&alarms.postgresql)),
        (
            "measured",
            format!(
                "{} of {} each, blocks of {}; {} set aside in all",
                counted(alarms.comparisons.len(), "comparison"),
                counted(alarms.pairs, "pair"),
                span(alarms.block_seconds),
                counted(alarms.set_aside, "pair")
            ),
        ),
        (
            "answers",
            format!("{} in all, {} of them equivalent", grouped(judged as u64), grouped(equivalent as u64)),
        ),
        (
            "confidence",
            format!("{} that a comparison raises no false alarm, as promised", percent(alarms.confidence)),
        ),
        ("began", format!("{}, took {}", alarms.at.format("%Y-%m-%d %H:%M UTC"), span(alarms.took_seconds))),
    ];
    side.into_iter().chain(facts).collect()
}
