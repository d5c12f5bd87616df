//! A gate's verdict as Markdown, for a job summary or a comment on a pull request.

use super::{
    effects,
    fit::{cautions, facts, fitted, folded, folded_table, titled},
    sign,
    table::table,
    text::escaped,
};
use crate::{
    compare::Effects,
    gate::{CheckResult, Verdict},
    report::{
        gate::words::{self, Group},
        mark,
    },
};

/// The verdict: the outcome, what failed, and the rest folded. It begins with a mark that does not show, by which a bot
/// finds the comment that it wrote before.
#[must_use]
pub fn gate(verdict: &Verdict) -> String {
    let tone = words::outcome(verdict.outcome).0;
    let head = format!("{}## {} {}\n", mark::GATE, sign(tone), escaped(&words::line(verdict)));
    let mut parts =
        vec![("cautions", cautions(&verdict.cautions)), ("policy", facts(&words::facts(verdict)))];
    let groups = words::groups(verdict);
    parts.extend(groups.iter().map(|group| ("failures", failures(group))));
    parts.push((
        "changes of the history",
        titled("Changes in the history of nights", &words::shifts(verdict)),
    ));
    parts.extend(groups.iter().map(|group| ("checks", all(group))));
    parts.push(("latencies", folded_table(words::TOOK, &words::latencies(verdict))));
    for (name, effects) in [("comparison", &verdict.effects), ("second measurement", &verdict.confirmation)] {
        if let Some(effects) = effects {
            parts.push((name, comparison(name, effects)));
        }
    }
    fitted(head, parts, &foot(verdict))
}

/// Checks that did not pass.
fn failures(group: &Group<'_>) -> String {
    let checks = group.checks.iter().copied().filter(|check| check.result == CheckResult::Failed);
    let failed = Group { against: group.against, checks: checks.collect() };
    titled(&format!("Failed {}", group.against.name()), &failed.grid())
}

/// All checks, folded.
fn all(group: &Group<'_>) -> String {
    let summary = format!("Checked {}: {}", group.against.name(), group.counts());
    folded(&summary, &table(&group.grid()))
}

fn comparison(name: &str, effects: &Effects) -> String {
    let parts = effects::parts(effects).into_iter().filter(|(name, _)| FOLDED.contains(name));
    let inside: Vec<String> = parts.map(|(_, part)| part).filter(|part| !part.is_empty()).collect();
    let inside = format!("{}\n\n{}", effects::heading(effects), inside.join("\n"));
    folded(&format!("The {name} in full"), &inside)
}

/// Parts of the comparison that are shown here; no fold stands in another.
const FOLDED: [&str; 7] =
    ["cautions", "design", "answers", "quiet answers", "list of what was not judged", "plans", "settings"];

fn foot(verdict: &Verdict) -> String {
    format!(
        "<sub>{} loist-bench {}, verdict version {}</sub>\n",
        escaped(words::MEANING),
        escaped(&verdict.tool_version),
        verdict.version
    )
}
