//! Above the fold: the verdict, the figures, what to do next, and whether all that can be trusted.

use super::parts::rendered;
use crate::{
    record::{Record, Stance},
    report::{
        grid::Tone,
        headline::{self, Figure},
        source::Source,
        trust::{self, Check},
    },
};
use askama::Template;

/// Steps that are named.
const MOST_STEPS: usize = 3;

#[derive(Template)]
#[template(path = "report/verdict.html")]
struct Verdict {
    tone: Tone,
    word: &'static str,
    headline: String,
    figures: Vec<Figure>,
    steps: Vec<Step>,
    trust: Tone,
    checks: Vec<Check>,
    subject: String,
    place: String,
}

/// What to do next.
struct Step {
    text: String,
    link: Option<String>,
}

pub(super) fn part(source: &Source) -> String {
    let record = &source.record;
    let (tone, word) = headline::outcome(record.verdict.outcome);
    let checks = trust::checks(record);
    rendered(&Verdict {
        tone,
        word,
        headline: unbroken(&headline::sentence(record)),
        figures: headline::figures(record),
        steps: steps(record, &checks),
        trust: trust::worst(&checks),
        checks,
        subject: headline::subject(record),
        place: headline::place(record),
    })
}

/// A limit and its unit stay on one line.
fn unbroken(sentence: &str) -> String {
    sentence.replace(" < ", "\u{a0}<\u{a0}").replace(" ms", "\u{a0}ms")
}

fn steps(record: &Record, checks: &[Check]) -> Vec<Step> {
    let spoiled = checks.iter().find(|check| check.tone == Tone::Bad);
    let again = spoiled.map(|check| Step {
        text: format!("Measure again before you believe it: {}", check.seen),
        link: Some("trust".to_owned()),
    });
    let changes = record.advice.iter().enumerate().filter(|(_, piece)| piece.stance == Stance::Change);
    let changes = changes
        .map(|(index, piece)| Step { text: piece.title.clone(), link: Some(format!("advice-{index}")) });
    let mut steps: Vec<Step> = again.into_iter().chain(changes.take(MOST_STEPS)).collect();
    if steps.is_empty() {
        steps.push(Step {
            text: "Nothing: no rule asks for a change.".to_owned(),
            link: Some("advice".to_owned()),
        });
    } else {
        steps.push(Step {
            text: "Then run the same again, and put both records side by side: loist-bench report BASE NEW; whether one is better, loist-bench duet can tell"
                .to_owned(),
            link: None,
        });
    }
    steps
}
