//! Pictures of records, each with a title, a text alternative, and its numbers as a table.
//!
//! What a record does not hold has no picture, and colours come from `palette` alone. A picture is added as a file, drawn
//! with what all share (`canvas`, `pen`, `scale`, `key`), and a row in `OF_RUN` or in `of_runs`.

mod canvas;
mod compact;
mod cost;
mod distribution;
#[cfg(test)]
pub(in crate::report) mod fixture;
mod forest;
mod growth;
mod heat;
mod history;
mod key;
mod knee;
mod lines;
mod lost;
mod marks;
mod names;
mod objective;
mod over_time;
pub mod palette;
mod pen;
mod percentiles;
mod processors;
mod ranks;
mod response;
mod room;
mod scale;
mod side_by_side;
mod sizes;
mod sweep;
mod throughput;
mod time;
mod time_spent;
mod waits;

pub use canvas::{Drawing, Layout};
pub use cost::of as cost;
pub use distribution::of_one as distribution_of;
pub use forest::of as forest;
pub use growth::{of_operation as growth_of_operation, of_sizes as growth_of_sizes};
pub use heat::of as heat;
pub use history::{Moment, Target, of_runs as history};
pub use knee::of as knee;
pub use lost::of as lost;
pub use marks::events;
pub use over_time::of as over_time;
pub use percentiles::{of_all as percentiles, of_one as percentiles_of, of_runs as percentiles_of_runs};
pub use processors::of as processors;
pub use ranks::Ranks;
pub use response::of as response;
pub use side_by_side::of as side_by_side;
pub use sizes::of as sizes;
pub use sweep::{latency as sweep_latency, throughput as sweep_throughput};
pub use throughput::of as throughput;
pub use time_spent::of as time_spent;
pub use waits::of as waits;

use super::{
    comparison::Comparison,
    grid::Grid,
    xml::{escaped, harmless},
};
use crate::record::Record;
use canvas::{NARROW, WIDE};
use std::fmt::Write;

/// A picture of a record; `None` where it has nothing to show.
type Maker = fn(&Record, &Ranks) -> Option<Picture>;

/// Pictures of a whole run, in the order in which a report shows them.
const OF_RUN: [Maker; 11] =
    [percentiles, heat, over_time, throughput, lost, response, time_spent, processors, waits, knee, sizes];

/// All pictures of a run that have something to show.
#[must_use]
pub fn of_run(record: &Record, ranks: &Ranks) -> Vec<Picture> {
    OF_RUN.iter().filter_map(|picture| picture(record, ranks)).collect()
}

/// All pictures of several runs that have something to show.
#[must_use]
pub fn of_runs(comparison: &Comparison<'_>) -> Vec<Picture> {
    let labels = comparison.labels.iter().map(String::as_str);
    let overall: Vec<_> = labels.zip(comparison.records.iter().map(|record| &record.overall)).collect();
    let all = [
        sweep_latency(&comparison.records),
        sweep_throughput(&comparison.records),
        side_by_side(comparison),
        percentiles_of_runs("percentiles", "All calls", &overall),
    ];
    all.into_iter().flatten().collect()
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Its name, unique within a page: letters, digits and dashes.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How to read it, in a sentence or two; may be empty.
    pub note: String,
    /// What one sees in it, in words, for those who do not.
    pub alternative: String,
    /// Which way its rows of numbers lie. A row's place counts from the left, or from the top.
    pub along: Along,
    /// Its numbers.
    pub numbers: Grid,
    /// Drawn for screens and paper.
    pub wide: Drawing,
    /// Drawn for phones.
    pub narrow: Drawing,
}

/// Which way the rows of a picture's table lie in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// From left to right.
    Across,
    /// From top to bottom.
    Down,
}

impl Along {
    /// As a page says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Across => "x",
            Self::Down => "y",
        }
    }
}

/// What a picture says in words.
struct Words {
    id: String,
    title: String,
    note: String,
    alternative: String,
}

impl Picture {
    fn draw(words: Words, along: Along, numbers: Grid, draw: impl Fn(Layout) -> Drawing) -> Self {
        let Words { id, title, note, alternative } = words;
        Self { id, title, note, alternative, along, numbers, wide: draw(WIDE), narrow: draw(NARROW) }
    }

    /// A file of its own, light or dark as its reader prefers. It has no switches: what a page shows only when it is asked
    /// to is hidden.
    #[must_use]
    pub fn file(&self) -> String {
        let Drawing { body, width, height, .. } = &self.wide;
        let title = escaped(&self.title);
        let bar = 56;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {}\" width=\"{}\" font-family=\"system-ui, sans-serif\" role=\"img\" aria-labelledby=\"t d\">\n<title id=\"t\">{title}</title><desc id=\"d\">{}</desc>\n",
            height + bar,
            width / 2,
            escaped(&self.alternative)
        );
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<style>.more{{display:none}}\n@media (prefers-color-scheme: dark){{\n{}}}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n<text x=\"16\" y=\"42\" font-size=\"30\" font-weight=\"600\" fill=\"{}\">{title}</text>\n<g transform=\"translate(0 {bar})\">{body}</g>\n</svg>\n",
            palette::darkening("svg"),
            palette::GROUND.code(),
            palette::INK.code(),
        );
        harmless(svg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixture::{busy, check, sample};

    fn ids(record: &Record) -> Vec<String> {
        let pictures = of_run(record, &Ranks::of(record));
        pictures.iter().for_each(check);
        pictures.into_iter().map(|picture| picture.id).collect()
    }

    #[test]
    fn a_run_has_the_pictures_that_it_can_fill() {
        let all =
            "percentiles heat over-time throughput lost response time-spent processors waits knee sizes";
        assert_eq!(ids(&busy()).join(" "), all);
        let plain = ids(&sample());
        assert!(!plain.iter().any(|id| ["lost", "knee"].contains(&id.as_str())), "{plain:?}");
        let mut nothing = sample();
        nothing.operations.clear();
        nothing.series.operations.clear();
        nothing.series.heat = None;
        nothing.samples = crate::record::Samples::default();
        assert_eq!(ids(&nothing), [""; 0]);
    }

    #[test]
    fn any_names_and_any_number_of_operations_fit() {
        for count in [1, 2, 17] {
            for mut record in [sample(), busy()] {
                record.operations.truncate(count);
                record.series.operations.truncate(count);
                let names = ["a<b & \"c\">", "a_name_that_takes_sixty_letters_of_room_and_so_is_shown_short"];
                for (index, operation) in record.operations.iter_mut().enumerate() {
                    operation.name = format!("{}{index}", names[index % 2]);
                    record.series.operations[index].name = operation.name.clone();
                }
                record.samples.tables = names.map(str::to_owned).to_vec();
                assert!(ids(&record).len() >= 7);
                let picture = percentiles(&record, &Ranks::of(&record)).unwrap();
                assert!(picture.wide.body.contains("a&lt;b &amp; "));
                assert!(!picture.file().contains("a<b"));
            }
        }
    }

    #[test]
    fn an_operation_without_calls_leaves_the_others() {
        let mut record = sample();
        let summary = &mut record.operations[0].summary;
        for latency in [&mut summary.response, &mut summary.service, &mut summary.pool_wait] {
            *latency = crate::record::Latency::default();
        }
        summary.calls = 0;
        record.series.operations[0].answered.fill(0);
        record.series.operations[0].p95_us.fill(None);
        assert_eq!(ids(&record), ids(&sample()));
    }

    #[test]
    fn a_long_window_is_drawn_in_minutes() {
        let mut record = busy();
        record.window.seconds = 1_190.0;
        record.series.interval_seconds = 40.0;
        let one = record.samples.samples[0].clone();
        let sample = |index: u64| crate::record::Sample {
            at_seconds: 2.0 * index as f64,
            checkpoints: Some(u64::from(index.is_multiple_of(20))),
            autovacuums: Some(index / 7 % 2),
            ..one.clone()
        };
        record.samples.samples = (1..=595).map(sample).collect();
        ids(&record);
        let picture = heat(&record, &Ranks::of(&record)).unwrap();
        assert!(picture.wide.body.contains("time since the window began, min"));
        assert!(picture.note.contains("checkpoint (C) at 0.667 min"), "{}", picture.note);
        assert!(picture.note.contains("and 26 more times"), "{}", picture.note);
    }

    #[test]
    fn a_file_hides_what_is_not_shown_at_first() {
        let record = sample();
        let file = percentiles(&record, &Ranks::of(&record)).unwrap().file();
        assert_eq!(file.matches("class=\"more\"").count(), record.operations.len() - 8);
        assert!(file.contains(".more{display:none}"));
    }
}
