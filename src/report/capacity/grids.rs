//! The tables of an answer on capacity.

use super::words;
use crate::text::{bytes, milliseconds, percent, three_digits};
use crate::{
    capacity::{
        Capacity,
        answer::{GrowthRow, Knee, Operation, Size},
        check::CheckRow,
        growth::RowOutcome,
        short_tracks,
        tier::Tier,
    },
    report::{
        grid::{Cell, Column, Grid, Row, Tone},
        xml::plain,
    },
};

/// Tracks that the plan expects after a year.
const YEAR_ONE: u64 = 10_000;

/// Each number of tracks: the objective, the size, the tier.
#[must_use]
pub fn growth(capacity: &Capacity) -> Grid {
    let mut grid = Grid::new(vec![
        Column::numbers("tracks"),
        Column::words("asked for").hint("the exit code speaks of these"),
        Column::words(plain(&capacity.objective)),
        Column::numbers("database"),
        Column::words("tier"),
    ]);
    let operations = capacity.operations.len();
    for row in &capacity.rows {
        let (tone, said) = words::row(row, operations);
        grid.push(Row::new(vec![
            Cell::count(row.tracks),
            Cell::text(asked(row)),
            Cell::text(said).tone(tone),
            Cell::text(words::sizes(capacity.database.at(row.tracks))),
            Cell::text(row.tier.as_ref().map_or_else(|| "-".to_owned(), name)),
        ]));
    }
    grid
}

/// What the tier of each number of tracks would have to do.
#[must_use]
pub fn tiers(capacity: &Capacity) -> Grid {
    let mut grid = Grid::new(vec![
        Column::numbers("tracks"),
        Column::words("tier"),
        Column::numbers("CPU ms a call").hint("processor time of the server for a call of the mix"),
        Column::numbers("busy").hint("share of the tier's processor time that the load takes"),
        Column::numbers("most calls/s")
            .hint("that keep the processors within the busyness that was asked for"),
        Column::words("cached").hint("whether the whole database fits into the tier's caches"),
    ]);
    for row in &capacity.rows {
        let Some(tier) = &row.tier else { continue };
        grid.push(Row::new(vec![
            Cell::count(row.tracks),
            Cell::text(&tier.name),
            Cell::text(words::times(capacity.cpu.at(row.tracks))),
            known(tier.busy, |busy| Cell::number(percent(busy), busy)),
            known(tier.most_calls_per_second, Cell::amount),
            Cell::text(if tier.is_cached { "yes" } else { "no" }),
        ]));
    }
    grid
}

fn known(value: Option<f64>, cell: fn(f64) -> Cell) -> Cell {
    value.map_or_else(|| Cell::text("-"), cell)
}

fn asked(row: &GrowthRow) -> String {
    let year = if row.tracks == YEAR_ONE { " (year 1)" } else { "" };
    format!("{}{year}", if row.asked { "yes" } else { "no" })
}

fn name(tier: &Tier) -> String {
    match &tier.at_most {
        Some(at_most) => format!("{} (at the upper end {at_most})", tier.name),
        None => tier.name.clone(),
    }
}

/// What each number of tracks costs.
#[must_use]
pub fn cost(capacity: &Capacity) -> Grid {
    let mut grid = Grid::new(vec![
        Column::numbers("tracks"),
        Column::words("tier"),
        Column::numbers("instance"),
        Column::numbers("storage"),
        Column::numbers("GB"),
        Column::numbers("backups").hint("at most"),
        Column::numbers("together"),
        Column::numbers("high availability").hint("comes to it"),
        Column::numbers("committed 1 year").hint("together, without high availability"),
        Column::numbers("3 years"),
        Column::numbers("audio").hint("Cloud Storage, apart: no part of the database's bill"),
    ]);
    for row in &capacity.rows {
        let Some((tier, cost)) = row.tier.as_ref().zip(row.cost) else { continue };
        grid.push(Row::new(vec![
            Cell::count(row.tracks),
            Cell::text(&tier.name),
            dollars(cost.instance_usd),
            dollars(cost.storage_usd),
            Cell::count(cost.storage_gb),
            dollars(cost.backups_usd),
            dollars(cost.total_usd),
            dollars(cost.high_availability_usd),
            dollars(cost.one_year_total_usd),
            dollars(cost.three_year_total_usd),
            dollars(row.audio_usd),
        ]));
    }
    grid
}

fn dollars(usd: f64) -> Cell {
    Cell::number(if usd.is_finite() { format!("{usd:.2}") } else { "?".to_owned() }, usd)
}

/// Each operation: what was measured, what is predicted, up to where it keeps its objective.
#[must_use]
pub fn operations(capacity: &Capacity) -> Grid {
    let quantile = words::quantile(capacity);
    let sizes: Vec<u64> = capacity.sizes.iter().map(|size| size.tracks).collect();
    let growth = &capacity.question.growth;
    let beyond: Vec<u64> = growth.iter().copied().filter(|tracks| !sizes.contains(tracks)).collect();
    let mut columns = vec![
        Column::words("operation"),
        Column::numbers("holds up to, tracks")
            .hint("its objective: expected (earliest to latest); at least, where no more is predicted"),
    ];
    let measured = sizes.iter().map(|tracks| {
        Column::numbers(format!("{quantile} at {}, ms", short_tracks(*tracks)))
            .hint("measured, with the interval of a new run")
    });
    columns.extend(measured);
    columns.push(Column::words("law").hint("of the estimates; the intervals hold every law that fits"));
    let predicted = beyond.iter().map(|tracks| {
        Column::numbers(format!("at {}, ms", short_tracks(*tracks)))
            .hint("predicted; ? where that is not warranted")
    });
    columns.extend(predicted);
    let mut grid = Grid::new(columns);
    for operation in &capacity.operations {
        grid.push(Row::new(operation_cells(operation, sizes.iter(), beyond.iter())));
    }
    grid
}

fn operation_cells<'a>(
    operation: &Operation,
    sizes: impl Iterator<Item = &'a u64>,
    beyond: impl Iterator<Item = &'a u64>,
) -> Vec<Cell> {
    let response = &operation.response;
    let times = |tracks: &u64| {
        let prediction = response.at(*tracks);
        let outcome = prediction.map_or(RowOutcome::Unknown, |one| one.outcome(operation.target_us));
        let tone = match outcome {
            RowOutcome::Missed => Tone::Bad,
            RowOutcome::InDanger => Tone::Warn,
            RowOutcome::Holds | RowOutcome::Unknown => Tone::Plain,
        };
        let value = prediction.and_then(|one| one.range).map(|range| range.estimate);
        Cell::number(words::times(prediction), value).tone(tone)
    };
    let law = Cell::text(response.law.as_deref().map_or_else(|| "none".to_owned(), plain));
    let reach = Cell::text(words::reach(operation));
    [Cell::text(plain(&response.name)), reach]
        .into_iter()
        .chain(sizes.map(&times))
        .chain([law])
        .chain(beyond.map(&times))
        .collect()
}

/// What was measured at each size.
#[must_use]
pub fn measured(capacity: &Capacity) -> Grid {
    let mut grid = Grid::new(vec![
        Column::numbers("tracks"),
        Column::numbers("runs"),
        Column::numbers("database"),
        Column::numbers("heap").hint("of the tracks, with TOAST"),
        Column::numbers("indexes").hint("of the tracks"),
        Column::numbers("WAL an ingest").hint("write-ahead log for each track that was ingested"),
        Column::numbers("CPU ms a call").hint("processor time of the server for a call of the mix"),
        Column::numbers("calls/s a vCPU").hint("that would keep one processor busy all the time"),
        Column::numbers("knee, calls/s")
            .hint("highest rate that meets the objective on the machine that was measured"),
        Column::numbers("a CPU in use").hint("that rate for each processor that the server used"),
    ]);
    for size in &capacity.sizes {
        grid.push(Row::new(size_cells(size)));
    }
    grid
}

fn size_cells(size: &Size) -> Vec<Cell> {
    let stored = |amount: Option<f64>| {
        amount.map_or_else(|| Cell::text("-"), |amount| Cell::number(bytes(amount as u64), amount))
    };
    let amount = |amount: Option<f64>| known(amount, Cell::amount);
    vec![
        Cell::count(size.tracks),
        Cell::count(size.runs as u64),
        stored(size.database_bytes),
        stored(size.heap_bytes),
        stored(size.index_bytes),
        stored(size.wal_bytes_per_ingest),
        Cell::milliseconds(size.cpu_us_per_call),
        amount(size.calls_per_vcpu_second),
        size.knee.map_or_else(|| Cell::text("-"), knee),
        amount(size.knee.and_then(|knee| knee.calls_per_cpu_second)),
    ]
}

fn knee(knee: Knee) -> Cell {
    let rate = three_digits(knee.rate_per_second);
    let said = if knee.bracketed {
        format!("{rate} ({}..{})", three_digits(knee.low_per_second), three_digits(knee.high_per_second))
    } else {
        format!("beyond {rate}")
    };
    Cell::number(said, knee.rate_per_second)
}

/// What was predicted beside what was measured there.
#[must_use]
pub fn check(capacity: &Capacity) -> Grid {
    let Some(check) = &capacity.check else { return Grid::default() };
    let mut grid = Grid::new(vec![
        Column::words(format!("at {} tracks", short_tracks(check.tracks))),
        Column::numbers("predicted"),
        Column::numbers("measured").hint("the middle of its runs"),
        Column::words("held"),
        Column::words("warranted").hint("what is not may hold all the same; why it is not is listed"),
    ]);
    for row in &check.rows {
        grid.push(Row::new(checked(row)));
    }
    grid
}

fn checked(row: &CheckRow) -> Vec<Cell> {
    let is_size = row.name == "database";
    let predicted =
        if is_size { words::sizes(Some(&row.prediction)) } else { words::times(Some(&row.prediction)) };
    let measured = match row.median {
        Some(size) if is_size => Cell::number(bytes(size as u64), size),
        us => Cell::number(with_unit(milliseconds(us)), us),
    };
    let (tone, held) = match (row.held, row.prediction.is_warranted()) {
        (Some(true), _) => (Tone::Good, "yes"),
        (Some(false), true) => (Tone::Bad, "NO"),
        (Some(false), false) => (Tone::Plain, "no"),
        (None, _) => (Tone::Plain, "-"),
    };
    let warranted = if row.prediction.is_warranted() { "yes" } else { "no" };
    vec![
        Cell::text(if is_size { "size of the database".to_owned() } else { plain(&row.name) }),
        Cell::text(if is_size { predicted } else { with_unit(predicted) }),
        measured,
        Cell::text(held).tone(tone),
        Cell::text(warranted),
    ]
}

fn with_unit(times: String) -> String {
    if times == "-" { times } else { format!("{times} ms") }
}

/// What tiers take.
#[must_use]
pub fn connections(capacity: &Capacity) -> Grid {
    let Some(connections) = &capacity.connections else { return Grid::default() };
    let mut grid = Grid::new(vec![
        Column::words("tier"),
        Column::numbers("max_connections").hint("unless told otherwise"),
        Column::words(format!("takes {}", connections.wanted)),
    ]);
    for tier in &connections.tiers {
        grid.push(Row::new(vec![
            Cell::text(&tier.name),
            Cell::count(u64::from(tier.max_connections)),
            Cell::text(if tier.fits { "yes" } else { "no" }),
        ]));
    }
    grid
}
