//! `duet`: two sides in turns on servers that are started for it. Other tests run beside these, so pairs may be
//! set aside; what is kept and told is the same.

use crate::common::Bench;
use loist_bench::{compare::Effects, record};
use std::{fs, path::PathBuf, process::Command};

/// Small, short and not sure.
const SMALL: &str =
    "--workload search --rate 40 --duration 300ms --warmup 100ms --pairs 3 --confidence 50% --quiet";

fn directory(bench: &Bench) -> PathBuf {
    let entries = fs::read_dir(bench.path("reports")).unwrap();
    let mut all: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn effects(bench: &Bench) -> Effects {
    serde_json::from_str(&fs::read_to_string(directory(bench).join("comparison.json")).unwrap()).unwrap()
}

#[test]
fn both_sides_are_measured_and_kept() {
    let bench = Bench::new();
    let output = bench.output(&format!("duet as-is set:work_mem=64kB {SMALL} --tracks 50 --budget 10s"));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!([Some(0), Some(1), Some(4)].contains(&output.status.code()), "{stdout}");
    assert!(stdout.contains("as-is") && stdout.contains("set:work_mem=64kB"), "{stdout}");
    let directory = directory(&bench);
    let effects = effects(&bench);
    let change = effects.settings.iter().find(|change| change.name == "work_mem").unwrap();
    assert_eq!((change.base.as_deref(), change.new.as_deref()), (Some("4MB"), Some("64kB")));
    let experiment = effects.experiment.as_ref().unwrap();
    assert!(experiment.took_seconds > 1.0 && experiment.block_seconds == 0.3, "{experiment:?}");
    for (name, side, pair) in [("base.json", "base", 0), ("new-001.json", "new", 1)] {
        let record = record::load(&directory.join(name)).unwrap();
        let block = record.block.unwrap();
        assert_eq!((block.side.as_str(), block.pair), (side, pair));
        assert_eq!(record.plans.is_empty(), pair > 0, "only the close look has plans");
    }
    let [base, new] =
        ["base", "new"].map(|side| record::load(&directory.join(format!("{side}-001.json"))).unwrap());
    assert_ne!(base.block.unwrap().first, new.block.unwrap().first);
    // The records alone say the same again.
    let again = bench.output(&format!("compare {} --confidence 50% --format json", directory.display()));
    let again: Effects = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((again.design, again.settings), (effects.design, effects.settings));
    for page in ["comparison.html", "comparison.md"] {
        assert!(directory.join(page).is_file(), "{page}");
    }
}

fn git(bench: &Bench, arguments: &str) {
    let status = Command::new("git")
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
        .args(arguments.split(' '))
        .current_dir(bench.path("."))
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments}");
}

#[test]
fn a_side_can_be_a_revision() {
    let bench = Bench::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
    fs::create_dir(bench.path("schema")).unwrap();
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), bench.path("schema").join(entry.file_name())).unwrap();
    }
    git(&bench, "init -q .");
    git(&bench, "add schema");
    git(&bench, "commit -q -m schema");
    bench.write("schema/006_less.sql", "DROP INDEX loist_bench.idx_audio_tracks_search_vector;");
    let output = bench.output(&format!("duet git:HEAD here {SMALL} --tracks 5000 --budget 5s"));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!([Some(0), Some(1), Some(4)].contains(&output.status.code()), "{stderr}");
    let directory = directory(&bench);
    let uses_index = |side: &str| {
        let plans = record::load(&directory.join(format!("{side}.json"))).unwrap().plans;
        assert!(!plans.is_empty(), "{side}");
        plans.iter().any(|plan| plan.shape.contains("idx_audio_tracks_search_vector"))
    };
    assert_eq!([uses_index("base"), uses_index("new")], [true, false]);
    assert!(directory.join("comparison.json").is_file());
}

#[test]
fn sides_that_are_none_are_refused_before_anything_starts() {
    let bench = Bench::new();
    bench.write("other.toml", include_str!("../../workloads/read.toml"));
    fs::create_dir(bench.path("empty")).unwrap();
    for (arguments, sentence) in [
        ("as-is nonsense", "`nonsense` is no side of a duet: write as-is, here, flags:PROFILE"),
        ("as-is set:", "`set:` is no side of a duet"),
        ("as-is set:work_mem", "set:work_mem: write NAME=VALUE"),
        ("as-is set:port=1", "set:port=1: --set port would hide the embedded server from loist-bench"),
        (
            "as-is transport:tcp --require-tls",
            "transport:tcp: --require-tls does not go with --transport tcp",
        ),
        ("as-is dog:x", "`dog:` names nothing that a side can be"),
        ("as-is flags:paln", "flags:paln: "),
        ("as-is schema:nowhere", "nowhere: the directory cannot be read"),
        ("as-is schema:empty", "empty: there is no file like 001_tables.sql in it"),
        ("as-is workload:other.toml", "it replays the workload read, the others mcp-mix"),
        ("as-is git:HEAD", "git:HEAD: "),
        ("as-is git:release/1.0+fix", "git:release/1.0+fix: "),
        ("as-is here", "here: the current directory has neither schema/ nor workloads/"),
        (
            "postgres://h/music?user=me&password=secret as-is --set jit=off",
            "h:5432, database music, user me: --set is for servers that loist-bench starts",
        ),
        ("as-is as-is --pairs 8", "--pairs 8 cannot be as sure as 99.0000 %, whatever they show: it takes 9"),
        ("as-is as-is --least-change 5cm", "write a percentage"),
        ("postgres://u:secret@127.0.0.1:1/x as-is", "127.0.0.1:1"),
    ] {
        let code = if arguments.contains("127.0.0.1:1") { 3 } else { 2 };
        let answer = bench.expect(code, &format!("duet {arguments} --quiet"));
        answer.one_sentence(sentence);
        assert!(!answer.stderr.contains("secret"), "{}", answer.stderr);
    }
    assert!(!bench.path("reports").exists());
}
