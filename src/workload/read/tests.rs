//! What is read from a workload file, and how mistakes in it are reported.

use super::*;
use crate::workload::retry::{Retry, RetryOn};
use std::time::Duration;

const GOOD: &str = r#"
name = "one"

[[operation]]
name = "get"
weight = 1.0
parameters.id = { draw = "track_id" }

[[operation.transaction]]
end = "rollback"

[[operation.transaction.statement]]
name = "read"
sql = '''
SELECT id
FROM audio_tracks
WHERE id = :id'''
"#;

#[test]
fn a_good_file_is_read() {
    let workload = Workload::parse(GOOD, "good.toml").unwrap();
    let operation = &workload.operations[0];
    assert_eq!(operation.round_trips(&workload.envelope), 4);
    assert!(!operation.writes());
    assert_eq!(operation.slots, [Slot { parameter: 0, field: None }]);
}

/// Each kind of mistake is reported with its line and a reason.
#[test]
fn mistakes_are_reported_with_their_line() {
    for (from, to, line, reason) in [
        ("weight = 1.0", "weight = ", 6, ""),
        ("weight = 1.0", "weight = 0.0", 6, "above 0"),
        ("weight = 1.0", "weigth = 1.0", 6, "unknown key `weigth`"),
        ("WHERE id = :id", "WHERE id = :uuid", 17, "unknown parameter `:uuid`: only :id is known here"),
        ("WHERE id = :id", "WHERE id = :id.artist", 17, "`:id` has no fields"),
        ("WHERE id = :id", "WHERE id = 'x :id", 17, "never closed"),
        ("track_id", "year_range", 17, "`:id` has fields, name one: from, to"),
        ("track_id", "trackid", 7, "unknown value `trackid`"),
        ("{ draw = \"track_id\" }", "{ draw = \"track_id\", missing = 2.0 }", 7, "from 0 to 1, not 2"),
        ("WHERE id = :id", "", 7, "used by no statement"),
        ("end = \"rollback\"", "end = \"maybe\"", 10, "unknown value `maybe`"),
        ("name = \"one\"", "name = \"one/two\"", 2, "letters, digits"),
        ("weight = 1.0", "weight = 1.0\nexpected_errors = [\"4260\"]", 7, "not a SQLSTATE"),
        ("name = \"one\"", "name = \"one\"\nslo = \"fast\"", 3, "200ms@p95"),
        ("name = \"get\"", "name = \"\"", 5, "1 to 64 letters"),
        ("name = \"read\"", "name = \"commit\"", 13, "round trip of the envelope"),
        ("name = \"one\"", "name = \"one\"\nenvelope.begin = \"NONSENSE\"", 3, "`begin` must be"),
        ("name = \"one\"", "name = \"one\"\nenvelope.validate = \"DELETE FROM x\"", 3, "`validate` must be"),
        ("weight = 1.0", "weight = 1e300", 6, "at most"),
        ("end = \"rollback\"", "end = \"rollback\"\npipeline = 1", 11, "expected a boolean"),
        (
            "name = \"one\"",
            "name = \"one\"\nstages = [\n  \"steady 5 1s\",\n  \"steady 5\",\n]",
            5,
            "`steady 5` is not a stage: write SHAPE RATE[..RATE] TIME, as in",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let error = Workload::parse(&GOOD.replace(from, to), "bad.toml").unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(reason), "{error}");
        assert!(error.to_string().starts_with(&format!("bad.toml:{line}: ")), "{error}");
    }
}

#[test]
fn names_are_unique() {
    let operation = &GOOD[GOOD.find("[[operation]]").unwrap()..];
    let twice = Workload::parse(&format!("{GOOD}\n{operation}"), "x").unwrap_err();
    assert!(twice.message.contains("two operations named `get`"), "{twice}");
    let statement = &GOOD[GOOD.find("[[operation.transaction.statement]]").unwrap()..];
    let twice = Workload::parse(&format!("{GOOD}\n{statement}"), "x").unwrap_err();
    assert!(twice.message.contains("two statements named `read`"), "{twice}");
}

#[test]
fn an_unreadable_file_is_named() {
    let error = Workload::load(Path::new("no/such.toml")).unwrap_err();
    assert!(error.to_string().starts_with("no/such.toml: cannot be read"), "{error}");
}

fn good_with(from: &str, to: &str) -> Workload {
    assert!(GOOD.contains(from), "{from}");
    Workload::parse(&GOOD.replace(from, to), "good.toml").unwrap()
}

fn with_retry(keys: &str) -> Result<Workload, WorkloadError> {
    Workload::parse(&format!("{GOOD}\n[retry]\n{keys}"), "retry.toml")
}

#[test]
fn stages_are_read_in_order() {
    let stages = "name = \"one\"\nstages = [\"ramp 50..200 30s\", \"steady 200 1min\"]";
    let written: Vec<String> =
        good_with("name = \"one\"", stages).stages.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["ramp 50..200 30s", "steady 200 1m"]);
    assert!(Workload::parse(GOOD, "good.toml").unwrap().stages.is_empty());
}

#[test]
fn round_trips_follow_the_end_and_the_pipeline() {
    let second = "\n\n[[operation.transaction.statement]]\nname = \"change\"\nsql = 'UPDATE t SET a = 1'\n\n";
    for (keys, trips) in [
        ("end = \"commit\"", 5),
        ("end = \"none\"", 2),
        ("end = \"commit\"\npipeline = false", 5),
        ("end = \"commit\"\npipeline = true", 1),
        ("end = \"none\"\npipeline = true", 1),
    ] {
        let workload = good_with("end = \"rollback\"\n", &format!("{keys}{second}"));
        let operation = &workload.operations[0];
        assert_eq!(operation.round_trips(&workload.envelope), trips, "{keys}");
        assert_eq!(operation.transactions[0].pipeline, keys.contains("true"));
        assert!(operation.writes());
    }
    let alone = good_with("end = \"rollback\"", "end = \"none\"");
    assert_eq!(alone.operations[0].transactions[0].end.sql(), None);
}

#[test]
fn retry_has_defaults() {
    assert_eq!(Workload::parse(GOOD, "good.toml").unwrap().retry, Retry::default());
    assert_eq!(with_retry("").unwrap().retry, Retry::default());
    let retry = with_retry("attempts = 3\non = [\"connection\", \"pool\", \"40P01\"]").unwrap().retry;
    let on = vec![RetryOn::Connection, RetryOn::Pool, RetryOn::State("40P01".to_owned())];
    assert_eq!(retry, Retry { attempts: 3, on, ..Retry::default() });
    let keys = "attempts = 2\non = [\"pool\"]\nbackoff = \"0s\"\nbackoff_max = \"1min\"\njitter = 1";
    let expected = Retry {
        attempts: 2,
        on: vec![RetryOn::Pool],
        backoff: Duration::ZERO,
        backoff_max: Duration::from_secs(60),
        jitter: 1.0,
    };
    assert_eq!(with_retry(keys).unwrap().retry, expected);
}

#[test]
fn retries_that_contradict_themselves_are_refused() {
    let first = GOOD.lines().count() + 3;
    for (keys, line, reason) in [
        ("attempts = 0\non = [\"pool\"]", 0, "1 to 10, not 0"),
        ("on = [\"pool\"]\nattempts = 11", 1, "1 to 10, not 11"),
        ("attempts = -1", 0, "-1"),
        ("attempts = 3", 0, "does not say after what"),
        ("attempts = 3\non = []", 0, "does not say after what"),
        ("on = [\"pool\"]", 0, "`attempts` is 1"),
        ("attempts = 1\non = [\"pool\"]", 1, "`attempts` is 1"),
        ("attempts = 2\non = [\n\"pool\",\n\"4000\"]", 3, "`4000` is nothing to try again on"),
        ("backoff = \"10\"", 0, "`backoff` is a time"),
        ("backoff_max = \"2h\"", 0, "at most an hour"),
        ("backoff_max = \"1ms\"\nbackoff = \"2ms\"", 1, "`backoff_max` is 1ms"),
        ("backoff = \"2s\"", 0, "`backoff_max` is 1s"),
        ("jitter = 1.5", 0, "from 0 to 1, not 1.5"),
        ("jitter = nan", 0, "from 0 to 1"),
        ("pause = \"1s\"", 0, "unknown key `pause`"),
    ] {
        let error = with_retry(keys).unwrap_err();
        assert_eq!(error.line, first + line, "{error}");
        assert!(error.message.contains(reason), "{error}");
    }
}

/// The whole file that the documentation shows, and what the schema says of it.
#[test]
fn the_documented_file_is_a_good_one() {
    let page = include_str!("../../../docs/workloads.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let workload = Workload::parse(text, "docs").unwrap();
    assert!(!workload.stages.is_empty());
    assert_eq!(workload.retry.attempts, 3);
    let mut file: serde_json::Value = toml::from_str(text).unwrap();
    let validator = jsonschema::validator_for(&crate::workload::file::schema()).unwrap();
    assert!(validator.is_valid(&file));
    for (key, value) in [("attempts", 11.into()), ("on", "pool".into()), ("jitter", 2.into())] {
        let mut wrong = file.clone();
        wrong["retry"][key] = value;
        assert!(!validator.is_valid(&wrong), "{key}");
    }
    file["stages"][0] = "steady".into();
    assert!(!validator.is_valid(&file));
}
