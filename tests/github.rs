//! What GitHub and Cloud Build run: the step's script with a gate that a test makes up, and the files that name its
//! options.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

use assert_cmd::Command;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A runner of GitHub Actions, with a gate that ends as it is told and notes how it was called.
struct Runner {
    directory: TempDir,
}

impl Runner {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let gate = "#!/bin/sh\nprintf '%s\\n' \"$@\" >>\"$RUNNER_TEMP/called\"\necho '::notice::said'\n\
                    while [ $# -gt 0 ]; do [ \"$1\" != --markdown ] || echo '# verdict' >\"$2\"; shift; done\nexit \"$END\"\n";
        // By a shell of its own: what this process wrote can be busy when it is to be executed.
        let make = "cat >gate && chmod +x gate && : >summary && : >outputs";
        Command::new("sh")
            .args(["-euc", make])
            .current_dir(directory.path())
            .write_stdin(gate)
            .assert()
            .success();
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn step(&self, end: u8, inputs: &[(&str, &str)]) -> Output {
        let mut step = Command::new(Path::new(ROOT).join("scripts/github-gate"));
        step.current_dir(self.directory.path())
            .env_remove("GITHUB_ACTIONS")
            .env("LOIST_BENCH", self.path("gate"))
            .env("RUNNER_TEMP", self.directory.path())
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("GITHUB_OUTPUT", self.path("outputs"))
            .env("END", end.to_string())
            .envs(inputs.iter().copied());
        step.output().unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

#[test]
fn the_verdict_goes_to_the_summary_and_the_outputs() {
    for (end, code, outcome) in [(0, 0, "pass"), (1, 1, "fail"), (4, 0, "inconclusive")] {
        let runner = Runner::new();
        let output = runner.step(end, &[]);
        assert_eq!(output.status.code(), Some(code), "{outcome}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "::notice::said\n");
        assert_eq!(runner.read("summary"), "# verdict\n");
        let outputs = runner.read("outputs");
        assert!(outputs.starts_with("reports="), "{outputs}");
        assert!(outputs.contains(&format!("\noutcome={outcome}\nmarkdown=")), "{outputs}");
    }
}

#[test]
fn what_is_no_verdict_fails_the_step_and_keeps_what_was_measured() {
    for end in [2, 3, 130] {
        let runner = Runner::new();
        assert_eq!(runner.step(end, &[]).status.code(), Some(i32::from(end)));
        let reports = runner.path("loist-bench-gate");
        assert_eq!(runner.read("outputs"), format!("reports={}\n", reports.display()));
        assert_eq!(runner.read("summary"), "");
    }
}

#[test]
fn what_cannot_be_told_fails_where_that_is_asked_for() {
    let runner = Runner::new();
    assert_eq!(runner.step(4, &[("GATE_INCONCLUSIVE", "fail")]).status.code(), Some(4));
    assert!(runner.read("outputs").contains("outcome=inconclusive\n"));
    assert_eq!(runner.step(1, &[("GATE_INCONCLUSIVE", "fail")]).status.code(), Some(1));
}

#[test]
fn inputs_become_options() {
    let runner = Runner::new();
    runner.step(0, &[]);
    let called = runner.read("called");
    for option in ["--base", "--history", "--new", "--policy", "--rate"] {
        assert!(!called.lines().any(|line| line == option), "{option} without its input");
    }
    let inputs = [
        ("GATE_BASE", "git:origin/main"),
        ("GATE_HISTORY", "the history"),
        ("GATE_RATE", "100"),
        ("GATE_NEW", "here"),
        // The directory has files that the star would stand for.
        ("GATE_ARGUMENTS", "--pairs 20 --set jit=off --records *"),
    ];
    let runner = Runner::new();
    runner.step(0, &inputs);
    let called = runner.read("called");
    let lines: Vec<&str> = called.lines().collect();
    assert_eq!(lines[0], "gate");
    for pair in [
        ["--base", "git:origin/main"],
        ["--history", "the history"],
        ["--rate", "100"],
        ["--pairs", "20"],
        ["--set", "jit=off"],
        ["--records", "*"],
        ["--new", "here"],
        ["--tracks", "10000"],
        ["--format", "github"],
    ] {
        assert!(lines.windows(2).any(|two| two == pair), "{pair:?} in {lines:?}");
    }
}

#[test]
fn a_level_is_accepted_before_the_gate_looks() {
    let runner = Runner::new();
    runner.step(0, &[("GATE_ACCEPT", "true"), ("GATE_HISTORY", "history")]);
    let called = runner.read("called");
    assert!(
        called.starts_with("history\nbaseline\naccepted\nlatest\n--history\nhistory\ngate\n"),
        "{called}"
    );
}

/// Options that `loist-bench gate` has.
fn options() -> String {
    let mut help = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
    String::from_utf8(help.args(["gate", "--help"]).output().unwrap().stdout).unwrap()
}

#[test]
fn every_option_that_a_file_names_is_there() {
    let options = options();
    for file in ["scripts/github-gate", "examples/cloudbuild.yaml", "docs/gate.md"] {
        let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        // Options of other programs, and of a command that the gate's options are not those of.
        let others = ["gcloud", "loist-bench history", "cargo bench"];
        let lines = text.lines().filter(|line| !others.iter().any(|other| line.contains(other)));
        let words = lines.flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')));
        for word in words.filter(|word| {
            word.trim_start_matches("--").starts_with(|c: char| c.is_ascii_lowercase())
                && word.starts_with("--")
        }) {
            assert!(options.contains(word), "{file} names {word}");
        }
    }
}

/// The action's inputs are those that the script reads, and each has the default that the script has without it.
#[test]
fn the_action_passes_every_input_on() {
    let action = fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    let script = fs::read_to_string(Path::new(ROOT).join("scripts/github-gate")).unwrap();
    let passed: Vec<&str> = action
        .lines()
        .filter_map(|line| line.trim().strip_prefix("GATE_"))
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(passed.len(), 11, "{passed:?}");
    for name in passed {
        let (_, read) = script.split_once(&format!("${{GATE_{name}:-")).unwrap_or_else(|| panic!("{name}"));
        let (usual, _) = read.split_once('}').unwrap();
        let (_, input) = action.split_once(&format!("\n  {}:\n", name.to_lowercase())).unwrap();
        let default = input.lines().find_map(|line| line.trim().strip_prefix("default: ")).unwrap();
        assert_eq!(default.trim_matches('\''), usual, "{name}");
    }
}
