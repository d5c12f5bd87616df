//! `tune`: from a bad start that is planted, on a database that is there already, cut off and gone on with.

use super::{
    alone,
    common::{Bench, KeptServer},
};
use loist_bench::tune::{JOURNAL, Outcome, Purpose, Study, Trial};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Without indexes a track is looked for among all: no machine is too busy to see that.
const WITHOUT_INDEXES: [&str; 3] = ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"];
/// Enough tracks for that, and still short.
const MANY: &str = "read --tracks 5000 --rate 200 --duration 500ms --warmup 100ms --quiet";
/// Small and short: a hundred calls a block.
const SMALL: &str = "read --tracks 300 --rate 200 --duration 500ms --warmup 100ms --quiet";

fn directory(bench: &Bench) -> PathBuf {
    let entries = fs::read_dir(bench.path("reports")).unwrap().map(|entry| entry.unwrap().path());
    let all: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    let [one] = all.as_slice() else { panic!("one study: {all:?}") };
    one.clone()
}

fn trials(directory: &Path) -> Vec<Trial> {
    let Ok(text) = fs::read_to_string(directory.join(JOURNAL)) else { return Vec::new() };
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until a study has made so many measurements.
fn wait_for_trials(bench: &Bench, count: usize) -> PathBuf {
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < Duration::from_secs(120), "no {count} measurements in two minutes");
        std::thread::sleep(Duration::from_millis(50));
        let Ok(mut entries) = fs::read_dir(bench.path("reports")) else { continue };
        let Some(Ok(one)) = entries.next() else { continue };
        if trials(&one.path()).len() >= count {
            return one.path();
        }
    }
}

/// Directories of embedded servers below `base`.
fn servers(base: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(base).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("server-")).collect()
}

#[test]
fn a_bad_start_is_found_and_confirmed() {
    let _alone = alone();
    let bench = Bench::new();
    let planted = WITHOUT_INDEXES.map(|name| format!("--set {name}=off")).join(" ");
    let only = WITHOUT_INDEXES.join(",");
    let asked = format!("tune {MANY} {planted} --only {only} --budget 80s --format json");
    let answer = bench.expect(0, &asked);
    let study: Study = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(study.outcome, Outcome::Improved, "{}", study.sentence);
    let is_planted = |name: &str| WITHOUT_INDEXES.contains(&name);
    assert!(study.recommended.iter().all(|change| is_planted(&change.name)), "{:?}", study.recommended);
    assert!(study.answer().unwrap().change.unwrap() < -0.3, "{:?}", study.answer());
    let directory = directory(&bench);
    for file in ["study.json", "study.html", "study.md", "settings.conf", "begun.json", "trial-0001.json"] {
        assert!(directory.join(file).is_file(), "{file}");
    }
    let schema: Value = serde_json::from_str(&bench.expect(0, "schema study").stdout).unwrap();
    let kept: Value =
        serde_json::from_str(&fs::read_to_string(directory.join("study.json")).unwrap()).unwrap();
    jsonschema::validate(&schema, &kept).unwrap();
    // Its page is made again from the file alone, and it is in the list.
    let file = directory.join("study.json");
    bench.expect(0, &format!("report {} --out again.html", file.display()));
    assert_eq!(
        fs::read_to_string(bench.path("again.html")).unwrap(),
        fs::read_to_string(directory.join("study.html")).unwrap()
    );
    assert!(fs::read_to_string(bench.path("reports/index.html")).unwrap().contains("tuning"));
}

#[test]
fn one_that_was_killed_goes_on_and_leaves_nothing_behind() {
    let _alone = alone();
    let bench = Bench::new();
    // A path that the server's user may pass through.
    let base = tempfile::Builder::new().prefix("loist-tune-").tempdir_in("/var/tmp").unwrap();
    let asked = format!("tune {SMALL} --only work_mem,jit --budget 30s");
    let with_base = |arguments: &str| {
        let mut command = bench.command(arguments);
        command.env("LOIST_BENCH_BASE_DIR", base.path());
        command
    };
    let mut child = with_base(&asked).spawn().unwrap();
    let directory = wait_for_trials(&bench, 2);
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    while !servers(base.path()).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "left behind: {:?}", servers(base.path()));
        std::thread::sleep(Duration::from_millis(50));
    }
    let before = trials(&directory);
    // A line that was cut off in the middle is measured again.
    let mut text = fs::read_to_string(directory.join(JOURNAL)).unwrap();
    text.push_str("{\"number\": 99, \"purp");
    fs::write(directory.join(JOURNAL), text).unwrap();
    let resume = format!("--resume {}", directory.display());
    let output = with_base(&format!("{asked} {resume} --format json")).output().unwrap();
    let study: Study = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let after = trials(&directory);
    assert_eq!(after[..before.len()], before[..], "nothing is measured twice");
    assert_eq!(after.len(), study.trials as usize);
    assert!(after.len() > before.len());
    assert!(servers(base.path()).is_empty(), "{:?}", servers(base.path()));
    // What is whole is told again, and nothing is measured.
    let output = with_base(&format!("{asked} {resume} --format json")).output().unwrap();
    assert_eq!(serde_json::from_slice::<Study>(&output.stdout).unwrap(), study);
    bench.expect(2, &format!("{asked} {resume} --seed 7")).one_sentence("it began with other options");
    bench.expect(2, &format!("{asked} --resume nowhere")).one_sentence("no study can be gone on with there");
}

/// A server that is killed under a block is that block's misfortune, and the next ones are measured.
#[test]
fn a_server_that_is_killed_ends_no_study() {
    let _alone = alone();
    let bench = Bench::new();
    let base = tempfile::Builder::new().prefix("loist-tune-").tempdir_in("/var/tmp").unwrap();
    let asked = format!("tune {SMALL} --only jit --budget 30s --format json");
    let mut command = bench.command(&asked);
    command.env("LOIST_BENCH_BASE_DIR", base.path()).stdout(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let directory = wait_for_trials(&bench, 1);
    // The server of the block that is being measured; the seeded one has none.
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < Duration::from_secs(30), "no server to kill");
        let pid = servers(base.path()).into_iter().find_map(|server| {
            let text = fs::read_to_string(server.join("data/postmaster.pid")).ok()?;
            text.lines().nth(7)?.contains("ready").then(|| text.lines().next()?.parse().ok())?
        });
        if let Some(pid) = pid
            && kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok()
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let study: Study = serde_json::from_slice(&output.stdout).unwrap();
    let after = trials(&directory);
    assert!(after.len() > 3, "it went on: {}", after.len());
    let last = after.iter().rev().find(|trial| trial.purpose != Purpose::Portrait).unwrap();
    assert!(last.blocks.iter().all(|block| block.failed.is_none()), "{last:?}");
    assert!(!study.tried.is_empty());
}

#[test]
fn settings_that_are_given_are_checked() {
    let _alone = alone();
    let bench = Bench::new();
    bench.write("bad.conf", &WITHOUT_INDEXES.map(|name| format!("{name} = off\n")).concat());
    let answer = bench.expect(1, &format!("tune {MANY} --verify bad.conf --budget 60s"));
    assert!(answer.stdout.contains("leave them out"), "{}", answer.stdout);
    assert!(directory(&bench).join("study.json").is_file());
}

#[test]
fn of_a_database_that_is_there_only_sessions_are_touched() {
    let _alone = alone();
    let server = KeptServer::start("");
    let bench = Bench::new();
    let settings = "SELECT string_agg(name || '=' || setting, ',' ORDER BY name) FROM pg_settings
                    WHERE source NOT IN ('session', 'client')";
    let before = server.sql(settings);
    let url = &server.url;
    let output = bench.output(&format!("tune {SMALL} --budget 25s --format json --database-url {url}"));
    let study: Study = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let why = study.not_tried.iter().find(|one| one.name == "shared_buffers").unwrap();
    assert!(why.why.starts_with("it needs a restart"), "{why:?}");
    let mut touched = study.tried.iter().flat_map(|one| &one.changes).peekable();
    assert!(touched.peek().is_some(), "something was tried");
    assert!(touched.all(|(name, _)| name != "shared_buffers" && name != "wal_buffers"));
    assert_eq!(server.sql(settings), before);
    assert!(server.sql("SELECT setconfig::text FROM pg_db_role_setting").is_empty());
    // What needs a restart is not even measured where it is all that is given.
    bench.write("restart.conf", "shared_buffers = 256MB\n");
    bench
        .expect(2, &format!("tune {SMALL} --verify restart.conf --database-url {url}"))
        .one_sentence("none of the given settings can be tried there");
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_starts() {
    let bench = Bench::new();
    bench.write("unsafe.conf", "fsync = off\n");
    for (arguments, sentence) in [
        ("--only shared_bufers", "shared_bufers is not among what a tuner changes"),
        ("--only fsync", "fsync is not tried: without it a crash may leave nothing"),
        ("--objective p42", "write p95, p99, throughput or knee"),
        ("--objective throughput --rate 10", "leave out --rate and stages"),
        ("--verify nowhere.conf", "there is no file of that name"),
        ("--verify unsafe.conf", "fsync=off is no setting to compare"),
        ("--verify plan --only jit", "leave --only out"),
        ("--keep-server", "leave --keep-server out"),
        ("--transport tcp", "leave --transport out"),
        ("--budget soon", "write a time with its unit"),
        ("nonsense", "there is no such workload"),
    ] {
        bench.expect(2, &format!("tune {arguments} --quiet")).one_sentence(sentence);
    }
    assert!(!bench.path("reports").exists());
}
