//! What a study comes to: the outcome, and the sentence that says it. Pure.

use super::{
    Objective, Outcome,
    confirm::{Confirmed, of_all},
};
use crate::{
    compare::{Answer, Effect},
    record::{Metric, amount::size},
};

/// A measurement that would miss a larger change than this leaves it open whether there is anything to gain.
const COARSEST: f64 = 0.15;

/// What is asked of a confirmation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) objective: Objective,
    /// Whether the settings were given to be checked, so that it matters as well whether they are worse.
    pub(super) is_given: bool,
}

/// What a confirmation makes of the settings that it compared.
#[must_use]
pub(super) fn outcome(question: Question, confirmed: Option<&Confirmed>) -> Outcome {
    let Some(Confirmed { effects: Some(effects), failed: None }) = confirmed else {
        return Outcome::Inconclusive;
    };
    let worse = if question.is_given { Outcome::Worse } else { Outcome::NothingToGain };
    let more_fail = of_all(effects, Metric::ErrorShare).is_some_and(|effect| effect.answer == Answer::Slower);
    match of_all(effects, question.objective.metric()).filter(|effect| effect.gated) {
        None => Outcome::Inconclusive,
        Some(_) if more_fail => worse,
        Some(effect) => match effect.answer {
            Answer::Faster => Outcome::Improved,
            Answer::Slower => worse,
            Answer::Equivalent => Outcome::NothingToGain,
            Answer::NotResolved if shows_nothing(effect, question) => Outcome::NothingToGain,
            Answer::NotResolved => Outcome::Inconclusive,
        },
    }
}

/// Whether an answer that is not certain shows nothing all the same: the best guess is less than what matters, and not much
/// more than that would have been seen.
fn shows_nothing(effect: &Effect, question: Question) -> bool {
    let is_small = |change: f64| {
        let gain = gain(effect.metric, change);
        if question.is_given { gain.abs() < effect.least } else { gain < effect.least }
    };
    effect.change.is_some_and(is_small) && effect.detectable.is_some_and(|seen| seen <= COARSEST)
}

/// A change as a gain.
fn gain(metric: Metric, change: f64) -> f64 {
    if metric.higher_is_worse() { -change } else { change }
}

/// The same in one sentence, without a full stop; `settings` is how many are recommended, `why_nothing` why nothing was
/// compared, if nothing was.
#[must_use]
pub(super) fn sentence(
    question: Question,
    outcome: Outcome,
    confirmed: Option<&Confirmed>,
    settings: usize,
    why_nothing: &str,
) -> String {
    let objective = question.objective;
    let effect = confirmed
        .and_then(|confirmed| confirmed.effects.as_ref())
        .and_then(|effects| of_all(effects, objective.metric()));
    let metric = objective.metric();
    let seen = effect.and_then(|effect| effect.detectable).map(|seen| size(metric, seen));
    let becomes = |is_better: bool| {
        let change = effect.and_then(|effect| effect.change).unwrap_or_default();
        let word = if metric.higher_is_worse() == is_better { "lower" } else { "higher" };
        format!("{} {word}", size(metric, change.abs()))
    };
    match outcome {
        Outcome::Improved => {
            let settings = match settings {
                1 => "1 setting makes".to_owned(),
                many => format!("{many} settings make"),
            };
            format!("{settings} the {objective} {}", becomes(true))
        }
        Outcome::Worse => format!("the settings make the {objective} {}: leave them out", becomes(false)),
        Outcome::NothingToGain => {
            let seen =
                seen.map_or_else(String::new, |seen| format!("; a gain of {seen} would have been seen"));
            format!("nothing to gain: keep the settings as they are{seen}")
        }
        Outcome::Inconclusive => {
            let why = match (confirmed, effect) {
                (Some(Confirmed { failed: Some(why), .. }), _) => {
                    format!("what seemed better cannot be measured again: {why}")
                }
                (_, None) => why_nothing.to_owned(),
                (_, Some(effect)) => why_open(question, effect, seen),
            };
            format!("it cannot be told whether anything is to be gained: {why}")
        }
    }
}

/// Why an answer is open.
fn why_open(question: Question, effect: &Effect, seen: Option<String>) -> String {
    if let Some(reason) = &effect.reason {
        return reason.clone();
    }
    let whose =
        if question.is_given { "the settings that were given" } else { "the best settings that were tried" };
    let gain = effect.change.map(|change| gain(effect.metric, change));
    let amount = |gain: f64| size(effect.metric, gain.abs());
    let seems = match gain {
        Some(gain) if gain >= effect.least => {
            format!("seem to gain {}, which is not certain", amount(gain))
        }
        Some(gain) if gain <= -effect.least => {
            format!("seem to cost {}, which is not certain", amount(gain))
        }
        _ => "seem to change little".to_owned(),
    };
    let seen =
        seen.map_or_else(String::new, |seen| format!("; less than {seen} is not seen in so few pairs"));
    format!("{whose} {seems}{seen}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{self, Judgement, Set, fixture::pairs};

    const SEARCH: Question = Question { objective: Objective::P95, is_given: false };
    const CHECK: Question = Question { objective: Objective::P95, is_given: true };

    /// Pairs in which the changes take `factor` times as long, as a confirmation judges them.
    fn confirmed(count: u32, factor: f64) -> Confirmed {
        let (base, new) = pairs(count, factor);
        let set = |records| Set { label: "x".to_owned(), records };
        let judgement = Judgement {
            gated: vec![Metric::P95, Metric::ErrorShare],
            exempt: vec!["search".to_owned()],
            ..Judgement::default()
        };
        let effects =
            compare::effects(&set(base.iter().collect()), &set(new.iter().collect()), &judgement, 0.005);
        Confirmed { effects: Some(effects.unwrap()), failed: None }
    }

    fn said(question: Question, confirmed: Option<&Confirmed>) -> (Outcome, String) {
        let outcome = outcome(question, confirmed);
        (outcome, sentence(question, outcome, confirmed, 1, "no time was left to try anything"))
    }

    #[test]
    fn what_is_certain_is_said() {
        let (better, worse, same) = (confirmed(12, 0.5), confirmed(12, 2.0), confirmed(12, 1.0));
        let (outcome, sentence) = said(SEARCH, Some(&better));
        assert_eq!(outcome, Outcome::Improved);
        assert!(
            sentence.starts_with("1 setting makes the p95 ") && sentence.ends_with("% lower"),
            "{sentence}"
        );
        assert_eq!(said(SEARCH, Some(&worse)).0, Outcome::NothingToGain, "nobody asks to make it worse");
        let (outcome, sentence) = said(CHECK, Some(&worse));
        assert_eq!(outcome, Outcome::Worse);
        assert!(sentence.ends_with("% higher: leave them out"), "{sentence}");
        let (outcome, sentence) = said(SEARCH, Some(&same));
        assert_eq!(outcome, Outcome::NothingToGain);
        assert!(
            sentence.starts_with("nothing to gain: ") && sentence.ends_with("% would have been seen"),
            "{sentence}"
        );
    }

    #[test]
    fn what_cannot_be_told_says_why() {
        assert_eq!(
            said(SEARCH, None),
            (
                Outcome::Inconclusive,
                "it cannot be told whether anything is to be gained: no time was left to try anything"
                    .to_owned()
            )
        );
        let (outcome, sentence) = said(SEARCH, Some(&confirmed(5, 0.5)));
        assert_eq!(outcome, Outcome::Inconclusive);
        assert!(sentence.ends_with("5 pairs are too few for this confidence"), "{sentence}");
        let failed = Confirmed { failed: Some("the server went away".to_owned()), ..confirmed(12, 0.5) };
        let (outcome, sentence) = said(SEARCH, Some(&failed));
        assert_eq!(outcome, Outcome::Inconclusive);
        assert!(sentence.ends_with("cannot be measured again: the server went away"), "{sentence}");
    }

    #[test]
    fn an_open_answer_says_whose_it_is_as_the_tables_round() {
        let mut open = confirmed(12, 1.0);
        for operation in &mut open.effects.as_mut().unwrap().operations {
            for effect in operation.metrics.iter_mut().filter(|effect| effect.metric == Metric::P95) {
                (effect.answer, effect.change) = (Answer::NotResolved, Some(0.015));
                (effect.detectable, effect.reason) = (Some(0.225), None);
            }
        }
        for (question, whose) in
            [(SEARCH, "the best settings that were tried"), (CHECK, "the settings that were given")]
        {
            let (outcome, sentence) = said(question, Some(&open));
            assert_eq!(outcome, Outcome::Inconclusive);
            let why = format!("{whose} seem to change little; less than 23 % is not seen in so few pairs");
            assert!(sentence.ends_with(&why), "{sentence}");
        }
    }

    #[test]
    fn a_percentile_of_too_few_calls_is_no_answer() {
        let mut few = confirmed(12, 0.5);
        let effects = few.effects.as_mut().unwrap();
        for operation in &mut effects.operations {
            for effect in operation.metrics.iter_mut().filter(|effect| effect.metric == Metric::P95) {
                (effect.gated, effect.answer) = (false, Answer::NotResolved);
                effect.reason = Some("12 calls a run are too few for p95: it takes 60".to_owned());
            }
        }
        let (outcome, sentence) = said(SEARCH, Some(&few));
        assert_eq!(outcome, Outcome::Inconclusive);
        assert!(sentence.ends_with("12 calls a run are too few for p95: it takes 60"), "{sentence}");
    }
}
