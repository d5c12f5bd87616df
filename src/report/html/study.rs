//! The page of a tuning study.

use super::{
    answer::{Figure, Head, explained, foot, kept, method, section},
    effects::answers,
    frame::Frame,
    parts::rendered,
};
use crate::{
    report::{
        grid::Tone,
        headline::capital,
        study::words,
        xml::{escaped, plain},
    },
    tune::{Study, Tried},
};

pub(super) fn page(study: &Study) -> String {
    let sections = kept([
        section(
            "recommended",
            "Settings to change",
            explained(RECOMMENDED, &words::recommended(study), "Settings to change"),
        ),
        section("commands", "Commands", commands(study)),
        section("together", "Together", together(study)),
        section(
            "tried",
            "Tried",
            explained(&words::below(study).join(" "), &words::tried(study), "Challengers"),
        ),
        section(
            "not-tried",
            "Not tried",
            explained("", &words::not_tried(study), "Settings that were not tried"),
        ),
        section("method", "Method", method(&words::facts(study), &[READING.to_owned()])),
    ]);
    Frame {
        title: format!("Settings for {}: loist-bench", plain(&study.workload)),
        head: head(study),
        sections,
        switches: 0,
        foot: foot(&study.tool_version),
    }
    .page()
}

const RECOMMENDED: &str = "What each is worth was measured by taking it away from the others, in pairs that decided nothing; together they were compared with the settings as they are, with other seeds.";
const READING: &str = "Each block is a server of its own that begins as a copy of one that was seeded once, under the same calls as the block beside it. Challengers are chosen by the advice on the settings as they are, by what is not at its default, by pgtune's formula, and then by Parzen estimators where something moved. What is taken grows from duel to duel, is freed of what does nothing, and is confirmed at last with an error that is kept.";

fn together(study: &Study) -> String {
    study.confirmation.as_ref().map_or_else(String::new, |effects| answers("together", effects))
}

fn commands(study: &Study) -> String {
    let one = |commands: words::Commands| {
        format!("<h3>{}</h3><pre><code>{}</code></pre>", escaped(&commands.form), escaped(&commands.text))
    };
    words::commands(study).into_iter().map(one).collect()
}

fn head(study: &Study) -> String {
    let (tone, word) = words::outcome(study);
    let count = |name, count: usize, tone, hint: &str| Figure::count(name, count, tone, hint.to_owned());
    let named = |count: usize, one, many| if count == 1 { one } else { many };
    let (settings, challengers) = (study.recommended.len(), study.tried.len());
    let taken = study.tried.iter().filter(|one: &&Tried| one.taken).count();
    rendered(&Head {
        label: "Tuning",
        tone,
        word,
        headline: capital(&words::sentence(study)),
        subject: format!(
            "{}, {} tracks, PostgreSQL {}, {}, {}",
            plain(&study.workload),
            crate::text::grouped(study.tracks),
            plain(&study.postgresql),
            plain(&study.machine),
            study.at.format("%-d %B %Y, %H:%M UTC")
        ),
        figures: vec![
            count(
                named(settings, "setting to change", "settings to change"),
                settings,
                Tone::Good,
                "confirmed with other seeds",
            ),
            count(
                named(challengers, "challenger", "challengers"),
                challengers,
                Tone::Plain,
                &format!("{taken} {} better than the best before", if taken == 1 { "was" } else { "were" }),
            ),
            count(
                named(study.trials as usize, "measurement", "measurements"),
                study.trials as usize,
                Tone::Plain,
                "close looks and pairs of blocks",
            ),
        ],
        cautions: &study.cautions,
    })
}
