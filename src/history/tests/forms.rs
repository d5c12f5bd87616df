//! The forms that nights are written in: their own lines, and those of others.

use super::{any_night, block, night, sample};
use crate::{
    history::{Baseline, History, Line, Night, Store, export, import, is_ours, schema},
    record::Metric,
};
use proptest::prelude::*;
use std::path::PathBuf;

fn imported(text: &str) -> Vec<Night> {
    import(&[(PathBuf::from("x"), text.as_bytes().to_vec())]).unwrap().nights
}

fn refused(text: &str) -> String {
    import(&[(PathBuf::from("x"), text.as_bytes().to_vec())]).unwrap_err().to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_night_is_read_back_from_its_line(night in any_night()) {
        let line = Line::Night(Box::new(night));
        let text = line.text();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(Line::read(text.as_bytes()).unwrap(), line);
    }

    #[test]
    fn nights_are_read_back_from_a_table(mut nights in proptest::collection::vec(any_night(), 1..4)) {
        let table = export::csv(&nights.iter().collect::<Vec<_>>());
        nights.sort_by_key(|night| night.at);
        prop_assert_eq!(imported(&table), nights.clone());
        let again = export::csv(&nights.iter().collect::<Vec<_>>());
        prop_assert_eq!(imported(&again), nights);
    }

    #[test]
    fn each_line_is_as_its_schema_says(night in any_night()) {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let value = serde_json::to_value(&night).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        prop_assert!(errors.is_empty(), "{:?}", errors);
    }

    #[test]
    fn a_store_gives_back_what_was_put_in(mut nights in proptest::collection::vec(any_night(), 0..5)) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(directory.path());
        prop_assert_eq!(store.add(&nights).unwrap(), nights.len());
        nights.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
        let history = store.read().unwrap();
        prop_assert_eq!(history.nights(), nights);
    }

    /// Whatever bytes stand in a file, reading it ends well.
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = import(&[(PathBuf::from("x"), bytes)]);
    }
}

#[test]
fn the_schema_tells_lines_from_others() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let baseline = Line::Baseline(Baseline::new("main", None).unwrap());
    assert!(validator.is_valid(&serde_json::to_value(&baseline).unwrap()));
    let mut night = serde_json::to_value(night(0, 1.0)).unwrap();
    assert!(validator.is_valid(&night));
    night["format"] = "other".into();
    assert!(!validator.is_valid(&night));
}

#[test]
fn a_table_has_a_row_a_block_and_names_what_is_wrong_with_it() {
    let records = [block(0, 1.5), block(60, 2.0)];
    let night = Night::of(&records.iter().collect::<Vec<_>>(), None).unwrap();
    let table = export::csv(&[&night]);
    let rows: Vec<&str> = table.split("\r\n").collect();
    assert_eq!(rows.len(), 1 + 2 * (sample().operations.len() + 1) + 1);
    assert!(
        rows[0].starts_with(
            "format,version,id,at,revision,tool_version,blocks,set_aside,disturbed,client_machine"
        )
    );
    let whole = std::slice::from_ref(&night);
    assert_eq!(imported(&table), whole);
    assert_eq!(imported(&table.replace("\r\n", "\n")), whole, "as another program may write it");
    assert_eq!(imported(&format!("\u{feff}{table}")), whole);
    let without = |number: usize| {
        let mut rows = rows.clone();
        rows.remove(number);
        rows.join("\n")
    };
    assert!(refused(&without(1)).contains("x:2: block 2 of "), "{}", refused(&without(1)));
    let short = refused(&without(rows.len() - 2));
    assert!(
        short.contains("is not whole: overall: p50_us has 1 values and the night has 2 blocks"),
        "{short}"
    );
    let newer = refused(&table.replacen("loist-bench/history,1,", "loist-bench/history,2,", 1));
    assert!(newer.starts_with("x:2: it has the format `loist-bench/history` and version 2"), "{newer}");
    let other = refused(&table.replacen("vacuumed", "fresh", 1));
    assert!(other.contains("x:3: ") && other.contains("say different things"), "{other}");
    let no_number = refused(&table.replacen(",10000,", ",many,", 1));
    assert!(
        no_number.starts_with("x:2: the row is not as an export makes it: tracks: invalid digit"),
        "{no_number}"
    );
    let fields = refused(&format!("{table}a,b\r\n"));
    assert!(fields.contains("it has 2 fields, and there are"), "{fields}");
}

#[test]
fn what_is_no_history_is_not_imported() {
    assert!(refused("{}\n").starts_with("x:1: it is torn, or no line of a history"));
    assert!(refused("a,b\n1,2\n").contains("what can be imported is the JSON Lines or the CSV of a history"));
    let one = Line::Night(Box::new(night(0, 1.0))).text();
    let labelled = Line::Night(Box::new(Night { revision: Some("x".to_owned()), ..night(0, 1.0) })).text();
    let twice = imported(&format!("{one}\n{labelled}\n{one}\n{labelled}\n"));
    assert_eq!((twice.len(), twice[0].revision.as_deref()), (1, Some("x")), "the last one stands");
    let half = format!("{}\nnonsense\n", Line::Night(Box::new(night(0, 1.0))).text());
    let imported = import(&[(PathBuf::from("x"), half.into_bytes())]).unwrap();
    assert_eq!((imported.nights.len(), imported.warnings.len()), (1, 1), "one line is lost alone");
}

/// Fields as `hyperfine --export-json` and Bencher Metric Format have them.
#[test]
fn other_programs_find_their_fields() {
    let records = [block(0, 1_000.0), block(60, 3_000.5), block(120, 2_000.0)];
    let night = Night::of(&records.iter().collect::<Vec<_>>(), None).unwrap();
    let hyperfine = export::hyperfine(&night, Metric::P95);
    let results = hyperfine["results"].as_array().unwrap();
    assert_eq!(results.len(), sample().operations.len() + 1);
    let all = results.last().unwrap();
    assert_eq!(all["command"], "loist-bench mcp-mix (all)");
    assert_eq!(all["times"], serde_json::json!([0.001, 0.003_000_5, 0.002]));
    assert_eq!(
        (&all["median"], &all["min"], &all["max"]),
        (&0.002.into(), &0.001.into(), &0.003_000_5.into())
    );
    assert!((all["mean"].as_f64().unwrap() - 0.002_000_166).abs() < 1e-8);
    assert!((all["stddev"].as_f64().unwrap() - 0.001_000_25).abs() < 1e-8);
    assert_eq!((&all["user"], &all["system"]), (&0.0.into(), &0.0.into()));
    let bencher = export::bencher(&night, Metric::P95);
    let latency = &bencher["loist-bench mcp-mix (all)"]["latency"];
    assert_eq!(*latency, serde_json::json!({"value": 2e6, "lower_value": 1e6, "upper_value": 3_000_500.0}));
    let throughput = bencher["loist-bench mcp-mix (all)"]["throughput"]["value"].as_f64().unwrap();
    assert!((throughput - sample().overall.calls_per_second).abs() < 1e-6);
}

#[test]
fn what_was_exported_is_known_again() {
    let night = night(0, 1.0);
    let baseline = Line::Baseline(Baseline::new("main", None).unwrap()).text();
    for text in [
        export::csv(&[&night]),
        export::jsonl(&History::default(), &[&night]),
        baseline,
        format!("{:#}", export::hyperfine(&night, Metric::P95)),
        format!("{:#}", export::bencher(&night, Metric::P95)),
    ] {
        assert!(is_ours(&text), "{text}");
    }
    for foreign in ["", "{}", "a,b", "{\"results\": [{\"command\": \"sleep 1\"}]}", "{\"format\": \"other\"}"]
    {
        assert!(!is_ours(foreign), "{foreign}");
    }
}
