//! Conditions under which the load is stopped for the sake of others, as people write them. Pure.

use std::{fmt, str::FromStr, time::Duration};

/// Sessions of the server over its `max_connections`, from which the load is stopped where nothing else is said.
const USUAL_SHARE: f64 = 0.9;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Client connections of the whole server.
    Connections,
    /// p95 of a small read that a session of its own sends at an even rate.
    Canary,
    /// Sessions of others that wait for a lock which a session of the load holds.
    Blocked,
    /// How long the oldest statement under way of somebody else's has run.
    Longest,
}

/// Above what the load is stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// A number.
    Count(u64),
    /// A share of what the server takes, 0..=1.
    Share(f64),
    /// A time.
    Time(Duration),
    /// A multiple of what it was before any load.
    Times(f64),
}

/// A condition under which the load is stopped, as in `connections>90%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// What is looked at.
    pub figure: Figure,
    /// Above what the load is stopped.
    pub limit: Limit,
}

/// How one is written.
const FORMS: &str =
    "write connections>90%, connections>80, canary-p95>50ms, canary-p95>3x, blocked>0 or longest>5s";

impl Figure {
    const ALL: [Self; 4] = [Self::Connections, Self::Canary, Self::Blocked, Self::Longest];

    fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Canary => "canary-p95",
            Self::Blocked => "blocked",
            Self::Longest => "longest",
        }
    }

    /// Unit of its figures.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Blocked => "sessions",
            Self::Canary | Self::Longest => "ms",
        }
    }
}

impl Limit {
    /// The limit of this figure that `text` says, if it can have such a one.
    fn of(figure: Figure, text: &str) -> Option<Self> {
        let times = |text: &str| text.parse().ok().filter(|times: &f64| *times > 1.0 && times.is_finite());
        let time = |text: &str| humantime::parse_duration(text).ok().filter(|time| !time.is_zero());
        match figure {
            Figure::Connections => match text.strip_suffix('%') {
                Some(percent) => {
                    let percent: f64 = percent.trim().parse().ok()?;
                    (percent > 0.0 && percent <= 100.0).then_some(Self::Share(percent / 100.0))
                }
                None => text.parse().ok().map(Self::Count),
            },
            Figure::Canary => match text.strip_suffix('x') {
                Some(text) => times(text.trim()).map(Self::Times),
                None => time(text).map(Self::Time),
            },
            Figure::Blocked => text.parse().ok().map(Self::Count),
            Figure::Longest => time(text).map(Self::Time),
        }
    }
}

impl Condition {
    /// What a database of somebody's is guarded by where nothing is said.
    pub(super) const USUAL: Self = Self { figure: Figure::Connections, limit: Limit::Share(USUAL_SHARE) };
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, limit)) = text.split_once('>') else {
            return Err(format!("`{text}` is no condition: {FORMS}"));
        };
        let name = name.trim();
        if name.starts_with("neighbours") {
            return Err(format!(
                "`{text}`: a server keeps no percentiles of what others' calls take: write canary-p95, which is measured as one of them would feel it"
            ));
        }
        let figure = Figure::ALL.into_iter().find(|figure| figure.name() == name);
        let limit = figure.and_then(|figure| Limit::of(figure, limit.trim()).map(|limit| (figure, limit)));
        match limit {
            Some((figure, limit)) => Ok(Self { figure, limit }),
            None => Err(format!("`{text}` is no condition: {FORMS}")),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}>", self.figure.name())?;
        match self.limit {
            Limit::Count(count) => write!(f, "{count}"),
            Limit::Share(share) => write!(f, "{}%", (share * 1e9).round() / 1e7),
            Limit::Time(time) => {
                write!(f, "{}", humantime::format_duration(time).to_string().replace(' ', ""))
            }
            Limit::Times(times) => write!(f, "{times}x"),
        }
    }
}

/// Conditions behind commas; `none` for none at all.
///
/// # Errors
/// When one cannot be read, or two are of the same figure.
pub fn parse_conditions(text: &str) -> Result<Vec<Condition>, String> {
    if text.trim() == "none" {
        return Ok(Vec::new());
    }
    let conditions: Vec<Condition> =
        text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>()?;
    let is_double =
        |figure: Figure| conditions.iter().filter(|condition| condition.figure == figure).count() > 1;
    match Figure::ALL.into_iter().find(|figure| is_double(*figure)) {
        Some(figure) => Err(format!("{} is there twice: leave one out", figure.name())),
        None => Ok(conditions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn conditions_are_read_and_written_alike() {
        for text in [
            "connections>90%",
            "connections>66.6%",
            "connections>80",
            "canary-p95>50ms",
            "canary-p95>3x",
            "canary-p95>1s500ms",
            "blocked>0",
            "longest>5s",
        ] {
            let condition: Condition = text.parse().unwrap();
            assert_eq!(condition.to_string(), text);
        }
        assert_eq!(" connections > 90 % ".trim().parse::<Condition>(), Ok(Condition::USUAL));
        assert_eq!(parse_conditions("none"), Ok(Vec::new()));
        assert_eq!(parse_conditions("blocked>0, longest>5s").unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            "",
            "connections",
            "connections>0%",
            "connections>101%",
            "connections>-1",
            "connections>5s",
            "canary-p95>50",
            "canary-p95>1x",
            "canary-p95>0s",
            "blocked>50%",
            "longest>3x",
            "load>5",
            "none,blocked>0",
        ] {
            assert!(parse_conditions(text).unwrap_err().contains("write connections>90%"), "{text}");
        }
        assert!(parse_conditions("blocked>0,blocked>1").unwrap_err().contains("twice"));
        assert!(parse_conditions("neighbours-p95>50ms").unwrap_err().contains("write canary-p95"));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_read_again(text in "(connections|canary-p95|blocked|longest)>[0-9.]{1,6}(%|x|ms|s|)") {
            if let Ok(conditions) = parse_conditions(&text) {
                let said = conditions[0].to_string();
                prop_assert_eq!(parse_conditions(&said), Ok(conditions), "{}", said);
            }
        }
    }
}
