//! How others on the server fared: what the brake watched, and the worst that it saw.

use super::{grid::Tone, trust::Check};
use crate::record::{Brake, Record, Watched};
use crate::text::{grouped, three_digits};

/// Each condition with what was seen of it.
pub(super) fn watched(brake: &Brake) -> String {
    brake.watched.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn one(watched: &Watched) -> String {
    let is_time = watched.unit == "ms";
    let figure = |figure: f64| if is_time { three_digits(figure) } else { grouped(figure as u64) };
    let amount = |seen: f64| format!("{} {}", figure(seen), watched.unit);
    let before = watched.before.map(|before| format!("{} before the load", amount(before)));
    let worst = match (watched.worst, &watched.missing) {
        (Some(worst), _) => format!("{} at worst", amount(worst)),
        (None, Some(missing)) => format!("not seen: {missing}"),
        (None, None) => "not seen".to_owned(),
    };
    let seen: Vec<String> = before.into_iter().chain([worst]).collect();
    format!("{} ({})", watched.condition, seen.join(", "))
}

/// Nothing where nothing was watched.
pub(super) fn checks(record: &Record) -> Vec<Check> {
    let Some(brake) = record.brake.as_ref().filter(|brake| !brake.watched.is_empty()) else {
        return Vec::new();
    };
    let name = "Neighbours";
    let (tone, seen) = match &brake.tripped {
        Some(why) => (Tone::Bad, format!("the brake ended the load: {why}")),
        None => (Tone::Good, format!("the brake did not act: {}", watched(brake))),
    };
    let unseen = brake.watched.iter().filter_map(|watched| {
        let missing = watched.missing.as_ref()?;
        Some(Check { name, tone: Tone::Warn, seen: format!("{}, not seen: {missing}", watched.condition) })
    });
    [Check { name, tone, seen }].into_iter().chain(unseen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::sample;

    fn brake() -> Brake {
        let connections = Watched {
            condition: "connections>90%".to_owned(),
            unit: "connections".to_owned(),
            limit: Some(90.0),
            worst: Some(23.0),
            ..Watched::default()
        };
        let canary = Watched {
            condition: "canary-p95>3x".to_owned(),
            unit: "ms".to_owned(),
            before: Some(0.4),
            worst: Some(1.25),
            ..Watched::default()
        };
        Brake { watched: vec![connections, canary], tripped: None }
    }

    #[test]
    fn each_condition_is_told_with_its_worst() {
        assert_eq!(
            watched(&brake()),
            "connections>90% (23 connections at worst), canary-p95>3x (0.400 ms before the load, 1.25 ms at worst)"
        );
    }

    #[test]
    fn what_ended_the_load_is_bad_and_what_was_not_seen_a_doubt() {
        let mut record = sample();
        assert!(checks(&record).is_empty());
        record.brake = Some(brake());
        assert_eq!(checks(&record).iter().map(|check| check.tone).collect::<Vec<_>>(), [Tone::Good]);
        let mut acted = brake();
        acted.tripped = Some("91 of the server's 100 connections were taken".to_owned());
        acted.watched[0].missing = Some("statements of other roles".to_owned());
        record.brake = Some(acted);
        let checks = checks(&record);
        assert_eq!(checks.iter().map(|check| check.tone).collect::<Vec<_>>(), [Tone::Bad, Tone::Warn]);
        assert!(checks[0].seen.contains("91 of"), "{checks:?}");
    }
}
