//! Tables of text, whatever they are shown on: what a picture shows in numbers, what a section lists.

use crate::record::QuantileInterval;
use crate::text::{grouped, milliseconds, three_digits};

/// A table. Every row has as many cells as there are columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grid {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    /// Its heading, with the unit.
    pub name: String,
    /// Whether its cells are numbers, which stand to the right.
    pub is_number: bool,
    /// What the heading means, where that is not plain.
    pub hint: String,
    /// Index of the operation that it is about, where one can be switched off.
    pub operation: Option<usize>,
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Where in its picture the row's numbers are, 0..=1 along the axis.
    pub at: Option<f64>,
    /// Index of the operation that it is about, where one can be switched off.
    pub operation: Option<usize>,
    /// Its cells.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// What is read.
    pub text: String,
    /// What it is sorted by, where that is not the text.
    pub value: Option<f64>,
    /// How it is to be taken.
    pub tone: Tone,
    /// Where a click on it leads: the id of an element of the page.
    pub link: Option<String>,
    /// Where else it leads: the address of a file, from the page.
    pub file: Option<String>,
}

/// How something is to be taken. It is shown by a word or a sign, never by a colour alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// Good.
    Good,
    /// Better known.
    Warn,
    /// Bad.
    Bad,
}

impl Tone {
    /// Its class in a page.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

impl Column {
    /// A column of words.
    pub fn words(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A column of numbers; the heading has their unit.
    pub fn numbers(name: impl Into<String>) -> Self {
        Self { name: name.into(), is_number: true, ..Self::default() }
    }

    /// The same with a word on what it means.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// The same, about an operation that can be switched off.
    #[must_use]
    pub fn operation(self, index: usize) -> Self {
        Self { operation: Some(index), ..self }
    }
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A number, as it is read and as it is sorted by.
    pub fn number(text: impl Into<String>, value: impl Into<Option<f64>>) -> Self {
        Self { text: text.into(), value: value.into(), ..Self::default() }
    }

    /// A count, in groups of three.
    #[must_use]
    pub fn count(value: u64) -> Self {
        Self::number(grouped(value), value as f64)
    }

    /// An amount with three digits.
    #[must_use]
    pub fn amount(value: f64) -> Self {
        let text = if value == 0.0 { "0".to_owned() } else { three_digits(value) };
        Self::number(text, value)
    }

    /// Microseconds as milliseconds with three digits; `-` for none.
    #[must_use]
    pub fn milliseconds(us: Option<f64>) -> Self {
        Self::number(milliseconds(us), us)
    }

    /// An interval in milliseconds, in order by its upper end; `?` where there is none.
    #[must_use]
    pub fn interval(interval: Option<&QuantileInterval>) -> Self {
        let Some(QuantileInterval { low_us, high_us, .. }) = interval else { return Self::text("?") };
        let text = format!("{}..{}", milliseconds(Some(*low_us)), milliseconds(Some(*high_us)));
        Self::number(text, *high_us)
    }

    /// The same in another tone.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// The same, leading to an element of the page.
    #[must_use]
    pub fn link(self, id: impl Into<String>) -> Self {
        Self { link: Some(id.into()), ..self }
    }

    /// The same, leading to a file.
    #[must_use]
    pub fn file(self, address: impl Into<String>) -> Self {
        Self { file: Some(address.into()), ..self }
    }
}

impl Row {
    /// A row of cells.
    #[must_use]
    pub fn new(cells: Vec<Cell>) -> Self {
        Self { cells, ..Self::default() }
    }

    /// The same, at a place of its picture.
    #[must_use]
    pub fn at(self, at: f64) -> Self {
        Self { at: Some(at), ..self }
    }

    /// The same, about an operation that can be switched off.
    #[must_use]
    pub fn operation(self, index: usize) -> Self {
        Self { operation: Some(index), ..self }
    }
}

impl Grid {
    /// A table with headings alone.
    #[must_use]
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Cells of a row with their columns.
    pub fn pairs<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(&row.cells)
    }
}
