//! How a response grows with the number of tracks, on two logarithmic axes: what was measured, what is predicted, and its
//! interval.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    key::{Entry, Shape},
    lines::{self, Line},
    palette::{self, Colour},
    room::Room,
    scale::Scale,
};
use crate::text::{grouped, three_digits};
use crate::{
    capacity::{
        Capacity,
        answer::Operation,
        growth::{Ends, Prediction, Response},
    },
    report::{
        capacity::words,
        grid::{Cell, Column, Grid, Row},
        xml::plain,
    },
};

/// What is not warranted is drawn with dashes.
const DOUBTED: &str = "6 8";

/// A response in its picture's unit.
struct Curve<'a> {
    response: &'a Response,
    /// One of its unit in the response's own.
    unit: f64,
    name: String,
    colour: Colour,
}

impl Curve<'_> {
    fn points(&self) -> impl Iterator<Item = (&Prediction, Option<Ends>)> {
        let scaled = |ends: Ends| Ends {
            low: ends.low / self.unit,
            estimate: ends.estimate / self.unit,
            high: ends.high / self.unit,
        };
        let is_drawn = |ends: &Ends| {
            [ends.low, ends.estimate, ends.high].iter().all(|end| end.is_finite() && *end > 0.0)
        };
        self.response.curve.iter().map(move |point| (point, point.range.filter(is_drawn).map(scaled)))
    }

    fn measured(&self) -> impl Iterator<Item = (f64, f64)> {
        let is_drawn = |value: &&f64| value.is_finite() && **value > 0.0;
        self.response.measured.iter().flat_map(move |size| {
            let values = size.values.iter().filter(is_drawn);
            values.map(move |value| (size.tracks as f64, value / self.unit))
        })
    }

    /// Everything that must lie on the axes.
    fn extent(&self) -> Vec<(f64, f64)> {
        let curve = self.points().filter_map(|(point, ends)| Some((point.tracks as f64, ends?)));
        let curve = curve.flat_map(|(tracks, ends)| [(tracks, ends.low), (tracks, ends.high)]);
        curve.chain(self.measured()).collect()
    }

    fn lines(&self, x: &Scale, y: &Scale) -> [Line; 2] {
        let line = |is_warranted: bool, dashes| Line {
            name: if is_warranted { self.name.clone() } else { String::new() },
            switch: None,
            colour: self.colour,
            dashes,
            width: 4,
            pieces: lines::pieces(self.points().map(|(point, ends)| {
                let estimate = ends.filter(|_| point.is_warranted() == is_warranted)?.estimate;
                Some((x.fraction(point.tracks as f64), y.fraction(estimate)))
            })),
        };
        [line(false, DOUBTED), line(true, "")]
    }

    /// The outline of the interval: along its lower ends, and back along the upper ones.
    fn band(&self, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
        let known: Vec<(f64, Ends)> = self
            .points()
            .filter_map(|(point, ends)| Some((x.fraction(point.tracks as f64), ends?)))
            .collect();
        let below = known.iter().map(|(at, ends)| (*at, y.fraction(ends.low)));
        let above = known.iter().rev().map(|(at, ends)| (*at, y.fraction(ends.high)));
        below.chain(above).collect()
    }
}

/// The axes that hold all of it, and the value at `target`, if there is one.
fn axes(curves: &[Curve<'_>], target: Option<f64>, title: &str) -> Option<(Axis, Axis)> {
    let all: Vec<(f64, f64)> = curves.iter().flat_map(Curve::extent).collect();
    let ends = |values: Vec<f64>| {
        Some((values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?))
    };
    let (first, last) = ends(all.iter().map(|(tracks, _)| *tracks).collect())?;
    let (low, high) = ends(all.iter().map(|(_, value)| *value).chain(target).collect())?;
    let x = Axis::new(Scale::log(first * 0.9, last * 1.1), "tracks");
    Some((x, Axis::new(Scale::log(low * 0.7, high * 1.5), title)))
}

/// One operation; `None` where nothing of it is known. `index` is its place among all.
#[must_use]
pub fn of_operation(index: usize, operation: &Operation, capacity: &Capacity) -> Option<Picture> {
    let quantile = words::quantile(capacity);
    let curve =
        Curve { response: &operation.response, unit: 1e3, name: String::new(), colour: palette::series(0) };
    let target = operation.target_us / 1e3;
    let target = Some(target).filter(|target| target.is_finite() && *target > 0.0);
    let curves = [curve];
    let (x, y) = axes(&curves, target, &format!("{quantile} of the response time, ms"))?;
    let name = plain(&operation.response.name);
    let reach = words::reach(operation);
    let law = operation.response.law.as_deref().map_or_else(|| "no law fits".to_owned(), plain);
    let words = Words {
        id: format!("growth-{index}"),
        title: name.clone(),
        note: format!("Law of the estimate: {law}. Tracks up to which it keeps its objective: {reach}."),
        alternative: format!(
            "Dots of {} runs, a line of estimates and the interval of a new run about it; tracks up to which {name} keeps its objective: {reach}.",
            curves[0].measured().count()
        ),
    };
    Some(Picture::draw(words, Along::Across, numbers(&curves, &x.scale, "ms"), |layout| {
        let mut canvas = Canvas::with_axes(layout, &x, &y, &Room::default());
        draw(&mut canvas, &curves, &x, &y);
        if let Some(target) = target {
            canvas.target(y.scale.fraction(target), &plain(&operation.objective));
        }
        canvas.finish()
    }))
}

/// The database, its heap and its indexes; `None` where nothing of them is known.
#[must_use]
pub fn of_sizes(capacity: &Capacity) -> Option<Picture> {
    let parts = [(&capacity.database, "database"), (&capacity.indexes, "indexes"), (&capacity.heap, "heap")];
    let mut curves = Vec::new();
    for (index, (response, name)) in parts.into_iter().enumerate() {
        let (unit, colour) = (f64::from(1 << 20), palette::series(index));
        curves.push(Curve { response, unit, name: name.to_owned(), colour });
    }
    let (x, y) = axes(&curves, None, "size, MB")?;
    let words = Words {
        id: "growth-sizes".to_owned(),
        title: "Size".to_owned(),
        note: "Dots are runs after their window; the band is the interval of a new run.".to_owned(),
        alternative: "Lines of the sizes of database, indexes and heap against the number of tracks."
            .to_owned(),
    };
    Some(Picture::draw(words, Along::Across, numbers(&curves, &x.scale, "MB"), |layout| {
        let lines: Vec<Line> = curves.iter().flat_map(|curve| curve.lines(&x.scale, &y.scale)).collect();
        let mut canvas = Canvas::with_axes(layout, &x, &y, &Room::beside(lines::room(&lines)));
        draw(&mut canvas, &curves, &x, &y);
        if !layout.is_wide {
            let entry = |curve: &Curve<'_>| Entry::new(Shape::Line(""), curve.colour, curve.name.clone());
            canvas.key_below(&curves.iter().map(entry).collect::<Vec<_>>());
        }
        canvas.finish()
    }))
}

fn draw(canvas: &mut Canvas, curves: &[Curve<'_>], x: &Axis, y: &Axis) {
    canvas.layer(|pen| {
        for band in curves.iter().map(|curve| curve.band(&x.scale, &y.scale)).filter(|band| band.len() > 3) {
            pen.area(&band, palette::BAND);
        }
    });
    let lines: Vec<Line> = curves.iter().flat_map(|curve| curve.lines(&x.scale, &y.scale)).collect();
    canvas.lines(&lines);
    canvas.layer(|pen| {
        for curve in curves {
            for (tracks, value) in curve.measured() {
                pen.dot((x.scale.fraction(tracks), y.scale.fraction(value)), 7, curve.colour);
            }
        }
    });
}

fn numbers(curves: &[Curve<'_>], x: &Scale, unit: &str) -> Grid {
    let mut columns = vec![Column::numbers("tracks")];
    for curve in curves {
        let name = if curve.name.is_empty() { String::new() } else { format!("{}, ", curve.name) };
        columns.push(Column::numbers(format!("{name}{unit}")));
        columns.push(Column::numbers("interval"));
        columns.push(Column::words("warranted"));
    }
    let mut grid = Grid::new(columns);
    let Some(first) = curves.first() else { return grid };
    for (at, (point, _)) in first.points().enumerate() {
        let mut cells = vec![Cell::number(grouped(point.tracks), point.tracks as f64)];
        for curve in curves {
            cells.extend(point_cells(curve.points().nth(at).and_then(|(point, ends)| Some((point, ends?)))));
        }
        grid.push(Row::new(cells).at(x.fraction(point.tracks as f64)));
    }
    grid
}

fn point_cells(point: Option<(&Prediction, Ends)>) -> [Cell; 3] {
    point.map_or_else(
        || [Cell::text("-"), Cell::text("-"), Cell::text("no")],
        |(point, ends)| {
            [
                Cell::amount(ends.estimate),
                Cell::text(format!("{}..{}", three_digits(ends.low), three_digits(ends.high))),
                Cell::text(if point.is_warranted() { "yes" } else { "no" }),
            ]
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        capacity::tests::made,
        picture::fixture::{check, column},
    };

    #[test]
    fn each_operation_and_the_sizes_are_drawn() {
        let capacity = made();
        for (index, operation) in capacity.operations.iter().enumerate() {
            let picture = of_operation(index, operation, &capacity).unwrap();
            check(&picture);
            assert_eq!(picture.id, format!("growth-{index}"));
            assert!(picture.wide.body.contains("200ms@p95"));
            // Every run is a dot.
            let runs: usize = operation.response.measured.iter().map(|size| size.values.len()).sum();
            assert!(picture.wide.body.matches("<circle").count() >= runs, "{}", picture.title);
            let tracks = column(&picture.numbers, 0);
            assert!(tracks.windows(2).all(|pair| pair[0] < pair[1]) && tracks.len() > 20);
        }
        let sizes = of_sizes(&capacity).unwrap();
        check(&sizes);
        assert_eq!(sizes.numbers.columns.len(), 10);
    }

    #[test]
    fn what_is_not_known_is_not_drawn() {
        let mut capacity = made();
        let operation = &mut capacity.operations[0];
        operation.response.curve.iter_mut().for_each(|point| point.range = None);
        operation.response.measured.clear();
        operation.target_us = f64::NAN;
        assert_eq!(of_operation(0, &capacity.operations[0].clone(), &capacity), None);
        for response in [&mut capacity.database, &mut capacity.heap, &mut capacity.indexes] {
            *response = Response::default();
        }
        assert_eq!(of_sizes(&capacity), None);
    }
}
