//! Takes out of the best whatever does nothing, for a flag that nobody needs is a flag to be explained for years; and tells
//! what each of the rest is worth.

use super::{
    Candidate, TuneError,
    bench::Bench,
    duel::{Noise, error, fight, mean},
    trial::Purpose,
};

/// Settings without which the cost rises by less than this do nothing.
const LEAST: f64 = 0.03;
/// Pairs by which that is told, at least and at most.
const FEWEST: usize = 3;
const MOST: usize = 6;
/// Standard errors by which a loss must exceed it to be clear.
const SURE: f64 = 1.5;
/// Pairs by which the worth of a setting is measured: as few as an interval of 95 % takes.
const OF_WORTH: usize = 6;

/// Leaves out those of `names` that do nothing: all of them at once, then halves of what is needed. Each try is measured
/// against the best as it was, so that small losses do not add up unseen.
pub(super) fn trim(
    bench: &mut Bench<'_>,
    best: &Candidate,
    names: Vec<String>,
    share: f64,
    noise: &mut Noise,
) -> Result<Candidate, TuneError> {
    let mut left = best.clone();
    let mut groups = vec![names];
    while let Some(mut group) = groups.pop() {
        let without = group.iter().fold(left.clone(), |left, name| left.without(name));
        // Without any change it is what the server began with, which the best has beaten.
        let asks = !group.is_empty() && !without.changes.is_empty();
        let answer = if asks { does_nothing(bench, [best, &without], share, noise)? } else { Some(false) };
        match answer {
            Some(true) => left = without,
            Some(false) if group.len() > 1 => {
                let half = group.split_off(group.len() / 2);
                groups.extend([half, group]);
            }
            Some(false) => {}
            None => break,
        }
    }
    Ok(left)
}

/// Whether what the second side lacks, or has otherwise, does nothing; `None` where no time is left to tell.
pub(super) fn does_nothing(
    bench: &mut Bench<'_>,
    sides: [&Candidate; 2],
    share: f64,
    noise: &mut Noise,
) -> Result<Option<bool>, TuneError> {
    let deviation = noise.deviation();
    let is_over = |pairs: &[f64]| judge(pairs, deviation).is_some();
    let fought = fight(bench, Purpose::Shrink, sides, share, &is_over)?;
    noise.learn(&fought.pairs);
    let answer = if fought.failed.is_some() { Some(false) } else { judge(&fought.pairs, deviation) };
    bench.note(format!(
        "{}: {}",
        difference(sides),
        match (answer, fought.mean()) {
            (Some(true), Some(mean)) => format!("{:+.1} %, so it is enough", mean.exp_m1() * 100.0),
            (Some(false), Some(mean)) => format!("{:+.1} %", mean.exp_m1() * 100.0),
            (Some(false), None) => "it cannot be measured".to_owned(),
            _ => "no time is left to tell".to_owned(),
        }
    ));
    Ok(answer)
}

/// What the second side lacks, or has otherwise.
fn difference([best, other]: [&Candidate; 2]) -> String {
    let gone = best.names().into_iter().filter(|name| other.value(name).is_none());
    let gone: Vec<String> = gone.collect();
    let is_new = |(name, value): &&(String, String)| best.value(name) != Some(value.as_str());
    let new = other.changes.iter().filter(is_new).map(|(name, value)| format!("{name}={value} instead"));
    let without = (!gone.is_empty()).then(|| format!("without {}", gone.join(", ")));
    without.into_iter().chain(new).collect::<Vec<_>>().join(", ")
}

/// Whether such losses are none; `None` where another pair has to tell.
fn judge(losses: &[f64], noise: f64) -> Option<bool> {
    let mean = mean(losses)?;
    let error = error(losses.len(), noise);
    match losses.len() {
        count if count >= MOST => Some(mean < LEAST),
        _ if mean - SURE * error > LEAST => Some(false),
        count if count >= FEWEST && mean < LEAST / 2.0 => Some(true),
        _ => None,
    }
}

/// By how much the cost of the best rises without each of its settings, by pair, as far as the time goes. Nothing is decided
/// by these pairs, so that they say the same whether much or little comes out.
pub(super) fn worth(
    bench: &mut Bench<'_>,
    best: &Candidate,
    share: f64,
) -> Result<Vec<(String, Vec<f64>)>, TuneError> {
    let mut found = Vec::new();
    // What a single one is worth, the confirmation tells.
    let several = best.changes.len() > 1;
    for (name, _) in &best.changes {
        if !several || bench.holds(share) < OF_WORTH {
            break;
        }
        let without = best.without(name);
        bench.note(format!("what is {name} worth?"));
        let is_over = |pairs: &[f64]| pairs.len() >= OF_WORTH;
        let fought = fight(bench, Purpose::Worth, [best, &without], share, &is_over)?;
        found.extend(fought.failed.is_none().then(|| (name.clone(), fought.pairs)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_different_is_said() {
        let candidate = |changes: &[(&str, &str)]| {
            Candidate::new("x", changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        };
        let best = candidate(&[("jit", "off"), ("work_mem", "512MB"), ("wal_buffers", "1MB")]);
        let said = |other: &[(&str, &str)]| difference([&best, &candidate(other)]);
        assert_eq!(said(&[("work_mem", "512MB")]), "without jit, wal_buffers");
        assert_eq!(said(&[("jit", "off"), ("work_mem", "4MB")]), "without wal_buffers, work_mem=4MB instead");
    }

    #[test]
    fn what_costs_nothing_is_none() {
        assert_eq!(judge(&[], 0.1), None);
        assert_eq!(judge(&[0.0, 0.0], 0.1), None, "two may be luck");
        assert_eq!(judge(&[0.0; 3], 0.1), Some(true));
        assert_eq!(judge(&[-0.2; 3], 0.1), Some(true), "what harms, all the more");
        assert_eq!(judge(&[0.9], 0.1), Some(false));
        assert_eq!(judge(&[0.05; 3], 0.1), None);
        assert_eq!((judge(&[0.05; 6], 0.1), judge(&[0.02; 6], 0.1)), (Some(false), Some(true)));
    }
}
