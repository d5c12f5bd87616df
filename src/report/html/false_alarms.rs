//! The page of an A/A measurement.

use super::{
    answer::{Figure, Head, explained, foot, kept, method, section},
    frame::Frame,
    parts::rendered,
};
use crate::{
    gate::FalseAlarms,
    report::{false_alarms::words, grid::Tone, headline::capital, xml::plain},
};

pub(super) fn page(alarms: &FalseAlarms) -> String {
    let sections = kept([
        section("judges", "Judges", explained(JUDGES, &words::rates(alarms), "False alarms by judge")),
        section(
            "detectable",
            "Smallest changes",
            explained(
                &words::of_detectable(alarms),
                &words::detectable(alarms),
                "The smallest change that is found, by operation and metric",
            ),
        ),
        section("method", "Method", method(&words::facts(alarms), &[READING.to_owned()])),
    ]);
    Frame {
        title: format!("False alarms of the gate on {}: loist-bench", plain(&alarms.workload)),
        head: head(alarms),
        sections,
        switches: 0,
        foot: foot(&alarms.tool_version),
    }
    .page()
}

const JUDGES: &str =
    "Both sides were the same, so every alarm is a false one. The other judges saw the same blocks.";
const READING: &str = "A comparison raises one alarm, however many of its answers are wrong. The interval of a rate is exact: it holds the true rate of such comparisons on such a machine with a probability of 95 %, and is wide where there are few.";

fn head(alarms: &FalseAlarms) -> String {
    let (tone, word) = words::outcome(alarms);
    let (gate, fixed, single) = (alarms.gate(), alarms.fixed_threshold(), alarms.single_run());
    let (short, rest) = words::in_short(alarms);
    let figure = |name, rate: crate::gate::Rate, tone| {
        let hint = format!("of {} comparisons: in truth {} of them", rate.of, words::interval(&rate));
        Figure::count(name, rate.alarms as usize, tone, hint)
    };
    rendered(&Head {
        label: "False alarms",
        tone,
        word,
        headline: capital(&short),
        subject: format!(
            "{}{}, {}, PostgreSQL {}, {}",
            if rest.is_empty() { rest } else { capital(&rest) + ". " },
            plain(&alarms.workload),
            plain(&alarms.machine),
            plain(&alarms.postgresql),
            alarms.at.format("%-d %B %Y, %H:%M UTC")
        ),
        figures: vec![
            figure("false alarms of the gate", gate, Tone::Bad),
            figure("of a fixed threshold", fixed, Tone::Warn),
            figure("of a test of single runs", single, Tone::Warn),
        ],
        cautions: &[],
    })
}
