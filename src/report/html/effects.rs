//! The page of a comparison.

use super::{
    answer::{Figure, Head, explained, foot, kept, method, section},
    frame::Frame,
    parts::{self, rendered},
    settings,
};
use crate::{
    compare::{Answer, Design, Effects},
    report::{
        effects::{grids, reasons, words},
        grid::Tone,
        headline::capital,
        picture,
        xml::{escaped, plain},
    },
};

pub(super) fn page(effects: &Effects) -> String {
    let (base, new) = words::sides(effects);
    let others = grids::others(effects, false);
    let aside = grids::aside(effects);
    let sections = kept([
        section("answers", "Answers", answers("forest", effects)),
        section(
            "others",
            "Other metrics",
            explained(
                "Compared as a family of their own; nothing is decided by them.",
                &others,
                "Metrics that decide nothing",
            ),
        ),
        section("plans", "Plans", plans(effects)),
        section("settings", "Settings", settings::differing(&grids::settings(effects))),
        section("set-aside", "Set aside", explained(ASIDE, &aside, "Pairs that were set aside")),
        section("method", "Method", method(&words::facts(effects), &reading(effects))),
    ]);
    Frame {
        title: format!("{}: {base} and {new} compared: loist-bench", plain(&effects.workload)),
        head: head(effects),
        sections,
        switches: 0,
        foot: foot(&effects.tool_version),
    }
    .page()
}

const ASIDE: &str = "Pairs that do not count: something that is not the side's own doing came to one of their blocks. Reasons that differ in their figures alone are told once, with the figures of the first.";

fn head(effects: &Effects) -> String {
    let (tone, word) = words::outcome(effects);
    let (base, new) = words::sides(effects);
    let (short, changes) = words::in_short(effects);
    let changes = if changes.is_empty() { changes } else { format!("{}. ", capital(&changes)) };
    let time = |at: &chrono::DateTime<chrono::Utc>| at.format("%-d %B %Y, %H:%M UTC").to_string();
    rendered(&Head {
        label: "Comparison",
        tone,
        word,
        headline: capital(&short),
        subject: format!(
            "{changes}{} against {base}, replaying {}, measured from {}",
            capital(&new),
            plain(&effects.workload),
            time(&effects.base.from.min(effects.new.from))
        ),
        figures: figures(effects),
        cautions: &effects.cautions,
    })
}

fn figures(effects: &Effects) -> Vec<Figure> {
    if effects.design == Design::Single {
        return Vec::new();
    }
    let count = |name, answer, tone, hint: &str| {
        let of = words::loud(effects).filter(|(_, effect)| effect.answer == answer);
        Figure::count(name, of.count(), tone, hint.to_owned())
    };
    let mut figures = vec![
        count("slower", Answer::Slower, Tone::Bad, "worse by more than matters"),
        count("faster", Answer::Faster, Tone::Good, "better by more than matters"),
        count("equivalent", Answer::Equivalent, Tone::Good, "neither by as much as matters"),
        count("not resolved", Answer::NotResolved, Tone::Warn, "the runs cannot tell"),
    ];
    if let Design::Pairs { pairs, set_aside } = &effects.design {
        let hint = format!("of blocks count; {} set aside", set_aside.len());
        figures.push(Figure::count("pairs", *pairs, Tone::Plain, hint));
    }
    figures
}

/// The plots and the table of what decides.
pub(super) fn answers(id: &str, effects: &Effects) -> String {
    if reasons::none_counts(effects) {
        return "<p>None, for not one pair counts: see what was set aside, and why.</p>".to_owned();
    }
    let pictures: String = picture::forest(id, effects).iter().map(parts::picture).collect();
    let grid = grids::gated(effects);
    if effects.gated().next().is_none() {
        return "<p>Nothing was judged: see the other metrics for what differs, and the method for why.</p>"
            .to_owned();
    }
    let answers = explained(
        &words::below_answers(effects).join(" "),
        &grid,
        &format!("Answers by operation and metric: {id}"),
    );
    pictures + &answers + &quiet_ones(id, effects) + &not_judged(effects)
}

fn quiet_ones(id: &str, effects: &Effects) -> String {
    let grid = grids::quiet(effects);
    if grid.rows.is_empty() {
        return String::new();
    }
    format!(
        "<details class=\"fold\"><summary><h3>Shares of calls that are 0 %</h3> <span>{}</span></summary><div class=\"inside\">{}</div></details>",
        escaped(&words::of_quiet(effects)),
        parts::grid(&grid, &format!("Shares of calls that are 0 % on either side: {id}"))
    )
}

fn not_judged(effects: &Effects) -> String {
    let list = |line: String| format!("<li>{}</li>", escaped(&line));
    let lines: String = reasons::not_judged(effects).into_iter().map(list).collect();
    if lines.is_empty() { lines } else { format!("<h3>Not judged</h3><ul class=\"errors\">{lines}</ul>") }
}

fn plans(effects: &Effects) -> String {
    let grid = grids::plans(effects);
    if grid.rows.is_empty() {
        return "<p>None that was looked at is executed in another way.</p>".to_owned();
    }
    explained("Statements that the new side executes in another way.", &grid, "Plans that changed")
}

/// How the answers are to be read.
fn reading(effects: &Effects) -> Vec<String> {
    let unit = match effects.design {
        Design::Pairs { .. } => {
            "What is counted is the pair, not the call: calls of one block depend on each other, and blocks of the same differ, too. Each pair tells once how much slower the new side was; the answers rest on how these differences lie about what matters."
        }
        Design::Groups => {
            "What is counted is the run, not the call: calls of one run depend on each other, and runs of the same differ, too. The sides were not measured in turns: what changed on the machine meanwhile looks like an effect."
        }
        Design::Single => {
            "What differs between runs of the same is not known from one run a side: repeat each side in turns, as the command duet does, before anything is concluded."
        }
    };
    let answers = "Slower or faster is said where the change is beyond what matters and so clear that chance is no explanation. Equivalent is said where it is as clear that the change is smaller than what matters. Not resolved means neither: the change that could have been seen nine times in ten tells how good the measurement was.";
    let change = "The change is estimated from all pairs or runs (Hodges and Lehmann 1963) and need not be the ratio of the two medians beside it. Shares of the calls differ by points of a hundred.";
    [unit, answers, change].map(str::to_owned).to_vec()
}
