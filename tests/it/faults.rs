//! Faults in the middle of a run: classed, tried again as the workload says, visible in the series, and the run ends
//! with a valid record.

mod network;
mod pool;
mod server;
mod statements;

pub(crate) use server::Control;

use crate::{
    common::{Bench, KeptServer, ask, children_of, runtime, wait_until},
    run::in_series,
};
use loist_bench::record::{Ended, ErrorClass, Outcome, Record};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    time::Duration,
};

/// Makes what [`beating`] counts with.
const BEAT: &str = "CREATE SEQUENCE beat";

/// Tries again whatever becomes of the connection, for some seconds.
const PERSISTENT: &str =
    "[retry]\nattempts = 10\non = [\"connection\"]\nbackoff = \"50ms\"\nbackoff_max = \"1s\"\n";

/// A workload whose every call can be seen at once from another session, a crash notwithstanding.
fn beating(retry: &str) -> String {
    format!("name = \"beating\"\n{retry}{}", operation("beat", "rollback", &["SELECT nextval('beat')"]))
}

/// An operation of one transaction.
fn operation(name: &str, end: &str, statements: &[&str]) -> String {
    let mut text = format!("[[operation]]\nname = \"{name}\"\nweight = 1.0\n[[operation.transaction]]\n");
    text.push_str(&format!("end = \"{end}\"\n"));
    for (number, sql) in statements.iter().enumerate() {
        let statement = format!("name = \"s{number}\"\nsql = \"{sql}\"\n");
        text.push_str(&format!("[[operation.transaction.statement]]\n{statement}"));
    }
    text
}

/// Waits until many more calls have got through.
fn wait_for_beats(url: &str) {
    let beats = || ask(url, "SELECT last_value FROM beat").ok()?[0].parse::<u64>().ok();
    let mut from = None;
    // A crash lets a sequence jump by up to 32.
    wait_until("calls to get through", || {
        let now = beats();
        from = from.or(now);
        now.zip(from).is_some_and(|(now, from)| now > from + 60)
    });
}

/// A run whose window has begun.
struct Load {
    bench: Bench,
    child: Child,
}

impl Load {
    /// Starts a run of `workload` with `options` and waits for its window.
    fn start(url: &str, workload: &str, options: &str) -> Self {
        let bench = Bench::new();
        bench.write("fault.toml", workload);
        let run = format!("run fault.toml --tracks 50 --warmup 0s {options}");
        let mut command = bench.command(&run);
        command.env("DATABASE_URL", url).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("no window: {said:#?}")).unwrap();
            if line.contains("read the counters") {
                break;
            }
            said.push(line);
        }
        // Somebody must go on reading, or the tool blocks.
        std::thread::spawn(move || lines.for_each(drop));
        Self { bench, child }
    }

    /// Waits for the end of the run, which is the one that was planned, and checks what must hold of any record.
    fn end(self) -> Record {
        self.end_as(Ended::AsPlanned)
    }

    /// Ends a run that would have gone on for as long as the test needs.
    fn stop(self) -> Record {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        self.end_as(Ended::Interrupted)
    }

    fn end_as(mut self, ended: Ended) -> Record {
        let code = self.child.wait().unwrap().code();
        let record = self.bench.record();
        assert_sound(&self.bench, &record);
        assert_eq!(record.run.ended, ended);
        let expected = match record.verdict.outcome {
            _ if ended == Ended::ServerLost => 3,
            _ if ended == Ended::Interrupted => 130,
            Outcome::Met => 0,
            Outcome::Missed => 1,
            Outcome::Inconclusive => 4,
        };
        assert_eq!(code, Some(expected), "{:?}", record.verdict);
        record
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `workload` undisturbed.
fn run(url: &str, workload: &str, options: &str) -> Record {
    Load::start(url, workload, options).end()
}

/// The record keeps its schema, and every call and every attempt is accounted for.
fn assert_sound(bench: &Bench, record: &Record) {
    let schema = serde_json::from_str(&bench.expect(0, "schema record").stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value = serde_json::to_value(record).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut lost = 0;
    for operation in &record.operations {
        let summary = &operation.summary;
        let ended = summary.completed + summary.expected_failures + summary.failed;
        assert_eq!(summary.calls, ended + summary.shed + summary.unfinished, "{}", operation.name);
        assert_eq!(summary.response.count, summary.completed + summary.expected_failures);
        // Of the attempts at a call that failed the last was not followed by another.
        let last: u64 = operation.errors.iter().map(|error| error.count - error.retried).sum();
        assert_eq!(last, summary.failed + summary.expected_failures, "{:?}", operation.errors);
        lost += summary.failed + summary.shed + summary.unfinished;
    }
    let overall = &record.overall;
    let ended = overall.completed + overall.expected_failures + overall.failed;
    assert_eq!(overall.calls, ended + overall.shed + overall.unfinished);
    assert_eq!(overall.calls, record.operations.iter().map(|o| o.summary.calls).sum::<u64>());
    let answered = overall.completed + overall.expected_failures;
    assert_eq!(in_series(record), (answered, lost), "the slices hold what was answered and what was lost");
}

fn errors(record: &Record) -> Vec<&ErrorClass> {
    record.operations.iter().flat_map(|operation| &operation.errors).collect()
}

/// How many attempts failed this way.
fn count(record: &Record, class: &str) -> u64 {
    errors(record).iter().filter(|error| error.class == class).map(|error| error.count).sum()
}

/// How many attempts were followed by another.
fn retried(record: &Record) -> u64 {
    errors(record).iter().map(|error| error.retried).sum()
}

/// Nothing failed in any other way than these.
fn assert_only(record: &Record, classes: &[&str]) {
    let errors = errors(record);
    assert!(errors.iter().all(|error| classes.contains(&error.class.as_str())), "{errors:#?}");
}

/// Answers, then none for at least one slice of time, then answers again.
fn assert_gap(record: &Record) {
    let answered = &record.series.operations[0].answered;
    let first = answered.iter().position(|&calls| calls > 0).expect("answers");
    let gap = answered[first..].iter().position(|&calls| calls == 0).expect("a slice without answers");
    assert!(answered[first + gap..].iter().any(|&calls| calls > 0), "answers after the gap: {answered:?}");
}
