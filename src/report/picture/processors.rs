//! Who used the processors, through the window.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    lines::{self, Line, pieces},
    palette,
    ranks::Ranks,
    room::Room,
    scale::Scale,
    time::Time,
};
use crate::text::three_digits;
use crate::{
    record::{Record, Sample, Samples},
    report::grid::{Cell, Column, Grid, Row},
};

/// Processors that somebody used, if it is known.
type Use = fn(&Samples, &Sample) -> Option<f64>;

const USERS: [(&str, Use); 4] = [
    ("server", |_, sample| sample.server_cpus),
    ("client", |_, sample| Some(sample.client_cpus)),
    ("others", |_, sample| sample.other_cpus),
    ("stolen", |samples, sample| {
        (samples.processors > 0).then_some(sample.steal_share? * samples.processors as f64)
    }),
];

/// Processors in use by the server, the client, others, and those that the hypervisor gave to others.
#[must_use]
pub fn of(record: &Record, _: &Ranks) -> Option<Picture> {
    let samples = &record.samples;
    let used = |(_, of): &&(&str, Use)| samples.samples.iter().any(|sample| of(samples, sample).is_some());
    let users: Vec<(usize, &(&str, Use))> = USERS.iter().enumerate().filter(|(_, user)| used(user)).collect();
    if users.is_empty() {
        return None;
    }
    let time = Time::of(record);
    let all = users.iter().flat_map(|(_, (_, of))| samples.samples.iter().filter_map(|s| of(samples, s)));
    let y = Axis::new(Scale::from_zero(all.fold(samples.processors as f64, f64::max)), "processors in use");
    let line = |(index, (name, of)): &(usize, &(&str, Use))| Line {
        name: (*name).to_owned(),
        switch: None,
        colour: palette::series(*index),
        dashes: ["", "", "12 6", "3 6"][*index],
        width: 4,
        pieces: pieces(
            samples
                .samples
                .iter()
                .map(|sample| Some((time.place(sample.at_seconds), y.scale.fraction(of(samples, sample)?)))),
        ),
    };
    let mut lines: Vec<Line> = users.iter().map(line).collect();
    if samples.processors > 0 {
        let at = y.scale.fraction(samples.processors as f64);
        lines.push(Line {
            name: "all there are".to_owned(),
            switch: None,
            colour: palette::MARK,
            dashes: "14 8",
            width: 3,
            pieces: vec![vec![(0.0, at), (1.0, at)]],
        });
    }
    let words = words(samples, &users);
    Some(Picture::draw(words, Along::Across, numbers(samples, &users, &time), |layout| {
        let mut canvas = Canvas::with_axes(layout, &time.axis, &y, &Room::beside(lines::room(&lines)));
        canvas.lines(&lines);
        canvas.key_of_lines(&lines);
        canvas.finish()
    }))
}

fn words(samples: &Samples, users: &[(usize, &(&str, Use))]) -> Words {
    let mean = |(_, (name, of)): &(usize, &(&str, Use))| {
        let known: Vec<f64> = samples.samples.iter().filter_map(|sample| of(samples, sample)).collect();
        format!("{name} {}", three_digits(known.iter().sum::<f64>() / known.len() as f64))
    };
    let means: Vec<String> = users.iter().map(mean).collect();
    Words {
        id: "processors".to_owned(),
        title: "Processors in use".to_owned(),
        note: "Processor time per second of time: 1 is one processor always at work. Where the sum comes near to all there are, processors are what calls wait for. A client that needs much of them measures itself; stolen time went to other guests of the machine's host.".to_owned(),
        alternative: format!(
            "Lines of the processors in use over time, of {}; on average {}.",
            samples.processors,
            means.join(", ")
        ),
    }
}

fn numbers(samples: &Samples, users: &[(usize, &(&str, Use))], time: &Time) -> Grid {
    let mut columns = vec![Column::numbers("until, s")];
    columns.extend(users.iter().map(|(_, (name, _))| Column::numbers(format!("{name}, processors"))));
    let mut grid = Grid::new(columns);
    for sample in &samples.samples {
        let mut cells = vec![Cell::number(format!("{:.1}", sample.at_seconds), sample.at_seconds)];
        cells.extend(users.iter().map(|(_, (_, of))| match of(samples, sample) {
            Some(used) => Cell::amount(used),
            None => Cell::text("-"),
        }));
        grid.push(Row::new(cells).at(time.place(sample.at_seconds)));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{check, column, sample};

    #[test]
    fn the_table_has_the_samples() {
        let mut record = sample();
        record.samples.samples[2].steal_share = Some(0.25);
        let picture = of(&record, &Ranks::of(&record)).unwrap();
        check(&picture);
        let server: Vec<f64> =
            record.samples.samples.iter().filter_map(|sample| sample.server_cpus).collect();
        assert_eq!(column(&picture.numbers, 1), server);
        assert_eq!(column(&picture.numbers, 4)[2], 0.25 * record.samples.processors as f64);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut record = sample();
        for sample in &mut record.samples.samples {
            sample.server_cpus = None;
        }
        let picture = of(&record, &Ranks::of(&record)).unwrap();
        assert!(picture.numbers.columns.iter().all(|column| !column.name.contains("server")));
        record.samples.samples.clear();
        assert_eq!(of(&record, &Ranks::of(&record)), None);
    }
}
