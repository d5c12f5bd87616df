//! The percentile curve: latency over an axis that gives each further nine as much room as the one before.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, Drawing, Layout},
    lines::{self, Line},
    palette::{self, Colour},
    ranks::{Ranks, Switch},
    room::Room,
    scale::Scale,
};
use crate::text::{grouped, milliseconds, without_idle_zeros};
use crate::{
    record::{Latency, OperationResult, Record, Summary},
    report::grid::{Cell, Column, Grid, Row},
    stats::LatencyHistogram,
};

/// Quantiles of the table.
const QUANTILES: [f64; 8] = [0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];

/// One curve.
struct Curve {
    name: String,
    /// The operation that it goes with, where it can be switched off.
    switch: Option<Switch>,
    colour: Colour,
    dashes: &'static str,
    histogram: LatencyHistogram,
}

impl Curve {
    fn line(&self, x: &Scale, y: &Scale) -> Line {
        // The longest of n calls stands in the middle of its share of 1 / n, not at the far end of another one's axis.
        let last = 1.0 - 0.5 / self.histogram.count() as f64;
        let place = |(quantile, us): (f64, f64)| (x.fraction(quantile.min(last)), y.fraction(us / 1e3));
        Line {
            name: self.name.clone(),
            switch: self.switch,
            colour: self.colour,
            dashes: self.dashes,
            width: 4,
            pieces: vec![self.histogram.percentile_curve().into_iter().map(place).collect()],
        }
    }
}

/// Response times of all operations against the objective.
#[must_use]
pub fn of_all(record: &Record, ranks: &Ranks) -> Option<Picture> {
    let curve = |index: &usize| {
        let operation = &record.operations[*index];
        Some(Curve {
            name: operation.name.clone(),
            switch: Some(ranks.switch(*index)),
            colour: ranks.colour(*index),
            dashes: ranks.dashes(*index),
            histogram: decoded(&operation.summary.response)?,
        })
    };
    let curves: Vec<Curve> = ranks.by_cost().iter().filter_map(curve).collect();
    let slo = &record.overall.slo;
    let above: Vec<&str> = record
        .operations
        .iter()
        .filter(|operation| {
            operation.summary.slo.observed_us.is_some_and(|us| us > operation.summary.slo.target_us)
        })
        .map(|operation| operation.name.as_str())
        .collect();
    let words = Words {
        id: "percentiles".to_owned(),
        title: format!(
            "{}: response time by percentile, {} tracks, {} clients",
            record.workload.name,
            grouped(record.catalog.tracks),
            record.load.clients
        ),
        note: format!(
            "Each curve rises to the right: at 99, one call in a hundred took longer. The dashed line is the objective, {}. Both axes are logarithmic.",
            slo.objective
        ),
        alternative: format!(
            "Percentile curves of the response time of {} operations, on logarithmic axes. {}",
            curves.len(),
            match above.as_slice() {
                [] => format!("At the objective's percentile all lie below {}.", slo.objective),
                names => format!("Above their objective: {}.", names.join(", ")),
            }
        ),
    };
    picture(words, &curves, slo.target_us / 1e3, &slo.objective, "response time, ms")
}

/// Response and service time of one operation. `id` is that of the operation's part of a page.
#[must_use]
pub fn of_one(operation: &OperationResult, id: &str) -> Option<Picture> {
    let kinds = [
        ("response", &operation.summary.response, 0, ""),
        ("service", &operation.summary.service, 1, "12 6"),
    ];
    let curve = |(name, latency, index, dashes): (&str, &Latency, usize, &'static str)| {
        Some(Curve {
            name: name.to_owned(),
            switch: None,
            colour: palette::series(index),
            dashes,
            histogram: decoded(latency)?,
        })
    };
    let curves: Vec<Curve> = kinds.into_iter().filter_map(curve).collect();
    let slo = &operation.summary.slo;
    let words = Words {
        id: format!("{id}-percentiles"),
        title: format!("{}: latency by percentile", operation.name),
        note: String::new(),
        alternative: format!(
            "Percentile curves of response and service time of {}: response p50 {} ms, p95 {} ms, p99 {} ms against {}.",
            operation.name,
            milliseconds(operation.summary.response.p50_us),
            milliseconds(operation.summary.response.p95_us),
            milliseconds(operation.summary.response.p99_us),
            slo.objective
        ),
    };
    picture(words, &curves, slo.target_us / 1e3, &slo.objective, "latency, ms")
}

/// Response times of the same calls in several runs: the name of each run, and what it recorded. `id` is the picture's,
/// `of` tells whose calls they are.
#[must_use]
pub fn of_runs(id: &str, of: &str, runs: &[(&str, &Summary)]) -> Option<Picture> {
    let curve = |(index, (name, summary)): (usize, &(&str, &Summary))| {
        Some(Curve {
            name: (*name).to_owned(),
            switch: Some(Switch { operation: index, is_shown: true }),
            colour: palette::series(index),
            dashes: palette::dashes(index),
            histogram: decoded(&summary.response)?,
        })
    };
    let curves: Vec<Curve> = runs.iter().enumerate().filter_map(curve).collect();
    let slo = &runs.first()?.1.slo;
    let p95 =
        |(name, summary): &(&str, &Summary)| format!("{name} {} ms", milliseconds(summary.response.p95_us));
    let words = Words {
        id: id.to_owned(),
        title: format!("{of}: response time by percentile, in each run"),
        note: String::new(),
        alternative: format!(
            "Percentile curves of the response time in {} runs; p95: {}.",
            curves.len(),
            runs.iter().map(p95).collect::<Vec<_>>().join(", ")
        ),
    };
    picture(words, &curves, slo.target_us / 1e3, &slo.objective, "response time, ms")
}

pub(super) fn decoded(latency: &Latency) -> Option<LatencyHistogram> {
    (latency.count > 0).then(|| LatencyHistogram::decode(&latency.histogram).ok()).flatten()
}

fn picture(words: Words, curves: &[Curve], target_ms: f64, objective: &str, shows: &str) -> Option<Picture> {
    let most = curves.iter().map(|curve| curve.histogram.count()).max()?;
    let extreme =
        |pick: fn(&LatencyHistogram) -> Option<f64>| curves.iter().filter_map(move |c| pick(&c.histogram));
    let fastest = extreme(LatencyHistogram::min_us).fold(f64::INFINITY, f64::min) / 1e3;
    let slowest = extreme(LatencyHistogram::max_us).fold(0.0, f64::max) / 1e3;
    let x = Axis::new(Scale::nines(most * 2), "percentile");
    let y = Axis::new(Scale::log(fastest.min(target_ms) * 0.8, slowest.max(target_ms) * 1.4), shows);
    let numbers = numbers(curves, most, &x.scale);
    let drawing = |layout| draw(layout, &x, &y, curves, target_ms, objective);
    Some(Picture::draw(words, Along::Across, numbers, drawing))
}

fn numbers(curves: &[Curve], most: u64, x: &Scale) -> Grid {
    let column = |curve: &Curve| {
        let column = Column::numbers(format!("{}, ms", curve.name));
        match curve.switch {
            Some(switch) => column.operation(switch.operation),
            None => column,
        }
    };
    let mut columns = vec![Column::numbers("percentile")];
    columns.extend(curves.iter().map(column));
    let mut grid = Grid::new(columns);
    let known = |quantile: &&f64| (1.0 - **quantile) * most as f64 >= 1.0;
    for quantile in QUANTILES.iter().filter(known).chain([&1.0]) {
        let name = match *quantile {
            0.0 => "min".to_owned(),
            1.0 => "max".to_owned(),
            quantile => without_idle_zeros(&format!("{:.2}", quantile * 100.0)).to_owned(),
        };
        let mut cells = vec![Cell::number(name, *quantile)];
        cells.extend(curves.iter().map(|curve| Cell::milliseconds(curve.histogram.quantile_us(*quantile))));
        grid.push(Row::new(cells).at(x.fraction(*quantile)));
    }
    grid
}

fn draw(layout: Layout, x: &Axis, y: &Axis, curves: &[Curve], target_ms: f64, objective: &str) -> Drawing {
    let lines: Vec<Line> = curves.iter().map(|curve| curve.line(&x.scale, &y.scale)).collect();
    let mut canvas = Canvas::with_axes(layout, x, y, &Room::beside(lines::room(&lines)));
    canvas.target(y.scale.fraction(target_ms), objective);
    canvas.lines(&lines);
    canvas.key_of_lines(&lines);
    canvas.finish()
}
