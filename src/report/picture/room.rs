//! Room that a picture needs around its data.

use super::{
    canvas::{LETTER, Layout},
    palette,
    pen::{Pen, Side},
};

/// Height of a lane, in the letters' size.
const LANE: f64 = 1.25;
/// Between the lanes and the plotting area, where the topmost number of the axis reaches.
const GAP: f64 = 0.5;

/// Room around the plotting area.
#[derive(Debug, Clone, Default)]
pub(super) struct Room {
    /// For names to the right of the data, in letters; there is none where that is narrow.
    pub(super) beside: f64,
    /// Lanes above it, the lowest first: their word, and the letter that stands for it where there is no room.
    pub(super) lanes: Vec<(&'static str, &'static str)>,
}

impl Room {
    pub(super) fn beside(letters: f64) -> Self {
        Self { beside: letters, lanes: Vec::new() }
    }

    /// The same with lanes that have no names.
    pub(super) fn and_lanes(self, count: usize) -> Self {
        Self { lanes: vec![("", ""); count], ..self }
    }

    /// Units that the lanes take.
    pub(super) fn above(&self, layout: Layout) -> f64 {
        let lanes = self.lanes.len() as f64;
        let gap = if self.lanes.is_empty() { 0.0 } else { GAP };
        ((lanes * LANE + gap) * layout.letters).ceil()
    }

    /// Letters that the lanes' names take to the left of the data.
    pub(super) fn lane_letters(&self, layout: Layout) -> f64 {
        let name = |(word, letter): &(&str, &str)| if layout.is_wide { word.len() } else { letter.len() };
        self.lanes.iter().map(name).max().unwrap_or_default() as f64 + 0.5
    }

    /// Right edge of the plotting area.
    pub(super) fn right(&self, layout: Layout) -> i32 {
        let beside = if layout.is_wide { self.beside * layout.letters * LETTER } else { 0.0 };
        // Half of the widest number that may stand at the axis's end, such as 99.999.
        (f64::from(layout.width) - beside.max(layout.letters * 2.0)) as i32
    }

    pub(super) fn name_lanes(&self, pen: &Pen<'_>) {
        for (index, (word, letter)) in self.lanes.iter().enumerate() {
            let name = if pen.layout.is_wide { word } else { letter };
            let (px, py) = pen.place(0.0, pen.lane(index).1);
            pen.write(name, (px - 12, py), Side::End, palette::MUTED);
        }
    }
}

impl Pen<'_> {
    /// Lower end, middle and upper end of the marks in a lane above the plotting area, as shares of its height.
    pub(super) fn lane(&self, index: usize) -> (f64, f64, f64) {
        let height = f64::from(self.edges.bottom - self.edges.top);
        let share = |lanes: f64| 1.0 + (lanes * LANE + GAP) * self.layout.letters / height;
        let index = index as f64;
        (share(index + 0.2), share(index + 0.5), share(index + 0.8))
    }
}
