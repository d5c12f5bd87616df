//! Names beside the data: of the lines, where they end.

use super::{canvas::Canvas, palette::Colour, pen::Side, ranks::Switch};

/// Letters of a name that a picture shows; its table has the whole name.
pub(super) const MOST_LETTERS: usize = 28;

/// Where a line ends, and how it is named.
pub(super) struct End {
    pub(super) place: (f64, f64),
    pub(super) name: String,
    pub(super) colour: Colour,
    /// The operation that it goes with, where it can be switched off.
    pub(super) switch: Option<Switch>,
}

/// A name of at most so many letters.
pub(super) fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let head: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{}\u{2026}", head.trim_end())
}

/// Letters of room that these names take beside the data.
pub(super) fn room_for<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    let longest = names.map(|name| name.chars().count()).max().unwrap_or_default();
    longest.min(MOST_LETTERS) as f64 + 2.5
}

impl Canvas {
    /// Names of lines to the right of the data, each near the place where its line ends and none over another. Where it
    /// is narrow there is no room for them: the switches and the table have the colours.
    pub(super) fn names(&mut self, ends: &[End]) {
        if !self.layout.is_wide {
            return;
        }
        let mut order: Vec<usize> = (0..ends.len()).collect();
        order.sort_by(|a, b| ends[*b].place.1.total_cmp(&ends[*a].place.1));
        let height = f64::from(self.edges.bottom - self.edges.top);
        let gap = self.layout.letters * 1.15 / height;
        let mut places: Vec<f64> = Vec::new();
        for index in &order {
            let free = places.last().map_or(1.0, |above: &f64| above - gap);
            places.push(ends[*index].place.1.min(free));
        }
        // What was pushed below the plotting area pushes back up.
        let mut floor = 0.0;
        for place in places.iter_mut().rev() {
            *place = place.max(floor);
            floor = *place + gap;
        }
        for (index, at) in order.into_iter().zip(places) {
            let End { place, name, colour, switch } = &ends[index];
            self.series(*switch, "", |pen| {
                let (px, py) = pen.place(1.0, at);
                let width = f64::from(pen.edges.right - pen.edges.left);
                pen.line(&[*place, (1.0, place.1), (1.0 + 14.0 / width, at)], *colour, 1);
                pen.write(&shortened(name, MOST_LETTERS), (px + 20, py), Side::Start, *colour);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_end_with_dots() {
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("a longer name", 9), "a longer\u{2026}");
        assert_eq!(shortened("\u{e4}\u{f6}\u{fc}\u{df}", 3), "\u{e4}\u{f6}\u{2026}");
        assert_eq!(room_for(["ab", &"x".repeat(90)].into_iter()), MOST_LETTERS as f64 + 2.5);
    }
}
