//! The command line without a server: help, bad input, files about itself.

use crate::common::{Answer, Bench};
use predicates::prelude::*;

#[test]
fn help_names_every_command_and_exit_code() {
    let help = Bench::new().expect(0, "--help").stdout;
    for word in [
        "run",
        "seed",
        "advise",
        "audit",
        "observe",
        "capacity",
        "\n  drill ",
        "report",
        "\n  aa ",
        "\n  compare ",
        "\n  duet ",
        "\n  gate ",
        "\n  merge ",
        "history",
        "flags",
        "server",
        "schema",
        "completions",
        "man",
        "130",
    ] {
        assert!(help.contains(word), "{word} in {help}");
    }
    assert!(!help.contains("__guard"), "internals stay inside");
}

#[test]
fn run_help_shows_the_defaults() {
    let help = Bench::new().expect(0, "run --help").stdout;
    let shown = predicate::str::contains("[default: 10000]")
        .and(predicate::str::contains("[default: mcp-mix]"))
        .and(predicate::str::contains("[default: 30s]"))
        .and(predicate::str::contains("LOIST_BENCH_TRACKS"));
    assert!(shown.eval(&help), "{help}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let bench = Bench::new();
    for (arguments, part) in [
        ("run --tracks 0", "from 1 to 100000000"),
        ("run --tracks -1", "from 1 to 100000000"),
        ("run --password-file secret", "--password-file is for a database of yours, but none is named"),
        ("run --pg-version 9", "write a major version from 14 on, as in 15"),
        ("run --rate -1", "write calls a second, above 0"),
        ("tune --budget -5min", "as in"),
        ("run --tracks many", "as in 1000, 10k or 1M"),
        ("run --clients 0", "from 1 to 10000"),
        ("run --duration 30", "as in 30s"),
        ("run --duration 1ms", "at least 100ms"),
        ("run --slo fast", "200ms@p95"),
        ("run --state dusty", "possible values"),
        ("run --set work_mem", "NAME=VALUE"),
        ("run --embedded --database-url postgres://x/y", "cannot both be meant"),
        ("run --duration 500000000000years", "the longest time is 30d"),
        ("run --seed 18446744073709551615", "from 0 to"),
        ("run --warmup -1s", "write a time with its unit, as in 30s or 5min"),
        ("run --pg-version 15 --database-url postgres://x/y", "is for the embedded server"),
        ("run --set port=1", "--set port would hide the embedded server"),
        ("run --set include=/etc/passwd", "leave it out"),
        ("run --set a-b=1", "NAME=VALUE"),
        ("run --set work_mem=1kB", "1kB is outside PostgreSQL's range 64kB .. 2147483647kB"),
        ("run --set wrk_mem=64kB", "PostgreSQL has no setting of that name; did you mean work_mem?"),
        (
            "duet as-is set:wrk_mem=1",
            "set:wrk_mem=1: PostgreSQL has no setting of that name; did you mean work_mem?",
        ),
        ("run --set timezone=Nowhere", "the server refuses a setting: invalid value for parameter"),
        ("dance", "unrecognized subcommand"),
        ("advise", "required arguments"),
    ] {
        let answer = bench.expect(2, arguments);
        answer.one_sentence(part);
        assert_eq!(
            answer.stderr.lines().filter(|line| !line.contains(" s  ")).count(),
            1,
            "{}",
            answer.stderr
        );
    }
}

#[test]
fn bad_workloads_are_refused_before_anything_starts() {
    let bench = Bench::new();
    bench
        .expect(2, "run serach")
        .one_sentence("there is no such workload: did you mean search? name one of mcp-mix, read");
    bench.expect(2, "run nothing").one_sentence("there is no such workload: name one of mcp-mix, read");
    bench.expect(2, "run missing.toml").one_sentence("missing.toml: cannot be read");
    bench.write("broken.toml", "name = \"x\"\n[[operation]\n");
    bench.expect(2, "run broken.toml").one_sentence("broken.toml:2: ");
    let good = include_str!("../../workloads/read.toml");
    bench.write("unknown.toml", &good.replacen("WHERE id = :id", "WHERE id = :uuid", 1));
    bench.expect(2, "run unknown.toml").one_sentence("unknown parameter `:uuid`: only :id is known here");
}

#[test]
fn bad_records_are_refused() {
    let bench = Bench::new();
    bench.expect(2, "advise nothing.json").one_sentence("nothing.json: cannot read the record");
    bench.write("text.json", "hello");
    bench.expect(2, "advise text.json").one_sentence("text.json:1: this is not a loist-bench record");
    bench.write("empty.json", "");
    bench
        .expect(2, "advise empty.json")
        .one_sentence("empty.json:1: this is not a loist-bench record: it is empty");
    bench.write("half.json", &include_str!("../../reports/sample/record.json")[..9_999]);
    let half = bench.expect(2, "advise half.json");
    half.one_sentence("this is not a loist-bench record: it is cut off here: its end is missing");
    bench.expect(2, "advise .").one_sentence(". holds no record.json: name a directory that `run` made");
    bench.write("other.json", r#"{"format": "other", "version": 1}"#);
    bench.expect(2, "advise other.json").one_sentence("its format is `other`");
    bench.write("newer.json", r#"{"format": "loist-bench/record", "version": 999}"#);
    bench.expect(2, "advise newer.json").one_sentence("use a newer loist-bench");
}

#[test]
fn bad_database_settings_are_refused_without_telling_the_password() {
    let bench = Bench::new();
    for (url, part) in [
        ("postgres://user:s3cret@host:notaport/db", "port"),
        ("postgres://user:s3cret@[::1/db", "never closed"),
        ("postgres://user:s3cret@host/db?sslmode=verify-full", "sslrootcert"),
        ("postgres://user:s3cret@host/db?nonsense=1", "libpq does not know"),
        ("host=h password=s3cret port=x", "port"),
    ] {
        let output = bench.command("run").args(["--database-url", url]).output().unwrap();
        let answer = Answer::of(output, 2, url);
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
        answer.one_sentence(part);
    }
    bench.write(".env", "DB_HOST=localhost\nDB_PASSWORD='s3cret\n");
    let answer = bench.expect(2, "run");
    answer.one_sentence(".env:2: ");
    assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
}

#[test]
fn an_unreachable_database_is_exit_code_3() {
    let bench = Bench::new();
    // Port 1 of this machine: nothing listens there.
    let output =
        bench.command("run").env("DATABASE_URL", "postgres://me:s3cret@127.0.0.1:1/none").output().unwrap();
    let answer = Answer::of(output, 3, "an unreachable database");
    answer.one_sentence("127.0.0.1");
    assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
}

#[test]
fn missing_server_programs_are_exit_code_3() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("empty")).unwrap();
    bench.expect(3, "run --pg-bin empty").one_sentence("empty");
    bench.expect(3, "run --pg-version 99").one_sentence("99");
}

/// What stands where no address belongs may hold a password all the same.
#[test]
fn an_address_in_the_wrong_place_keeps_its_password() {
    let bench = Bench::new();
    for (arguments, code, part) in [
        ("run postgres://me:s3cret@h/d", 2, "give a database with --database-url"),
        ("run -d postgres://me:s3cret@h/d", 2, "'postgres://me:***@h/d' for '--duration <TIME>'"),
        ("run --database-url postgres://me:p@s3cret@127.0.0.1:1/d", 2, "write an @ of the password as %40"),
    ] {
        let answer = bench.expect(code, arguments);
        answer.one_sentence(part);
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
    }
}

#[test]
fn a_bad_value_has_its_place() {
    let bench = Bench::new();
    for (file, part) in [
        ("\nduration = 1\n", "loist-bench.toml:2: invalid value '1' for '--duration <TIME>'"),
        (
            "tracks = 1.5",
            "loist-bench.toml:1: invalid value '1.5' for '--tracks <TRACKS>': write a number of tracks",
        ),
        ("knee = \"maybe\"", "loist-bench.toml:1: invalid value 'maybe' for '--knee': write true or false"),
    ] {
        bench.write("loist-bench.toml", file);
        bench.expect(2, "run").one_sentence(part);
    }
    bench.write("loist-bench.toml", "duration = 1\n");
    let output = bench.command("run").env("LOIST_BENCH_DURATION", "5").output().unwrap();
    Answer::of(output, 2, "the environment").one_sentence("LOIST_BENCH_DURATION: invalid value '5'");
    bench
        .expect(2, "run --duration 7")
        .one_sentence("loist-bench: invalid value '7' for '--duration <TIME>'");
}

#[test]
fn a_misspelled_variable_is_told_once_and_the_command_goes_on() {
    let bench = Bench::new();
    let mut command = bench.command("run read --tracks 10 --duration 100ms --warmup 0s --quiet");
    let output = command.env("LOIST_BENCH_TRAKCS", "7").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(told.matches("did you mean LOIST_BENCH_TRACKS?").count(), 1, "{told}");
    assert_eq!(bench.records().len(), 1, "{told}");
}

#[test]
fn the_configuration_file_is_read_and_checked() {
    let bench = Bench::new();
    bench.write("loist-bench.toml", "tracks = 77\n");
    assert!(bench.expect(0, "run --help").stdout.contains("[default: 77]"));
    bench.write("loist-bench.toml", "tracks = 77\ntrakcs = 1\n");
    bench.expect(2, "run").one_sentence("loist-bench.toml:2: there is no option `trakcs`");
    assert!(bench.expect(0, "run --help").stdout.contains("[default: 10000]"), "help comes all the same");
    bench.write("loist-bench.toml", "database-url = \"postgres://u:s3cret@h/d\"\n");
    assert!(!bench.expect(0, "run --help").stdout.contains("s3cret"));
}

/// What is said nearer wins: the command line, then the environment, then the file.
#[test]
fn the_nearest_choice_of_a_database_wins() {
    let bench = Bench::new();
    let nowhere = "postgres://me@127.0.0.1:1/none";
    bench.write("loist-bench.toml", "embedded = true\n");
    bench.expect(3, &format!("seed --database-url {nowhere}")).one_sentence("127.0.0.1:1");
    let output = bench.command("seed").env("LOIST_BENCH_DATABASE_URL", nowhere).output().unwrap();
    Answer::of(output, 3, "the environment before the file").one_sentence("127.0.0.1:1");
    let output =
        bench.command("seed --embedded --tracks 1 --quiet").env("LOIST_BENCH_DATABASE_URL", nowhere).output();
    Answer::of(output.unwrap(), 0, "the command line before the environment");
}

#[test]
fn a_place_without_room_for_results_is_found_out_before_the_run() {
    let bench = Bench::new();
    bench.write("file", "");
    bench.expect(3, "run --out file").one_sentence("file: cannot make the directory");
    bench.expect(2, "run --out reports missing.toml").one_sentence("missing.toml");
    bench.expect(3, "run --pg-bin missing").one_sentence("missing");
    assert!(!bench.path("reports").exists(), "nothing empty is left");
    std::fs::create_dir(bench.path("reports")).unwrap();
    bench.expect(3, "run --pg-bin missing").one_sentence("missing");
    assert_eq!(std::fs::read_dir(bench.path("reports")).unwrap().count(), 0, "what was there stays");
}

#[test]
fn the_program_describes_itself() {
    let bench = Bench::new();
    for what in ["record", "workload", "audit", "capacity", "drill", "backup"] {
        let schema: serde_json::Value =
            serde_json::from_str(&bench.expect(0, &format!("schema {what}")).stdout).unwrap();
        jsonschema::meta::validate(&schema).expect("a valid JSON Schema");
        assert!(schema["properties"].as_object().unwrap().len() > 3);
    }
    assert!(bench.expect(0, "completions bash").stdout.contains("loist-bench"));
    assert!(bench.expect(0, "man").stdout.contains(".TH loist-bench"));
    let page = bench.expect(0, "man run").stdout;
    assert!(page.contains(".TH loist\\-bench\\-run") || page.contains(".TH loist-bench-run"), "{page}");
    assert!(page.contains(r"\-\-tracks") && page.contains("[default: 10000]"), "{page}");
    assert!(bench.expect(0, "man history list").stdout.contains("loist"), "a command of a command");
    assert!(bench.expect(2, "man walk").stderr.contains("loist-bench has no command walk"));
}

/// Every built-in workload is valid by the published schema, read as TOML and checked as JSON.
#[test]
fn the_workload_schema_accepts_the_built_in_workloads() {
    let schema: serde_json::Value =
        serde_json::from_str(&Bench::new().expect(0, "schema workload").stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["mcp-mix", "read", "search", "ingest", "browse", "fuzzy"] {
        let path = format!("{}/workloads/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let value: serde_json::Value = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
    assert!(!validator.is_valid(&serde_json::json!({"name": "x", "operation": [], "extra": 1})));
}
