//! What can be switched on and off in the pictures. The style sheet does it, so it works without scripts.

use super::parts::rendered;
use crate::{
    record::Record,
    report::picture::{Ranks, palette},
};
use askama::Template;

#[derive(Template)]
#[template(path = "report/switches.html")]
struct Switches<'a> {
    legend: &'static str,
    switches: Vec<Switch<'a>>,
}

struct Switch<'a> {
    index: usize,
    name: &'a str,
    is_on: bool,
    colour: String,
    dashes: &'static str,
}

/// One switch an operation, the costliest first, with the look of its lines.
pub(super) fn of_operations(record: &Record, ranks: &Ranks) -> String {
    let switch = |index: &usize| Switch {
        index: *index,
        name: &record.operations[*index].name,
        is_on: ranks.is_shown(*index),
        colour: ranks.colour(*index).code(),
        dashes: ranks.dashes(*index),
    };
    rendered(&Switches {
        legend: "Operations in the pictures",
        switches: ranks.by_cost().iter().map(switch).collect(),
    })
}

/// One switch a run.
pub(super) fn of_runs(labels: &[String]) -> String {
    let switch = |(index, name)| Switch {
        index,
        name,
        is_on: true,
        colour: palette::series(index).code(),
        dashes: palette::dashes(index),
    };
    let switches = labels.iter().map(String::as_str).enumerate().map(switch).collect();
    rendered(&Switches { legend: "Runs in the percentile curves", switches })
}
