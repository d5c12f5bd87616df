//! What draws on a layer: lines, areas, dots and words, at places of the plotting area.

use super::{
    canvas::{Axis, Edges, LETTER, Layout, row_of},
    palette::{self, Colour},
};
use plotters::{
    coord::Shift,
    element::{Circle, PathElement, Polygon, Rectangle},
    prelude::{DrawingArea, SVGBackend, Text},
    style::{
        Color, IntoFont, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// plotters writes a font's height where SVG has its em.
const EM: f64 = 1.24;

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Start,
    Middle,
    End,
}

/// What draws on a layer. Places are shares of the plotting area, 0 at its left and lower edge.
pub(super) struct Pen<'a> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
    pub(super) edges: Edges,
    pub(super) layout: Layout,
}

impl<'a> Pen<'a> {
    pub(super) fn new(root: DrawingArea<SVGBackend<'a>, Shift>, edges: Edges, layout: Layout) -> Self {
        Self { root, edges, layout }
    }

    /// Ends a layer.
    pub(super) fn lift(self) {
        self.root.present().expect("drawing into a string does not fail");
    }

    /// The unit that a place has.
    pub(super) fn place(&self, x: f64, y: f64) -> (i32, i32) {
        let Edges { left, right, top, bottom } = self.edges;
        let along = |from: i32, to: i32, share: f64| f64::from(from) + f64::from(to - from) * share;
        (along(left, right, x).round() as i32, along(bottom, top, y).round() as i32)
    }

    /// The place that a unit has.
    pub(super) fn share(&self, (x, y): (i32, i32)) -> (f64, f64) {
        let Edges { left, right, top, bottom } = self.edges;
        let share = |from: i32, to: i32, unit: i32| f64::from(unit - from) / f64::from(to - from);
        (share(left, right, x), share(bottom, top, y))
    }

    pub(super) fn line(&self, places: &[(f64, f64)], colour: Colour, width: u32) {
        let mut points: Vec<(i32, i32)> = places.iter().map(|(x, y)| self.place(*x, *y)).collect();
        points.dedup();
        self.draw(&PathElement::new(points, colour.rgb().stroke_width(width)));
    }

    /// What lies between places.
    pub(super) fn area(&self, places: &[(f64, f64)], colour: Colour) {
        let points: Vec<(i32, i32)> = places.iter().map(|(x, y)| self.place(*x, *y)).collect();
        self.draw(&Polygon::new(points, colour.rgb().filled()));
    }

    /// A rectangle between two corners.
    pub(super) fn block(&self, from: (f64, f64), to: (f64, f64), colour: Colour) {
        let corners = [self.place(from.0, from.1), self.place(to.0, to.1)];
        self.draw(&Rectangle::new(corners, colour.rgb().filled()));
    }

    /// The outline of a rectangle between two corners.
    pub(super) fn frame(&self, from: (f64, f64), to: (f64, f64), colour: Colour) {
        let corners = [from, (to.0, from.1), to, (from.0, to.1), from];
        self.draw(&PathElement::new(
            corners.map(|(x, y)| self.place(x, y)).to_vec(),
            colour.rgb().stroke_width(1),
        ));
    }

    pub(super) fn dot(&self, place: (f64, f64), radius: i32, colour: Colour) {
        self.draw(&Circle::new(self.place(place.0, place.1), radius, colour.rgb().filled()));
    }

    /// A circle that one sees through to the ground.
    pub(super) fn ring(&self, place: (f64, f64), radius: i32, colour: Colour) {
        let place = self.place(place.0, place.1);
        self.draw(&Circle::new(place, radius, palette::GROUND.rgb().filled()));
        self.draw(&Circle::new(place, radius, ShapeStyle::from(colour.rgb()).stroke_width(4)));
    }

    /// Words, their middle at the height of `unit`, in the picture's own units.
    pub(super) fn write(&self, text: &str, unit: (i32, i32), side: Side, colour: Colour) {
        let side = match side {
            Side::Start => HPos::Left,
            Side::Middle => HPos::Center,
            Side::End => HPos::Right,
        };
        let font = ("sans-serif", self.layout.letters * EM).into_font();
        let colour = colour.rgb();
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(side, VPos::Center));
        self.draw(&Text::new(text.to_owned(), unit, style));
    }

    /// Lines up from an axis below the data, numbers along it, and what it shows.
    pub(super) fn axis_below(&self, axis: &Axis) {
        let (unit, edges) = (self.layout.letters, self.edges);
        let most = f64::from(edges.right - edges.left) / (unit * LETTER * 7.5);
        for (at, label) in axis.scale.ticks((most as usize).min(10)) {
            let (px, py) = self.place(at, 0.0);
            self.line(&[(at, 0.0), (at, 1.0)], palette::GRID, 2);
            self.write(&label, (px, py + (unit * 0.9) as i32), Side::Middle, palette::MUTED);
        }
        let below = edges.bottom + (unit * 2.2) as i32;
        self.write(&axis.title, (edges.right, below), Side::End, palette::MUTED);
    }

    /// Where words above a row's bar stand, in units; `x` is a share of the plotting area.
    pub(super) fn above_row(&self, x: f64, index: usize, rows: usize) -> (i32, i32) {
        let (middle, half) = row_of(index, rows, self.layout);
        let (px, py) = self.place(x, middle + half);
        (px, py - (self.layout.letters * 0.55) as i32)
    }

    fn draw<'b, E>(&self, element: &'b E)
    where
        &'b E: plotters::element::PointCollection<'b, (i32, i32)>,
        E: for<'c> plotters::element::Drawable<SVGBackend<'c>>,
    {
        self.root.draw(element).expect("drawing into a string does not fail");
    }
}
