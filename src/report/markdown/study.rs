//! A tuning study as Markdown.

use super::{
    fit::{cautions, facts, fitted, folded_table, titled},
    sign,
    text::{escaped, fenced},
};
use crate::{
    report::{headline::capital, mark, study::words},
    tune::Study,
};

/// What a study came to, for a pull request or a job.
#[must_use]
pub fn study(study: &Study) -> String {
    let tone = words::outcome(study).0;
    let sentence = escaped(&capital(&words::sentence(study)));
    let head = format!("{}## {} {sentence}\n", mark::MARKDOWN, sign(tone));
    let below: String = words::below(study).iter().map(|one| format!("\n{}\n", escaped(one))).collect();
    let parts = vec![
        ("cautions", cautions(&study.cautions)),
        ("measurement", facts(&words::facts(study))),
        ("settings", titled("Settings to change", &words::recommended(study))),
        ("comparison", titled("Together", &words::together(study))),
        ("commands", commands(study)),
        ("challengers", folded_table("Tried", &words::tried(study)) + &below),
        ("rest", folded_table("Not tried", &words::not_tried(study))),
    ];
    let foot =
        format!("<sub>loist-bench {}, study version {}</sub>\n", escaped(&study.tool_version), study.version);
    fitted(head, parts, &foot)
}

fn commands(study: &Study) -> String {
    let one = |commands: words::Commands| {
        format!(
            "<details><summary>{}</summary>\n\n{}\n</details>\n",
            escaped(&commands.form),
            fenced(&commands.text, "")
        )
    };
    words::commands(study).into_iter().map(one).collect()
}
