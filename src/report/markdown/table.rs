//! A table in GitHub's Markdown.

use super::text::escaped;
use crate::report::grid::{Column, Grid};

/// Rows that are shown; how many more there are is said below them.
const MOST_ROWS: usize = 100;

/// The table, whatever its cells hold; empty without columns.
#[must_use]
pub fn table(grid: &Grid) -> String {
    if grid.columns.is_empty() {
        return String::new();
    }
    let rule = |column: &Column| if column.is_number { "---:" } else { "---" }.to_owned();
    let mut out = line(grid.columns.iter().map(|column| escaped(&column.name)));
    out.push_str(&line(grid.columns.iter().map(rule)));
    for row in grid.rows.iter().take(MOST_ROWS) {
        let cell = |index: usize| row.cells.get(index).map(|cell| escaped(&cell.text)).unwrap_or_default();
        out.push_str(&line((0..grid.columns.len()).map(cell)));
    }
    if let more @ 1.. = grid.rows.len().saturating_sub(MOST_ROWS) {
        out.push_str(&format!("\nand {more} more in the record\n"));
    }
    out
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::grid::{Cell, Row};
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    /// What a reader of Markdown sees in the table's cells, row by row; `None` where it sees anything but text in one
    /// table.
    fn read(markdown: &str) -> Option<Vec<Vec<String>>> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Start(Tag::Table(_)) if rows.is_empty() => {}
                Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) => rows.last_mut()?.push(String::new()),
                Event::Text(text) => rows.last_mut()?.last_mut()?.push_str(&text),
                Event::End(TagEnd::Table | TagEnd::TableHead | TagEnd::TableRow | TagEnd::TableCell) => {}
                _ => return None,
            }
        }
        Some(rows)
    }

    /// As [`escaped`] lets it be seen.
    fn seen(text: &str) -> String {
        let shown = text.trim().chars().filter(|c| *c != '\u{200B}');
        let shown: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
        shown.trim().to_owned()
    }

    fn hostile() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec![
            "|",
            "\\",
            "\\|",
            "`",
            "``",
            "<",
            "</td>",
            "<!--",
            "[x](y)",
            "![",
            "*",
            "**",
            "_",
            "~~",
            "\n",
            "\r\n",
            "@me",
            "#1",
            "https://x.y",
            "&#124;",
            "&amp;",
            "$",
            "a",
            " ",
            "---",
            ":",
            "\t",
        ]);
        prop_oneof![prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat()), any::<String>()]
    }

    proptest! {
        #[test]
        fn no_cell_breaks_the_table(rows in prop::collection::vec(prop::collection::vec(hostile(), 3), 1..5)) {
            let mut grid = Grid::new(vec![Column::words("a|b"), Column::numbers("<c>"), Column::words("`d")]);
            for row in &rows {
                grid.push(Row::new(row.iter().map(Cell::text).collect()));
            }
            let markdown = table(&grid);
            prop_assert_eq!(markdown.lines().count(), rows.len() + 2);
            let Some(found) = read(&markdown) else { return Err(TestCaseError::fail(markdown)) };
            prop_assert_eq!(found.len(), rows.len() + 1);
            prop_assert_eq!(&found[0], &["a|b", "<c>", "`d"]);
            for (found, row) in found[1..].iter().zip(&rows) {
                prop_assert_eq!(found.len(), 3);
                for (found, text) in found.iter().zip(row) {
                    // Text whose direction is turned is shown without that.
                    if text.is_ascii() {
                        prop_assert_eq!(seen(found), seen(text));
                    }
                }
            }
        }
    }

    #[test]
    fn rows_have_as_many_cells_as_columns() {
        let mut grid = Grid::new(vec![Column::words("name"), Column::numbers("n")]);
        grid.push(Row::new(vec![Cell::text("one")]));
        grid.push(Row::new(vec![Cell::text("two"), Cell::count(1_000), Cell::text("over")]));
        assert_eq!(table(&grid), "| name | n |\n| --- | ---: |\n| one |  |\n| two | 1,000 |\n");
        assert_eq!(table(&Grid::default()), "");
        for _ in 0..MOST_ROWS {
            grid.push(Row::default());
        }
        assert!(table(&grid).ends_with("\nand 2 more in the record\n"));
    }
}
