//! `gate` and `aa`: what takes pairs that count.

use super::{alone, common::Bench};
use loist_bench::gate::{CheckResult, FalseAlarms, Verdict};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// Small, short and not sure.
const SMALL: &str =
    "--workload search --rate 40 --duration 300ms --warmup 100ms --pairs 3 --confidence 50% --quiet";

/// The newest directory of reports.
fn directory(bench: &Bench) -> PathBuf {
    let entries = fs::read_dir(bench.path("reports")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).max().unwrap()
}

/// A search without its index among 2,000 tracks is several times as slow.
#[test]
fn what_is_slower_is_measured_once_more() {
    let _alone = alone();
    let bench = Bench::new();
    fs::create_dir(bench.path("schema")).unwrap();
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/schema")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), bench.path("schema").join(entry.file_name())).unwrap();
    }
    bench.write("schema/006_less.sql", "DROP INDEX loist_bench.idx_audio_tracks_search_vector;");
    bench.write("loist-gate.toml", "confidence = '50%'\nmetrics = ['p50']\n");
    let load = "--workload search --tracks 2000 --rate 40 --duration 300ms --warmup 100ms --pairs 3";
    let asked = format!("gate --base as-is --new here {load} --budget 4min --format json --quiet");
    let verdict: Verdict = serde_json::from_str(&bench.expect(1, &asked).stdout).unwrap();
    let failed = verdict.checks.iter().find(|check| check.result == CheckResult::Failed).unwrap();
    assert!(failed.sentence.starts_with("slower, twice: +"), "{failed:?}");
    assert!(verdict.confirmation.is_some());
    let directory = directory(&bench);
    for name in ["new.json", "new-001.json", "again-base-001.json", "again-new-001.json"] {
        assert!(directory.join(name).is_file(), "{name}");
    }
    // The first measurement is what is compared again, and not both as one.
    let again = bench.output(&format!("compare {} --confidence 50% --format json", directory.display()));
    let again: loist_bench::compare::Effects = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again.design, verdict.effects.unwrap().design);
    assert!(again.cautions.iter().any(|caution| caution.starts_with("judged anew")), "{:?}", again.cautions);
}

#[test]
fn a_side_compared_with_itself_again_and_again() {
    let _alone = alone();
    let bench = Bench::new();
    let small = format!("aa {SMALL} --budget 4min --tracks");
    let answer = bench.expect(0, &format!("{small} 50 --comparisons 1"));
    assert!(answer.stdout.contains("a test of single runs"), "{}", answer.stdout);
    let file = directory(&bench).join("aa.json");
    let read = || -> FalseAlarms { serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap() };
    assert_eq!(read().comparisons.len(), 1);
    assert!(file.with_extension("html").is_file());
    // It goes on with it, and not with what is of another kind.
    let resume = format!("--resume {}", file.display());
    bench.expect(0, &format!("{small} 50 --comparisons 2 {resume}"));
    assert_eq!(read().comparisons.len(), 2);
    assert!(fs::read_to_string(bench.path("reports/index.html")).unwrap().contains("in 2 comparisons"));
    bench.expect(2, &format!("{small} 60 --comparisons 2 {resume}")).one_sentence("with other options");
    let schema: Value = serde_json::from_str(&bench.expect(0, "schema aa").stdout).unwrap();
    jsonschema::validate(&schema, &serde_json::to_value(read()).unwrap()).unwrap();
    let torn = bench.write("torn.json", "{");
    bench
        .expect(2, &format!("{small} 50 --resume {}", torn.display()))
        .one_sentence("torn.json: this is no A/A measurement of loist-bench");
}
