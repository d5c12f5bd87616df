//! The page of an answer on capacity.

use super::{
    answer::{Figure, Head, explained, foot, kept, list, method, section},
    frame::Frame,
    parts::{self, rendered},
};
use crate::text::{bytes, grouped};
use crate::{
    capacity::{Capacity, growth::RowOutcome, short_tracks},
    report::{
        capacity::{grids, words},
        grid::Tone,
        headline::capital,
        picture,
        xml::plain,
    },
};

pub(super) fn page(capacity: &Capacity) -> String {
    let sections = kept([
        section("growth", "Growth", growth(capacity)),
        section("operations", "Operations", operations(capacity)),
        section("size", "Size", picture::growth_of_sizes(capacity).iter().map(parts::picture).collect()),
        section("cost-section", "Cost", cost(capacity)),
        section("check", "Predictions checked", check(capacity)),
        section("connections", "Connections", connections(capacity)),
        section("measured", "Measured", explained(MEASURED, &grids::measured(capacity), "Measured")),
        section("plan", "The server's own capacity plan", list(&words::plan(capacity))),
        section("assumptions", "This rests on", list(&words::assumptions(capacity))),
        section("method", "Method", method(&words::facts(capacity), &READING.map(str::to_owned))),
    ]);
    Frame {
        title: format!("Capacity of {}: loist-bench", plain(&capacity.workload)),
        head: head(capacity),
        sections,
        switches: 0,
        foot: foot(&capacity.tool_version),
    }
    .page()
}

const GROWTH: &str = "An interval stands in brackets: from its lower to its upper end. A question mark stands where it is not warranted; why is said below.";
const TIERS: &str = "What the tier of each number of tracks has to do at the load that was asked for.";
const MEASURED: &str =
    "Medians over the runs of a size, at light load; the knee was searched for with the workload's own mix.";
const READING: [&str; 3] = [
    "Each size is measured again and again with other libraries on servers of their own, in random order, by one client that makes one call at a time and, unless asked otherwise, no more than 150 calls a second: nobody waits for anybody. Every operation is called as often as the others, those that write a quarter as often, so that seldom ones have percentiles, too; where the mix matters, each counts by its own share.",
    "Laws of growth are fitted to the runs on the logarithm of the response: constant, a + b n, a + b n^0.8, a n^b, a + b log n, a + b n log n, a + b n^1.25. One that the sizes contradict (lack of fit against the spread between runs, at 1 %) is left out. The estimate follows the one with the smallest Cp (Mallows); the interval is that of a new run and holds what each law that is left would hold, with Student's t, for all operations together (Bonferroni). The spread of an operation is moderated by that of the others (Smyth 2004).",
    "Nothing is predicted where a statement is executed in another way from one size to the next, or may be from some size on; where no law fits; beyond ten times the largest size; and what is wider than a factor of four is given with that reservation.",
];

fn growth(capacity: &Capacity) -> String {
    let growth = list(&words::details(capacity)) + &explained(GROWTH, &grids::growth(capacity), "Growth");
    growth + &explained(TIERS, &grids::tiers(capacity), "Tiers") + &list(&words::remarks(capacity))
}

fn operations(capacity: &Capacity) -> String {
    let drawn: Vec<picture::Picture> = capacity
        .operations
        .iter()
        .enumerate()
        .filter_map(|(index, operation)| picture::growth_of_operation(index, operation, capacity))
        .collect();
    let refusals = list(&words::not_warranted(capacity));
    let refusals = if refusals.is_empty() { refusals } else { format!("<h3>Not warranted</h3>{refusals}") };
    let table = explained(
        "The operations in the workload's order; the pictures show the runs, the estimates and the interval of a new run.",
        &grids::operations(capacity),
        "Operations",
    );
    format!("{table}{refusals}{}", parts::pictures(&drawn))
}

fn cost(capacity: &Capacity) -> String {
    let about = format!(
        "US dollars a month by {}, of {}. Storage grows in steps; high availability doubles instance and storage.",
        plain(&capacity.prices),
        capacity.prices_date
    );
    let pictures: String = picture::cost(capacity).iter().map(parts::picture).collect();
    let table = explained(&about, &grids::cost(capacity), "Cost a month");
    if table.is_empty() { table } else { table + &pictures }
}

fn check(capacity: &Capacity) -> String {
    let about = capacity.check.as_ref().map(|check| capital(&plain(&check.sentence))).unwrap_or_default();
    explained(&about, &grids::check(capacity), "Predictions checked")
}

fn connections(capacity: &Capacity) -> String {
    let table = explained("", &grids::connections(capacity), "Connections that tiers take");
    if table.is_empty() { table } else { list(&words::connections(capacity)) + &table }
}

fn head(capacity: &Capacity) -> String {
    let (tone, word) = words::outcome(capacity.outcome);
    let sizes: Vec<String> = capacity.sizes.iter().map(|size| short_tracks(size.tracks)).collect();
    rendered(&Head {
        label: "Capacity",
        tone,
        word,
        headline: capital(&words::sentence(capacity)),
        subject: format!(
            "{}, measured at {} tracks, PostgreSQL {}, {}, {}",
            plain(&capacity.workload),
            sizes.join(", "),
            plain(&capacity.postgresql),
            plain(&capacity.machine),
            capacity.at.format("%-d %B %Y, %H:%M UTC")
        ),
        figures: figures(capacity),
        cautions: &capacity.cautions,
    })
}

/// The largest number of tracks that was asked for, in figures.
fn figures(capacity: &Capacity) -> Vec<Figure> {
    let Some(row) = capacity.rows.iter().rfind(|row| row.asked) else { return Vec::new() };
    let tracks = grouped(row.tracks);
    let known = capacity.operations.len().saturating_sub(row.unknown.len());
    let tone = match row.outcome {
        RowOutcome::Missed => Tone::Bad,
        RowOutcome::InDanger => Tone::Warn,
        RowOutcome::Holds | RowOutcome::Unknown => Tone::Good,
    };
    let mut figures = vec![match known {
        0 => Figure {
            name: "of the operations can be predicted",
            value: "none".to_owned(),
            hint: format!("of {} at {tracks} tracks", capacity.operations.len()),
            tone: Tone::Warn,
        },
        _ => Figure::count(
            "operations keep the objective",
            known.saturating_sub(row.missed.len() + row.in_danger.len()),
            tone,
            format!("of {} at {tracks} tracks; {} not known", capacity.operations.len(), row.unknown.len()),
        ),
    }];
    if let Some(range) = capacity.database.at(row.tracks).and_then(|prediction| prediction.range) {
        figures.push(Figure {
            name: "database",
            value: bytes(range.estimate as u64),
            hint: format!("at {tracks} tracks, up to {}", bytes(range.high as u64)),
            tone: Tone::Plain,
        });
    }
    if let Some((tier, cost)) = row.tier.as_ref().zip(row.cost) {
        figures.push(Figure {
            name: "US dollars a month",
            value: format!("{:.2}", cost.total_usd),
            hint: format!("{} at {tracks} tracks, without a standby", tier.name),
            tone: Tone::Plain,
        });
    }
    figures
}
