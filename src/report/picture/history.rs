//! The p95 of runs of one kind over time.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, Drawing, Layout},
    palette,
    room::Room,
    scale::Scale,
};
use crate::report::grid::{Cell, Column, Grid, Row};
use crate::text::milliseconds;
use chrono::{DateTime, TimeDelta, Utc};

/// A run's p95.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// When the run began.
    pub at: DateTime<Utc>,
    /// The p95 of all its calls.
    pub p95_us: f64,
    /// Its 95 % interval within the run.
    pub interval_us: Option<(f64, f64)>,
}

/// An objective and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// As in `200ms@p95`.
    pub objective: String,
    /// Its limit.
    pub us: f64,
}

/// What is drawn, on its axes.
struct Drawn<'a> {
    moments: &'a [Moment],
    x: Axis,
    y: Axis,
    target: Option<&'a Target>,
}

/// The picture of these runs, the oldest first; none of fewer than two.
#[must_use]
pub fn of_runs(id: &str, title: &str, moments: &[Moment], target: Option<&Target>) -> Option<Picture> {
    let (first, last) = (moments.first()?, moments.last().filter(|_| moments.len() > 1)?);
    let (length, unit) = unit(last.at - first.at);
    let since = |moment: &Moment| (moment.at - first.at).as_seconds_f64() / length;
    let ends = moments.iter().flat_map(|moment| {
        let (low, high) = moment.interval_us.unwrap_or((moment.p95_us, moment.p95_us));
        [low.min(moment.p95_us), high.max(moment.p95_us)]
    });
    let values: Vec<f64> = ends.chain(target.map(|target| target.us)).map(|us| us / 1e3).collect();
    let extreme = |pick: fn(f64, f64) -> f64| values.iter().copied().reduce(pick).unwrap_or(1.0);
    let drawn = Drawn {
        moments,
        x: Axis::new(
            Scale::linear(0.0, since(last)),
            format!("{unit} since {}", first.at.format("%-d %B %Y, %H:%M UTC")),
        ),
        y: Axis::new(Scale::log(extreme(f64::min) * 0.8, extreme(f64::max) * 1.4), "p95, ms"),
        target,
    };
    let words = Words {
        id: id.to_owned(),
        title: title.to_owned(),
        note: "A dot a run: the p95 of all its calls, in a band that is its 95 % interval within the run. Two runs whose bands do not meet may be of equal speed all the same: between runs the spread is larger.".to_owned(),
        alternative: alternative(moments, target),
    };
    let places: Vec<f64> = moments.iter().map(|moment| drawn.x.scale.fraction(since(moment))).collect();
    let numbers = numbers(moments, &places);
    Some(Picture::draw(words, Along::Across, numbers, |layout| draw(layout, &drawn, &places)))
}

/// The unit that a span is told in, with its length in seconds.
fn unit(span: TimeDelta) -> (f64, &'static str) {
    match span.num_hours() {
        ..2 => (60.0, "minutes"),
        2..72 => (3_600.0, "hours"),
        _ => (86_400.0, "days"),
    }
}

fn alternative(moments: &[Moment], target: Option<&Target>) -> String {
    let ms = |moment: Option<&Moment>| milliseconds(moment.map(|moment| moment.p95_us));
    let by = |a: &&Moment, b: &&Moment| a.p95_us.total_cmp(&b.p95_us);
    let against = target.map(|target| format!(" The objective is {}.", target.objective)).unwrap_or_default();
    format!(
        "The p95 of {} runs over time: {} ms in the oldest, {} ms in the newest, {} ms at least and {} ms at most.{against}",
        moments.len(),
        ms(moments.first()),
        ms(moments.last()),
        ms(moments.iter().min_by(by)),
        ms(moments.iter().max_by(by))
    )
}

fn numbers(moments: &[Moment], places: &[f64]) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("start, UTC"),
        Column::numbers("p95, ms"),
        Column::numbers("from, ms"),
        Column::numbers("to, ms"),
    ]);
    for (moment, place) in moments.iter().zip(places) {
        let cells = vec![
            Cell::text(moment.at.format("%Y-%m-%d %H:%M:%S").to_string()),
            Cell::milliseconds(Some(moment.p95_us)),
            Cell::milliseconds(moment.interval_us.map(|(low, _)| low)),
            Cell::milliseconds(moment.interval_us.map(|(_, high)| high)),
        ];
        grid.push(Row::new(cells).at(*place));
    }
    grid
}

fn draw(layout: Layout, drawn: &Drawn<'_>, places: &[f64]) -> Drawing {
    let layout = layout.with_height(if layout.is_wide { 400 } else { 420 });
    let mut canvas = Canvas::with_axes(layout, &drawn.x, &drawn.y, &Room::default());
    let height = |us: f64| drawn.y.scale.fraction(us / 1e3);
    let ends: Vec<(f64, Option<(f64, f64)>)> = places
        .iter()
        .zip(drawn.moments)
        .map(|(x, moment)| (*x, moment.interval_us.map(|(low, high)| (height(low), height(high)))))
        .collect();
    canvas.layer(|pen| {
        for (x, ends) in &ends {
            if let Some((low, high)) = ends {
                pen.line(&[(*x, *low), (*x, *high)], palette::BAND, 12);
            }
        }
        for pair in ends.windows(2) {
            if let [(x0, Some((low0, high0))), (x1, Some((low1, high1)))] = pair {
                pen.area(&[(*x0, *low0), (*x1, *low1), (*x1, *high1), (*x0, *high0)], palette::BAND);
            }
        }
    });
    if let Some(target) = drawn.target {
        canvas.target(height(target.us), &target.objective);
    }
    let line: Vec<(f64, f64)> =
        places.iter().zip(drawn.moments).map(|(x, moment)| (*x, height(moment.p95_us))).collect();
    canvas.layer(|pen| {
        pen.line(&line, palette::series(0), 4);
        for place in &line {
            pen.dot(*place, 7, palette::series(0));
        }
    });
    canvas.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(hour: i64, p95_us: f64, interval_us: Option<(f64, f64)>) -> Moment {
        Moment { at: DateTime::UNIX_EPOCH + TimeDelta::hours(hour), p95_us, interval_us }
    }

    #[test]
    fn runs_over_time_have_words_and_numbers() {
        let moments = [
            moment(0, 10_000.0, Some((9_000.0, 11_000.0))),
            moment(5, 30_000.0, None),
            moment(10, 20_000.0, Some((18_000.0, 23_000.0))),
        ];
        let target = Target { objective: "200ms@p95".to_owned(), us: 200_000.0 };
        let picture = of_runs("kind-0", "read", &moments, Some(&target)).unwrap();
        assert_eq!(
            picture.alternative,
            "The p95 of 3 runs over time: 10.0 ms in the oldest, 20.0 ms in the newest, 10.0 ms at least and 30.0 ms at most. The objective is 200ms@p95."
        );
        let at: Vec<_> = picture.numbers.rows.iter().map(|row| row.at).collect();
        assert_eq!(at, [Some(0.0), Some(0.5), Some(1.0)]);
        assert_eq!(picture.numbers.rows[1].cells[2].text, "-");
        assert!(picture.wide.body.contains("200ms@p95"));
        assert!(picture.wide.body.contains("hours since 1 January 1970, 00:00 UTC"));
        crate::report::picture::fixture::check(&picture);
    }

    #[test]
    fn runs_at_one_moment_have_a_place_and_one_run_has_no_history() {
        let moments = [moment(0, 1.0, None), moment(0, 1.0, None)];
        assert!(
            of_runs("x", "x", &moments, None).unwrap().numbers.rows.iter().all(|row| row.at == Some(0.0))
        );
        assert_eq!(of_runs("x", "x", &moments[..1], None), None);
        assert_eq!(of_runs("x", "x", &[], None), None);
    }
}
