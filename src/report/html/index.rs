//! The page that lists the runs of a directory. It links to them and holds none of them.

use super::{
    answer::section,
    frame::Frame,
    parts::{self, rendered},
};
use crate::text::{counted, milliseconds, three_digits};
use crate::{
    record::Ended,
    report::{
        grid::{Cell, Column, Grid, Row, Tone},
        headline,
        index::{Brief, Kind, Run, Runs, kinds, machine, server},
        load,
        picture::{Moment, Target, history},
    },
};
use askama::Template;

#[derive(Template)]
#[template(path = "report/index.html")]
struct Head<'a> {
    directory: &'a str,
    headline: String,
    counts: Vec<(Tone, &'static str, usize)>,
}

/// The page. The newest run comes first in `all`.
pub(super) fn page(all: &Runs) -> String {
    let kinds = kinds(&all.runs);
    let mut sections =
        vec![section("runs", "Runs", if all.runs.is_empty() { String::new() } else { table(all, &kinds) })];
    if !all.judged.is_empty() {
        sections.push(section(
            "judged",
            "Comparisons and gates",
            parts::grid(&judged(all), "Comparisons and gates, the newest first"),
        ));
    }
    let pictures: String = kinds.iter().enumerate().map(|(index, kind)| picture(index, kind)).collect();
    if !pictures.is_empty() {
        let intro = "<p>Runs of the same workload, tracks, state, load, protocol, server and machine, in the order in which they took place. What changed between them is in their pages.</p>";
        sections.push(section("history", "Over time", format!("{intro}{pictures}")));
    }
    if !all.unread.is_empty() {
        sections.push(section(
            "unread",
            "Could not be read",
            parts::grid(&unread(all), "Records that could not be read"),
        ));
    }
    sections.retain(|section| !section.body.is_empty());
    Frame {
        title: format!("Runs in {}: loist-bench", all.directory),
        head: head(all),
        sections,
        switches: 0,
        foot: format!(
            "Made by loist-bench {}. Times are UTC. It links to the runs beside it; open it where they are.",
            env!("CARGO_PKG_VERSION")
        ),
    }
    .page()
}

fn head(all: &Runs) -> String {
    let count = |tone: Tone| {
        let is_meant = |run: &&Run| headline::outcome(run.brief.verdict.outcome).0 == tone;
        all.runs.iter().filter(is_meant).count()
    };
    let counts = [(Tone::Good, "met"), (Tone::Bad, "missed"), (Tone::Warn, "inconclusive")];
    let newest = all.runs.first().map_or_else(String::new, |run| {
        format!(", the newest of {}", run.brief.run.started_at.format("%-d %B %Y, %H:%M UTC"))
    });
    let runs = counted(all.runs.len(), "run");
    // None of a kind is neither good nor bad.
    let shown = |tone, word, count| (if count == 0 { Tone::Plain } else { tone }, word, count);
    rendered(&Head {
        directory: &all.directory,
        headline: format!("{runs}{newest}"),
        counts: counts.into_iter().map(|(tone, word)| shown(tone, word, count(tone))).collect(),
    })
}

fn table(all: &Runs, kinds: &[Kind<'_>]) -> String {
    let mut grid = Grid::new(vec![
        Column::words("start, UTC"),
        Column::words("verdict"),
        Column::numbers("p95 of all calls, ms"),
        Column::numbers("p95 within").hint("95 % interval within the run; between runs the spread is larger"),
        Column::numbers("per s").hint("calls answered, all operations"),
        Column::words("closest to its objective")
            .hint("the operation, its response time at the objective's percentile, in ms, and the objective"),
        Column::words("workload"),
        Column::numbers("tracks"),
        Column::words("load"),
        Column::words("server"),
        Column::words("clients' machine"),
        Column::words("record"),
    ]);
    for run in &all.runs {
        grid.push(row(run, kinds));
    }
    let intro = "<p>The newest first; a click on a heading sorts otherwise. The start leads to the run's page, the workload to the runs of its kind over time.</p>";
    format!("{intro}{}", parts::grid(&grid, "Runs, the newest first"))
}

fn judged(all: &Runs) -> Grid {
    let mut grid = Grid::new(["directory", "what", "outcome", "what it came to"].map(Column::words).to_vec());
    for one in &all.judged {
        let name = Cell::text(&one.name);
        let (tone, word) = one.outcome;
        grid.push(Row::new(vec![
            match &one.page {
                Some(page) => name.file(page),
                None => name,
            },
            Cell::text(one.what),
            Cell::text(word).tone(tone),
            Cell::text(&one.sentence),
        ]));
    }
    grid
}

fn row(run: &Run, kinds: &[Kind<'_>]) -> Row {
    let brief = &run.brief;
    let start = Cell::text(brief.run.started_at.format("%Y-%m-%d %H:%M:%S").to_string());
    let kind = kinds.iter().position(|kind| kind.runs.iter().any(|other| std::ptr::eq(*other, run)));
    let pictured = kind.filter(|index| moments(&kinds[*index]).len() > 1);
    let workload = Cell::text(&brief.workload.name);
    Row::new(vec![
        match &run.page {
            Some(page) => start.file(page),
            None => start,
        },
        verdict(brief),
        Cell::milliseconds(brief.overall.response.p95_us),
        Cell::interval(brief.interval()),
        Cell::number(three_digits(brief.overall.calls_per_second), brief.overall.calls_per_second),
        Cell::text(closest(brief)),
        match pictured {
            Some(index) => workload.link(id(index)),
            None => workload,
        },
        Cell::count(brief.catalog.tracks),
        Cell::text(format!("{}, {} protocol", load::model(&brief.load), brief.workload.protocol)),
        Cell::text(with_flags(brief)),
        Cell::text(machine(brief)),
        Cell::text(&run.name).file(&run.record),
    ])
}

fn verdict(brief: &Brief) -> Cell {
    let (tone, word) = headline::outcome(brief.verdict.outcome);
    let cut = if brief.run.ended == Ended::AsPlanned { "" } else { ", cut short" };
    Cell::text(format!("{word}{cut}")).tone(tone)
}

fn closest(brief: &Brief) -> String {
    brief.closest().map_or_else(
        || "-".to_owned(),
        |operation| {
            let slo = &operation.slo;
            format!("{} {} of {}", operation.name, milliseconds(slo.observed_us), slo.objective)
        },
    )
}

fn with_flags(brief: &Brief) -> String {
    let flags = brief.server.flags.as_ref().map(|flags| format!(", flags {flags}")).unwrap_or_default();
    format!("{}, {}{flags}", server(brief), brief.catalog.state)
}

fn id(kind: usize) -> String {
    format!("kind-{kind}")
}

/// The oldest first.
fn moments(kind: &Kind<'_>) -> Vec<Moment> {
    let moment = |run: &&Run| {
        let brief = &run.brief;
        let interval_us = brief.interval().map(|interval| (interval.low_us, interval.high_us));
        Some(Moment { at: brief.run.started_at, p95_us: brief.overall.response.p95_us?, interval_us })
    };
    kind.runs.iter().rev().filter_map(moment).collect()
}

fn picture(index: usize, kind: &Kind<'_>) -> String {
    let newest = kind.runs.first().map(|run| &run.brief.overall.slo);
    let target = newest.map(|slo| Target { objective: slo.objective.clone(), us: slo.target_us });
    let picture = history(&id(index), &kind.name, &moments(kind), target.as_ref());
    picture.as_ref().map(parts::picture).unwrap_or_default()
}

fn unread(all: &Runs) -> Grid {
    let mut grid = Grid::new(vec![Column::words("directory"), Column::words("why")]);
    for one in &all.unread {
        grid.push(Row::new(vec![Cell::text(&one.name), Cell::text(&one.reason)]));
    }
    grid
}
