//! Where the response times lay through the window: a heat map.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, Drawing, Layout},
    key::{Entry, Shape, letters_of},
    marks::Marks,
    palette::{self, Colour},
    ranks::Ranks,
    room::Room,
    scale::Scale,
    time::{Slice, Time, slices},
};
use crate::text::{grouped, three_digits};
use crate::{
    record::{HeatMap, Record},
    report::grid::{Cell, Column, Grid, Row},
};

/// Steps of darkness, each from a count of calls to just below the next one's.
struct Steps(Vec<u64>);

impl Steps {
    /// At most eight, equally wide by the logarithm of the count.
    fn up_to(most: u64) -> Self {
        let steps = palette::HEAT.len();
        let mut lows = vec![1u64];
        for step in 1..steps {
            let low = (most as f64).powf(step as f64 / steps as f64).ceil() as u64;
            lows.push(low.max(lows[step - 1] + 1));
        }
        lows.retain(|low| *low <= most.max(1));
        Self(lows)
    }

    fn of(&self, count: u64) -> Option<usize> {
        self.0.iter().rposition(|low| *low <= count)
    }

    fn colour(&self, step: usize) -> Colour {
        palette::HEAT[(step + 1) * palette::HEAT.len() / self.0.len() - 1]
    }

    /// What each stands for.
    fn words(&self) -> Vec<String> {
        let ends = self.0[1..].iter().map(|next| Some(next - 1)).chain([None]);
        let say = |(low, end): (&u64, Option<u64>)| match end {
            None => format!("{} or more", grouped(*low)),
            Some(end) if end == *low => grouped(*low),
            Some(end) => format!("{} to {}", grouped(*low), grouped(end)),
        };
        self.0.iter().zip(ends).map(say).collect()
    }
}

/// The heat map of all operations together.
#[must_use]
pub fn of(record: &Record, _: &Ranks) -> Option<Picture> {
    let heat = record.series.heat.as_ref()?;
    let most = heat.counts.iter().flatten().max().copied().filter(|most| *most > 0)?;
    let (slices, time, marks) = (slices(record), Time::of(record), Marks::of(record));
    let slo = &record.overall.slo;
    let target_ms = slo.target_us / 1e3;
    let bounds = bounds_ms(heat)?;
    let (low, high) = (bounds.first()?.min(target_ms * 0.8), bounds.last()?.max(target_ms * 1.6));
    let y = Axis::new(Scale::log(low, high), "response time, ms");
    let numbers = numbers(heat, &slices, &bounds, &time);
    let words = Words {
        id: "heat".to_owned(),
        title: "Response times through the window".to_owned(),
        note: format!(
            "Each cell is a slice of time and a tenth of a decade of response time; the darker, the more calls of all operations were answered so. On dark ground, the brighter. The dashed line is {}.{}",
            slo.objective,
            marks.note(&time)
        ),
        alternative: format!(
            "Heat map of {} slices of time by {} classes of response time from {} to {} ms; the fullest cell holds {} calls.",
            heat.counts.len(),
            bounds.len() - 1,
            three_digits(bounds[0]),
            three_digits(bounds[bounds.len() - 1]),
            grouped(most)
        ),
    };
    let cells = Cells { heat, slices: &slices, bounds: &bounds, steps: &Steps::up_to(most) };
    Some(Picture::draw(words, Along::Across, numbers, |layout| {
        let mut canvas = cells.canvas(layout, &time, &y, &marks);
        canvas.target(y.scale.fraction(target_ms), &slo.objective);
        marks.draw(&mut canvas, &time);
        cells.finish(canvas)
    }))
}

/// Bounds of the classes; a first one of 0 stands as a tenth of a decade below the next.
fn bounds_ms(heat: &HeatMap) -> Option<Vec<f64>> {
    let mut bounds: Vec<f64> = heat.bounds_us.iter().map(|us| us / 1e3).collect();
    let second = *bounds.get(1)?;
    if bounds[0] <= 0.0 {
        bounds[0] = second / 10f64.powf(0.1);
    }
    Some(bounds)
}

/// What is drawn.
struct Cells<'a> {
    heat: &'a HeatMap,
    slices: &'a [Slice],
    bounds: &'a [f64],
    steps: &'a Steps,
}

impl Cells<'_> {
    fn canvas(&self, layout: Layout, time: &Time, y: &Axis, marks: &Marks) -> Canvas {
        let words = self.steps.words();
        let room = Room { beside: letters_of(&words), lanes: marks.lanes() };
        let mut canvas = Canvas::with_axes(layout, &time.axis, y, &room);
        canvas.layer(|pen| {
            // One step after the other: cells of one colour become one path.
            for step in 0..self.steps.0.len() {
                let colour = self.steps.colour(step);
                for (class, bound) in self.bounds.windows(2).enumerate() {
                    let (low, high) = (y.scale.fraction(bound[0]), y.scale.fraction(bound[1]));
                    for (from, to) in self.runs(class, step) {
                        pen.block((time.place(from), low), (time.place(to), high), colour);
                    }
                }
            }
        });
        canvas
    }

    /// Intervals through which a class has that step, neighbours in one.
    fn runs(&self, class: usize, step: usize) -> Vec<(f64, f64)> {
        let mut runs: Vec<(f64, f64)> = Vec::new();
        for (row, slice) in self.heat.counts.iter().zip(self.slices) {
            if row.get(class).and_then(|count| self.steps.of(*count)) != Some(step) {
                continue;
            }
            match runs.last_mut() {
                Some((_, end)) if (*end - slice.begins_seconds).abs() < 1e-9 => *end = slice.ends_seconds,
                _ => runs.push((slice.begins_seconds, slice.ends_seconds)),
            }
        }
        runs
    }

    fn finish(&self, mut canvas: Canvas) -> Drawing {
        let mut words = self.steps.words();
        if !canvas.layout.is_wide {
            words[0].push_str(" calls a cell");
        }
        let entry = |(step, words)| Entry::new(Shape::Block, self.steps.colour(step), words);
        let entries: Vec<Entry> = words.into_iter().enumerate().map(entry).collect();
        if canvas.layout.is_wide {
            canvas.key_beside("calls a cell", &entries);
        } else {
            canvas.key_below(&entries);
        }
        canvas.finish()
    }
}

fn numbers(heat: &HeatMap, slices: &[Slice], bounds: &[f64], time: &Time) -> Grid {
    let mut columns = vec![Column::numbers("from, s"), Column::numbers("answered")];
    let names = ["p50", "p95", "p99", "longest"];
    columns.extend(names.map(|name| {
        Column::numbers(format!("{name}, ms (class up to)"))
            .hint("upper end of the class of response times that it lies in")
    }));
    let mut grid = Grid::new(columns);
    for (row, slice) in heat.counts.iter().zip(slices) {
        let answered: u64 = row.iter().sum();
        let mut cells = vec![
            Cell::number(three_digits(slice.begins_seconds), slice.begins_seconds),
            Cell::count(answered),
        ];
        let ends = [0.5, 0.95, 0.99, 1.0].map(|quantile| class_end(row, bounds, quantile));
        cells.extend(ends.map(|ms| Cell::milliseconds(ms.map(|ms| ms * 1e3))));
        grid.push(Row::new(cells).at(time.place(slice.middle_seconds())));
    }
    grid
}

/// Upper end of the class in which that share of a slice's calls is reached.
fn class_end(row: &[u64], bounds: &[f64], quantile: f64) -> Option<f64> {
    let all: u64 = row.iter().sum();
    let wanted = ((all as f64 * quantile).ceil() as u64).max(1);
    let mut sum = 0;
    let class = row.iter().position(|count| {
        sum += count;
        sum >= wanted
    })?;
    bounds.get(class + 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{busy, check, column, sample};

    #[test]
    fn the_table_has_what_the_cells_count() {
        let record = busy();
        let picture = of(&record, &Ranks::of(&record)).unwrap();
        check(&picture);
        let heat = record.series.heat.as_ref().unwrap();
        let sums: Vec<f64> = heat.counts.iter().map(|row| row.iter().sum::<u64>() as f64).collect();
        assert_eq!(column(&picture.numbers, 1), sums);
    }

    #[test]
    fn a_quantile_lies_in_the_class_that_reaches_it() {
        let bounds = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(class_end(&[5, 4, 1], &bounds, 0.5), Some(2.0));
        assert_eq!(class_end(&[5, 4, 1], &bounds, 0.51), Some(3.0));
        assert_eq!(class_end(&[5, 4, 1], &bounds, 1.0), Some(4.0));
        assert_eq!(class_end(&[0, 0, 0], &bounds, 0.5), None);
    }

    #[test]
    fn steps_are_few_and_hold_every_count() {
        assert_eq!(Steps::up_to(3).words(), ["1", "2", "3 or more"]);
        let steps = Steps::up_to(1_000_000);
        assert_eq!(steps.0.len(), 8);
        assert_eq!((steps.of(0), steps.of(1), steps.of(1_000_000)), (None, Some(0), Some(7)));
        assert_eq!(steps.colour(7), palette::HEAT[7]);
        assert_eq!(Steps::up_to(1).colour(0), palette::HEAT[7]);
    }

    #[test]
    fn equal_neighbours_are_one() {
        let heat = HeatMap { bounds_us: vec![0.0, 1e3], counts: vec![vec![1], vec![1], vec![0], vec![1]] };
        let slice = |index: u32| Slice { begins_seconds: index.into(), ends_seconds: (index + 1).into() };
        let cells = Cells {
            heat: &heat,
            slices: &[0, 1, 2, 3].map(slice),
            bounds: &bounds_ms(&heat).unwrap(),
            steps: &Steps::up_to(1),
        };
        assert_eq!(cells.runs(0, 0), [(0.0, 2.0), (3.0, 4.0)]);
    }

    #[test]
    fn without_counts_there_is_none() {
        let mut record = sample();
        let ranks = Ranks::of(&record);
        record.series.heat = None;
        assert_eq!(of(&record, &ranks), None);
        record.series.heat = Some(HeatMap { bounds_us: vec![0.0, 1.0], counts: vec![vec![0]] });
        assert_eq!(of(&record, &ranks), None);
    }
}
