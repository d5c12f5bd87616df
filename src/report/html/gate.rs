//! The page of a gate's verdict.

use super::{
    answer::{Figure, Head, explained, foot, kept, method, section},
    effects,
    frame::Frame,
    parts::{Section, rendered},
};
use crate::{
    compare::Effects,
    gate::{Against, CheckResult, Verdict},
    report::{
        effects::words as compared,
        gate::words::{self, Group},
        grid::Tone,
        headline::capital,
        xml::{escaped, plain},
    },
};

pub(super) fn page(verdict: &Verdict) -> String {
    let groups = words::groups(verdict);
    let mut sections: Vec<Section> = groups.iter().map(|group| checks(group, verdict)).collect();
    sections.push(section(
        "latencies",
        "Latencies",
        explained(&format!("{}.", words::TOOK), &words::latencies(verdict), "What each operation took"),
    ));
    sections.push(section(
        "history",
        "Changes",
        explained(
            "Changes in the history of nights, the newest first. A provisional one is too new to be sure of.",
            &words::shifts(verdict),
            "Changes in the history",
        ),
    ));
    let comparisons = [
        ("comparison", "Comparison", "forest", &verdict.effects),
        ("confirmation", "Second measurement", "confirming", &verdict.confirmation),
    ];
    for (id, title, forest, effects) in comparisons {
        let body = effects.as_ref().map(|effects| comparison(forest, effects));
        sections.push(section(id, title, body.unwrap_or_default()));
    }
    sections.push(section("method", "Method", method(&words::facts(verdict), &[words::MEANING.to_owned()])));
    Frame {
        title: format!(
            "{}: gate of {}: loist-bench",
            words::outcome(verdict.outcome).1,
            plain(&verdict.workload)
        ),
        head: head(verdict),
        sections: kept(sections),
        switches: 0,
        foot: foot(&verdict.tool_version),
    }
    .page()
}

fn head(verdict: &Verdict) -> String {
    let (tone, word) = words::outcome(verdict.outcome);
    let of = |result| verdict.checks.iter().filter(|check| check.result == result).count();
    let sentence = plain(&verdict.sentence);
    let (short, why) = sentence.split_once(": ").unwrap_or((&sentence, ""));
    let why = if why.is_empty() { String::new() } else { format!("{}. ", capital(why)) };
    rendered(&Head {
        label: "Verdict",
        tone,
        word,
        headline: capital(short),
        subject: format!(
            "{why}Gate of {} by the policy {}, {}",
            plain(&verdict.workload),
            plain(&verdict.policy),
            verdict.at.format("%-d %B %Y, %H:%M UTC")
        ),
        figures: vec![
            Figure::count("failed", of(CheckResult::Failed), Tone::Bad, "worse than allowed, and sure"),
            Figure::count("not resolved", of(CheckResult::NotResolved), Tone::Warn, "it cannot tell"),
            Figure::count("excused", of(CheckResult::Excused), Tone::Warn, "the policy lets it pass"),
            Figure::count("passed", of(CheckResult::Passed), Tone::Good, "as the policy wishes"),
        ],
        cautions: &verdict.cautions,
    })
}

fn checks(group: &Group<'_>, verdict: &Verdict) -> Section {
    let (id, title) = match group.against {
        Against::Base => ("against-base", "Base"),
        Against::History => ("against-history", "Nights"),
        Against::Slo => ("against-slo", "Objective"),
        Against::Errors => ("against-errors", "Errors"),
    };
    let said = format!("Checked {}: {}.", group.against.name(), group.counts());
    let said: Vec<String> = std::iter::once(said).chain(words::notes(group, verdict)).collect();
    section(id, title, explained(&said.join(" "), &group.grid(), group.against.name()))
}

fn comparison(forest: &str, effects: &Effects) -> String {
    let cautions: String =
        effects.cautions.iter().map(|caution| format!("<li>{}</li>", escaped(caution))).collect();
    let cautions =
        if cautions.is_empty() { String::new() } else { format!("<ul class=\"steps\">{cautions}</ul>") };
    format!(
        "<h3>{}</h3>{cautions}{}{}",
        escaped(&capital(&compared::sentence(effects))),
        method(&compared::facts(effects), &[]),
        effects::answers(forest, effects)
    )
}
