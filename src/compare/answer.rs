//! From two sets of records to answers.

use super::{
    changes,
    design::{CompareError, Layout, Set, layout},
    effects::{Answer, Design, Effect, Effects, FORMAT, OperationEffects, SetAside, SideBrief, VERSION},
    hypothesis::{Hypothesis, Samples, runs},
    judgement::{Judgement, POWER},
};
use crate::{
    history::Kind,
    record::{Metric, Record},
    stats::{self, Shift, clearest, detectable, rank_sum_p, shift, shift_of_groups, step_down},
    workload::ALL,
};

/// What differs between `base` and `new`, with an error allowed with a probability of `alpha` in each direction.
///
/// # Errors
/// When they cannot be compared.
pub fn effects(
    base: &Set<'_>,
    new: &Set<'_>,
    judgement: &Judgement,
    alpha: f64,
) -> Result<Effects, CompareError> {
    let layout = layout(base, new)?;
    let (ours, theirs) = runs(&layout);
    let first = base.measured();
    let operations = hypotheses(&layout, base, judgement);
    let all: Vec<&Hypothesis> = operations.iter().flat_map(|(_, hypotheses)| hypotheses).collect();
    let mut answers = answers(&all, judgement, alpha).into_iter();
    let operations = operations
        .iter()
        .map(|(name, hypotheses)| OperationEffects {
            name: name.clone(),
            metrics: answers.by_ref().take(hypotheses.len()).collect(),
        })
        .collect();
    Ok(Effects {
        format: FORMAT.to_owned(),
        version: VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        workload: first.first().map_or_else(String::new, |record| record.workload.name.clone()),
        base: brief(base, &ours),
        new: brief(new, &theirs),
        design: design(&layout),
        confidence: judgement.confidence,
        alpha,
        experiment: None,
        operations,
        plans: changes::plans(base, new),
        settings: changes::settings(base, new),
        cautions: cautions(&layout, base, new, judgement),
    })
}

/// By how much the new side is worse in each pair that counts, by operation and gated metric: logarithms of ratios, or
/// differences of shares.
#[must_use]
pub fn worse_by_pair(
    base: &Set<'_>,
    new: &Set<'_>,
    judgement: &Judgement,
) -> Vec<(String, Metric, Vec<f64>)> {
    let Ok(layout) = layout(base, new) else { return Vec::new() };
    let all = hypotheses(&layout, base, judgement).into_iter();
    let each = all.flat_map(|(name, of)| of.into_iter().map(move |hypothesis| (name.clone(), hypothesis)));
    each.filter(|(_, hypothesis)| hypothesis.gated && hypothesis.reason.is_none())
        .filter_map(|(name, hypothesis)| match hypothesis.samples {
            Samples::Pairs(worse) => Some((name, hypothesis.metric, worse.into_iter().flatten().collect())),
            _ => None,
        })
        .collect()
}

/// Every metric of every operation that both sides have.
fn hypotheses(layout: &Layout<'_>, base: &Set<'_>, judgement: &Judgement) -> Vec<(String, Vec<Hypothesis>)> {
    let first = base.measured();
    let names = first.iter().take(1).flat_map(|record| &record.operations).map(|one| one.name.as_str());
    let mut operations: Vec<(String, Vec<Hypothesis>)> = names
        .chain([ALL])
        .map(|name| {
            let each = Metric::ALL.into_iter();
            (name.to_owned(), each.filter_map(|m| Hypothesis::of(layout, name, m, judgement)).collect())
        })
        .collect();
    operations.retain(|(_, hypotheses)| !hypotheses.is_empty());
    operations
}

fn brief(set: &Set<'_>, runs: &[&Record]) -> SideBrief {
    let all = if runs.is_empty() { set.records.as_slice() } else { runs };
    SideBrief {
        label: set.label.clone(),
        runs: runs.len(),
        from: all.iter().map(|record| record.run.started_at).min().unwrap_or_default(),
        until: all.iter().map(|record| record.run.finished_at).max().unwrap_or_default(),
    }
}

fn design(layout: &Layout<'_>) -> Design {
    match layout {
        Layout::Pairs(pairs) => {
            let aside = pairs
                .iter()
                .filter_map(|pair| Some(SetAside { pair: pair.number, reason: pair.set_aside.clone()? }));
            let set_aside: Vec<SetAside> = aside.collect();
            Design::Pairs { pairs: pairs.len() - set_aside.len(), set_aside }
        }
        Layout::Groups(..) => Design::Groups,
        Layout::Single(..) => Design::Single,
    }
}

/// An effect for each hypothesis. What decisions rest on is one family, the rest another.
fn answers(all: &[&Hypothesis], judgement: &Judgement, alpha: f64) -> Vec<Effect> {
    let mut p = vec![(None, None); all.len()];
    for gated in [true, false] {
        // What differs in no pair is neither slower nor faster, and would only make it harder to tell of the others.
        let looked_at = |hypothesis: &&Hypothesis| {
            hypothesis.gated == gated && hypothesis.reason.is_none() && hypothesis.samples.tell()
        };
        let family: Vec<usize> = (0..all.len()).filter(|index| looked_at(&all[*index])).collect();
        let members: Vec<&Hypothesis> = family.iter().map(|index| all[*index]).collect();
        let (slower, faster) = (beyond(&members, 1.0, judgement), beyond(&members, -1.0, judgement));
        for (place, (slower, faster)) in family.iter().zip(slower.into_iter().zip(faster)) {
            p[*place] = (slower, faster);
        }
    }
    let family = all.iter().filter(|one| one.gated && one.reason.is_none() && one.samples.tell()).count();
    all.iter().zip(p).map(|(hypothesis, p)| effect(hypothesis, p, judgement, (alpha, family))).collect()
}

/// Probability of such values if the new side is not worse (`sign` 1) or better (-1) by more than matters: adjusted for
/// the family by permutations of whole pairs, or by Holm's method where there are groups.
fn beyond(family: &[&Hypothesis], sign: f64, judgement: &Judgement) -> Vec<Option<f64>> {
    let pairs: Vec<Vec<Option<f64>>> = family
        .iter()
        .filter_map(|hypothesis| match &hypothesis.samples {
            Samples::Pairs(worse) => {
                let by = |worse: &Option<f64>| worse.map(|worse| sign * worse - hypothesis.threshold());
                Some(worse.iter().map(by).collect())
            }
            _ => None,
        })
        .collect();
    if pairs.len() == family.len() {
        return step_down::adjusted(&pairs, judgement.seed).into_iter().map(Some).collect();
    }
    let single: Vec<Option<f64>> = family
        .iter()
        .map(|hypothesis| match &hypothesis.samples {
            Samples::Groups(base, new) => {
                let side = |values: &[f64]| values.iter().map(|value| sign * value).collect::<Vec<_>>();
                let moved: Vec<f64> =
                    side(new).into_iter().map(|value| value - hypothesis.threshold()).collect();
                rank_sum_p(&side(base), &moved)
            }
            _ => None,
        })
        .collect();
    holm(&single)
}

/// Holm's adjustment (Holm 1979) of those that there are.
fn holm(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> = p.iter().enumerate().filter_map(|(at, p)| Some((at, (*p)?))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut adjusted = vec![None; p.len()];
    let mut worst: f64 = 0.0;
    for (rank, (at, p)) in order.iter().enumerate() {
        worst = worst.max((p * (order.len() - rank) as f64).min(1.0));
        adjusted[*at] = Some(worst);
    }
    adjusted
}

fn effect(
    hypothesis: &Hypothesis,
    (slower, faster): (Option<f64>, Option<f64>),
    judgement: &Judgement,
    (alpha, family): (f64, usize),
) -> Effect {
    let found = shifted(&hypothesis.samples, judgement.confidence);
    let known = |p: Option<f64>| p.is_some_and(|p| p <= alpha);
    let answer = match () {
        () if hypothesis.reason.is_some() => Answer::NotResolved,
        () if known(slower) => Answer::Slower,
        () if known(faster) => Answer::Faster,
        () if is_equivalent(hypothesis, judgement.seed, alpha) => Answer::Equivalent,
        () => Answer::NotResolved,
    };
    let ends = found.and_then(|found| found.interval).map(|interval| {
        let (one, other) = (hypothesis.change(interval.low), hypothesis.change(interval.high));
        (one.min(other), one.max(other))
    });
    let reason = hypothesis.reason.clone().or_else(|| why_not(hypothesis, ends.is_some()));
    Effect {
        metric: hypothesis.metric,
        gated: hypothesis.gated && hypothesis.reason.is_none(),
        base: hypothesis.base,
        new: hypothesis.new,
        change: found.map(|found| hypothesis.change(found.estimate)),
        low: ends.map(|(low, _)| low),
        high: ends.map(|(_, high)| high),
        least: hypothesis.least,
        detectable: detectable_change(hypothesis, judgement.seed, alpha, family),
        p_slower: slower,
        p_faster: faster,
        answer,
        reason: reason.filter(|_| answer == Answer::NotResolved),
    }
}

fn shifted(samples: &Samples, confidence: f64) -> Option<Shift> {
    match samples {
        Samples::Pairs(worse) => shift(&worse.iter().copied().flatten().collect::<Vec<_>>(), confidence),
        Samples::Groups(base, new) => shift_of_groups(base, new, confidence),
        Samples::Single(worse) => worse.map(|estimate| Shift { estimate, interval: None }),
    }
}

/// Whether the new side is neither worse nor better by as much as matters: two one-sided tests (Schuirmann 1987).
fn is_equivalent(hypothesis: &Hypothesis, seed: u64, alpha: f64) -> bool {
    let threshold = hypothesis.threshold();
    let beyond = |sign: f64| match &hypothesis.samples {
        Samples::Pairs(worse) => {
            let row = worse.iter().map(|worse| worse.map(|worse| threshold - sign * worse)).collect();
            step_down::adjusted(&[row], seed).first().copied()
        }
        Samples::Groups(base, new) => {
            let moved: Vec<f64> = new.iter().map(|value| threshold - sign * value).collect();
            let base: Vec<f64> = base.iter().map(|value| -sign * value).collect();
            rank_sum_p(&base, &moved)
        }
        Samples::Single(_) => None,
    };
    [1.0, -1.0].into_iter().all(|sign| beyond(sign).is_some_and(|p| p <= alpha))
}

/// The smallest change that so many pairs would have found, beyond what matters, as one of a family of so many: by the
/// union bound, which promises a little less than the test does.
fn detectable_change(hypothesis: &Hypothesis, seed: u64, alpha: f64, family: usize) -> Option<f64> {
    let Samples::Pairs(worse) = &hypothesis.samples else { return None };
    let worse: Vec<f64> = worse.iter().copied().flatten().collect();
    let clearest = clearest(worse.len());
    if clearest > alpha {
        return None;
    }
    let design = stats::Design {
        count: worse.len(),
        level: (alpha / family.max(1) as f64).max(clearest),
        threshold: hypothesis.threshold(),
        power: POWER,
    };
    Some(hypothesis.change(detectable(&worse, &design, seed)?).abs())
}

fn why_not(hypothesis: &Hypothesis, has_interval: bool) -> Option<String> {
    match &hypothesis.samples {
        Samples::Single(_) => {
            Some("one run a side: what differs between runs that are the same is not known".to_owned())
        }
        Samples::Pairs(worse) if !has_interval => {
            Some(format!("{} pairs are too few for this confidence", worse.iter().flatten().count()))
        }
        Samples::Groups(base, new) if !has_interval => {
            Some(format!("{} and {} runs are too few for this confidence", base.len(), new.len()))
        }
        _ => None,
    }
}

/// Names that are exempt and that no operation has: a slip of the pen would exempt nothing.
#[must_use]
pub fn unknown_exemptions(exempt: &[String], records: &[&Record]) -> Option<String> {
    let first = records.first()?;
    let is_known =
        |name: &&String| *name == ALL || first.operations.iter().any(|operation| operation.name == **name);
    let unknown: Vec<&str> = exempt.iter().filter(|name| !is_known(name)).map(String::as_str).collect();
    (!unknown.is_empty()).then(|| {
        format!(
            "the workload {} has no operation {}, which is exempt",
            first.workload.name,
            unknown.join(", ")
        )
    })
}

/// What makes the answers less than they seem.
fn cautions(layout: &Layout<'_>, base: &Set<'_>, new: &Set<'_>, judgement: &Judgement) -> Vec<String> {
    let mut cautions = Vec::new();
    if matches!(layout, Layout::Groups(..)) {
        cautions.push(
            "the sides were not measured in turns: what changed on the machine meanwhile looks like an effect"
                .to_owned(),
        );
    }
    let text = |set: &Set<'_>| set.measured().first().map(|record| record.workload.sha256.clone());
    if text(base) != text(new) {
        cautions.push("the text of the workload differs between the sides".to_owned());
    }
    let kind = |set: &Set<'_>| set.measured().first().map(|record| Kind::of(record));
    if let Some((base, new)) = kind(base).zip(kind(new)) {
        let unlike = base.unlike(&new);
        cautions.extend(unlike.map(|what| format!("the sides were not measured alike: {what}")));
    }
    cautions.extend(unknown_exemptions(&judgement.exempt, &base.measured()));
    let machine = |set: &Set<'_>| {
        set.measured().first().map(|record| (record.host.cpu_model.clone(), record.host.cpus))
    };
    if machine(base) != machine(new) {
        cautions.push("the sides were measured on different machines: nothing can be compared".to_owned());
    }
    let disturbed = |set: &Set<'_>| {
        set.measured().iter().filter(|r| r.disturbances.iter().any(|found| found.decisive)).count()
    };
    if !matches!(layout, Layout::Pairs(_)) {
        for set in [base, new] {
            let (cut, all) = (set.cut_short(), set.records.len());
            match cut {
                0 => {}
                _ if cut == all => {
                    cautions.push(format!("{}: what there is was cut short, and is no measure", set.label));
                }
                _ => cautions.push(format!("{}: {cut} of {all} runs were cut short and left out", set.label)),
            }
            match disturbed(set) {
                0 => {}
                some => cautions.push(format!(
                    "{}: {some} of {} runs were disturbed and are no measure",
                    set.label,
                    set.measured().len()
                )),
            }
        }
    }
    cautions
}
