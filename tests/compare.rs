//! `loist-bench compare` as a user runs it, without a server.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

/// A directory with two records of one kind.
fn desk() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample/record.json");
    let mut record: Value = serde_json::from_str(&fs::read_to_string(sample).unwrap()).unwrap();
    for (name, seed) in [("one.json", 1), ("two.json", 2)] {
        record["run"]["seed"] = seed.into();
        fs::write(directory.path().join(name), record.to_string()).unwrap();
    }
    directory
}

fn compare(directory: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
    command.args(["compare", "one.json", "two.json"]).args(arguments).current_dir(directory.path());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOIST_BENCH_")) {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn each_format_goes_where_it_belongs() {
    let directory = desk();
    let sentence = "new and base were run once each: what differs is shown and not judged";
    let (code, out, err) = compare(&directory, &[]);
    assert_eq!((code, err.as_str()), (4, ""), "nothing is resolved");
    assert!(out.starts_with(&format!("{sentence}\n")), "{out}");
    assert!(out.contains("\nloist-bench duet A B would judge: "), "{out}");
    let (_, markdown, _) = compare(&directory, &["--format", "markdown"]);
    assert!(markdown.starts_with("<!-- loist-bench report -->\n## "), "{markdown}");
    let (_, page, _) = compare(&directory, &["--format", "html", "--out", "-"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("were run once each"));
    for (format, name, text) in [("markdown", "x.md", &markdown), ("html", "x.html", &page)] {
        for _ in 0..2 {
            let (code, out, err) = compare(&directory, &["--format", format, "--out", name]);
            assert_eq!((code, out, err.as_str()), (4, format!("Report: {name}\n"), ""));
            assert_eq!(fs::read_to_string(directory.path().join(name)).unwrap(), *text);
        }
    }
}

#[test]
fn what_cannot_be_written_is_refused_in_a_sentence() {
    let directory = desk();
    for (arguments, part) in [
        (["--format", "html"].as_slice(), "add --out FILE, or --out -"),
        (&["--out", "x.txt"], "--out is for --format markdown or html"),
        (&["--format", "json", "--out", "x.json"], "--out is for --format markdown or html"),
        (&["--format", "html", "--out", "one.json"], "one.json was not made by loist-bench"),
    ] {
        let (code, out, err) = compare(&directory, arguments);
        assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{err}");
        assert!(err.contains(part), "{err}");
    }
}
