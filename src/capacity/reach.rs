//! Where a response reaches its objective. Pure.

use super::{
    answer::Reach,
    growth::{Ends, Prediction, Reason, Response},
};

/// Numbers of tracks at which the response reaches `target`: read off its curve, and between two points of it by equal
/// ratios.
pub(super) fn reach(response: &Response, target: f64) -> Reach {
    let points: Vec<(f64, Ends)> = response.curve.iter().map_while(usable).collect();
    let first = |of: fn(&Ends) -> f64| crossing(&points, target, of);
    Reach {
        earliest_tracks: first(|ends| ends.high),
        expected_tracks: first(|ends| ends.estimate),
        latest_tracks: first(|ends| ends.low),
        horizon_tracks: points.last().map_or(0, |(tracks, _)| *tracks as u64),
    }
}

/// What can be said at a point; an interval that is merely wide counts.
fn usable(point: &Prediction) -> Option<(f64, Ends)> {
    let is_usable = point.refusal.as_ref().is_none_or(|refusal| refusal.reason == Reason::TooWide);
    point.range.filter(|_| is_usable).map(|ends| (point.tracks as f64, ends))
}

fn crossing(points: &[(f64, Ends)], target: f64, of: fn(&Ends) -> f64) -> Option<u64> {
    let at = points.iter().position(|(_, ends)| of(ends) > target)?;
    let (tracks, ends) = &points[at];
    let Some((before, below)) = at.checked_sub(1).map(|before| &points[before]) else {
        return Some(*tracks as u64);
    };
    let (low, high) = (of(below), of(ends));
    let part = ((target / low).ln() / (high / low).ln()).clamp(0.0, 1.0);
    Some((before * (tracks / before).powf(part)).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::growth::{Basis, Refusal};

    fn point(tracks: u64, estimate: f64, reason: Option<Reason>) -> Prediction {
        Prediction {
            tracks,
            basis: Basis::Fitted,
            range: Some(Ends { low: estimate / 2.0, estimate, high: estimate * 2.0 }),
            refusal: reason.map(|reason| Refusal { reason, sentence: String::new() }),
        }
    }

    fn response(points: Vec<Prediction>) -> Response {
        Response { curve: points, ..Response::default() }
    }

    #[test]
    fn each_end_reaches_it_by_itself() {
        let growing = response(
            (0..=4).map(|power| point(1_000 * 10_u64.pow(power), 10f64.powi(power as i32), None)).collect(),
        );
        let found = reach(&growing, 100.0);
        // The response is tracks / 1,000; the upper end twice that.
        assert_eq!(found.earliest_tracks, Some(50_000));
        assert_eq!(found.expected_tracks, Some(100_000));
        assert_eq!(found.latest_tracks, Some(200_000));
        assert_eq!(found.horizon_tracks, 10_000_000);
        assert_eq!(reach(&growing, 1e6), Reach { horizon_tracks: 10_000_000, ..Reach::default() });
        assert_eq!(reach(&growing, 0.1).expected_tracks, Some(1_000), "from the first point on");
    }

    #[test]
    fn it_is_not_looked_for_beyond_what_is_known() {
        let wide = point(10_000, 10.0, Some(Reason::TooWide));
        let points = vec![point(1_000, 1.0, None), wide, point(100_000, 100.0, Some(Reason::PlanMayChange))];
        let found = reach(&response(points), 50.0);
        assert_eq!((found.expected_tracks, found.horizon_tracks), (None, 10_000));
        assert_eq!(reach(&response(Vec::new()), 50.0), Reach::default());
    }
}
