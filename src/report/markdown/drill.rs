//! A drill as Markdown, for a job summary or an issue.

use super::{
    fit::{cautions, facts, fitted, folded, titled},
    sign,
    table::table,
    text::escaped,
};
use crate::{
    drill::{BackupDrill, Drill, Growth, Outcome},
    report::{drill::words, headline::capital, mark},
};

/// What a drill came to.
#[must_use]
pub fn drill(drill: &Drill) -> String {
    let (tone, word) = words::outcome(drill.outcome);
    let head = format!("{}## {} {word}: {}\n", mark::MARKDOWN, sign(tone), escaped(&words::sentence(drill)));
    let mut parts = vec![("cautions", cautions(&drill.cautions))];
    for backup in &drill.backups {
        parts.push(("backup", one(backup)));
        parts.push(("growth", backup.growth.as_ref().map(grown).unwrap_or_default()));
    }
    parts.push(("rest", listed("Not in this backup", &drill.left_out)));
    let foot =
        format!("<sub>loist-bench {}, drill version {}</sub>\n", escaped(&drill.tool_version), drill.version);
    fitted(head, parts, &foot)
}

fn one(backup: &BackupDrill) -> String {
    let (tone, _) = words::outcome(backup.outcome);
    let title = capital(&format!("{}: {}", backup.method, words::of_backup(backup)));
    let all = folded("Every check", &table(&words::checks(backup)));
    let faults = match backup.outcome {
        Outcome::Failed => listed("Faults", &words::failures(backup)),
        _ => String::new(),
    };
    format!("### {} {}\n\n{}\n{faults}\n{all}", sign(tone), escaped(&title), facts(&words::facts(backup)))
}

fn grown(growth: &Growth) -> String {
    format!("{}\n{}\n", titled("Growth", &words::growth(growth)), escaped(&words::below_growth(growth)))
}

fn listed(title: &str, lines: &[String]) -> String {
    let all: String = lines.iter().map(|line| format!("- {}\n", escaped(line))).collect();
    if all.is_empty() { all } else { format!("#### {}\n\n{all}", escaped(title)) }
}
