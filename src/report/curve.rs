//! The percentile curve: response time of each operation over an axis that stretches the tail.

use crate::{
    record::{OperationResult, Record},
    stats::LatencyHistogram,
};
use plotters::prelude::*;

const SIZE: (u32, u32) = (960, 480);
/// Where the names of the lines begin.
const NAMES_AT: u32 = 750;
/// The objective's.
const TARGET: RGBColor = RGBColor(190, 0, 0);
/// Colours that colour-blind readers can tell apart (Okabe and Ito 2008).
const COLOURS: [RGBColor; MOST_LINES] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(120, 120, 120),
];
/// Operations with a line of their own; the rest would only hide them.
const MOST_LINES: usize = 8;

/// An SVG picture of percentile curves against the objective: those of the operations that took most of the
/// callers' time.
#[must_use]
pub fn percentiles(record: &Record) -> String {
    let mut costliest: Vec<_> = record.operations.iter().filter(|o| o.summary.response.count > 0).collect();
    let cost = |operation: &OperationResult| {
        operation.summary.response.mean_us.unwrap_or_default() * operation.summary.calls as f64
    };
    costliest.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    costliest.truncate(MOST_LINES);
    // From top to bottom as the lines end.
    let tail = |operation: &OperationResult| operation.summary.response.p99_us.unwrap_or_default();
    costliest.sort_by(|a, b| tail(b).total_cmp(&tail(a)));
    let curves: Vec<Curve<'_>> = costliest
        .iter()
        .filter_map(|operation| {
            let histogram = LatencyHistogram::decode(&operation.summary.response.histogram).ok()?;
            Some((operation.name.as_str(), points(&histogram)))
        })
        .collect();
    let mut svg = String::new();
    let title = format!(
        "{}: response time by percentile, {} tracks, {} clients",
        record.workload.name,
        super::number::grouped(record.catalog.tracks),
        record.load.clients
    );
    let target = record.overall.slo.target_us / 1e3;
    if let Err(error) = draw(&mut svg, &title, &curves, target, &record.overall.slo.objective) {
        svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>{error}</title></svg>");
    }
    svg
}

/// Number of nines, 1 / (1 - quantile) on a log scale, against milliseconds.
fn points(histogram: &LatencyHistogram) -> Vec<(f64, f64)> {
    let last = 1.0 - 0.5 / histogram.count() as f64;
    histogram
        .percentile_curve()
        .into_iter()
        .map(|(quantile, us)| ((1.0 / (1.0 - quantile.min(last))).max(1.0), (us / 1e3).max(0.001)))
        .collect()
}

type Curve<'a> = (&'a str, Vec<(f64, f64)>);

fn draw(
    svg: &mut String,
    title: &str,
    curves: &[Curve<'_>],
    target_ms: f64,
    objective: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let most = |pick: fn(&(f64, f64)) -> f64| {
        curves.iter().flat_map(|(_, points)| points.iter().map(pick)).fold(1.0, f64::max)
    };
    let fewest =
        curves.iter().flat_map(|(_, points)| points.iter().map(|(_, ms)| *ms)).fold(target_ms, f64::min);
    let (right, top) = (most(|p| p.0).max(1_000.0), (most(|p| p.1) * 1.5).max(target_ms * 2.0));
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (plot, names) = root.split_horizontally(NAMES_AT);
    let mut chart = ChartBuilder::on(&plot)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .margin_right(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((1.0..right).log_scale(), (fewest / 2.0..top).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("percentile")
        .y_desc("response time, ms (log scale)")
        .x_label_formatter(&|nines| percentile(*nines))
        .y_label_formatter(&|ms| {
            let text = super::number::three_digits(*ms);
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        })
        .light_line_style(WHITE)
        .draw()?;
    chart.draw_series(DashedLineSeries::new(
        [(1.0, target_ms), (right, target_ms)],
        8,
        5,
        TARGET.stroke_width(2),
    ))?;
    let styled = curves.iter().zip(COLOURS);
    for ((_, points), colour) in styled.clone() {
        chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
    }
    let entries = styled.map(|((name, _), colour)| (*name, colour));
    for ((name, colour), line) in std::iter::once((objective, TARGET)).chain(entries).zip(0..) {
        let y = 64 + line * 24;
        names.draw(&PathElement::new([(0, y), (20, y)], colour.stroke_width(2)))?;
        names.draw(&Text::new(name.to_owned(), (28, y - 7), ("sans-serif", 14)))?;
    }
    root.present()?;
    Ok(())
}

/// The axis label for a number of nines: 10 is the 90th percentile.
fn percentile(nines: f64) -> String {
    let text = format!("{:.4}", 100.0 * (1.0 - 1.0 / nines));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
