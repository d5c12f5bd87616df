//! An answer on capacity as Markdown.

use super::{
    fit::{cautions, facts, fitted, folded_list, titled},
    sign,
    text::escaped,
};
use crate::{
    capacity::Capacity,
    report::{
        capacity::{grids, words},
        headline::capital,
        mark,
    },
};

/// What growth comes to, for a pull request or a job.
#[must_use]
pub fn capacity(capacity: &Capacity) -> String {
    let tone = words::outcome(capacity.outcome).0;
    let sentence = escaped(&capital(&words::sentence(capacity)));
    let head = format!("{}## {} {sentence}\n", mark::MARKDOWN, sign(tone));
    let details: String =
        words::details(capacity).iter().map(|detail| format!("- {}\n", escaped(detail))).collect();
    let parts = vec![
        ("list of details", details),
        ("cautions", cautions(&capacity.cautions)),
        ("measurement", facts(&words::facts(capacity))),
        ("growth", titled("Growth", &grids::growth(capacity))),
        ("tiers", titled("Tiers", &grids::tiers(capacity))),
        ("cost", titled("Cost a month, US dollars", &grids::cost(capacity))),
        ("operations", titled("Operations", &grids::operations(capacity))),
        ("check", titled("Predictions checked", &grids::check(capacity))),
        ("measured sizes", titled("Measured", &grids::measured(capacity))),
        ("list of what is not warranted", folded_list("Not warranted", &words::not_warranted(capacity))),
        ("remarks on tiers", folded_list("Of the tiers", &words::remarks(capacity))),
        ("connections", folded_list("Connections", &words::connections(capacity))),
        ("plan", folded_list(words::PLAN, &words::plan(capacity))),
        ("assumptions", folded_list("This rests on", &words::assumptions(capacity))),
    ];
    let foot = format!(
        "<sub>loist-bench {}, capacity version {}</sub>\n",
        escaped(&capacity.tool_version),
        capacity.version
    );
    fitted(head, parts, &foot)
}
