//! `loist-bench report` as a user runs it, without a server.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

use loist_bench::{record, report};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// A directory to work in, with the sample in `run`.
struct Desk {
    directory: TempDir,
}

/// How it went: exit code, standard output, standard error.
struct Answer(i32, String, String);

impl Desk {
    fn new() -> Self {
        let desk = Self { directory: tempfile::tempdir().unwrap() };
        desk.record("run", |_| {});
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// The sample with something else in it, as `DIRECTORY/record.json`.
    fn record(&self, directory: &str, change: impl FnOnce(&mut Value)) {
        let mut record = serde_json::from_str(&sample()).unwrap();
        change(&mut record);
        self.write(&format!("{directory}/record.json"), &record.to_string());
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
        command.arg("report").args(arguments).current_dir(self.directory.path());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOIST_BENCH_")) {
            command.env_remove(name);
        }
        command
    }

    fn report(&self, arguments: &[&str]) -> Answer {
        Answer::of(self.command(arguments).output().unwrap())
    }

    /// What it prints when all is well.
    fn prints(&self, arguments: &[&str]) -> String {
        let Answer(code, out, err) = self.report(arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        out
    }

    /// Expects one sentence with these parts, and nothing else.
    fn refuses(&self, arguments: &[&str], parts: &[&str]) {
        let Answer(code, out, err) = self.report(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        for part in parts {
            assert!(err.contains(part), "{arguments:?}: `{part}` in {err}");
        }
    }
}

impl Answer {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self(output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

fn sample() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample/record.json")).unwrap()
}

fn is_page(text: &str) -> bool {
    text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>")
}

#[test]
fn a_page_stands_beside_its_record() {
    let desk = Desk::new();
    for named in ["run", "run/record.json"] {
        assert_eq!(desk.prints(&[named]), "Report: run/report.html\n");
        assert!(is_page(&desk.read("run/report.html")));
    }
    desk.record("other", |_| {});
    assert_eq!(desk.prints(&["run", "other"]), "Report: other/comparison.html\n");
    assert!(is_page(&desk.read("other/comparison.html")));
    assert_eq!(desk.prints(&["run", "--out", "page.html"]), "Report: page.html\n");
    assert_eq!(desk.prints(&["run", "--out", "-"]), desk.read("run/report.html"));
    assert_eq!(desk.prints(&["run", "--out", "/dev/null"]), "Report: /dev/null\n");
    // In the directory itself.
    let out = desk.command(&["record.json"]).current_dir(desk.path("run")).output().unwrap();
    assert_eq!(Answer::of(out).1, "Report: report.html\n");
}

#[test]
fn what_is_somebody_elses_stays() {
    let desk = Desk::new();
    desk.write("run/report.html", "<!DOCTYPE html>\n<title>mine</title>");
    desk.refuses(&["run"], &["run/report.html was not made by loist-bench", "name another file"]);
    assert!(desk.read("run/report.html").contains("mine"));
    desk.refuses(&["run", "--out", "run/record.json"], &["was not made by loist-bench"]);
    desk.refuses(&["run", "--out", "run"], &["run is a directory", "as in run/report.html"]);
    desk.refuses(&["run", "--format", "markdown", "--out", "run/record.json"], &["was not made by"]);
    desk.write("pictures/percentiles.svg", "<svg/>");
    desk.refuses(
        &["run", "--format", "svg", "--out", "pictures"],
        &["pictures/percentiles.svg was not made"],
    );
    assert_eq!(desk.read("pictures/percentiles.svg"), "<svg/>");
    // What is ours is replaced, whatever of ours it is.
    for format in ["html", "markdown", "html"] {
        desk.prints(&["run", "--format", format, "--out", "again"]);
    }
    assert!(is_page(&desk.read("again")));
    desk.refuses(&["run", "--out", "missing/page.html"], &["there is no directory missing", "make it"]);
}

#[test]
fn what_is_no_record_is_refused() {
    let desk = Desk::new();
    fs::create_dir(desk.path("empty")).unwrap();
    desk.write("broken/record.json", "{\"format\": ");
    desk.write("foreign.json", "{\"format\": \"other\", \"version\": 1}");
    desk.refuses(&["missing.json"], &["missing.json: cannot read the record"]);
    desk.refuses(&["empty"], &["empty: there is no record.json in it", "name a record.json"]);
    desk.refuses(&["broken"], &["broken/record.json:1: this is not a loist-bench record"]);
    desk.refuses(&["run", "foreign.json"], &["its format is `other`"]);
    desk.refuses(&[], &["required arguments"]);
    desk.refuses(&["run", "--format", "pdf"], &["invalid value 'pdf'"]);
}

fn svg<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ["run", "--format", "svg"].into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn pictures_are_printed_or_stored() {
    let desk = Desk::new();
    let one = desk.prints(&svg(&["--picture", "percentiles"]));
    assert!(one.starts_with("<!-- loist-bench picture -->\n<svg ") && one.contains("search_library"));
    let out = desk.prints(&svg(&["--picture", "percentiles", "--out", "one.svg"]));
    assert_eq!(out, "Picture: one.svg\n");
    assert_eq!(desk.read("one.svg"), one);
    for _ in 0..2 {
        assert!(desk.prints(&svg(&["--out", "all"])).ends_with(" in all\n"));
        assert_eq!(desk.read("all/percentiles.svg"), one);
    }
    let of_one = desk.prints(&svg(&["--picture", "percentiles", "--operation", "fuzzy_search"]));
    assert!(of_one.contains("<title id=\"t\">fuzzy_search"), "{of_one}");
    assert!(desk.prints(&svg(&["--operation", "fuzzy_search", "--out", "all"])).ends_with(" in all\n"));
    assert!(desk.path("all/operation-11-percentiles.svg").exists());
    desk.refuses(&svg(&[]), &["add --picture NAME (percentiles", "--out DIR"]);
    desk.refuses(&svg(&["--out", "-"]), &["--picture NAME"]);
    desk.refuses(&svg(&["--picture", "portrait"]), &["no picture `portrait`", "percentiles", "--operation"]);
    desk.refuses(&svg(&["--picture", "x", "--operation", "facets"]), &["no picture `x` of facets"]);
    desk.refuses(&svg(&["--picture", "percentiles", "--operation", "x"]), &["no operation `x`", "facets"]);
    desk.refuses(&svg(&["--out", "one.svg"]), &["one.svg is no directory"]);
    desk.refuses(&["run", "--picture", "percentiles"], &["--picture is for --format svg"]);
    desk.refuses(&["run", "--operation", "facets"], &["--operation is for --format svg"]);
}

#[test]
fn markdown_is_printed_or_stored() {
    let desk = Desk::new();
    let printed = desk.prints(&["run", "--format", "markdown"]);
    assert!(printed.starts_with("<!-- loist-bench report -->\n## ✅ met"));
    assert_eq!(desk.prints(&["run", "--format", "markdown", "--out", "x.md"]), "Report: x.md\n");
    assert_eq!(desk.read("x.md"), printed);
}

#[test]
fn several_records_become_markdown_and_pictures_too() {
    let desk = Desk::new();
    desk.record("slow", |record| {
        let slow = |value: &mut Value| *value = json!(value.as_f64().unwrap() * 3.0);
        let operation = &mut record["operations"][11];
        assert_eq!(operation["name"], "fuzzy_search");
        slow(&mut operation["response"]["p95_us"]);
        for interval in operation["response_intervals"].as_array_mut().unwrap() {
            slow(&mut interval["low_us"]);
            slow(&mut interval["high_us"]);
        }
    });
    let printed = desk.prints(&["run", "slow", "--format", "markdown"]);
    let sentence = "## Each was run once, and what differs is shown and not judged: new has a higher p95 than base in 1 of 17 operations, and in none a lower one";
    assert!(printed.starts_with(&format!("<!-- loist-bench report -->\n{sentence}\n")), "{printed}");
    let row = printed
        .lines()
        .find(|line| line.starts_with("| fuzzy\\_search") || line.starts_with("| fuzzy_search"));
    let row = row.unwrap();
    assert!(row.contains("| 3.00 |") && row.ends_with("| higher |"), "{row}");
    let picture = ["run", "slow", "--format", "svg", "--picture", "side-by-side"];
    assert!(desk.prints(&picture).contains("<title id=\"t\">p95 of each operation, in each run</title>"));
    desk.refuses(
        &["run", "slow", "--format", "svg", "--picture", "heat"],
        &["of these runs", "side-by-side"],
    );
    let of_one = ["run", "slow", "--format", "svg", "--operation", "facets", "--out", "all"];
    desk.refuses(&of_one, &["--operation is for one record"]);
}

#[test]
fn the_sample_as_markdown() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample");
    let (record, text) = record::load_with_text(&path).unwrap();
    let source = report::source::Source { record, text, name: "record.json".to_owned() };
    insta::assert_snapshot!(report::markdown::render(&source));
}

/// Whatever a record holds, its Markdown fits into a comment, and holds no element but its own.
#[test]
fn hostile_records_stay_text_and_short() {
    let desk = Desk::new();
    let evil = "</summary><script>x</script> | `` \n\n# @everyone https://evil.example ```";
    desk.record("evil", |record| {
        let operation = record["operations"][0].clone();
        record["operations"] = (0..500).map(|_| operation.clone()).collect();
        for operation in record["operations"].as_array_mut().unwrap() {
            operation["name"] = json!(evil.repeat(20));
        }
        for piece in record["advice"].as_array_mut().unwrap() {
            piece["title"] = json!(evil);
            piece["evidence"] = json!(evil.repeat(1_000));
            if piece["change"].is_object() {
                piece["change"]["apply"] = json!(evil);
            }
        }
        record["verdict"] = json!({"outcome": "missed", "sentence": evil, "cautions": [evil]});
    });
    let markdown = desk.prints(&["evil", "--format", "markdown"]);
    assert!(markdown.len() < 65_536, "{}", markdown.len());
    let outside: String =
        markdown.replace("````sql\n", "````\n").split("````\n").map(str::to_owned).step_by(2).collect();
    assert!(!outside.contains("<script>") && !outside.contains("https://"), "{outside}");
    assert!(!outside.lines().any(|line| line.starts_with("# ")));
    assert!(markdown.contains("The latencies would be too long here"), "{markdown}");
}

#[test]
fn a_directory_of_runs_gets_a_list() {
    let desk = Desk::new();
    let at = |time: &str, factor: f64| {
        let time = time.to_owned();
        move |record: &mut Value| {
            record["run"]["started_at"] = json!(time);
            record["overall"]["response"]["p95_us"] = json!(11_100.0 * factor);
        }
    };
    desk.record("runs/old one", at("2026-03-01T10:00:00Z", 1.0));
    desk.record("runs/new", at("2026-03-02T10:00:00Z", 2.0));
    desk.record("runs/<script>x", |record| record["workload"]["name"] = json!("<script>alert(1)</script>"));
    desk.write("runs/broken/record.json", "{");
    desk.write("runs/foreign/record.json", "{\"format\": \"<script>\", \"version\": 1}");
    desk.write("runs/notes.txt", "");
    fs::create_dir(desk.path("runs/nothing")).unwrap();
    desk.prints(&["runs/new"]);
    assert_eq!(desk.prints(&["runs"]), "Report: runs/index.html\n");
    let page = desk.read("runs/index.html");
    assert!(is_page(&page));
    for part in [
        "3 runs, the newest of 26 November 2026",
        "href=\"./new/report.html\">2026-03-02 10:00:00<",
        "href=\"./new/record.json\"",
        "href=\"./old%20one/record.json\"",
        "href=\"./%3Cscript%3Ex/record.json\"",
        "record.json:1: this is not a loist-bench record",
        "The p95 of 2 runs over time: 11.1 ms in the oldest, 22.2 ms in the newest",
        "The objective is 200ms@p95",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("./old%20one/report.html"), "there is none");
    assert!(page.find("2026-03-02").unwrap() < page.find("2026-03-01").unwrap(), "the newest first");
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    // A shell names the list, too.
    let page_of_two = ["runs/index.html", "runs/old one", "runs/new"];
    assert_eq!(desk.prints(&page_of_two), "Report: runs/new/comparison.html\n");
    desk.refuses(&["runs/index.html"], &["the list of runs alone is no record"]);
    assert!(!page.contains("notes.txt") && !page.contains("nothing"));
    assert!(page.len() < 100_000, "it links, it does not embed: {}", page.len());
    assert_eq!(desk.prints(&["runs", "--out", "-"]), page);
}

#[test]
fn a_directory_of_runs_stands_alone() {
    let desk = Desk::new();
    desk.record("runs/one", |_| {});
    desk.refuses(&["runs", "run"], &["runs is a directory of runs", "name it alone"]);
    desk.refuses(&["run", "runs"], &["runs is a directory of runs"]);
    desk.refuses(&["runs", "--format", "markdown"], &["runs is a directory of runs"]);
    desk.refuses(&["runs", "--out", "list.html"], &["leave --out out for runs/index.html"]);
    desk.write("runs/index.html", "mine");
    desk.refuses(&["runs"], &["runs/index.html was not made by loist-bench"]);
    assert_eq!(desk.read("runs/index.html"), "mine");
}

/// What is set for `run` is not taken for a page; what is set for pages is.
#[test]
fn defaults_of_other_commands_do_not_reach_pages() {
    let desk = Desk::new();
    desk.write("loist-bench.toml", "format = \"json\"\nout = \"elsewhere\"\n");
    let run = |variable: (&str, &str)| {
        let output = desk.command(&["run"]).env(variable.0, variable.1).output().unwrap();
        Answer::of(output)
    };
    assert_eq!(run(("LOIST_BENCH_FORMAT", "json")).1, "Report: run/report.html\n");
    assert_eq!(run(("LOIST_BENCH_OUT", "elsewhere")).1, "Report: run/report.html\n");
    assert!(!desk.path("elsewhere").exists());
    let Answer(code, _, err) = run(("LOIST_BENCH_REPORT_FORMAT", "json"));
    assert_eq!(code, 2);
    assert!(err.contains("LOIST_BENCH_REPORT_FORMAT: invalid value 'json'"), "{err}");
    desk.write("loist-bench.toml", "report-format = \"markdown\"\n");
    assert!(desk.prints(&["run"]).starts_with("<!-- loist-bench report -->"));
    desk.write("loist-bench.toml", "\nreport-format = \"pdf\"\n");
    desk.refuses(&["run"], &["loist-bench.toml:2: invalid value 'pdf'"]);
}
