//! The policy: a small TOML file that says what may pass.

use crate::{
    compare::{Judgement, LEAST_CONFIDENCE, Least, MOST_CONFIDENCE},
    record::Metric,
    text::{FileError, from_toml, read_file},
};
use serde::{Deserialize, de};
use std::{collections::BTreeMap, path::Path, time::Duration};

/// What may pass.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Probability that a gate that looks at nothing but what did not change passes it, 0.5..=0.9999.
    #[serde(deserialize_with = "confidence")]
    pub confidence: f64,
    /// Whether what would fail is measured once more, with new seeds; both must agree.
    pub confirm: bool,
    /// Metrics that decisions rest on.
    #[serde(deserialize_with = "metrics")]
    pub metrics: Vec<Metric>,
    /// Operations that decide nothing.
    pub exempt: Vec<String>,
    /// What becomes of answers that could not be resolved.
    pub unresolved: Unresolved,
    /// The smallest change that matters, by metric.
    pub least: BTreeMap<Metric, LeastChange>,
    /// How nights are judged.
    pub history: HistoryPolicy,
    /// How the objective is judged.
    pub slo: SloPolicy,
    /// How errors are judged.
    pub errors: ErrorPolicy,
}

/// What becomes of answers that could not be resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unresolved {
    /// They pass, and are told.
    #[default]
    Pass,
    /// The gate cannot tell, and ends with exit code 4.
    Inconclusive,
}

/// The smallest change of a metric that matters.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeastChange {
    /// Of a latency or a rate relative, of a share of the calls in percentage points.
    #[serde(deserialize_with = "share")]
    change: f64,
    /// Of a latency: what is less than this does not matter.
    #[serde(default, deserialize_with = "time")]
    floor: Option<Duration>,
}

/// How nights are judged.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryPolicy {
    /// Fewest nights of one kind that tell anything.
    pub nights: usize,
    /// A change is believed below this probability that there was none, above 0 and up to 0.5.
    #[serde(deserialize_with = "probability")]
    pub most_p: f64,
    /// The smallest change that matters, relative.
    #[serde(deserialize_with = "share")]
    pub change: f64,
    /// A change is provisional, and passes, until there are so many nights since; at least 2, for one is an outlier.
    #[serde(deserialize_with = "two_or_more")]
    pub confirmed_after: usize,
    /// A change that was seen more than so many nights ago is known, and fails no more.
    pub recent: usize,
    /// Name of the baseline up to whose night changes are accepted.
    pub accepted: String,
}

/// How the objective is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SloPolicy {
    /// Whether it is.
    pub judge: bool,
}

/// How errors are judged.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorPolicy {
    /// Largest share of the calls that may fail.
    #[serde(deserialize_with = "share")]
    pub most: f64,
}

impl Default for Policy {
    fn default() -> Self {
        let judgement = Judgement::default();
        Self {
            confidence: judgement.confidence,
            confirm: true,
            metrics: judgement.gated,
            exempt: Vec::new(),
            unresolved: Unresolved::default(),
            least: BTreeMap::new(),
            history: HistoryPolicy::default(),
            slo: SloPolicy::default(),
            errors: ErrorPolicy::default(),
        }
    }
}

impl Default for HistoryPolicy {
    fn default() -> Self {
        Self {
            nights: 10,
            most_p: 0.001,
            change: 0.05,
            confirmed_after: 3,
            recent: 14,
            accepted: "accepted".to_owned(),
        }
    }
}

impl Default for SloPolicy {
    fn default() -> Self {
        Self { judge: true }
    }
}

impl Default for ErrorPolicy {
    fn default() -> Self {
        Self { most: 0.001 }
    }
}

impl Policy {
    /// Reads a policy; what it does not say is as by default.
    ///
    /// # Errors
    /// When the file cannot be read, or says what cannot be meant.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        Self::parse(&read_file(path)?, &path.display().to_string())
    }

    /// Reads a policy's text; `origin` is where it stands.
    ///
    /// # Errors
    /// When it says what cannot be meant.
    pub fn parse(text: &str, origin: &str) -> Result<Self, FileError> {
        from_toml(text, origin)
    }

    /// How a comparison is judged.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        let judgement = Judgement::default();
        let least = self.least.iter().map(|(metric, own)| {
            let floor = own.floor.unwrap_or(judgement.least(*metric).floor);
            (*metric, Least { change: own.change, floor })
        });
        Judgement {
            confidence: self.confidence,
            gated: self.metrics.clone(),
            least: least.collect(),
            exempt: self.exempt.clone(),
            ..judgement
        }
    }
}

/// `"5%"`, as 0.05.
fn share<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match number {
        Some(number) if (0.0..=1_000.0).contains(&number) => Ok(number / 100.0),
        _ => Err(de::Error::custom(format!("`{text}` is no percentage: write it as in \"5%\""))),
    }
}

fn confidence<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match share(deserializer)? {
        number if (LEAST_CONFIDENCE..=MOST_CONFIDENCE).contains(&number) => Ok(number),
        number => Err(de::Error::custom(format!(
            "a confidence of {} % cannot be had: write one from \"50%\" to \"99.99%\"",
            number * 100.0
        ))),
    }
}

fn metrics<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<Vec<Metric>, D::Error> {
    let metrics = Vec::<Metric>::deserialize(deserializer)?;
    if metrics.is_empty() {
        return Err(de::Error::custom("without metrics nothing is judged: name one, as in [\"p95\"]"));
    }
    Ok(metrics)
}

fn probability<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match f64::deserialize(deserializer)? {
        number if number > 0.0 && number <= 0.5 => Ok(number),
        number => Err(de::Error::custom(format!(
            "{number} is no probability that a change could be believed at: write one above 0, up to 0.5"
        ))),
    }
}

fn two_or_more<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        number @ 2.. => Ok(number),
        number => Err(de::Error::custom(format!(
            "after {number} nights a change is not told from a lone bad night: write 2 or more"
        ))),
    }
}

fn time<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = humantime::parse_duration(&text);
    time.map(Some).map_err(|_| de::Error::custom(format!("`{text}` is no time: write it as in \"50us\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_by_default() {
        assert_eq!(Policy::parse("", "x").unwrap(), Policy::default());
        assert_eq!(Policy::default().judgement(), Judgement::default());
    }

    #[test]
    fn every_part_is_read() {
        let text = "confidence = '95%'\nconfirm = false\nmetrics = ['p99', 'throughput']\nexempt = ['facets']\n\
                    unresolved = 'inconclusive'\n[least.p99]\nchange = '12 %'\nfloor = '2ms'\n[least.miss_share]\nchange = '1%'\n\
                    [history]\nnights = 20\nmost_p = 0.01\nchange = '3%'\n[slo]\njudge = false\n[errors]\nmost = '1%'\n";
        let policy = Policy::parse(text, "x").unwrap();
        let judgement = policy.judgement();
        assert_eq!((judgement.confidence, policy.confirm, policy.slo.judge), (0.95, false, false));
        let p99 = judgement.least(Metric::P99);
        assert_eq!((p99.change, p99.floor), (0.12, Duration::from_millis(2)));
        assert_eq!(judgement.least(Metric::MissShare).change, 0.01);
        assert!(judgement.gates("search", Metric::P99) && !judgement.gates("facets", Metric::P99));
        assert_eq!((policy.history.nights, policy.history.change, policy.errors.most), (20, 0.03, 0.01));
        assert_eq!(policy.unresolved, Unresolved::Inconclusive);
    }

    #[test]
    fn mistakes_name_the_line() {
        for (text, expected) in [
            ("\nconfidance = '5%'", "gate.toml:2: unknown key `confidance`"),
            ("confidence = '100%'", "gate.toml:1: a confidence of 100 % cannot be had"),
            ("[least.p50]\nchange = 5", "gate.toml:2: invalid type"),
            ("[least.p50]\nchange = 'much'", "gate.toml:2: `much` is no percentage"),
            ("[least.p50]\nchange = '5%'\nfloor = 'soon'", "gate.toml:3: `soon` is no time"),
            ("[least.p42]\nchange = '5%'", "gate.toml:1: unknown value `p42`"),
            ("unresolved = 'maybe'", "gate.toml:1: unknown value `maybe`"),
        ] {
            let error = Policy::parse(text, "gate.toml").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
