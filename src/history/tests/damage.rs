//! What goes wrong with files: writers that died, other programs, other versions, many writers at once.

use super::night;
use crate::history::{Baseline, Night, Store};
use std::{fs, io::Write, path::Path};

fn store_with(nights: &[Night], directory: &Path) -> (Store, std::path::PathBuf) {
    let store = Store::at(directory);
    store.add(nights).unwrap();
    let file = directory.join(nights[0].at.format("%Y-%m.jsonl").to_string());
    (store, file)
}

/// A night of few numbers.
fn small(days: i64) -> Night {
    let mut night = night(days, days as f64);
    night.operations.truncate(1);
    night
}

/// Whatever byte a writer dies at: the lines before it are there, and the one after it is.
#[test]
fn a_torn_line_is_lost_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (store, file) = store_with(&[small(0), small(1)], directory.path());
    let whole = fs::read(&file).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for length in 0..=whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        store.add(&[small(2)]).unwrap();
        let history = store.read().unwrap();
        let days = |days: i64| history.nights().contains(&small(days));
        // The end of a line may be missing, no more.
        let expected = (length + 1 >= first, length + 1 >= whole.len(), true);
        assert_eq!((days(0), days(1), days(2)), expected, "{length}");
        let is_torn = (length > 0 && length + 1 < first) || (length > first && length + 1 < whole.len());
        assert_eq!(history.warnings().len(), usize::from(is_torn), "{length}: {:?}", history.warnings());
    }
}

/// A byte that is another one than was written: one line at most is lost, and that is told.
#[test]
fn a_damaged_byte_costs_its_own_lines() {
    let directory = tempfile::tempdir().unwrap();
    let (store, file) = store_with(&[small(0), small(1), small(2)], directory.path());
    let whole = fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] = 0xff;
        fs::write(&file, &bytes).unwrap();
        let history = store.read().unwrap();
        let lost = 3 - history.nights().len();
        assert_eq!(history.warnings().len(), 1, "byte {at}");
        assert_eq!(lost, if whole[at] == b'\n' { 2 } else { 1 }, "byte {at}");
    }
}

#[test]
fn what_is_foreign_or_too_new_is_told_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let (store, file) = store_with(&[small(0)], directory.path());
    let good = fs::read_to_string(&file).unwrap();
    for (line, part) in [
        ("hello", "it is torn, or no line of a history: it is no JSON (expected value)"),
        ("{\"a\": 1}", "it is torn, or no line of a history: missing field `format`"),
        ("{\"format\": \"x\", \"version\": 1}", "its format is `x`, not `loist-bench/history`"),
        (
            &good.replace("\"version\":1,", "\"version\":2,"),
            "it has version 2, and this loist-bench reads up to 1",
        ),
        (&good.replace("\"version\":1,", "\"version\":0,"), "it has version 0, and the first is 1"),
        (&good.replace("\"blocks\":1,", "\"blocks\":2,"), "p50_us has 1 values and the night has 2 blocks"),
        (&good.replace("\"blocks\":1,", "\"blocks\":0,"), "the night has no blocks"),
        (
            &good.replace("\"name\":\"search_library\"", "\"name\":\"(all)\""),
            "an operation is called `(all)`, as all together are",
        ),
        (
            &good.replace("\"version\":1,", "\"version\":1,\"revision\":\"\\u001b[2J\","),
            "the revision is more than a line",
        ),
        (
            "{\"format\":\"loist-bench/baseline\",\"version\":1,\"name\":\"a b\",\"id\":null,\"at\":\"2026-11-26T05:05:20Z\"}",
            "`a b` is no name",
        ),
    ] {
        fs::write(&file, format!("{good}\n{}\n", line.trim_end())).unwrap();
        let history = store.read().unwrap();
        assert_eq!(history.nights(), [small(0)]);
        let warnings: Vec<String> = history.warnings().iter().map(ToString::to_string).collect();
        let place = format!("{}:3: ", file.display());
        assert_eq!(warnings.len(), 1, "{line}: {warnings:?}");
        assert!(warnings[0].starts_with(&place) && warnings[0].contains(part), "{part} in {}", warnings[0]);
        assert!(!warnings[0].contains(" column "), "{}", warnings[0]);
    }
    // A field that a later program added is no reason to refuse a line, and files from Windows end in two characters.
    let added = good.replace("\"version\":1,", "\"version\":1,\"new\":[1],").replace('\n', "\r\n");
    fs::write(&file, added).unwrap();
    let history = store.read().unwrap();
    assert_eq!((history.nights(), history.warnings().len()), (&[small(0)][..], 0));
}

#[test]
fn writers_at_once_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = &Store::at(directory.path().join("history"));
    let nights: Vec<Vec<Night>> =
        (0..4).map(|writer| (0..6).map(|number| small(writer * 100 + number)).collect()).collect();
    std::thread::scope(|scope| {
        for nights in &nights {
            scope.spawn(move || {
                for night in nights {
                    store.add(std::slice::from_ref(night)).unwrap();
                    let name = format!("n{}", night.id);
                    store.name(&[Baseline::new(&name, Some(night.id.clone())).unwrap()]).unwrap();
                }
            });
        }
    });
    let history = store.read().unwrap();
    assert_eq!((history.nights().len(), history.warnings().len()), (24, 0));
    assert_eq!(history.baselines().len(), 24);
    assert!(nights.iter().flatten().all(|night| history.nights().contains(night)));
}

/// `merge=union` in `.gitattributes` keeps the lines of both sides: in any order, some of them twice.
#[test]
fn lines_may_be_merged_in_any_order() {
    let directory = tempfile::tempdir().unwrap();
    let (store, file) = store_with(&[small(0), small(1), small(2)], directory.path());
    let text = fs::read_to_string(&file).unwrap();
    let before = store.read().unwrap();
    let mut lines: Vec<&str> = text.lines().chain(text.lines().take(2)).collect();
    lines.reverse();
    fs::File::create(&file).unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    assert_eq!(store.read().unwrap().nights(), before.nights());
}
