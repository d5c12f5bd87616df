//! What a comparison says in words.

use super::reasons::{Reason, common_reason, none_counts, set_aside};
use crate::text::{counted, percent, span};
use crate::{
    compare::{Answer, Design, Effect, Effects, SideBrief, Stop},
    record::{
        Metric,
        amount::{change, interval, size, sizes},
    },
    report::{grid::Tone, xml::plain},
    workload::ALL,
};

/// Changes that the sentence names; the table has them all.
const MOST_NAMED: usize = 3;

/// An operation and what came of one of its metrics.
type Found<'a> = (&'a str, &'a Effect);

/// A side as people read it: its role, and what was chosen where that has a name of its own.
fn side(role: &str, brief: &SideBrief) -> String {
    let label = plain(&brief.label);
    if label == role || label.is_empty() { role.to_owned() } else { format!("{role} ({label})") }
}

/// The base and the new side as people read them.
#[must_use]
pub fn sides(effects: &Effects) -> (String, String) {
    (side("base", &effects.base), side("new", &effects.new))
}

/// What the comparison comes to, in one sentence without a full stop.
#[must_use]
pub fn sentence(effects: &Effects) -> String {
    let (short, changes) = in_short(effects);
    if changes.is_empty() { short } else { format!("{short}: {changes}") }
}

/// The same in two parts: what it comes to, and the clearest changes, if there are any.
#[must_use]
pub fn in_short(effects: &Effects) -> (String, String) {
    let of = |answer| loud(effects).filter(|(_, effect)| effect.answer == answer).collect::<Vec<_>>();
    let (slower, faster) = (of(Answer::Slower), of(Answer::Faster));
    let (equivalent, open) = (of(Answer::Equivalent), of(Answer::NotResolved).len());
    let (base, new) = sides(effects);
    let alone = |sentence: String| (sentence, String::new());
    if effects.design == Design::Single {
        return alone(format!("{new} and {base} were run once each: what differs is shown and not judged"));
    }
    if none_counts(effects) {
        return of_no_pair(effects);
    }
    if effects.gated().next().is_none() {
        return alone("nothing was judged: no operation has enough calls for what decides".to_owned());
    }
    if !slower.is_empty() {
        let also = if faster.is_empty() {
            String::new()
        } else {
            format!(", and {} in {}", comparative(&faster, false), place(effects, &faster))
        };
        let (word, place) = (comparative(&slower, true), place(effects, &slower));
        return (format!("{new} is {word} than {base} in {place}{also}"), named(&slower));
    }
    if !faster.is_empty() {
        let none = if open == 0 { "in none slower" } else { "in none known to be slower" };
        let left = if open == 0 { String::new() } else { format!("; {open} could not be resolved") };
        let (word, place) = (comparative(&faster, false), place(effects, &faster));
        return (format!("{new} is {word} than {base} in {place}, and {none}{left}"), named(&faster));
    }
    let within = within(&equivalent);
    alone(match (equivalent.len(), open) {
        (0, open) => format!("it cannot be told: none of {} could be resolved", counted(open, "answer")),
        (1, 0) => format!("nothing is slower: the one answer is equivalent {within}"),
        (equivalent, 0) => format!("nothing is slower: all {equivalent} answers are equivalent {within}"),
        (1, open) => {
            format!(
                "nothing was found to be slower: 1 answer is equivalent {within}, {open} could not be resolved"
            )
        }
        (equivalent, open) => format!(
            "nothing was found to be slower: {equivalent} answers are equivalent {within}, {open} could not be resolved"
        ),
    })
}

/// That not one pair counts, and the most frequent reason.
fn of_no_pair(effects: &Effects) -> (String, String) {
    let reasons = set_aside(effects);
    let who = match reasons.iter().map(|reason| reason.pairs.len()).sum::<usize>() {
        1 => "the one pair was set aside".to_owned(),
        all => format!("all {all} pairs were set aside"),
    };
    let why = reasons.first().map_or_else(String::new, |reason| reason.sentence.clone());
    let more = match reasons.len() {
        0 | 1 => String::new(),
        more => format!("; and for {}", counted(more - 1, "more reason")),
    };
    (format!("it cannot be told: {who}"), why + &more)
}

/// Gated answers that are worth a word: not the [quiet](is_quiet) ones, unless there are no others.
pub fn loud(effects: &Effects) -> impl Iterator<Item = (&str, &Effect)> {
    let has_loud = effects.gated().any(|(_, effect)| !is_quiet(effect));
    effects.gated().filter(move |(_, effect)| !has_loud || !is_quiet(effect))
}

/// How the whole of it is to be taken, and a word for it.
#[must_use]
pub fn outcome(effects: &Effects) -> (Tone, &'static str) {
    let has = |answer| effects.answered(answer).next().is_some();
    match () {
        () if effects.design == Design::Single || effects.gated().next().is_none() => {
            (Tone::Plain, "not judged")
        }
        () if has(Answer::Slower) => (Tone::Bad, "slower"),
        () if has(Answer::NotResolved) => (Tone::Warn, "not all resolved"),
        () if has(Answer::Faster) => (Tone::Good, "faster"),
        () => (Tone::Good, "equivalent"),
    }
}

/// Shares of calls are worse or better, not slower or faster.
fn comparative(found: &[Found<'_>], is_worse: bool) -> &'static str {
    let has_shares = found.iter().any(|(_, effect)| effect.metric.is_share());
    match (is_worse, has_shares) {
        (true, true) => "worse",
        (true, false) => "slower",
        (false, true) => "better",
        (false, false) => "faster",
    }
}

/// As in `2 of 17 operations`.
fn place(effects: &Effects, found: &[Found<'_>]) -> String {
    let distinct = |names: &mut dyn Iterator<Item = &str>| {
        let mut names: Vec<&str> = names.filter(|name| *name != ALL).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    };
    let of = distinct(&mut effects.gated().map(|(name, _)| name));
    match distinct(&mut found.iter().map(|(name, _)| *name)) {
        0 => "all operations together, though in none by itself".to_owned(),
        some => format!("{some} of {}", counted(of, "operation")),
    }
}

/// The clearest of each operation, some of them.
fn named(found: &[Found<'_>]) -> String {
    let weight = |effect: &Effect| effect.change.map_or(0.0, |change| (change / effect.least).abs());
    let mut order = found.to_vec();
    order.sort_by(|a, b| weight(b.1).total_cmp(&weight(a.1)));
    let mut seen: Vec<&str> = Vec::new();
    order.retain(|(name, _)| {
        let is_new = !seen.contains(name);
        seen.push(name);
        is_new
    });
    // By itself, an operation says more than all together.
    order.sort_by_key(|(name, _)| *name == ALL);
    let say = |(name, effect): &Found<'_>| {
        let (metric, low, high) = (effect.metric, effect.low, effect.high);
        let ends = low.zip(high).map_or_else(String::new, |_| format!(" ({})", interval(metric, low, high)));
        format!("{} {} {}{ends}", plain(name), metric.title(), change(metric, effect.change))
    };
    let said: Vec<String> = order.iter().take(MOST_NAMED).map(say).collect();
    let more = match found.len().saturating_sub(said.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    said.join(", ") + &more
}

/// As in `within 5 %`: what the equivalent answers lie within.
fn within(equivalent: &[Found<'_>]) -> String {
    let of = |is_share: bool| {
        let least = equivalent.iter().map(|(_, effect)| *effect).filter(|e| e.metric.is_share() == is_share);
        let least: Vec<f64> = least.map(|effect| effect.least).collect();
        let extreme = |pick: fn(f64, f64) -> f64| least.iter().copied().reduce(pick);
        extreme(f64::min).zip(extreme(f64::max))
    };
    match (of(false), of(true)) {
        (Some(ratios), _) => format!("within {}", sizes(Metric::P50, ratios)),
        (None, Some(shares)) => format!("within {}", sizes(Metric::ErrorShare, shares)),
        (None, None) => "within what matters".to_owned(),
    }
}

/// The answer in words, as in `not resolved (could have seen 18 %)`; a reason that is said elsewhere is left out.
#[must_use]
pub fn answer(effect: &Effect, said: Option<&str>) -> String {
    let metric = effect.metric;
    let reason = effect.reason.as_deref().filter(|reason| Some(*reason) != said);
    match effect.answer {
        Answer::Slower if metric.is_share() => "worse".to_owned(),
        Answer::Slower => "slower".to_owned(),
        Answer::Faster if metric.is_share() => "better".to_owned(),
        Answer::Faster => "faster".to_owned(),
        Answer::Equivalent => format!("equivalent within {}", size(metric, effect.least)),
        Answer::NotResolved => match (reason, effect.detectable.filter(|d| d.is_finite())) {
            (Some(reason), _) => format!("not resolved: {}", plain(reason)),
            (None, Some(detectable)) => {
                format!("not resolved (could have seen {})", size(metric, detectable))
            }
            (None, None) => "not resolved".to_owned(),
        },
    }
}

/// How an answer is to be taken.
#[must_use]
pub fn tone(answer: Answer) -> Tone {
    match answer {
        Answer::Slower => Tone::Bad,
        Answer::Faster => Tone::Good,
        Answer::Equivalent => Tone::Plain,
        Answer::NotResolved => Tone::Warn,
    }
}

/// How it was measured, and how sure it is: a name and a sentence each.
#[must_use]
pub fn facts(effects: &Effects) -> Vec<(&'static str, String)> {
    let mut facts = vec![("workload", plain(&effects.workload)), ("measured", measured(effects))];
    let reasons = set_aside(effects);
    if !reasons.is_empty() {
        let all: usize = reasons.iter().map(|reason| reason.pairs.len()).sum();
        let said: Vec<String> = reasons.iter().map(Reason::say).collect();
        facts.push(("set aside", format!("{}: {}", counted(all, "pair"), said.join("; "))));
    }
    if let Some(experiment) = &effects.experiment {
        let looks = match experiment.looks {
            0 => "never looked at".to_owned(),
            1 => "looked at once".to_owned(),
            looks => format!("looked at {looks} times"),
        };
        facts.push((
            "time",
            format!(
                "{} of at most {}, {looks}; {}",
                span(experiment.took_seconds),
                span(experiment.budget_seconds),
                ended(experiment.ended)
            ),
        ));
    }
    facts.push(("confidence", confidence(effects)));
    facts
}

fn ended(stop: Stop) -> &'static str {
    match stop {
        Stop::Certain => "it ended because every answer was certain",
        Stop::Enough => "it ended because what was waited for was certain",
        Stop::Pairs => "it ended with as many pairs as were asked for",
        Stop::Budget => "it ended because the time was over",
        Stop::Interrupted => "it was interrupted",
        Stop::ServerLost => "it ended because a server went away",
        Stop::Braked => "it ended because the brake ended the load for others' sake",
    }
}

fn measured(effects: &Effects) -> String {
    let (base, new) = sides(effects);
    match &effects.design {
        Design::Pairs { pairs, .. } => {
            let length = effects
                .experiment
                .as_ref()
                .map_or_else(String::new, |experiment| format!(" of {}", span(experiment.block_seconds)));
            format!(
                "{} count{}, each a block{length} of {base} and one of {new}, one after the other in random order",
                counted(*pairs, "pair"),
                if *pairs == 1 { "s" } else { "" }
            )
        }
        Design::Groups => format!(
            "{} of {base} and {} of {new}, not in turns",
            counted(effects.base.runs, "run"),
            counted(effects.new.runs, "run")
        ),
        Design::Single => {
            format!("one run of {base} and one of {new}: what differs between runs of the same is not known")
        }
    }
}

fn confidence(effects: &Effects) -> String {
    if effects.design == Design::Single {
        return "none: one run a side is not judged".to_owned();
    }
    let spent = if effects.experiment.as_ref().is_some_and(|experiment| experiment.looks > 1) {
        " and however often it was looked at"
    } else {
        ""
    };
    format!(
        "{} that none of the answers, taken together{spent}, says slower or faster of what does not differ by as much as matters",
        percent(effects.confidence)
    )
}

/// What would judge, where each side was run once.
pub const DUET: &str = "loist-bench duet A B would judge: it measures both sides in turns, again and again, and tells how sure that is.";

/// What a change is, where medians stand beside it that need not agree with it: nothing where there is no change, or each
/// side was run once.
#[must_use]
pub fn of_change(effects: &Effects) -> Option<String> {
    let has_change = effects.gated().any(|(_, effect)| effect.change.is_some());
    (has_change && effects.design != Design::Single).then(|| {
        "A change is estimated from all pairs or runs, and need not be the ratio of the medians beside it."
            .to_owned()
    })
}

/// Why nothing could be resolved, where that is one reason, and what it takes.
#[must_use]
pub fn of_open(effects: &Effects) -> Option<String> {
    let reason = common_reason(effects)?;
    let few = effects.too_few_pairs();
    Some(format!("Not resolved: {}.", few.unwrap_or_else(|| plain(reason))))
}

/// What the table of answers leaves to be said below it: what a change is, what the intervals hold, why nothing could be
/// resolved, and what would judge.
#[must_use]
pub fn below_answers(effects: &Effects) -> Vec<String> {
    if none_counts(effects) {
        return Vec::new();
    }
    let intervals = effects.gated().any(|(_, effect)| effect.low.is_some()).then(|| {
        format!(
            "Each interval holds its change with {} confidence, for that row by itself{}; slower and faster account for all that was looked at together.",
            percent(effects.confidence),
            if effects.experiment.as_ref().is_some_and(|experiment| experiment.looks > 1) {
                " and had it been looked at once"
            } else {
                ""
            }
        )
    });
    let duet = (effects.design == Design::Single).then(|| DUET.to_owned());
    let change: Vec<String> = of_change(effects).into_iter().chain(intervals).collect();
    let change = (!change.is_empty()).then(|| change.join(" "));
    change.into_iter().chain(of_open(effects)).chain(duet).collect()
}

/// Shares of calls that the table leaves out; empty where there are none.
#[must_use]
pub fn of_quiet(effects: &Effects) -> String {
    let quiet: Vec<&Effect> = effects.gated().map(|(_, effect)| effect).filter(|e| is_quiet(e)).collect();
    if quiet.is_empty() {
        return String::new();
    }
    let of = |answer: Answer, word: &str| {
        let some = quiet.iter().filter(|effect| effect.answer == answer).count();
        (some > 0).then(|| format!("{some} {word}"))
    };
    let answers = [of(Answer::Equivalent, "equivalent"), of(Answer::NotResolved, "not resolved")];
    format!(
        "Left out: {} of calls that failed or missed the objective, 0 % on either side: {}.",
        counted(quiet.len(), "share"),
        answers.into_iter().flatten().collect::<Vec<_>>().join(", ")
    )
}

/// Whether it is a share of calls of which there were none on either side, which says little.
#[must_use]
pub fn is_quiet(effect: &Effect) -> bool {
    effect.metric.is_share()
        && matches!(effect.answer, Answer::Equivalent | Answer::NotResolved)
        && [effect.base, effect.new].iter().all(|share| *share == Some(0.0))
}
