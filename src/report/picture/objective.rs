//! The objective in a picture: a dashed line with its name.

use super::{
    canvas::{Canvas, row_of},
    palette,
    pen::Side,
};

const DASHES: &str = "14 8";

impl Canvas {
    /// A line across the data, with its name above it.
    pub(super) fn target(&mut self, at: f64, objective: &str) {
        self.dashed(DASHES, |pen| pen.line(&[(0.0, at), (1.0, at)], palette::TARGET, 4));
        self.layer(|pen| {
            let (px, py) = pen.place(0.0, at);
            let above = py - (pen.layout.letters * 0.75) as i32;
            pen.write(objective, (px + 12, above), Side::Start, palette::TARGET);
        });
    }

    /// A line down the data, with its name in a lane above it.
    pub(super) fn target_down(&mut self, at: f64, objective: &str, lane: usize) {
        self.dashed(DASHES, |pen| pen.line(&[(at, 0.0), (at, pen.lane(lane).0)], palette::TARGET, 4));
        self.name_above(at, objective, lane);
    }

    /// The objective's name in a lane, at that side of its line where there is more room.
    fn name_above(&mut self, at: f64, objective: &str, lane: usize) {
        self.layer(|pen| {
            let (px, py) = pen.place(at, pen.lane(lane).1);
            let (px, side) = if at > 0.5 { (px + 8, Side::End) } else { (px - 8, Side::Start) };
            pen.write(objective, (px, py), side, palette::TARGET);
        });
    }

    /// A line down rows of data, with its name in the lane above them. Where their names stand between the rows, it
    /// leaves those out.
    pub(super) fn target_of_rows(&mut self, at: f64, objective: &str, rows: usize) {
        self.name_above(at, objective, 0);
        let (layout, dashes) = (self.layout, if self.layout.is_wide { DASHES } else { "" });
        self.series(None, dashes, |pen| {
            if layout.is_wide {
                pen.line(&[(at, 0.0), (at, pen.lane(0).0)], palette::TARGET, 4);
            } else {
                for (middle, half) in (0..rows).map(|row| row_of(row, rows, layout)) {
                    pen.line(&[(at, middle - half * 1.2), (at, middle + half * 1.2)], palette::TARGET, 4);
                }
            }
        });
    }
}
