//! Whether sequences stand where they stood. Pure.

use crate::{
    drill::{contents::SequenceState, manifest::Manifest, result::Check},
    text::counted,
};

const CHECK: &str = "sequences";

/// Holds each against the manifest.
pub(super) fn all(manifest: &Manifest, found: &[SequenceState]) -> Check {
    compared(&manifest.contents.sequences, found, logged(manifest))
}

/// What a sequence's value in the copy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Logged {
    /// From the sequence itself.
    Never,
    /// From the log, which has it ahead, where it moved on while the files were copied.
    WhereItMoved,
    /// The same, and nobody knows which ones moved on.
    Perhaps,
}

fn logged(manifest: &Manifest) -> Logged {
    match (manifest.method.is_physical(), &manifest.point) {
        (false, _) => Logged::Never,
        (true, None) => Logged::WhereItMoved,
        (true, Some(_)) => Logged::Perhaps,
    }
}

/// Between which values a sequence has to stand.
fn bounds(state: &SequenceState, logged: Logged) -> (i64, i64) {
    let has_moved = state.before != state.after || state.is_called.is_none();
    let ahead = match logged {
        Logged::Perhaps => state.ahead,
        Logged::WhereItMoved if has_moved => state.ahead,
        Logged::WhereItMoved | Logged::Never => 0,
    };
    let farthest = state.after.saturating_add(ahead);
    let all = [state.before, state.after, farthest];
    all.into_iter().fold((state.after, state.after), |(low, high), one| (low.min(one), high.max(one)))
}

fn compared(expected: &[SequenceState], found: &[SequenceState], logged: Logged) -> Check {
    let mut failures = Vec::new();
    let (mut bounded, mut new, mut late) = (0, 0, 0);
    for state in expected {
        if state.unlogged && logged != Logged::Never {
            new += 1;
            continue;
        }
        if state.is_new && logged != Logged::Never {
            late += 1;
            continue;
        }
        let (low, high) = bounds(state, logged);
        bounded += usize::from(low != high);
        match found.iter().find(|restored| restored.name == state.name) {
            None => failures.push(format!("the sequence {} is missing", state.name)),
            Some(restored) if !(low..=high).contains(&restored.after) => failures.push(format!(
                "the sequence {} stands at {} and stood at {}",
                state.name,
                restored.after,
                if low == high { low.to_string() } else { format!("{low} to {high}") }
            )),
            Some(restored)
                if low == high && state.is_called.is_some() && restored.is_called != state.is_called =>
            {
                failures.push(format!("the sequence {} gives out another value next", state.name));
            }
            Some(_) => {}
        }
    }
    if expected.is_empty() {
        return Check::of(CHECK, "there are none", failures);
    }
    let moved = match bounded {
        0 => String::new(),
        some => format!("; {some} may have moved on meanwhile, and stand between"),
    };
    let new = match new {
        0 => String::new(),
        some => format!("; {some} of unlogged tables begin anew"),
    };
    let late = match late {
        0 => String::new(),
        some => format!("; {some} made meanwhile may be in it or not"),
    };
    let number = counted(expected.len(), "sequence");
    Check::of(CHECK, format!("values of {number}{moved}{new}{late}"), failures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::result::Outcome;

    fn state(name: &str, before: i64, after: i64) -> SequenceState {
        let is_called = Some(true);
        SequenceState {
            name: name.to_owned(),
            before,
            after,
            is_called,
            ahead: 33,
            unlogged: false,
            is_new: false,
        }
    }

    #[test]
    fn the_log_has_sequences_ahead() {
        let (moved, still) = (state("a", 5, 9), state("b", 5, 5));
        assert_eq!(bounds(&moved, Logged::Never), (5, 9));
        assert_eq!(bounds(&moved, Logged::WhereItMoved), (5, 42));
        assert_eq!(bounds(&still, Logged::WhereItMoved), (5, 5));
        assert_eq!(bounds(&still, Logged::Perhaps), (5, 38));
        let down = SequenceState { ahead: -33, ..moved.clone() };
        assert_eq!(bounds(&down, Logged::WhereItMoved), (-24, 9));
        let flipped = SequenceState { is_called: None, ..still };
        assert_eq!(bounds(&flipped, Logged::WhereItMoved), (5, 38));
        let unlogged = SequenceState { unlogged: true, ..moved };
        let none = compared(&[unlogged], &[], Logged::WhereItMoved);
        assert!(none.outcome == Outcome::Passed && none.evidence.contains("begin anew"), "{none:?}");
        let late = [SequenceState { is_new: true, ..state("c", 1, 1) }];
        for found in [vec![], vec![state("c", 33, 33)]] {
            let copied = compared(&late, &found, Logged::WhereItMoved);
            let is_told = copied.evidence.contains("1 made meanwhile");
            assert!(copied.outcome == Outcome::Passed && is_told, "{copied:?}");
        }
        let dumped = compared(&late, &[], Logged::Never);
        assert_eq!(dumped.failures, ["the sequence c is missing"]);
    }

    #[test]
    fn sequences_stand_where_they_stood_or_between() {
        let expected = [state("a", 5, 5), state("b", 5, 9), state("c", 1, 1), state("d", 1, 1)];
        let restored = [
            state("a", 6, 6),
            state("b", 7, 7),
            SequenceState { is_called: Some(false), ..state("c", 1, 1) },
        ];
        let check = compared(&expected, &restored, Logged::Never);
        assert_eq!(
            check.failures,
            [
                "the sequence a stands at 6 and stood at 5",
                "the sequence c gives out another value next",
                "the sequence d is missing"
            ]
        );
        assert!(check.evidence.contains("1 may have moved on meanwhile"), "{}", check.evidence);
        assert_eq!(compared(&expected, &expected, Logged::Never).outcome, Outcome::Passed);
    }
}
