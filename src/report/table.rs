//! Tables of numbers for the terminal.

use super::{
    grid::{self, Grid, Tone},
    xml::plain,
};
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

/// A table of text: numbers to the right, coloured as they are to be taken, and nothing in it that a terminal obeys.
pub(super) fn of(grid: &Grid) -> Table {
    let mut table = new(grid.columns.iter().map(|column| column.name.clone()).collect());
    for row in &grid.rows {
        table.add_row(row.cells.iter().map(cell).collect::<Vec<_>>());
    }
    align(&mut table, 0..0);
    for (column, own) in table.column_iter_mut().zip(&grid.columns) {
        if own.is_number {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn cell(cell: &grid::Cell) -> Cell {
    let shown = Cell::new(plain(&cell.text));
    match cell.tone {
        Tone::Plain => shown,
        Tone::Good => shown.fg(Color::Green),
        Tone::Warn => shown.fg(Color::Yellow),
        Tone::Bad => shown.fg(Color::Red),
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
