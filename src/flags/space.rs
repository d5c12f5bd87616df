//! What a tuner may change, and between which values: the rows of `data/space.tsv`, for a machine.

use super::{
    catalog::{self, Flag, Kind},
    cloud::nearest_share,
    unit::Dimension,
    value::Value,
};
use std::sync::LazyLock;

/// A row of the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// The setting.
    pub name: &'static str,
    /// How its values are tried.
    pub scale: Scale,
    low: &'static str,
    high: &'static str,
    /// Another setting and its value, without which this one does nothing.
    pub needs: Option<(&'static str, &'static str)>,
    /// Whether a crash may lose what was committed.
    pub durability: bool,
    /// Where the row comes from; of what is not tried, why.
    pub note: &'static str,
}

/// How the values of a setting are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Between two numbers, by their logarithms.
    Log,
    /// Between two numbers.
    Linear,
    /// One of some values.
    Choice,
    /// Only back to its default, where it is not there.
    Back,
    /// Not at all.
    No,
}

/// A setting that can be tried on a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Tunable {
    /// The setting's facts.
    pub flag: &'static Flag,
    /// What it can be.
    pub range: Range,
    /// Another setting and its value, without which this one does nothing.
    pub needs: Option<(&'static str, &'static str)>,
    /// Whether a crash may lose what was committed.
    pub durability: bool,
}

/// What a setting can be, in its own unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// A number from one to the other, `log` where its logarithm is what is spaced evenly.
    Numbers {
        /// Smallest.
        low: f64,
        /// Largest.
        high: f64,
        /// Whether logarithms are spaced evenly.
        log: bool,
    },
    /// One of these, in PostgreSQL's form.
    Choices(Vec<&'static str>),
}

/// What the rows are filled in with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// Main memory of the machine.
    pub memory_bytes: u64,
    /// What work_mem may be, as the memory budget leaves it.
    pub work_bytes: u64,
    /// Processors.
    pub vcpus: u32,
    /// Major version of the server.
    pub version: u32,
    /// Whether the machine is one of Cloud SQL's, which takes only some shares of memory.
    pub cloud_sql: bool,
}

impl Room {
    /// The value of a memory setting nearest to `bytes` that can be set there.
    #[must_use]
    pub fn can_be_set(&self, name: &str, bytes: u64) -> u64 {
        if self.cloud_sql { nearest_share(name, bytes, self.memory_bytes) } else { bytes }
    }
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows = include_str!("data/space.tsv").lines().filter(|line| !line.starts_with('#'));
    // The first is the header. A broken row is a broken build, which a test finds.
    rows.skip(1).map(|line| row(line).unwrap_or_else(|| panic!("space.tsv: {line}"))).collect()
});

/// Every row, in the order of the file.
#[must_use]
pub fn all() -> &'static [Row] {
    &ROWS
}

/// The row of a setting.
#[must_use]
pub fn find(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name.eq_ignore_ascii_case(name))
}

fn row(line: &'static str) -> Option<Row> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [name, scale, low, high, needs, durability, note] = columns[..] else { return None };
    let scale = match scale {
        "log" => Scale::Log,
        "linear" => Scale::Linear,
        "choice" => Scale::Choice,
        "back" => Scale::Back,
        "no" => Scale::No,
        _ => return None,
    };
    let needs = if needs.is_empty() { None } else { Some(needs.split_once('=')?) };
    Some(Row { name, scale, low, high, needs, durability: durability == "yes", note })
}

impl Row {
    /// The setting with its values on a machine; `None` where it is not tried between values, or the server does not
    /// have it.
    #[must_use]
    pub fn on(&self, room: &Room) -> Option<Tunable> {
        let flag = catalog::find_in(self.name, room.version)?;
        let range = match self.scale {
            Scale::Back | Scale::No => return None,
            Scale::Choice => self.choices(flag, room),
            Scale::Log | Scale::Linear => {
                let (low, high) = (end(flag, self.low, room)?, end(flag, self.high, room)?);
                let log = self.scale == Scale::Log;
                (low < high).then_some(Range::Numbers { low, high, log })?
            }
        };
        Some(Tunable { flag, range, needs: self.needs, durability: self.durability })
    }

    fn choices(&self, flag: &Flag, room: &Room) -> Range {
        let fits = |value: &&str| {
            // More workers than processors only wait for each other.
            let workers = self.name == "max_parallel_workers_per_gather";
            let is_room = !workers || value.parse::<u32>().is_ok_and(|number| number <= room.vcpus);
            is_room && flag.parse(value).is_ok_and(|value| flag.range_error(&value).is_none())
        };
        Range::Choices(self.low.split('|').filter(fits).collect())
    }
}

/// An end of a range in the setting's own unit.
fn end(flag: &Flag, text: &str, room: &Room) -> Option<f64> {
    let unit = flag.unit().filter(|unit| unit.dimension == Dimension::Memory);
    let in_unit = |bytes: f64| unit.map(|unit| bytes / unit.factor);
    let number = match text.strip_suffix('%') {
        Some(share) => in_unit(room.memory_bytes as f64 * share.parse::<f64>().ok()? / 100.0)?,
        None if text == "room" => in_unit(room.work_bytes as f64)?,
        None => flag.parse(text).ok()?.number()?,
    };
    let number = unit.map_or(number, |unit| {
        room.can_be_set(flag.name, (number * unit.factor) as u64) as f64 / unit.factor
    });
    let number = number.max(flag.min.unwrap_or(f64::MIN)).min(flag.max.unwrap_or(f64::MAX));
    Some(if flag.kind == Kind::Integer { number.round() } else { number })
}

impl Tunable {
    /// The value at a place from 0 to 1, as PostgreSQL writes it. Numbers are rounded to two digits, or to a power of two
    /// of a unit of memory: more is not worth a flag's review.
    #[must_use]
    pub fn at(&self, place: f64) -> String {
        let place = place.clamp(0.0, 1.0);
        match &self.range {
            Range::Choices(values) => {
                let index = (place * values.len() as f64) as usize;
                values[index.min(values.len() - 1)].to_owned()
            }
            Range::Numbers { low, high, log } => {
                let number = if *log {
                    (low.ln() + place * (high.ln() - low.ln())).exp()
                } else {
                    low + place * (high - low)
                };
                self.flag.display(&self.rounded(number, *low, *high))
            }
        }
    }

    /// The place of a value, from 0 to 1; the nearest end of one that lies outside. `None` for what is no value of it, or
    /// none of its choices.
    #[must_use]
    pub fn place(&self, text: &str) -> Option<f64> {
        match &self.range {
            Range::Choices(values) => {
                let value = self.flag.parse(text).ok()?;
                let is_it = |choice: &&str| self.flag.parse(choice).is_ok_and(|choice| choice == value);
                let index = values.iter().position(is_it)?;
                Some((index as f64 + 0.5) / values.len() as f64)
            }
            Range::Numbers { low, high, log } => {
                let number = self.flag.parse(text).ok()?.number()?.clamp(*low, *high);
                Some(if *log {
                    (number.ln() - low.ln()) / (high.ln() - low.ln())
                } else {
                    (number - low) / (high - low)
                })
            }
        }
    }

    fn rounded(&self, number: f64, low: f64, high: f64) -> Value {
        let is_memory = self.flag.unit().is_some_and(|unit| unit.dimension == Dimension::Memory);
        let number = if is_memory { 2.0_f64.powf(number.log2().round()) } else { two_digits(number) };
        let number = number.clamp(low, high);
        match self.flag.kind {
            Kind::Integer => Value::Integer(number.round() as i64),
            _ => Value::Real(number),
        }
    }
}

fn two_digits(number: f64) -> f64 {
    if number == 0.0 {
        return 0.0;
    }
    let step = 10.0_f64.powf(number.abs().log10().floor() - 1.0);
    // Divided rather than multiplied, so that 1.1 is 1.1.
    if step < 1.0 { (number / step).round() / (1.0 / step).round() } else { (number / step).round() * step }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOM: Room =
        Room { memory_bytes: 3840 << 20, work_bytes: 24 << 20, vcpus: 1, version: 15, cloud_sql: false };

    fn tunable(name: &str) -> Tunable {
        find(name).unwrap().on(&ROOM).unwrap()
    }

    #[test]
    fn every_row_is_of_a_setting() {
        for row in all() {
            assert!(catalog::find(row.name).is_some(), "{}", row.name);
            assert!(!row.note.is_empty(), "{} says where it comes from", row.name);
            if let Some((name, value)) = row.needs {
                assert!(catalog::find(name).unwrap().parse(value).is_ok(), "{}", row.name);
            }
            let is_tried = matches!(row.scale, Scale::Log | Scale::Linear | Scale::Choice);
            assert_eq!(row.on(&ROOM).is_some(), is_tried, "{}", row.name);
        }
        let mut names: Vec<&str> = all().iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn ends_follow_from_the_machine() {
        let buffers = tunable("shared_buffers");
        assert_eq!((buffers.at(0.0).as_str(), buffers.at(1.0).as_str()), ("16MB", "1536MB"));
        assert_eq!(tunable("work_mem").at(1.0), "24MB", "not more than there is room for");
        assert_eq!(tunable("max_parallel_workers_per_gather").range, Range::Choices(vec!["0", "1"]));
        assert_eq!(tunable("random_page_cost").at(0.0), "1");
        assert_eq!(tunable("jit_above_cost").needs, Some(("jit", "on")));
    }

    #[test]
    fn durability_is_marked() {
        let risky: Vec<&str> = all().iter().filter(|row| row.durability).map(|row| row.name).collect();
        assert_eq!(risky, ["synchronous_commit"]);
        assert_eq!(find("fsync").unwrap().scale, Scale::No);
    }

    proptest! {
        #[test]
        fn a_value_is_in_range_and_stands_at_its_place(index in 0_usize..15, place in 0.0..=1.0) {
            let tunables: Vec<Tunable> = all().iter().filter_map(|row| row.on(&ROOM)).collect();
            let tunable = &tunables[index % tunables.len()];
            let text = tunable.at(place);
            let value = tunable.flag.parse(&text).unwrap();
            prop_assert_eq!(tunable.flag.range_error(&value), None);
            let back = tunable.place(&text).unwrap();
            prop_assert_eq!(tunable.at(back), text);
        }
    }
}
