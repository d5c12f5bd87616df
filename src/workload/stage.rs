//! A stage of a run's load, such as `ramp 50..200 30s`: a rate of calls over a stretch of time.

use crate::stats::Piece;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

/// Calls a second: more than one machine sends.
pub const HIGHEST_RATE: f64 = 1e6;
/// The longest phase of a load: thirty days. A longer one is a slip of the finger.
pub const LONGEST: Duration = Duration::from_secs(30 * 86_400);
/// Levels of a [`Shape::Step`], and parts of a [`Shape::Spike`].
const PARTS: u32 = 5;

/// How the rate of calls goes over a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The same all the time.
    Steady,
    /// In a straight line from the first rate to the second.
    Ramp,
    /// In five steps of equal length from the first rate to the second, both included.
    Step,
    /// The first rate, but the second in the middle fifth.
    Spike,
    /// As [`Shape::Steady`], and long: to show what creeps.
    Soak,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 5] = [Self::Steady, Self::Ramp, Self::Step, Self::Spike, Self::Soak];

    /// As a stage begins with it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Ramp => "ramp",
            Self::Step => "step",
            Self::Spike => "spike",
            Self::Soak => "soak",
        }
    }

    /// A stage of this shape, for messages.
    fn example(self) -> &'static str {
        match self {
            Self::Steady => "steady 200 1min",
            Self::Ramp => "ramp 50..200 30s",
            Self::Step => "step 100..400 60s",
            Self::Spike => "spike 200..1000 30s",
            Self::Soak => "soak 150 2h",
        }
    }

    /// Whether a second rate follows the first.
    fn takes_two(self) -> bool {
        !matches!(self, Self::Steady | Self::Soak)
    }
}

/// A stage of a run's load, written as SHAPE RATE[..RATE] TIME.
///
/// ```
/// let stage: loist_bench::workload::Stage = "ramp 50..200 30s".parse()?;
/// assert_eq!((stage.rate, stage.to, stage.duration.as_secs()), (50.0, 200.0, 30));
/// assert_eq!(stage.to_string(), "ramp 50..200 30s");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// How the rate goes.
    pub shape: Shape,
    /// Calls a second, 0 to 1,000,000.
    pub rate: f64,
    /// The second rate, in the same unit and range; equal to `rate` where the shape takes one. Where both are 0, the
    /// stage is a pause.
    pub to: f64,
    /// How long it lasts: above 0, at most 30 days.
    pub duration: Duration,
}

impl Stage {
    /// Whether its rate is the same all the time.
    #[must_use]
    pub fn is_even(&self) -> bool {
        matches!(self.shape, Shape::Steady | Shape::Soak) || self.rate == self.to
    }

    /// The same with this share of its rates, 0..=1.
    #[must_use]
    pub fn share(self, share: f64) -> Self {
        Self { rate: self.rate * share, to: self.to * share, ..self }
    }

    /// Its rate over time, in straight lines one behind the other, which last `duration` in all.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        let part = |start: u32, end: u32, from: f64, to: f64| Piece {
            duration: self.duration * end / PARTS - self.duration * start / PARTS,
            from,
            to,
        };
        let level = |start: u32, end: u32, rate: f64| part(start, end, rate, rate);
        match self.shape {
            Shape::Steady | Shape::Soak => vec![level(0, PARTS, self.rate)],
            Shape::Ramp => vec![part(0, PARTS, self.rate, self.to)],
            Shape::Step => {
                let rate = |step: u32| {
                    let share = f64::from(step) / f64::from(PARTS - 1);
                    self.rate * (1.0 - share) + self.to * share
                };
                (0..PARTS).map(|step| level(step, step + 1, rate(step))).collect()
            }
            Shape::Spike => {
                vec![level(0, 2, self.rate), level(2, 3, self.to), level(3, PARTS, self.rate)]
            }
        }
    }
}

/// Reads stages that commas part, as the command line takes them.
///
/// # Errors
/// One sentence with an example, when one of them is no stage.
pub fn parse_stages(text: &str) -> Result<Vec<Stage>, String> {
    text.split(',').map(str::parse).collect()
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let duration = humantime::format_duration(self.duration).to_string().replace(' ', "");
        let shape = self.shape.name();
        if self.shape.takes_two() {
            write!(f, "{shape} {}..{} {duration}", self.rate, self.to)
        } else {
            write!(f, "{shape} {} {duration}", self.rate)
        }
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = |why: &str, example: Shape| {
            Err(format!("`{text}` is not a stage: {why}, as in {}", example.example()))
        };
        let (shape, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let Some(shape) = Shape::ALL.into_iter().find(|known| known.name() == shape) else {
            let names = Shape::ALL.map(Shape::name).join(", ");
            return wrong(&format!("write SHAPE RATE[..RATE] TIME, with one of {names}"), Shape::Ramp);
        };
        let Some((rates, time)) = rest.trim_start().split_once(char::is_whitespace) else {
            return wrong("write SHAPE RATE[..RATE] TIME", shape);
        };
        let (rate, to) = match (rates.split_once(".."), shape.takes_two()) {
            (Some((rate, to)), true) => (rate, to),
            (None, false) => (rates, rates),
            (_, true) => return wrong(&format!("{} takes two rates", shape.name()), shape),
            (_, false) => return wrong(&format!("{} takes one rate", shape.name()), shape),
        };
        let (Some(rate), Some(to)) = (parse_rate(rate), parse_rate(to)) else {
            return wrong(&format!("a rate is a number of calls a second from 0 to {HIGHEST_RATE}"), shape);
        };
        match humantime::parse_duration(time.trim()) {
            Ok(duration) if !duration.is_zero() && duration <= LONGEST => {
                Ok(Self { shape, rate, to, duration })
            }
            _ => wrong("its time is above 0 and at most 30 days, with a unit", shape),
        }
    }
}

/// Digits with or without a point: no sign, no exponent, no third point of a range.
fn parse_rate(text: &str) -> Option<f64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['e', 'E']);
    text.parse().ok().filter(|rate| plain && *rate <= HIGHEST_RATE)
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What [`parse_rate`] takes, but for the range.
const RATE: &str = r"[0-9]+(\.[0-9]*)?";

impl JsonSchema for Stage {
    fn schema_name() -> Cow<'static, str> {
        "Stage".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A stage of the load: SHAPE RATE[..RATE] TIME, with rates in calls a second.",
            "pattern": format!(r"^\s*((steady|soak)\s+{RATE}|(ramp|step|spike)\s+{RATE}\.\.{RATE})\s+[0-9].*$"),
            "examples": Shape::ALL.map(Shape::example),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Profile;
    use proptest::prelude::*;

    fn stage(text: &str) -> Stage {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_writes() {
        for (text, written) in [
            ("steady 200 1min", "steady 200 1m"),
            ("  ramp   0..0.5\t1h 30m ", "ramp 0..0.5 1h30m"),
            ("step 100..400 60s", "step 100..400 1m"),
            ("spike 200..0 1500ms", "spike 200..0 1s500ms"),
            ("soak 1000000 30days", "soak 1000000 30days"),
            ("steady 0 10s", "steady 0 10s"),
        ] {
            assert_eq!(stage(text).to_string(), written);
            assert_eq!(stage(written), stage(text));
        }
        for shape in Shape::ALL {
            assert_eq!(stage(shape.example()).shape, shape);
        }
    }

    #[test]
    fn refuses_what_is_no_stage() {
        for (text, reason) in [
            ("", "write SHAPE RATE[..RATE] TIME, with one of steady, ramp"),
            ("rmp 50..200 30s", "as in ramp 50..200 30s"),
            ("steady", "write SHAPE RATE[..RATE] TIME, as in steady 200 1min"),
            ("steady 200", "write SHAPE"),
            ("steady 200..300 1min", "steady takes one rate"),
            ("soak 1..1 1h", "soak takes one rate, as in soak 150 2h"),
            ("spike 200 30s", "spike takes two rates, as in spike 200..1000 30s"),
            ("ramp 50...200 30s", "from 0 to 1000000"),
            ("ramp 50..1000001 30s", "from 0 to 1000000"),
            ("ramp -1..5 30s", "from 0 to 1000000"),
            ("steady 1e3 30s", "from 0 to 1000000"),
            ("steady NaN 30s", "from 0 to 1000000"),
            ("ramp 50..fast 30s", "from 0 to 1000000"),
            ("steady 5 30", "with a unit"),
            ("steady 5 0s", "above 0"),
            ("steady 5 31days", "at most 30 days"),
        ] {
            let error = text.parse::<Stage>().unwrap_err();
            assert!(error.contains(reason) && error.contains(", as in "), "{error}");
            assert!(error.starts_with(&format!("`{text}` is not a stage: ")), "{error}");
        }
    }

    #[test]
    fn lists_have_commas() {
        let stages = parse_stages("ramp 50..200 30s, steady 200 1min").unwrap();
        assert_eq!(stages, [stage("ramp 50..200 30s"), stage("steady 200 1min")]);
        assert!(parse_stages("steady 200 1min,").unwrap_err().starts_with("`` is not a stage"));
    }

    #[test]
    fn each_shape_has_its_rates() {
        let rates = |text: &str| -> Vec<(u64, f64, f64)> {
            stage(text).pieces().iter().map(|p| (p.duration.as_secs(), p.from, p.to)).collect()
        };
        assert_eq!(rates("steady 200 10s"), [(10, 200.0, 200.0)]);
        assert_eq!(rates("soak 200 10s"), rates("steady 200 10s"));
        assert_eq!(rates("ramp 50..200 10s"), [(10, 50.0, 200.0)]);
        let steps = [100.0, 175.0, 250.0, 325.0, 400.0].map(|rate| (2, rate, rate));
        assert_eq!(rates("step 100..400 10s"), steps);
        assert_eq!(rates("spike 200..1000 10s"), [(4, 200.0, 200.0), (2, 1e3, 1e3), (4, 200.0, 200.0)]);
    }

    #[test]
    fn a_share_of_a_stage_is_as_long() {
        assert_eq!(stage("ramp 50..200 30s").share(0.25), stage("ramp 12.5..50 30s"));
        let third = stage("soak 200 2h").share(1.0 / 3.0);
        assert!(third.is_even() && third.to_string().parse() == Ok(third), "{third}");
    }

    #[test]
    fn the_schema_knows_a_stage() {
        let schema = schemars::schema_for!(Stage).to_value();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for shape in Shape::ALL {
            assert!(validator.is_valid(&shape.example().into()), "{shape:?}");
        }
        for text in ["steady 1..2 3s", "ramp 1 3s", "steady 1", "rmp 1..2 3s"] {
            assert!(!validator.is_valid(&text.into()), "{text}");
        }
    }

    prop_compose! {
        fn any_stage()(
            shape in prop::sample::select(&Shape::ALL[..]),
            rate in prop_oneof![Just(0.0), 0.0..1.0, 0.0..=HIGHEST_RATE],
            to in prop_oneof![(1_u32..=1_000_000).prop_map(f64::from), 1e-9..=HIGHEST_RATE],
            nanos in 1..=LONGEST.as_nanos() as u64,
        ) -> Stage {
            let rate = if shape.takes_two() { rate } else { to };
            Stage { shape, rate, to, duration: Duration::from_nanos(nanos) }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(stage in any_stage()) {
            prop_assert_eq!(stage.to_string().parse(), Ok(stage));
            let json = serde_json::to_value(stage).unwrap();
            prop_assert_eq!(serde_json::from_value::<Stage>(json).unwrap(), stage);
        }

        #[test]
        fn pieces_last_as_long_as_the_stage(stage in any_stage()) {
            let profile = Profile::new(stage.pieces());
            prop_assert_eq!(profile.duration(), stage.duration);
            let highest = stage.rate.max(stage.to) * stage.duration.as_secs_f64();
            prop_assert!(profile.total() <= highest * (1.0 + 1e-9));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "(steady|ramp|spike)?[ a-z0-9.é-]{0,30}") {
            let _ = parse_stages(&text);
        }
    }
}
