//! The commands of README and tutorial, as a reader gives them: in their order, in a directory of their own, by a shell.
//! Sizes are smaller.

use crate::{
    commands::{RUN, arguments},
    pages::{self, Block},
    shell,
};
use std::{
    env, fs,
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// Sizes that a page names itself, and what stands for them here. A budget that is over at once is one block.
const SMALLER: [(&str, &str); 2] = [("--tracks 10000", "--tracks 200"), ("--budget 2min", "--budget 1s")];
/// All other sizes. How fast the machine is must not decide a test: half of the calls within an hour will do.
const SIZES: [(&str, &str); 6] = [
    ("LOIST_BENCH_TRACKS", "200"),
    ("LOIST_BENCH_CLIENTS", "2"),
    ("LOIST_BENCH_WARMUP", "0s"),
    ("LOIST_BENCH_DURATION", "1s"),
    ("LOIST_BENCH_SLO", "1h@p50"),
    ("LOIST_BENCH_QUIET", "true"),
];

/// A directory in which `./loist-bench` and `loist-bench` are the program.
struct Desk {
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_loist-bench"), directory.path().join("loist-bench"))
            .unwrap();
        Self { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A file that a page shows: its first line names it in a comment.
    fn write(&self, block: &Block) {
        let name = block.text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        let is_name = name.contains('.') && !name.contains([' ', '/']);
        if is_name {
            fs::write(self.path().join(name), format!("{}\n", block.text)).unwrap();
        }
    }

    /// Nothing of the caller's environment names a database.
    fn run(&self, line: &str) -> Output {
        let mut line = line.to_owned();
        for (named, smaller) in SMALLER {
            line = line.replace(named, smaller);
        }
        let mut shell = Command::new("sh");
        shell.args(["-euc", &line]).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in env::vars() {
            let chooses = ["LOIST_BENCH_PG_BIN", "LOIST_BENCH_PG_VERSION"].contains(&name.as_str());
            let names_a_database = ["DB_", "PG", "DATABASE_URL"].iter().any(|known| name.starts_with(known));
            if names_a_database || (name.starts_with("LOIST_BENCH_") && !chooses) {
                shell.env_remove(name);
            }
        }
        let others = env::var_os("PATH").unwrap_or_default();
        let own = env::split_paths(&others).collect::<Vec<_>>();
        let all = std::iter::once(self.path().to_owned()).chain(own);
        shell.env("PATH", env::join_paths(all).unwrap()).envs(SIZES).output().unwrap()
    }
}

/// The exit code that a comment tells, as in `# exit code 1: it found something`.
fn told(comment: &str) -> i32 {
    let behind = comment.split_once("exit code ").map_or("", |(_, behind)| behind);
    behind.split(|c: char| !c.is_ascii_digit()).next().and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// Runs what a page tells, and gives the directory in which it was run, and how many lines were.
fn follow(name: &str) -> (Desk, usize) {
    assert!(RUN.contains(&name));
    let desk = Desk::new();
    let mut ran = 0;
    for block in pages::page(name).blocks() {
        if block.language != "sh" {
            desk.write(&block);
            continue;
        }
        if block.not_run.is_some() {
            continue;
        }
        let mut last = String::new();
        for command in shell::commands(&block.text) {
            let Some(arguments) = arguments(&command).filter(|_| command.line != last) else { continue };
            let output = desk.run(&command.line);
            let code = output.status.code();
            // Beside other tests a machine may be too busy for a verdict.
            let judges = |word: &String| ["run", "gate"].contains(&word.as_str());
            let is_doubted = code == Some(4) && arguments.first().is_some_and(judges);
            assert!(
                is_doubted || code == Some(told(&command.comment)),
                "{}: {}: {code:?}\n{}{}",
                block.place,
                command.line,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            last.clone_from(&command.line);
            ran += 1;
        }
    }
    (desk, ran)
}

#[test]
fn the_readme_runs() {
    let (desk, ran) = follow("README.md");
    assert!(ran >= 1, "{ran}");
    assert!(desk.path().join("reports/index.html").exists());
}

#[test]
fn the_tutorial_runs() {
    let (desk, ran) = follow("docs/tutorial.md");
    assert!(ran >= 8, "{ran}");
    assert!(desk.path().join("reports/index.html").exists());
    let history = fs::read_dir(desk.path().join("reports/history")).unwrap();
    assert!(history.count() > 0, "the night is in the history");
}

/// What is made smaller is there to be made smaller.
#[test]
fn every_size_is_named_by_a_page() {
    for (named, _) in SMALLER {
        assert!(RUN.iter().any(|name| pages::page(name).text.contains(named)), "{named}");
    }
}
