//! `loist-bench history list`.

use super::PlaceArgs;
use crate::{
    cli::{
        args::{Format, FormatArg},
        failure::Failure,
        output,
    },
    history::{History, Kind, Night},
    record::Metric,
    report::xml::plain,
    text::{counted, milliseconds},
};
use chrono::{DateTime, Utc};
use clap::Args;
use comfy_table::{CellAlignment, Table, TableStyle};
use serde::Serialize;
use std::process::ExitCode;

/// List the nights, kind by kind
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    output: FormatArg,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Serialize)]
struct Listed<'a> {
    directory: String,
    nights: Vec<Entry<'a>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    at: DateTime<Utc>,
    revision: Option<&'a str>,
    kind: &'a Kind,
    blocks: usize,
    set_aside: usize,
    disturbed: bool,
    /// Of all operations together: the median over the blocks.
    p95_us: Option<f64>,
    baselines: Vec<&'a str>,
}

pub(super) fn execute(args: &ListArgs) -> Result<ExitCode, Failure> {
    let history = args.place.read()?;
    match args.output.format {
        Format::Json => output::print_json(&listed(&history))?,
        Format::Text => output::print(&text(&history))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn listed<'a>(history: &'a History) -> Listed<'a> {
    let entry = |night: &'a Night| Entry {
        id: &night.id,
        at: night.at,
        revision: night.revision.as_deref(),
        kind: &night.kind,
        blocks: night.blocks,
        set_aside: night.set_aside,
        disturbed: night.disturbed,
        p95_us: night.value(None, Metric::P95),
        baselines: history.names_of(night),
    };
    Listed {
        directory: history.directory().display().to_string(),
        nights: history.nights().iter().map(entry).collect(),
        warnings: history.warnings().iter().map(ToString::to_string).collect(),
    }
}

fn text(history: &History) -> String {
    let place = history.directory().display();
    if history.nights().is_empty() {
        return format!(
            "{place}: no nights yet; `loist-bench history add RECORD` adds one, and --history names another directory\n"
        );
    }
    let kinds = history.kinds();
    let nights = counted(history.nights().len(), "night");
    let mut text = format!("{place}: {nights} of {}\n", counted(kinds.len(), "kind"));
    for kind in kinds {
        // Lines may have come from anywhere.
        let name = plain(&kind.to_string());
        text += &format!("\n{name}\n{}\n", table(history, kind).trim_fmt());
    }
    text
}

fn table(history: &History, kind: &Kind) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header([
        "date, UTC",
        "id",
        "revision",
        "blocks",
        "p95 ms",
        "baselines",
    ]);
    table.set_content_arrangement(comfy_table::ContentArrangement::Disabled);
    for night in history.of_kind(kind).rev() {
        table.add_row([
            night.at.format("%Y-%m-%d %H:%M").to_string(),
            night.id.clone(),
            night.revision.as_ref().map_or_else(|| "-".to_owned(), |revision| plain(revision)),
            blocks(night),
            milliseconds(night.value(None, Metric::P95)),
            history.names_of(night).join(", "),
        ]);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index < 5 { 2 } else { 0 }));
        if index == 4 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn blocks(night: &Night) -> String {
    match (night.disturbed, night.set_aside) {
        (true, _) => format!("{}, disturbed", night.blocks),
        (false, 0) => night.blocks.to_string(),
        (false, number) => format!("{}, {number} set aside", night.blocks),
    }
}
