//! How large the tables and the database were, through the window.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    lines::{self, Line},
    palette,
    ranks::Ranks,
    room::Room,
    scale::Scale,
    time::Time,
};
use crate::text::{bytes, three_digits};
use crate::{
    record::Record,
    report::grid::{Cell, Column, Grid, Row},
};

/// Bytes of a megabyte, as PostgreSQL counts them.
const MEGABYTE: f64 = 1_048_576.0;

/// One thing that has a size.
struct Size {
    name: String,
    is_table: bool,
    /// When it was seen to have how many bytes; only where that changed, and at the first and the last sample.
    seen: Vec<(f64, u64)>,
}

impl Size {
    /// `None` where it was seen at fewer than two moments.
    fn of(name: &str, is_table: bool, samples: impl Iterator<Item = (f64, Option<u64>)>) -> Option<Self> {
        let known: Vec<(f64, u64)> = samples.filter_map(|(at, bytes)| Some((at, bytes?))).collect();
        let last = known.len().checked_sub(1).filter(|last| *last > 0)?;
        let is_kept = |index: usize| index == 0 || index == last || known[index].1 != known[index - 1].1;
        let seen = (0..known.len()).filter(|index| is_kept(*index)).map(|index| known[index]).collect();
        Some(Self { name: name.to_owned(), is_table, seen })
    }

    fn first(&self) -> u64 {
        self.seen.first().map_or(0, |seen| seen.1)
    }

    fn last(&self) -> u64 {
        self.seen.last().map_or(0, |seen| seen.1)
    }

    /// What was last seen at a moment or before it.
    fn at(&self, seconds: f64) -> Option<u64> {
        self.seen.iter().rev().find(|(at, _)| *at <= seconds).map(|seen| seen.1)
    }

    fn say(&self) -> String {
        let (first, last) = (self.first(), self.last());
        match last.checked_sub(first) {
            Some(0) => format!("{} kept its {}", self.name, bytes(last)),
            Some(grown) => format!("{} grew by {} to {}", self.name, bytes(grown), bytes(last)),
            None => format!("{} shrank by {} to {}", self.name, bytes(first - last), bytes(last)),
        }
    }
}

/// The largest tables with their indexes, and the whole database; `None` where nothing changed its size.
#[must_use]
pub fn of(record: &Record, _: &Ranks) -> Option<Picture> {
    let sizes = sizes(record);
    let has_changed = |size: &Size| size.seen.iter().any(|(_, bytes)| *bytes != size.first());
    if !sizes.iter().any(has_changed) {
        return None;
    }
    let time = Time::of(record);
    let all = sizes.iter().flat_map(|size| &size.seen).map(|(_, bytes)| *bytes as f64 / MEGABYTE);
    let y = Axis::new(Scale::from_zero(all.fold(0.0, f64::max)), "size, MB");
    let line = |(index, size): (usize, &Size)| Line {
        name: size.name.clone(),
        switch: None,
        colour: if size.is_table { palette::series(index) } else { palette::INK },
        dashes: if size.is_table { "" } else { "12 6" },
        width: 4,
        pieces: vec![steps(size, &time, &y.scale)],
    };
    let lines: Vec<Line> = sizes.iter().enumerate().map(line).collect();
    let said: Vec<String> = sizes.iter().map(Size::say).collect();
    let words = Words {
        id: "sizes".to_owned(),
        title: "Sizes of the largest tables and of the database".to_owned(),
        note: "Tables with their indexes and what is stored out of line. Sizes are read once in ten samples: a step may have come a little before it is drawn. A table that grows though its rows stay as many is bloating.".to_owned(),
        alternative: format!("Lines of sizes over time: {}.", said.join("; ")),
    };
    Some(Picture::draw(words, Along::Across, numbers(&sizes, &time), |layout| {
        let mut canvas = Canvas::with_axes(layout, &time.axis, &y, &Room::beside(lines::room(&lines)));
        canvas.lines(&lines);
        canvas.key_of_lines(&lines);
        canvas.finish()
    }))
}

fn sizes(record: &Record) -> Vec<Size> {
    let samples = &record.samples;
    let table = |(index, name): (usize, &String)| {
        let bytes = samples.samples.iter().map(|s| (s.at_seconds, s.table_bytes.get(index).copied()));
        Size::of(name, true, bytes)
    };
    let database = samples.samples.iter().map(|sample| (sample.at_seconds, sample.database_bytes));
    let tables = samples.tables.iter().enumerate().filter_map(table);
    tables.chain(Size::of("database", false, database)).collect()
}

/// A size stays until another one is seen.
fn steps(size: &Size, time: &Time, y: &Scale) -> Vec<(f64, f64)> {
    let mut places: Vec<(f64, f64)> = Vec::new();
    for (at, bytes) in &size.seen {
        let place = (time.place(*at), y.fraction(*bytes as f64 / MEGABYTE));
        if let Some((_, before)) = places.last().copied() {
            places.push((place.0, before));
        }
        places.push(place);
    }
    places
}

fn numbers(sizes: &[Size], time: &Time) -> Grid {
    let mut columns = vec![Column::numbers("at, s")];
    columns.extend(sizes.iter().map(|size| Column::numbers(format!("{}, MB", size.name))));
    let mut grid = Grid::new(columns);
    let mut moments: Vec<f64> = sizes.iter().flat_map(|size| &size.seen).map(|seen| seen.0).collect();
    moments.sort_by(f64::total_cmp);
    moments.dedup();
    for at in moments {
        let mut cells = vec![Cell::number(format!("{at:.1}"), at)];
        cells.extend(sizes.iter().map(|size| match size.at(at) {
            Some(bytes) => Cell::number(three_digits(bytes as f64 / MEGABYTE), bytes as f64 / MEGABYTE),
            None => Cell::text("-"),
        }));
        grid.push(Row::new(cells).at(time.place(at)));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{busy, check, column, sample};

    #[test]
    fn sizes_are_those_of_the_samples() {
        let record = busy();
        let picture = of(&record, &Ranks::of(&record)).unwrap();
        check(&picture);
        let samples = &record.samples.samples;
        let last = samples.last().unwrap();
        for (index, bytes) in last.table_bytes.iter().chain(&last.database_bytes).enumerate() {
            let shown = column(&picture.numbers, index + 1);
            assert_eq!(shown.last().copied(), Some(*bytes as f64 / MEGABYTE));
        }
        assert!(picture.numbers.rows.len() < samples.len(), "only where something changed");
        assert!(
            picture.alternative.contains("loist.events grew by 19.0 MB to 49.0 MB"),
            "{}",
            picture.alternative
        );
    }

    #[test]
    fn what_kept_its_size_is_not_drawn() {
        let mut record = sample();
        for sample in &mut record.samples.samples {
            sample.database_bytes = Some(17_000_000);
            sample.table_bytes.clear();
        }
        assert_eq!(of(&record, &Ranks::of(&record)), None);
        record.samples.samples.truncate(1);
        assert_eq!(of(&record, &Ranks::of(&record)), None);
        record.samples.samples.clear();
        assert_eq!(of(&record, &Ranks::of(&record)), None);
    }
}
