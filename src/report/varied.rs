//! What was varied over several runs, where that is one number: the axis of a sweep.

use super::comparison::rate;
use crate::record::{Outcome, Record};
use crate::text::{grouped, three_digits};

/// A number that differs from run to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Varied {
    /// What it is, as in `rate`.
    pub name: &'static str,
    /// Its unit, as in `calls/s`.
    pub unit: &'static str,
    /// Its value and the index of its record, ascending.
    pub points: Vec<(f64, usize)>,
}

type Pick = fn(&Record) -> Option<f64>;

/// Numbers that can be varied, the ones that are asked for first.
const NUMBERS: [(&str, &str, Pick); 4] = [
    ("rate", "calls/s", rate),
    ("clients", "clients", |record| Some(record.load.clients as f64)),
    ("pool", "connections", |record| Some(record.load.connections as f64)),
    ("tracks", "tracks", |record| Some(record.catalog.tracks as f64)),
];

/// Runs from which on they are a sweep.
const FEWEST: usize = 3;

impl Varied {
    /// The number that has a value of its own in each of these records; `None` for fewer than three, or where there is
    /// no such number. Of several, the one that is asked for first in the command line's order.
    #[must_use]
    pub fn over(records: &[&Record]) -> Option<Self> {
        if records.len() < FEWEST {
            return None;
        }
        NUMBERS.iter().find_map(|(name, unit, pick)| {
            let values: Option<Vec<f64>> = records.iter().map(|record| pick(record)).collect();
            let mut points: Vec<(f64, usize)> = values?.into_iter().zip(0..).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let differ = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
            differ.then_some(Self { name, unit, points })
        })
    }

    /// The last value up to which every run met the objective, and the first at which one missed it; `None` where that
    /// is not how they lie.
    #[must_use]
    pub fn edge(&self, records: &[&Record]) -> (Option<f64>, Option<f64>) {
        let met = |(_, index): &&(f64, usize)| records[*index].verdict.outcome == Outcome::Met;
        let holds = self.points.iter().take_while(met).last().map(|(value, _)| *value);
        let missed = |(_, index): &&(f64, usize)| records[*index].verdict.outcome == Outcome::Missed;
        let fails = self.points.iter().find(missed).map(|(value, _)| *value);
        (holds, fails.filter(|fails| holds.is_none_or(|holds| *fails > holds)))
    }

    /// How far the objective holds, in a sentence.
    #[must_use]
    pub fn sentence(&self, records: &[&Record]) -> String {
        let Self { name, unit, points } = self;
        let value = |value: f64| format!("{} {unit}", shown(value));
        let (low, high) = (value(points[0].0), value(points[points.len() - 1].0));
        match self.edge(records) {
            (Some(holds), None) if Some(holds) == points.last().map(|(value, _)| *value) => {
                format!("The objective holds at every {} that was tried, from {low} to {high}", one_of(name))
            }
            (Some(holds), Some(fails)) => {
                format!("The objective holds up to {}, and is missed at {}", value(holds), value(fails))
            }
            (Some(holds), None) => {
                format!("The objective holds up to {}; beyond, the runs cannot tell", value(holds))
            }
            (None, Some(fails)) if fails == points[0].0 => {
                format!("The objective is missed at {} already, the lowest that was tried", value(fails))
            }
            (None, Some(fails)) => {
                format!("The objective is missed at {} already, the runs below cannot tell", value(fails))
            }
            (None, None) => format!("From {low} to {high}, no run can tell whether the objective holds"),
        }
    }
}

/// One value of it, in words.
fn one_of(name: &str) -> &str {
    match name {
        "clients" => "number of clients",
        "pool" => "pool size",
        "tracks" => "size of the library",
        other => other,
    }
}

/// A whole number as such, another one with three digits.
#[must_use]
pub fn shown(value: f64) -> String {
    if value.fract() == 0.0 && value >= 0.0 { grouped(value as u64) } else { three_digits(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample;

    fn sweep(points: &[(usize, Outcome)]) -> Vec<Record> {
        let sample = sample();
        let point = |(clients, outcome): &(usize, Outcome)| {
            let mut record = sample.clone();
            record.load.clients = *clients;
            record.verdict.outcome = *outcome;
            record
        };
        points.iter().map(point).collect()
    }

    fn said(points: &[(usize, Outcome)]) -> Option<String> {
        let records = sweep(points);
        let records: Vec<&Record> = records.iter().collect();
        Varied::over(&records).map(|varied| varied.sentence(&records))
    }

    #[test]
    fn a_sweep_says_how_far_the_objective_holds() {
        use Outcome::{Inconclusive, Met, Missed};
        let cases: [(&[(usize, Outcome)], &str); 5] = [
            (
                &[(8, Met), (2, Met), (4, Met)],
                "holds at every number of clients that was tried, from 2 clients to 8 clients",
            ),
            (&[(2, Met), (4, Met), (8, Missed)], "holds up to 4 clients, and is missed at 8 clients"),
            (
                &[(2, Met), (4, Inconclusive), (8, Missed)],
                "holds up to 2 clients, and is missed at 8 clients",
            ),
            (&[(2, Met), (4, Inconclusive), (8, Met)], "holds up to 2 clients; beyond"),
            (&[(2, Missed), (4, Missed), (8, Missed)], "missed at 2 clients already"),
        ];
        for (points, part) in cases {
            let sentence = said(points).unwrap();
            assert!(sentence.contains(part), "{sentence}");
        }
        assert_eq!(said(&[(2, Met), (4, Met)]), None, "two runs are a comparison");
        assert_eq!(said(&[(2, Met), (2, Met), (4, Met)]), None, "a value twice is no axis");
    }
}
