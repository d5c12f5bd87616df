//! The search for the knee: how many calls missed the objective at which rate.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    key::{Entry, Shape},
    palette::{self, Colour},
    pen::Side,
    ranks::Ranks,
    room::Room,
    scale::Scale,
};
use crate::text::{percent, three_digits};
use crate::{
    record::{Knee, KneeTrial, Record},
    report::grid::{Cell, Column, Grid, Row},
};

/// One dot or ring a block; `None` where no knee was searched for.
#[must_use]
pub fn of(record: &Record, _: &Ranks) -> Option<Picture> {
    let knee = record.knee.as_ref().filter(|knee| !knee.trials.is_empty())?;
    let slo = &record.overall.slo;
    let allowed = (1.0 - slo.quantile) * 100.0;
    let of_knee = if knee.bracketed { vec![knee.low_per_second, knee.high_per_second] } else { Vec::new() };
    let rates = || knee.trials.iter().map(|trial| trial.rate_per_second).chain(of_knee.iter().copied());
    let (low, high) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    let margin = (high - low).max(high * 0.01) * 0.06;
    let x = Axis::new(Scale::linear((low - margin).max(0.0), high + margin), "offered rate, calls/s");
    let most = knee.trials.iter().map(|trial| trial.miss_share * 100.0).fold(allowed, f64::max);
    let y = Axis::new(Scale::from_zero(most * 1.05), "calls that missed the objective, %");
    Some(Picture::draw(words(record, knee), Along::Across, numbers(knee, &x.scale), |layout| {
        let mut canvas = Canvas::with_axes(layout, &x, &y, &Room::default().and_lanes(1));
        if knee.bracketed {
            estimate(&mut canvas, knee, &x.scale);
        }
        canvas.target(
            y.scale.fraction(allowed),
            &format!("{} % may miss {}", three_digits(allowed), slo.objective),
        );
        canvas.layer(|pen| {
            for trial in &knee.trials {
                let at =
                    (x.scale.fraction(trial.rate_per_second), y.scale.fraction(trial.miss_share * 100.0));
                if trial.held {
                    pen.dot(at, 9, colour(trial));
                } else {
                    pen.ring(at, 9, colour(trial));
                }
            }
        });
        canvas.key_below(&key(knee));
        canvas.finish()
    }))
}

/// The interval as a band, the estimate as a line with its value above.
fn estimate(canvas: &mut Canvas, knee: &Knee, x: &Scale) {
    canvas.layer(|pen| {
        let (low, high) = (x.fraction(knee.low_per_second), x.fraction(knee.high_per_second));
        pen.block((low, 0.0), (high, 1.0), palette::BAND);
        let at = x.fraction(knee.rate_per_second);
        pen.line(&[(at, 0.0), (at, pen.lane(0).0)], palette::INK, 4);
        let (px, py) = pen.place(at, pen.lane(0).1);
        let (px, side) = if at > 0.5 { (px - 8, Side::End) } else { (px + 8, Side::Start) };
        let words = format!("knee {} calls/s", three_digits(knee.rate_per_second));
        pen.write(&words, (px, py), side, palette::INK);
    });
}

fn colour(trial: &KneeTrial) -> Colour {
    if trial.disturbed.is_some() { palette::MARK } else { palette::SERIES[0] }
}

fn key(knee: &Knee) -> Vec<Entry> {
    let mut entries = vec![
        Entry::new(Shape::Dot, palette::SERIES[0], "held"),
        Entry::new(Shape::Ring, palette::SERIES[0], "did not hold"),
    ];
    if knee.trials.iter().any(|trial| trial.disturbed.is_some()) {
        entries.push(Entry::new(Shape::Dot, palette::MARK, "grey: disturbed, set aside"));
    }
    if knee.bracketed {
        entries.push(Entry::new(Shape::Block, palette::BAND, "95 % interval of the knee"));
    }
    entries
}

fn words(record: &Record, knee: &Knee) -> Words {
    let found = if knee.bracketed {
        format!(
            "the objective holds up to {} calls/s (95 % interval {} to {})",
            three_digits(knee.rate_per_second),
            three_digits(knee.low_per_second),
            three_digits(knee.high_per_second)
        )
    } else {
        let beyond = if knee.trials.iter().any(|trial| trial.held) { "above" } else { "below" };
        format!(
            "the knee was not found; it lies {beyond} {} calls/s, the farthest that was tried",
            three_digits(knee.rate_per_second)
        )
    };
    let held = knee.trials.iter().filter(|trial| trial.held).count();
    let aside = match knee.trials.iter().filter(|trial| trial.disturbed.is_some()).count() {
        0 => String::new(),
        some => format!(" {some} of {} blocks were disturbed: they count for nothing.", knee.trials.len()),
    };
    Words {
        id: "knee".to_owned(),
        title: "Search for the highest rate at which the objective holds".to_owned(),
        note: format!(
            "Each mark is a block of {} s at one rate. It holds where it lies below the dashed line, the {} of the calls that may miss {}, and its queue did not grow. Here {found}.{aside}",
            three_digits(knee.block_seconds),
            percent(1.0 - record.overall.slo.quantile),
            record.overall.slo.objective
        ),
        alternative: format!(
            "Share of calls that missed the objective against the offered rate, in {} blocks of which {held} held: {found}.",
            knee.trials.len()
        ),
    }
}

fn numbers(knee: &Knee, x: &Scale) -> Grid {
    let numbers = ["block", "offered, calls/s", "calls", "missed", "answered, calls/s", "capacity, calls/s"];
    let mut columns = numbers.map(Column::numbers).to_vec();
    columns.extend(["held", "disturbed by"].map(Column::words));
    let mut grid = Grid::new(columns);
    for (index, trial) in knee.trials.iter().enumerate() {
        let rate = |rate: f64| Cell::number(three_digits(rate), rate);
        let cells = vec![
            Cell::count(index as u64 + 1),
            rate(trial.rate_per_second),
            Cell::count(trial.calls),
            Cell::number(percent(trial.miss_share), trial.miss_share),
            rate(trial.answered_per_second),
            trial.capacity_per_second.map_or_else(|| Cell::text("-"), rate),
            Cell::text(if trial.held { "yes" } else { "no" }),
            Cell::text(trial.disturbed.as_deref().unwrap_or("-")),
        ];
        grid.push(Row::new(cells).at(x.fraction(trial.rate_per_second)));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{busy, check, column, sample};

    #[test]
    fn the_table_has_the_blocks() {
        let mut record = busy();
        let picture = of(&record, &Ranks::of(&record)).unwrap();
        check(&picture);
        let trials = &record.knee.as_ref().unwrap().trials;
        let rates: Vec<f64> = trials.iter().map(|trial| trial.rate_per_second).collect();
        let missed: Vec<f64> = trials.iter().map(|trial| trial.miss_share).collect();
        assert_eq!(column(&picture.numbers, 1), rates);
        assert_eq!(column(&picture.numbers, 3), missed);
        assert!(picture.wide.body.contains("knee 1,240 calls/s"));
        record.knee.as_mut().unwrap().bracketed = false;
        let without = of(&record, &Ranks::of(&record)).unwrap();
        check(&without);
        assert!(!without.wide.body.contains(&palette::BAND.code()), "what was not found is not drawn");
        assert!(without.note.contains("lies above"), "{}", without.note);
    }

    #[test]
    fn no_search_no_picture() {
        let mut record = sample();
        assert_eq!(of(&record, &Ranks::of(&record)), None);
        record.knee = busy().knee;
        record.knee.as_mut().unwrap().trials.clear();
        assert_eq!(of(&record, &Ranks::of(&record)), None);
    }
}
