//! A sweep: what one number, such as the rate, does to latency and throughput.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    key::{Entry, Shape},
    lines::{self, Line},
    palette::{self, Colour},
    room::Room,
    scale::Scale,
};
use crate::text::{percent, percentile, three_digits};
use crate::{
    record::{Knee, Record, Summary},
    report::{
        grid::{Cell, Column, Grid, Row},
        headline,
        varied::{Varied, shown},
    },
};

/// Percentiles that are drawn.
const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// Response times of all calls against what was varied, with the knee and its interval where one was searched for;
/// else the stretch in which the objective ceases to hold.
#[must_use]
pub fn latency(records: &[&Record]) -> Option<Picture> {
    let varied = Varied::over(records)?;
    let slo = &records.first()?.overall.slo;
    let target_ms = slo.target_us / 1e3;
    let x = Axis::new(scale(&varied), title(&varied));
    let all = || {
        records.iter().flat_map(|record| {
            QUANTILES.iter().filter_map(|quantile| milliseconds_at(*quantile, &record.overall))
        })
    };
    let y = Axis::new(
        Scale::log(all().fold(target_ms, f64::min) * 0.7, all().fold(target_ms, f64::max) * 1.5),
        "response time, ms",
    );
    let line = |(index, quantile): (usize, &f64)| Line {
        name: percentile(*quantile),
        switch: None,
        colour: palette::series(index),
        dashes: "",
        width: 4,
        pieces: lines::pieces(varied.points.iter().map(|(value, record)| {
            let ms = milliseconds_at(*quantile, &records[*record].overall)?;
            Some((x.scale.fraction(*value), y.scale.fraction(ms)))
        })),
    };
    let curves: Vec<Line> = QUANTILES.iter().enumerate().map(line).collect();
    let edge = Edge::of(&varied, records);
    let words = latency_words(&varied, records, &edge);
    Some(Picture::draw(words, Along::Across, numbers(&varied, records), |layout| {
        let mut canvas = Canvas::with_axes(layout, &x, &y, &Room::beside(lines::room(&curves)));
        canvas.layer(|pen| {
            if let Some((low, high)) = edge.band {
                pen.block((x.scale.fraction(low), 0.0), (x.scale.fraction(high), 1.0), palette::BAND);
            }
            if let Some(knee) = edge.knee {
                let at = x.scale.fraction(knee);
                pen.line(&[(at, 0.0), (at, 1.0)], palette::TARGET, 2);
            }
        });
        canvas.target(y.scale.fraction(target_ms), &slo.objective);
        canvas.layer(|pen| {
            for (quantile, curve) in QUANTILES.iter().zip(&curves) {
                for (value, record) in &varied.points {
                    let Some(interval) = headline::interval(&records[*record].overall, *quantile) else {
                        continue;
                    };
                    let end = |us: f64| (x.scale.fraction(*value), y.scale.fraction(us / 1e3));
                    pen.line(&[end(interval.low_us), end(interval.high_us)], curve.colour, 3);
                }
                curve.pieces.iter().flatten().for_each(|place| pen.dot(*place, 7, curve.colour));
            }
        });
        canvas.lines(&curves);
        canvas.key_of_lines(&curves);
        canvas.finish()
    }))
}

/// Calls answered a second against what was varied; where that is the rate, against what was asked for.
#[must_use]
pub fn throughput(records: &[&Record]) -> Option<Picture> {
    let varied = Varied::over(records)?;
    let answered = |record: usize| records[record].overall.calls_per_second;
    let asks = varied.name == "rate";
    let asked_most = if asks { varied.points.last().map_or(0.0, |(value, _)| *value) } else { 0.0 };
    let most = varied.points.iter().map(|(_, record)| answered(*record)).fold(asked_most, f64::max);
    let x = Axis::new(scale(&varied), title(&varied));
    // On two logarithmic axes what is answered as asked is a straight line, too.
    let least = varied.points.iter().map(|(_, record)| answered(*record)).fold(f64::INFINITY, f64::min);
    let heights = if x.scale.is_log() { Scale::log(least * 0.8, most * 1.3) } else { Scale::from_zero(most) };
    let y = Axis::new(heights, "calls a second");
    let line = |name: &str, colour: Colour, dashes, value: &dyn Fn(f64, usize) -> f64| Line {
        name: name.to_owned(),
        switch: None,
        colour,
        dashes,
        width: 4,
        pieces: vec![
            varied
                .points
                .iter()
                .map(|(x_value, record)| {
                    (x.scale.fraction(*x_value), y.scale.fraction(value(*x_value, *record)))
                })
                .collect(),
        ],
    };
    let mut curves = vec![line("answered", palette::SERIES[0], "", &|_, record| answered(record))];
    if asks {
        curves.push(line("asked for", palette::MARK, "6 8", &|value, _| value));
    }
    let best = varied
        .points
        .iter()
        .map(|(value, record)| (answered(*record), *value))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    let words = throughput_words(&varied, asks, best);
    Some(Picture::draw(words, Along::Across, numbers(&varied, records), |layout| {
        let mut canvas = Canvas::with_axes(layout, &x, &y, &Room::beside(lines::room(&curves)));
        canvas.lines(&curves);
        canvas.layer(|pen| {
            curves[0].pieces.iter().flatten().for_each(|place| pen.dot(*place, 7, curves[0].colour));
        });
        if !layout.is_wide {
            let entry = |line: &Line| Entry::new(Shape::Line(line.dashes), line.colour, line.name.clone());
            canvas.key_below(&curves.iter().map(entry).collect::<Vec<_>>());
        }
        canvas.finish()
    }))
}

/// Response time of all calls at one of the quantiles, in milliseconds.
fn milliseconds_at(quantile: f64, summary: &Summary) -> Option<f64> {
    let latency = &summary.response;
    let us = [latency.p50_us, latency.p95_us, latency.p99_us];
    us[QUANTILES.iter().position(|known| *known == quantile)?].map(|us| us / 1e3)
}

fn latency_words(varied: &Varied, records: &[&Record], edge: &Edge) -> Words {
    let objective = records.first().map_or("", |record| record.overall.slo.objective.as_str());
    Words {
        id: "sweep-latency".to_owned(),
        title: format!("Response time against the {}", varied.name),
        note: format!(
            "All operations together; bars are 95 % intervals within each run. The dashed line is {}. {}",
            objective, edge.note
        ),
        alternative: format!(
            "Response time at p50, p95 and p99 over {} values of the {}. {}.",
            varied.points.len(),
            varied.name,
            varied.sentence(records)
        ),
    }
}

/// `best` is the highest rate of answers, and the value at which it was reached.
fn throughput_words(varied: &Varied, asks: bool, best: (f64, f64)) -> Words {
    Words {
        id: "sweep-throughput".to_owned(),
        title: format!("Throughput against the {}", varied.name),
        note: if asks {
            "Where the lines part, more was asked than could be answered.".to_owned()
        } else {
            String::new()
        },
        alternative: format!(
            "The most, {} calls a second, were answered at {} {}.",
            three_digits(best.0),
            shown(best.1),
            varied.unit
        ),
    }
}

/// Logarithmic where the values span a decade.
fn scale(varied: &Varied) -> Scale {
    let (low, high) = (varied.points[0].0, varied.points[varied.points.len() - 1].0);
    if low > 0.0 && high / low >= 10.0 {
        Scale::log(low * 0.85, high * 1.15)
    } else {
        let margin = (high - low) * 0.06;
        Scale::linear((low - margin).max(0.0), high + margin)
    }
}

fn title(varied: &Varied) -> String {
    if varied.name == varied.unit {
        varied.name.to_owned()
    } else {
        format!("{}, {}", varied.name, varied.unit)
    }
}

/// Where the objective ceases to hold.
struct Edge {
    band: Option<(f64, f64)>,
    knee: Option<f64>,
    note: String,
}

impl Edge {
    fn of(varied: &Varied, records: &[&Record]) -> Self {
        let knee: Option<&Knee> = records
            .iter()
            .find_map(|record| record.knee.as_ref())
            .filter(|knee| knee.bracketed && varied.name == "rate");
        if let Some(knee) = knee {
            let rate = |value: f64| three_digits(value);
            let (low, high) = (knee.low_per_second, knee.high_per_second);
            return Self {
                band: Some((low, high)),
                knee: Some(knee.rate_per_second),
                note: format!(
                    "The upright line is the knee, {} calls/s, in its 95 % interval of {} to {}.",
                    rate(knee.rate_per_second),
                    rate(low),
                    rate(high)
                ),
            };
        }
        match varied.edge(records) {
            (Some(holds), Some(fails)) => Self {
                band: Some((holds, fails)),
                knee: None,
                note: format!(
                    "The objective ceases to hold in the shaded stretch, between {} and {} {}.",
                    shown(holds),
                    shown(fails),
                    varied.unit
                ),
            },
            _ => Self { band: None, knee: None, note: String::new() },
        }
    }
}

fn numbers(varied: &Varied, records: &[&Record]) -> Grid {
    let mut grid = Grid::new(vec![
        Column::numbers(title(varied)),
        Column::numbers("p50, ms"),
        Column::numbers("p95, ms"),
        Column::numbers("p95 within"),
        Column::numbers("p99, ms"),
        Column::numbers("answered a second"),
        Column::numbers("over"),
        Column::words("verdict"),
    ]);
    let x = scale(varied);
    for (value, record) in &varied.points {
        let record = records[*record];
        let overall = &record.overall;
        grid.push(
            Row::new(vec![
                Cell::number(shown(*value), *value),
                Cell::milliseconds(overall.response.p50_us),
                Cell::milliseconds(overall.response.p95_us),
                Cell::text(headline::interval_text(overall, 0.95)),
                Cell::milliseconds(overall.response.p99_us),
                Cell::amount(overall.calls_per_second),
                Cell::number(percent(overall.slo.miss_share), overall.slo.miss_share),
                Cell::text(headline::outcome(record.verdict.outcome).1),
            ])
            .at(x.fraction(*value)),
        );
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::{Latency, Outcome, Schedule},
        report::picture::fixture::{busy, check, column, sample},
    };

    /// A run at each of these rates, with its outcome.
    fn runs(points: &[(f64, Outcome)]) -> Vec<Record> {
        let sample = sample();
        let run = |(rate, outcome): &(f64, Outcome)| {
            let mut record = sample.clone();
            record.schedule =
                Some(Schedule { asked_per_second: Some(*rate), start_error: Latency::default() });
            record.overall.calls_per_second = rate * 0.9;
            record.overall.response.p95_us = Some(rate * 10.0);
            record.verdict.outcome = *outcome;
            record
        };
        points.iter().map(run).collect()
    }

    const POINTS: [(f64, Outcome); 3] =
        [(400.0, Outcome::Missed), (100.0, Outcome::Met), (200.0, Outcome::Met)];

    #[test]
    fn the_numbers_are_those_of_the_runs_in_the_order_of_the_rate() {
        let runs = runs(&POINTS);
        let records: Vec<&Record> = runs.iter().collect();
        for picture in [latency(&records).unwrap(), throughput(&records).unwrap()] {
            check(&picture);
            assert_eq!(column(&picture.numbers, 0), [100.0, 200.0, 400.0]);
            assert_eq!(column(&picture.numbers, 2), [1_000.0, 2_000.0, 4_000.0]);
            assert_eq!(column(&picture.numbers, 5), [90.0, 180.0, 360.0]);
        }
    }

    #[test]
    fn two_runs_are_no_sweep() {
        let runs = runs(&POINTS[..2]);
        let records: Vec<&Record> = runs.iter().collect();
        assert_eq!((latency(&records), throughput(&records)), (None, None));
    }

    #[test]
    fn the_objective_ceases_to_hold_between_the_last_that_met_and_the_first_that_missed_it() {
        let runs = runs(&POINTS);
        let records: Vec<&Record> = runs.iter().collect();
        let edge = Edge::of(&Varied::over(&records).unwrap(), &records);
        assert_eq!((edge.band, edge.knee), (Some((200.0, 400.0)), None));
        assert!(edge.note.contains("between 200 and 400 calls/s"), "{}", edge.note);
    }

    #[test]
    fn a_knee_that_was_found_is_drawn_in_its_interval() {
        let mut runs = runs(&POINTS);
        runs[1].knee = busy().knee;
        let knee = runs[1].knee.clone().unwrap();
        let records: Vec<&Record> = runs.iter().collect();
        let edge = Edge::of(&Varied::over(&records).unwrap(), &records);
        assert_eq!(edge.band, Some((knee.low_per_second, knee.high_per_second)));
        assert_eq!(edge.knee, Some(knee.rate_per_second));
        check(&latency(&records).unwrap());
    }

    #[test]
    fn runs_without_an_answer_leave_gaps() {
        let mut runs = runs(&POINTS);
        runs[1].overall.response = Latency::default();
        runs[1].overall.response_intervals.clear();
        let records: Vec<&Record> = runs.iter().collect();
        let picture = latency(&records).unwrap();
        check(&picture);
        assert_eq!(column(&picture.numbers, 2).len(), 2);
    }
}
