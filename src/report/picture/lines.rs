//! Lines of data, with gaps where nothing is known, and their names.

use super::{
    canvas::Canvas,
    key::{Entry, Shape},
    names::{End, room_for},
    palette::Colour,
    ranks::Switch,
};

/// A line.
pub(super) struct Line {
    pub(super) name: String,
    /// The operation that it goes with, where it can be switched off.
    pub(super) switch: Option<Switch>,
    pub(super) colour: Colour,
    /// `stroke-dasharray`; empty for a whole line.
    pub(super) dashes: &'static str,
    /// Its width in units.
    pub(super) width: u32,
    /// Its places without the gaps between them.
    pub(super) pieces: Vec<Vec<(f64, f64)>>,
}

impl Line {
    fn is_named(&self) -> bool {
        self.switch.is_none_or(|switch| switch.is_shown) && self.pieces.iter().any(|piece| !piece.is_empty())
    }
}

/// Splits places where one is not known.
pub(super) fn pieces(places: impl Iterator<Item = Option<(f64, f64)>>) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = vec![Vec::new()];
    for place in places {
        match (place, pieces.last_mut()) {
            (Some(place), Some(piece)) => piece.push(place),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Letters of room that the names of lines take beside the data.
pub(super) fn room(lines: &[Line]) -> f64 {
    room_for(lines.iter().filter(|line| line.is_named()).map(|line| line.name.as_str()))
}

impl Canvas {
    /// Draws lines and names those that are shown at first.
    pub(super) fn lines(&mut self, lines: &[Line]) {
        for line in lines {
            self.series(line.switch, line.dashes, |pen| {
                for piece in &line.pieces {
                    match piece.as_slice() {
                        [alone] => pen.dot(*alone, 5, line.colour),
                        places => pen.line(places, line.colour, line.width),
                    }
                }
            });
        }
        let end = |line: &Line| {
            let place = line.pieces.last()?.last().copied()?;
            Some(End { place, name: line.name.clone(), colour: line.colour, switch: line.switch })
        };
        let named = lines.iter().filter(|line| line.is_named());
        self.names(&named.filter_map(end).collect::<Vec<_>>());
    }

    /// Says below a narrow picture what its lines are: nothing else does where no line can be switched.
    pub(super) fn key_of_lines(&mut self, lines: &[Line]) {
        if !self.layout.is_wide {
            let entry = |line: &Line| Entry::new(Shape::Line(line.dashes), line.colour, line.name.clone());
            let named = lines.iter().filter(|line| line.is_named() && line.switch.is_none());
            self.key_below(&named.map(entry).collect::<Vec<_>>());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_gap() {
        let places = [Some((0.0, 0.0)), Some((1.0, 0.0)), None, None, Some((2.0, 0.0)), None];
        assert_eq!(pieces(places.into_iter()), [vec![(0.0, 0.0), (1.0, 0.0)], vec![(2.0, 0.0)]]);
        assert!(pieces([None].into_iter()).is_empty());
    }
}
