//! What every section is made of: tables, pictures, folds.

use crate::report::{
    grid::{Cell, Column, Grid, Tone},
    picture::{Drawing, Picture},
};
use askama::Template;

/// Letters from which on a cell may take several lines.
const LONG: usize = 40;

/// The text of a template.
pub(super) fn rendered(template: &impl Template) -> String {
    template.render().expect("writing to memory does not fail")
}

#[derive(Template)]
#[template(path = "report/grid.html")]
struct GridPart<'a> {
    grid: &'a Grid,
    label: &'a str,
}

impl GridPart<'_> {
    fn class(&self, column: &Column, cell: &Cell) -> String {
        let tone = if cell.tone == Tone::Plain { "" } else { cell.tone.class() };
        let number = if column.is_number { "n" } else { "" };
        let long = if cell.text.chars().count() > LONG { "long" } else { "" };
        [number, tone, long].into_iter().filter(|class| !class.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// A table that can be sorted. `label` is what it is, for those who do not see it.
pub(super) fn grid(grid: &Grid, label: &str) -> String {
    rendered(&GridPart { grid, label })
}

#[derive(Template)]
#[template(path = "report/picture.html")]
struct PicturePart<'a> {
    picture: &'a Picture,
    /// Whether it stands beside others, where there is room for the narrow drawing alone.
    is_small: bool,
}

impl PicturePart<'_> {
    fn plot(&self, drawing: &Drawing) -> String {
        let ((left, right), (top, bottom)) = (drawing.across, drawing.down);
        format!("{left:.4} {right:.4} {top:.4} {bottom:.4}")
    }

    /// The switch of each column, by its place.
    fn switches(&self) -> String {
        let of = |column: &Column| column.operation.map(|index| index.to_string()).unwrap_or_default();
        self.picture.numbers.columns.iter().map(of).collect::<Vec<_>>().join(" ")
    }
}

/// A picture with its title, its words and its numbers.
pub(super) fn picture(picture: &Picture) -> String {
    rendered(&PicturePart { picture, is_small: false })
}

/// Pictures beside each other.
pub(super) fn pictures<'a>(pictures: impl IntoIterator<Item = &'a Picture>) -> String {
    let one = |picture| rendered(&PicturePart { picture, is_small: true });
    format!("<div class=\"pictures\">{}</div>", pictures.into_iter().map(one).collect::<String>())
}

/// A section that folds.
#[derive(Template)]
#[template(path = "report/section.html")]
pub(super) struct Section {
    /// Its id, for links.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: String,
    /// What stands in it, as HTML.
    pub(super) body: String,
}
