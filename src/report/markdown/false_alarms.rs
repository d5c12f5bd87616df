//! An A/A measurement as Markdown.

use super::{
    fit::{facts, fitted, folded},
    sign,
    table::table,
    text::escaped,
};
use crate::{
    gate::FalseAlarms,
    report::{false_alarms::words, headline::capital, mark},
};

/// How often the gate cries wolf, against judges that are easier to come by, and what it can see.
#[must_use]
pub fn false_alarms(alarms: &FalseAlarms) -> String {
    let tone = words::outcome(alarms).0;
    let sentence = escaped(&capital(&words::sentence(alarms)));
    let head = format!("{}## {} {sentence}\n", mark::MARKDOWN, sign(tone));
    let detectable = words::detectable(alarms);
    let detectable = if detectable.rows.is_empty() {
        String::new()
    } else {
        let meaning = escaped(&words::of_detectable(alarms));
        folded("The smallest change that is found", &format!("{meaning}\n\n{}", table(&detectable)))
    };
    let parts = [
        ("table of judges", table(&words::rates(alarms))),
        ("smallest changes", detectable),
        ("measurement", facts(&words::facts(alarms))),
    ];
    let foot =
        format!("<sub>loist-bench {}, A/A version {}</sub>\n", escaped(&alarms.tool_version), alarms.version);
    fitted(head, parts, &foot)
}
