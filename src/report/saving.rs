//! What a piece of advice should save, in words.

use crate::{
    record::{Basis, Recommendation, Stance},
    text::three_digits,
};

/// The effect that advice is ordered by; `None` where there is none to speak of, where what is expected says it, or where it
/// is common practice, whose place in the order nothing was measured for.
#[must_use]
pub(super) fn saving(piece: &Recommendation) -> Option<String> {
    let has_evidence = piece.basis != Basis::Convention;
    let is_said = piece.expected.contains("of the response time");
    (piece.stance == Stance::Change && has_evidence && piece.effect > 0.0 && !is_said).then(|| {
        format!("up to {} % of the response time of all calls", three_digits(piece.effect.min(1.0) * 100.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample;

    #[test]
    fn what_should_be_saved_is_said_once() {
        let mut piece = sample().advice.remove(0);
        piece.basis = Basis::Inferred;
        (piece.stance, piece.effect, piece.expected) = (Stance::Change, 0.411_6, "it is faster".to_owned());
        assert_eq!(saving(&piece).unwrap(), "up to 41.2 % of the response time of all calls");
        piece.basis = Basis::Convention;
        assert_eq!(saving(&piece), None);
        piece.basis = Basis::Inferred;
        piece.expected = "up to 41.2 % of the response time, by the trials of this run".to_owned();
        assert_eq!(saving(&piece), None);
        (piece.expected, piece.effect) = (String::new(), 0.0);
        assert_eq!(saving(&piece), None);
        (piece.stance, piece.effect) = (Stance::LeaveAlone, 0.2);
        assert_eq!(saving(&piece), None);
    }
}
