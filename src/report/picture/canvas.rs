//! Drawing: a frame with axes, and layers of data over it that can be switched off one by one.

use super::{
    compact::compact,
    names::{MOST_LETTERS, shortened},
    palette,
    pen::{Pen, Side},
    ranks::Switch,
    room::Room,
    scale::Scale,
};
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use std::fmt::Write;

/// Room that a letter takes, in its font's size; the fonts of readers differ.
pub(super) const LETTER: f64 = 0.6;
/// Room that numbers along the vertical axis take, in letters.
const NUMBERS: f64 = 6.0;
/// Height of a line of words, in its letters' size.
pub(super) const LINE: f64 = 1.5;

/// A size to draw for. Units are half pixels of a screen that shows the picture at its full size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// Size of the letters.
    pub letters: f64,
    /// Whether there is room for names beside the data.
    pub is_wide: bool,
}

/// For screens and paper.
pub(super) const WIDE: Layout = Layout { width: 1760, height: 680, letters: 25.0, is_wide: true };
/// For phones.
pub(super) const NARROW: Layout = Layout { width: 700, height: 600, letters: 24.0, is_wide: false };

impl Layout {
    /// The same with another height.
    pub(super) fn with_height(self, height: u32) -> Self {
        Self { height, ..self }
    }

    /// Units that `text` takes.
    pub(super) fn width_of(self, text: &str) -> f64 {
        text.chars().count() as f64 * self.letters * LETTER
    }
}

/// An axis with what it says.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// From value to place.
    pub(super) scale: Scale,
    /// What it shows, with the unit.
    pub(super) title: String,
}

impl Axis {
    pub(super) fn new(scale: Scale, title: impl Into<String>) -> Self {
        Self { scale, title: title.into() }
    }
}

/// Edges of the plotting area.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edges {
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
}

/// A picture in the making.
pub(super) struct Canvas {
    pub(super) layout: Layout,
    pub(super) edges: Edges,
    body: String,
}

/// A picture's drawing, without the element around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// Elements of SVG.
    pub body: String,
    /// Width, in units.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// Left and right edge of the plotting area, as shares of the width.
    pub across: (f64, f64),
    /// Its upper and lower edge, as shares of the height.
    pub down: (f64, f64),
}

impl Canvas {
    /// A frame with two axes: lines behind the data, numbers along them, what they show.
    pub(super) fn with_axes(layout: Layout, x: &Axis, y: &Axis, room: &Room) -> Self {
        let unit = layout.letters;
        let above = room.above(layout);
        let layout = layout.with_height(layout.height + above as u32);
        let edges = Edges {
            left: (unit * LETTER * NUMBERS.max(room.lane_letters(layout)) + 16.0) as i32,
            right: room.right(layout),
            top: (unit * 2.0 + above) as i32,
            bottom: (f64::from(layout.height) - unit * 3.0) as i32,
        };
        let mut canvas = Self { layout, edges, body: String::new() };
        canvas.layer(|pen| {
            for (at, label) in y.scale.ticks(if layout.is_wide { 7 } else { 6 }) {
                pen.line(&[(0.0, at), (1.0, at)], palette::GRID, 2);
                let (px, py) = pen.place(0.0, at);
                pen.write(&label, (px - 12, py), Side::End, palette::MUTED);
            }
            pen.axis_below(x);
            pen.write(&y.title, (16, (unit * 0.9) as i32), Side::Start, palette::MUTED);
            room.name_lanes(pen);
        });
        canvas
    }

    /// A frame for one row a name: the names to the left of the data, or above it where that is narrow, and an axis
    /// below. See [`row_of`] for the places of the rows.
    pub(super) fn with_rows(layout: Layout, names: &[String], x: &Axis, room: &Room) -> Self {
        let unit = layout.letters;
        let names: Vec<String> = names.iter().map(|name| shortened(name, MOST_LETTERS)).collect();
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let above = unit * 0.6 + room.above(layout);
        let row = unit * if layout.is_wide { 1.7 } else { 2.8 };
        let layout = layout.with_height((row * names.len() as f64 + above + unit * 3.0) as u32);
        let left = if layout.is_wide { longest as f64 * unit * LETTER + 44.0 } else { unit * 0.5 };
        let edges = Edges {
            left: left as i32,
            right: room.right(layout),
            top: above as i32,
            bottom: (f64::from(layout.height) - unit * 3.0) as i32,
        };
        let mut canvas = Self { layout, edges, body: String::new() };
        canvas.layer(|pen| {
            pen.axis_below(x);
            for (index, name) in names.iter().enumerate() {
                if layout.is_wide {
                    let (px, py) = pen.place(0.0, row_of(index, names.len(), layout).0);
                    pen.write(name, (px - 16, py), Side::End, palette::INK);
                } else {
                    pen.write(name, pen.above_row(0.0, index, names.len()), Side::Start, palette::INK);
                }
            }
        });
        canvas
    }

    /// Draws a layer.
    pub(super) fn layer(&mut self, draw: impl FnOnce(&Pen<'_>)) {
        let mut svg = String::new();
        {
            let size = (self.layout.width, self.layout.height);
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let pen = Pen::new(root, self.edges, self.layout);
            draw(&pen);
            pen.lift();
        }
        self.body.push_str(&compact(&svg));
    }

    /// Draws a layer of dashed lines; `dashes` is their `stroke-dasharray`.
    pub(super) fn dashed(&mut self, dashes: &str, draw: impl FnOnce(&Pen<'_>)) {
        // Writing to a String cannot fail.
        let _ = write!(self.body, "<g stroke-dasharray=\"{dashes}\">");
        self.layer(draw);
        self.body.push_str("</g>");
    }

    /// Draws a layer of a series, whose lines have these dashes, if any. Where it goes with an operation, a page hides it
    /// when that is switched off.
    pub(super) fn series(&mut self, switch: Option<Switch>, dashes: &str, draw: impl FnOnce(&Pen<'_>)) {
        if let Some(Switch { operation, is_shown }) = switch {
            let class = if is_shown { "" } else { " class=\"more\"" };
            let _ = write!(self.body, "<g data-operation=\"{operation}\"{class}>");
        }
        if dashes.is_empty() {
            self.layer(draw);
        } else {
            self.dashed(dashes, draw);
        }
        if switch.is_some() {
            self.body.push_str("</g>");
        }
    }

    /// Makes room for `lines` lines of words below what there is; returns the middle of the first one.
    pub(super) fn extend(&mut self, lines: usize) -> i32 {
        let unit = self.layout.letters;
        let old = f64::from(self.layout.height);
        self.layout.height = (old + (lines as f64 * LINE + 0.4) * unit) as u32;
        (old + unit * LINE / 2.0) as i32
    }

    pub(super) fn finish(self) -> Drawing {
        let Edges { left, right, top, bottom } = self.edges;
        let share = |edge: i32, whole: u32| f64::from(edge) / f64::from(whole);
        Drawing {
            across: (share(left, self.layout.width), share(right, self.layout.width)),
            down: (share(top, self.layout.height), share(bottom, self.layout.height)),
            width: self.layout.width,
            height: self.layout.height,
            body: self.body,
        }
    }
}

/// Middle and half the height of a row's bar, as shares of the plotting area from below; the first row is the upper one.
pub(super) fn row_of(index: usize, rows: usize, layout: Layout) -> (f64, f64) {
    let height = 1.0 / rows.max(1) as f64;
    let middle = if layout.is_wide { 0.5 } else { 0.72 };
    (1.0 - (index as f64 + middle) * height, height * if layout.is_wide { 0.3 } else { 0.2 })
}
