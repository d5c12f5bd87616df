//! A comparison as a forest plot: the change of each answer with its interval, and what would not matter.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, Drawing, Layout, row_of},
    key::{Entry, Shape},
    names::{MOST_LETTERS, shortened},
    palette::{self, Colour},
    pen::Pen,
    room::Room,
    scale::Scale,
};
use crate::{
    compare::{Answer, Effect, Effects},
    record::amount::{change, interval, size},
    report::{
        effects::{
            reasons::common_reason,
            words::{self, is_quiet},
        },
        grid::{Cell, Column, Grid, Row},
        headline::capital,
        xml::plain,
    },
};

/// Rows that have room; those of a change come first where there are more.
const MOST_ROWS: usize = 80;
/// Beyond this, in percent or points, an interval is drawn to the edge.
const FARTHEST: f64 = 300.0;
/// In this order the key has them.
const ANSWERS: [Answer; 4] = [Answer::Slower, Answer::Faster, Answer::Equivalent, Answer::NotResolved];

/// A row of the plot, in percent or points.
struct Mark<'a> {
    operation: String,
    effect: &'a Effect,
    change: f64,
    ends: Option<(f64, f64)>,
    /// What would not matter.
    band: (f64, f64),
}

/// What is drawn, on its axis.
struct Drawn<'a> {
    marks: Vec<Mark<'a>>,
    names: Vec<String>,
    x: Axis,
}

/// The plots of a comparison: of times and rates, and of shares of the calls. `id` begins the name of each. None of what
/// has nothing to show.
#[must_use]
pub fn of(id: &str, effects: &Effects) -> Vec<Picture> {
    let times = picture(format!("{id}-times"), "Changes of response times", "%", effects, false);
    let shares = picture(format!("{id}-shares"), "Changes of shares of the calls", "points", effects, true);
    times.into_iter().chain(shares).collect()
}

fn picture(id: String, title: &str, unit: &str, effects: &Effects, of_shares: bool) -> Option<Picture> {
    let marks = marks(effects, of_shares);
    let values = marks.iter().flat_map(|mark| {
        let (low, high) = mark.ends.unwrap_or((mark.change, mark.change));
        [low, high, mark.change, mark.band.0, mark.band.1]
    });
    let values: Vec<f64> = values.map(|value| value.clamp(-FARTHEST, FARTHEST)).collect();
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    let margin = (high - low).max(1e-6) * 0.04;
    let (base, new) = words::sides(effects);
    let x = Axis::new(Scale::linear(low - margin, high + margin), format!("change from base to new, {unit}"));
    let words = Words {
        id,
        title: title.to_owned(),
        note: capital(&note(&base, &new, effects)),
        alternative: alternative(&marks, effects),
    };
    let drawn = Drawn { names: marks.iter().map(name).collect(), marks, x };
    let numbers = numbers(&drawn.marks, common_reason(effects));
    Some(Picture::draw(words, Along::Down, numbers, |layout| draw(layout, &drawn)))
}

fn marks(effects: &Effects, of_shares: bool) -> Vec<Mark<'_>> {
    let is_meant =
        |effect: &Effect| effect.gated && effect.metric.is_share() == of_shares && !is_quiet(effect);
    let all = effects.operations.iter().flat_map(|operation| {
        let own = operation.metrics.iter().filter(|effect| is_meant(effect));
        own.filter_map(|effect| Mark::of(&operation.name, effect))
    });
    let mut marks: Vec<Mark<'_>> = all.collect();
    if marks.len() > MOST_ROWS {
        marks.sort_by_key(|mark| ANSWERS.iter().position(|answer| *answer == mark.effect.answer));
        marks.truncate(MOST_ROWS);
    }
    marks
}

impl<'a> Mark<'a> {
    fn of(operation: &str, effect: &'a Effect) -> Option<Self> {
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value * 100.0);
        let least = finite(Some(effect.least)).unwrap_or_default().abs();
        // What is as much worse as another is better: equal ratios, or equal differences.
        let lower = if effect.metric.is_share() { -least } else { -100.0 * least / (100.0 + least) };
        Some(Self {
            operation: plain(operation),
            effect,
            change: finite(effect.change)?,
            ends: finite(effect.low).zip(finite(effect.high)),
            band: (lower, least),
        })
    }
}

/// The operation is shortened, not the metric.
fn name(mark: &Mark<'_>) -> String {
    let metric = mark.effect.metric.title();
    format!("{} {metric}", shortened(&mark.operation, MOST_LETTERS - metric.len() - 1))
}

fn note(base: &str, new: &str, effects: &Effects) -> String {
    let has_lines = effects.gated().any(|(_, effect)| effect.low.is_some());
    let lines = if has_lines { " The line through an estimate is its interval." } else { "" };
    let has_rates = effects.gated().any(|(_, effect)| !effect.metric.higher_is_worse());
    let but = if has_rates { ", unless it is a rate" } else { "" };
    format!(
        "{new} against {base}. In the band a change does not matter; to the right of 0 the new side has more of it, which is worse{but}.{lines}"
    )
}

fn alternative(marks: &[Mark<'_>], effects: &Effects) -> String {
    let of = |answer: Answer| marks.iter().filter(|mark| mark.effect.answer == answer).count();
    let counted = ANSWERS.map(|answer| format!("{} {}", of(answer), words_of(answer)));
    format!(
        "A row for each of {} answers: {}. {}.",
        marks.len(),
        counted.join(", "),
        words::sentence(effects)
    )
}

fn words_of(answer: Answer) -> &'static str {
    match answer {
        Answer::Slower => "slower or worse",
        Answer::Faster => "faster or better",
        Answer::Equivalent => "equivalent",
        Answer::NotResolved => "not resolved",
    }
}

/// Colour and shape of an answer: neither alone has to tell it.
fn look(answer: Answer) -> (Colour, Shape) {
    match answer {
        Answer::Slower => (palette::TARGET, Shape::Block),
        Answer::Faster => (palette::SERIES[2], Shape::Dot),
        Answer::Equivalent => (palette::SERIES[0], Shape::Tick),
        Answer::NotResolved => (palette::MARK, Shape::Ring),
    }
}

fn numbers(marks: &[Mark<'_>], said: Option<&str>) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("answer of"),
        Column::numbers("change"),
        Column::numbers("interval"),
        Column::numbers("does not matter"),
        Column::words("answer"),
    ]);
    for (index, Mark { operation, effect, .. }) in marks.iter().enumerate() {
        let metric = effect.metric;
        let cells = vec![
            Cell::text(format!("{operation} {}", metric.title())),
            Cell::number(change(metric, effect.change), effect.change),
            Cell::text(interval(metric, effect.low, effect.high)),
            Cell::text(format!("up to {}", size(metric, effect.least))),
            Cell::text(words::answer(effect, said)),
        ];
        grid.push(Row::new(cells).at((index as f64 + 0.5) / marks.len() as f64));
    }
    grid
}

fn draw(layout: Layout, drawn: &Drawn<'_>) -> Drawing {
    let mut canvas = Canvas::with_rows(layout, &drawn.names, &drawn.x, &Room::default());
    let (rows, layout) = (drawn.marks.len(), canvas.layout);
    let at = |value: f64| drawn.x.scale.fraction(value);
    canvas.layer(|pen| {
        for (index, mark) in drawn.marks.iter().enumerate() {
            let (middle, half) = row_of(index, rows, layout);
            // Beside each other the rows' bands are one; below a name there is none.
            let half = if layout.is_wide { half / 0.6 } else { half };
            let (low, high) = mark.band;
            pen.block((at(low), middle - half), (at(high), middle + half), palette::PARTS[2]);
            // A whole line would go through the names above the rows.
            pen.line(&[(at(0.0), middle - half), (at(0.0), middle + half)], palette::INK, 2);
        }
    });
    canvas.layer(|pen| {
        for (index, mark) in drawn.marks.iter().enumerate() {
            let (middle, half) = row_of(index, rows, layout);
            let (colour, shape) = look(mark.effect.answer);
            if let Some((low, high)) = mark.ends {
                let (low, high) = (at(low), at(high));
                pen.line(&[(low, middle), (high, middle)], colour, 4);
                for end in [low, high] {
                    pen.line(&[(end, middle - half * 0.35), (end, middle + half * 0.35)], colour, 3);
                }
            }
            pen.point(shape, (at(mark.change), middle), colour);
        }
    });
    let shown = ANSWERS.into_iter().filter(|a| drawn.marks.iter().any(|mark| mark.effect.answer == *a));
    let entry = |answer: Answer| {
        let (colour, shape) = look(answer);
        Entry::new(shape, colour, words_of(answer))
    };
    let band = Entry::new(Shape::Block, palette::PARTS[2], "does not matter");
    canvas.key_below(&shown.map(entry).chain([band]).collect::<Vec<_>>());
    canvas.finish()
}

impl Pen<'_> {
    /// An estimate, in the shape of its answer.
    fn point(&self, shape: Shape, place: (f64, f64), colour: Colour) {
        let (x, y) = self.place(place.0, place.1);
        let size = (self.layout.letters * 0.36) as i32;
        match shape {
            Shape::Dot => self.dot(place, size, colour),
            Shape::Ring => self.ring(place, size - 1, colour),
            Shape::Tick => {
                let ends = [(x, y - size), (x, y + size)].map(|unit| self.share(unit));
                self.line(&ends, colour, 8);
            }
            Shape::Block | Shape::Line(_) => {
                self.block(self.share((x - size, y - size)), self.share((x + size, y + size)), colour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        fixture,
        picture::fixture::{check, texts},
    };

    fn plots(effects: &Effects) -> Vec<Picture> {
        let pictures = of("forest", effects);
        pictures.iter().for_each(check);
        pictures
    }

    #[test]
    fn every_answer_has_its_row() {
        let pictures = plots(&fixture::pairs());
        let [times, shares] = pictures.as_slice() else { panic!("{}", pictures.len()) };
        let rows = texts(&times.numbers);
        assert_eq!(
            rows[0],
            ["search_library p50", "+8.0 %", "+6.0..+10 %", "up to 5 %", "slower"],
            "{rows:?}"
        );
        assert_eq!(shares.numbers.rows.len(), 1, "what has none on either side is left out");
        assert!(times.alternative.contains("slower or worse"), "{}", times.alternative);
        assert_eq!(
            times.numbers.rows.len(),
            times.wide.body.matches(" p50").count() + times.wide.body.matches(" p95").count()
        );
    }

    #[test]
    fn the_answer_is_told_by_shape_and_colour() {
        let looks = ANSWERS.map(look);
        for (index, (colour, shape)) in looks.iter().enumerate() {
            assert!(looks[..index].iter().all(|(other, form)| other != colour && form != shape));
        }
        let body = &plots(&fixture::pairs())[0].wide.body;
        for answer in ANSWERS {
            assert!(body.contains(&look(answer).0.code()), "{answer:?}");
            assert!(body.contains(words_of(answer)), "{answer:?}");
        }
    }

    #[test]
    fn nothing_breaks_the_plot() {
        assert!(!plots(&fixture::single())[0].note.contains("interval"));
        let groups = plots(&fixture::groups());
        assert!(groups[0].numbers.rows.iter().any(|row| row.cells[2].text == "-"), "no interval");
        plots(&fixture::hostile());
        let mut many = fixture::pairs();
        let one = many.operations[0].clone();
        many.operations.extend(vec![one; 100]);
        assert_eq!(plots(&many)[0].numbers.rows.len(), MOST_ROWS);
        let mut far = fixture::pairs();
        let effect = &mut far.operations[0].metrics[0];
        (effect.change, effect.high) = (Some(1e12), Some(1e300));
        plots(&far);
    }
}
