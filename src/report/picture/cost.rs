//! What each number of tracks costs a month.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    lines::{self, Line},
    palette,
    room::Room,
    scale::Scale,
};
use crate::{
    capacity::{Capacity, answer::GrowthRow, cost::Cost},
    report::grid::{Cell, Column, Grid, Row},
};

/// A part of the bill, or a sum of parts.
type Part = (&'static str, fn(&GrowthRow, &Cost) -> f64);

/// What is drawn.
const PARTS: [Part; 6] = [
    ("instance", |_, cost| cost.instance_usd),
    ("storage", |_, cost| cost.storage_usd),
    ("backups", |_, cost| cost.backups_usd),
    ("together", |_, cost| cost.total_usd),
    ("with a standby", |_, cost| cost.total_usd + cost.high_availability_usd),
    ("audio, apart", |row, _| row.audio_usd),
];

/// The parts against the number of tracks; `None` with fewer than two numbers of tracks of which the cost is known.
#[must_use]
pub fn of(capacity: &Capacity) -> Option<Picture> {
    let known = |row: &'_ GrowthRow| row.cost.filter(is_drawn).map(|cost| (row.clone(), cost));
    let rows: Vec<(GrowthRow, Cost)> = capacity.rows.iter().filter_map(known).collect();
    let [(first, _), .., (last, _)] = rows.as_slice() else { return None };
    let (first, last) = (first.tracks as f64, last.tracks as f64);
    let most = rows.iter().flat_map(|(row, cost)| PARTS.map(|(_, of)| of(row, cost))).fold(0.0, f64::max);
    let x = Axis::new(Scale::log(first * 0.9, last * 1.1), "tracks");
    let y = Axis::new(Scale::from_zero(most), "US dollars a month");
    let line = |(index, (name, of)): (usize, &Part)| Line {
        name: (*name).to_owned(),
        switch: None,
        colour: palette::series(index),
        dashes: if *name == "audio, apart" { "12 6" } else { "" },
        width: 4,
        pieces: vec![
            rows.iter()
                .map(|(row, cost)| (x.scale.fraction(row.tracks as f64), y.scale.fraction(of(row, cost))))
                .collect(),
        ],
    };
    let lines: Vec<Line> = PARTS.iter().enumerate().map(line).collect();
    let words = Words {
        id: "cost".to_owned(),
        title: "Cost a month".to_owned(),
        note: "The database's bill steps with tiers and storage. What rises with tracks is the storage of the audio files, which is Cloud Storage's.".to_owned(),
        alternative: format!("Lines of the parts of the bill from {first} to {last} tracks."),
    };
    Some(Picture::draw(words, Along::Across, numbers(&rows, &x.scale), |layout| {
        let mut canvas = Canvas::with_axes(layout, &x, &y, &Room::beside(lines::room(&lines)));
        canvas.lines(&lines);
        canvas.key_of_lines(&lines);
        canvas.finish()
    }))
}

fn is_drawn(cost: &Cost) -> bool {
    [cost.instance_usd, cost.storage_usd, cost.backups_usd, cost.total_usd, cost.high_availability_usd]
        .iter()
        .all(|usd| usd.is_finite() && *usd >= 0.0)
}

fn numbers(rows: &[(GrowthRow, Cost)], x: &Scale) -> Grid {
    let mut columns = vec![Column::numbers("tracks")];
    columns.extend(PARTS.map(|(name, _)| Column::numbers(name)));
    let mut grid = Grid::new(columns);
    for (row, cost) in rows {
        let parts = PARTS.map(|(_, of)| of(row, cost)).map(|usd| Cell::number(format!("{usd:.2}"), usd));
        let cells = std::iter::once(Cell::count(row.tracks)).chain(parts).collect();
        grid.push(Row::new(cells).at(x.fraction(row.tracks as f64)));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        capacity::tests::made,
        picture::fixture::{check, column},
    };

    #[test]
    fn the_parts_are_those_of_the_rows() {
        let mut capacity = made();
        let picture = of(&capacity).unwrap();
        check(&picture);
        let known: Vec<f64> = capacity.rows.iter().filter_map(|row| Some(row.cost?.total_usd)).collect();
        assert_eq!(column(&picture.numbers, 4), known);
        capacity.rows.truncate(1);
        assert_eq!(of(&capacity), None, "one is no line");
    }
}
