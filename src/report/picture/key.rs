//! The key of a picture: what its colours and shapes mean, in words.

use super::{
    canvas::{Canvas, LETTER, LINE},
    names::{MOST_LETTERS, shortened},
    palette::{self, Colour},
    pen::{Pen, Side},
};

/// What stands before the words of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Block,
    /// With its `stroke-dasharray`.
    Line(&'static str),
    Dot,
    Ring,
    Tick,
}

/// An entry.
pub(super) struct Entry {
    shape: Shape,
    colour: Colour,
    words: String,
}

impl Entry {
    pub(super) fn new(shape: Shape, colour: Colour, words: impl Into<String>) -> Self {
        Self { shape, colour, words: shortened(&words.into(), MOST_LETTERS + 8) }
    }

    /// Units that it takes in a line of the key.
    fn width(&self, canvas: &Canvas) -> f64 {
        canvas.layout.width_of(&self.words) + canvas.layout.letters * 3.0
    }
}

impl Canvas {
    /// Entries below the picture, in as many lines as they need.
    pub(super) fn key_below(&mut self, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        let right = f64::from(self.layout.width);
        let together: f64 = entries.iter().map(|entry| entry.width(self)).sum();
        let below_data = f64::from(self.edges.left);
        let left = if below_data + together <= right { below_data } else { 16.0 };
        let mut places = Vec::new();
        let (mut x, mut line) = (left, 0);
        for entry in entries {
            let width = entry.width(self);
            if x + width > right && x > left {
                (x, line) = (left, line + 1);
            }
            places.push((x, line));
            x += width;
        }
        let first = self.extend(line + 1);
        for (entry, (x, line)) in entries.iter().zip(places) {
            let y = first + (line as f64 * LINE * self.layout.letters) as i32;
            self.entry(entry, (x as i32, y));
        }
    }

    /// Entries in a column to the right of the data, below a heading.
    pub(super) fn key_beside(&mut self, heading: &str, entries: &[Entry]) {
        let unit = self.layout.letters;
        let (x, mut y) = (self.edges.right + unit as i32, self.edges.top + (unit * 0.5) as i32);
        self.layer(|pen| pen.write(heading, (x, y), Side::Start, palette::MUTED));
        for entry in entries {
            y += (unit * LINE) as i32;
            self.entry(entry, (x, y));
        }
    }

    fn entry(&mut self, Entry { shape, colour, words }: &Entry, (x, y): (i32, i32)) {
        let unit = self.layout.letters;
        let dashes = if let Shape::Line(dashes) = shape { dashes } else { "" };
        self.series(None, dashes, |pen| pen.shape(*shape, *colour, (x, y)));
        self.layer(|pen| pen.write(words, (x + (unit * 1.4) as i32, y), Side::Start, palette::INK));
    }
}

impl Pen<'_> {
    /// A shape as wide as a letter is high, its left end at `unit`.
    fn shape(&self, shape: Shape, colour: Colour, (x, y): (i32, i32)) {
        let size = self.layout.letters as i32;
        let share = |x: i32, y: i32| self.share((x, y));
        match shape {
            Shape::Block => {
                let (from, to) = (share(x, y - size * 2 / 5), share(x + size, y + size * 2 / 5));
                self.block(from, to, colour);
                self.frame(from, to, palette::MUTED);
            }
            Shape::Line(_) => self.line(&[share(x, y), share(x + size, y)], colour, 5),
            Shape::Dot => self.dot(share(x + size / 2, y), 8, colour),
            Shape::Ring => self.ring(share(x + size / 2, y), 8, colour),
            Shape::Tick => {
                let at = x + size / 2;
                self.line(&[share(at, y - size * 2 / 5), share(at, y + size * 2 / 5)], colour, 5);
            }
        }
    }
}

/// Letters of room that entries with these words take beside the data.
pub(super) fn letters_of(words: &[String]) -> f64 {
    let longest = words.iter().map(|words| words.chars().count()).max().unwrap_or_default();
    longest as f64 + 2.5 / LETTER
}
