//! Recommendations: what was seen, what to change, the commands in each form, the way back, and what trials showed.

use super::parts::{self, rendered};
use crate::{
    flags::{Form, cloud::list_command},
    record::{Change, Recommendation, Record, Stance, WhatIf},
    report::{
        flags::{in_form, recommended},
        grid::{Cell, Column, Grid, Row, Tone},
        saving::saving,
    },
    stats::ratio,
};
use askama::Template;

/// Forms that each piece of advice is written in, besides the SQL of the record.
const FORMS: [Form; 2] = [Form::Gcloud, Form::Terraform];

#[derive(Template)]
#[template(path = "report/advice.html")]
struct Advice<'a> {
    changes: Vec<Piece<'a>>,
    others: Vec<Piece<'a>>,
    /// All settings of the server at once, in each form.
    together: Vec<Commands>,
    cloud_list: String,
    missing: Vec<&'a String>,
}

struct Piece<'a> {
    /// Its place in the record.
    index: usize,
    piece: &'a Recommendation,
    basis: &'static str,
    is_change: bool,
    commands: Vec<Commands>,
    undo: Vec<Commands>,
    /// What it should save, as the advisor estimated it.
    saving: Option<String>,
    /// Settings that were tried, and what that showed.
    effect_of: String,
    effect: String,
}

/// Commands to copy.
struct Commands {
    form: String,
    text: String,
}

pub(super) fn part(record: &Record) -> String {
    let all: Vec<_> = recommended(record).collect();
    let forms = [Form::AlterSystem, Form::Conf, Form::Gcloud, Form::Terraform];
    let together = if all.len() < 2 { Vec::new() } else { commands(record, &all, &forms) };
    let pieces = record.advice.iter().enumerate().map(|(index, piece)| of(record, index, piece));
    let (changes, others) = pieces.partition(|piece| piece.is_change);
    rendered(&Advice {
        changes,
        others,
        together,
        cloud_list: list_command(record.server.version_number / 10_000),
        missing: record.evidence.missing.iter().chain(&record.samples.missing).collect(),
    })
}

fn of<'a>(record: &Record, index: usize, piece: &'a Recommendation) -> Piece<'a> {
    let sql = |pick: fn(&Change) -> &str| piece.changes().map(pick).collect::<Vec<_>>().join("\n");
    let settings: Vec<_> = recommended(record)
        .filter(|change| {
            piece.changes().any(|own| own == *change) && change.apply.starts_with("ALTER SYSTEM")
        })
        .collect();
    let tried = tried(record, piece);
    let apply = sql(|change| &change.apply);
    let own = (!apply.is_empty()).then_some(Commands { form: "SQL".to_owned(), text: apply });
    let undo = sql(|change| &change.undo);
    let undo = (!undo.is_empty()).then_some(Commands { form: "SQL".to_owned(), text: undo });
    // Flags that are written down go back to the value that stood there.
    let backwards: Vec<Change> =
        settings.iter().map(|change| Change { to: change.from.clone(), ..(*change).clone() }).collect();
    Piece {
        index,
        piece,
        basis: piece.basis.name(),
        is_change: piece.stance == Stance::Change,
        commands: own.into_iter().chain(commands(record, &settings, &FORMS)).collect(),
        undo: undo
            .into_iter()
            .chain(commands(record, &backwards.iter().collect::<Vec<_>>(), &FORMS))
            .collect(),
        saving: saving(piece),
        effect_of: tried.map(|what_if| what_if.settings.join(", ")).unwrap_or_default(),
        effect: tried
            .and_then(trials)
            .map(|grid| parts::grid(&grid, "Trials of this change"))
            .unwrap_or_default(),
    }
}

fn commands(record: &Record, changes: &[&Change], forms: &[Form]) -> Vec<Commands> {
    let written = |form: &Form| {
        Some(Commands { form: form.label().to_owned(), text: in_form(record, changes, *form)? })
    };
    forms.iter().filter_map(written).collect()
}

/// What was tried of a piece of advice: all of its settings, or some.
fn tried<'a>(record: &'a Record, piece: &Recommendation) -> Option<&'a WhatIf> {
    let set: Vec<String> =
        piece.changes().map(|change| format!("{}={}", change.setting, change.to)).collect();
    let is_part = |what_if: &&WhatIf| {
        !what_if.settings.is_empty() && what_if.settings.iter().all(|setting| set.contains(setting))
    };
    record.what_ifs.iter().filter(is_part).find(|what_if| !what_if.tried.is_empty())
}

/// What the trials showed; `None` where none of them has times.
fn trials(what_if: &WhatIf) -> Option<Grid> {
    let mut grid = Grid::new(vec![
        Column::words("statement"),
        Column::words("parameters"),
        Column::numbers("as it is, ms").hint("median of its executions, planning included"),
        Column::numbers("changed, ms").hint("median of its executions, planning included"),
        Column::numbers("ratio").hint("changed : as it is, Hodges and Lehmann's median of all pairs"),
        Column::numbers("95 % interval").hint("exact, by the rank sum of Mann and Whitney"),
    ]);
    for trial in &what_if.tried {
        let Some(ratio) = ratio(&trial.base_ms, &trial.changed_ms) else { continue };
        let interval = ratio.interval.map_or_else(
            || "too few".to_owned(),
            |interval| format!("{:.2}..{:.2}", interval.low, interval.high),
        );
        let tone = match ratio.interval {
            Some(interval) if interval.high < 1.0 => Tone::Good,
            Some(interval) if interval.low > 1.0 => Tone::Bad,
            _ => Tone::Plain,
        };
        grid.push(Row::new(vec![
            Cell::text(trial.statements.join(", ")),
            Cell::text(trial.case.name()),
            Cell::amount(trial.base_median_ms()),
            Cell::amount(trial.changed_median_ms()),
            Cell::number(format!("{:.2}", ratio.estimate), ratio.estimate).tone(tone),
            Cell::text(interval),
        ]));
    }
    (!grid.rows.is_empty()).then_some(grid)
}
