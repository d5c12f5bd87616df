//! Tables of numbers for the terminal.

use crate::record::Outcome;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};
use std::ops::Range;

/// One line below the header and one below the rows: a table of numbers needs no more.
const STYLE: TableStyle = TableStyle::new()
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// An empty table, as wide as its cells.
pub(super) fn new(header: Vec<String>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    table.enforce_styling().style_text_only();
    table.set_header(header);
    table
}

/// Puts the columns `numbers` to the right, and a blank between all.
pub(super) fn align(table: &mut Table, numbers: Range<usize>) {
    let columns = table.column_count();
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, u16::from(index + 1 < columns)));
        if numbers.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// An outcome in a word and a colour, and the objective that it speaks of where that differs from row to row.
pub(super) fn outcome(outcome: Outcome, objective: Option<&str>) -> Cell {
    let (word, color) = match outcome {
        Outcome::Met => ("met", Color::Green),
        Outcome::Missed => ("MISSED", Color::Red),
        Outcome::Inconclusive => ("unsure", Color::Yellow),
    };
    Cell::new(objective.map_or_else(|| word.to_owned(), |objective| format!("{word} {objective}"))).fg(color)
}
