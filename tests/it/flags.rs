//! `loist-bench flags`: every form written and read, the two mistakes, bad input; and the catalogue against a server.

use crate::common::{Answer, Bench, KeptServer};
use loist_bench::flags::catalog::{self, Kind};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

const TIER: &str = "--machine db-custom-1-3840";
const PLAN: &str = "gcloud sql instances patch loist-music-library-db --database-flags=shared_buffers=131072,\
                    work_mem=4096,maintenance_work_mem=65536,effective_cache_size=262144,random_page_cost=1.1";

fn expect_with_input(bench: &Bench, code: i32, arguments: &str, input: &str) -> Answer {
    let mut child = bench
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Answer::of(child.wait_with_output().unwrap(), code, arguments)
}

/// The sample record, changed.
fn record(bench: &Bench, change: impl FnOnce(&mut Value)) -> PathBuf {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample/record.json");
    let mut record: Value = serde_json::from_str(&std::fs::read_to_string(sample).unwrap()).unwrap();
    change(&mut record);
    bench.write("record.json", &record.to_string())
}

fn setting<'a>(record: &'a mut Value, name: &str) -> &'a mut Value {
    let settings = record["evidence"]["settings"].as_array_mut().unwrap();
    settings.iter_mut().find(|setting| setting["name"] == name).unwrap()
}

#[test]
fn the_plan_for_gcloud() {
    let bench = Bench::new();
    let answer = bench.expect(0, "flags render plan --as gcloud --instance loist-music-library-db");
    assert!(answer.stdout.lines().any(|line| line == PLAN), "{}", answer.stdout);
    for told in [&answer.stdout, &answer.stderr] {
        assert!(told.contains("replaces the whole set") && told.contains("--current current.json"), "{told}");
    }
    // All but the command is comment, so that the whole can be pasted.
    assert!(answer.stdout.lines().all(|line| line == PLAN || line.starts_with('#')));
}

/// What is written in any form is found clean, and is written the same again.
#[test]
fn every_form_is_written_and_read() {
    let bench = Bench::new();
    for (form, machine) in [
        ("gcloud", TIER),
        ("terraform", TIER),
        ("conf", TIER),
        ("alter-system", "--machine 2cpu-8GB"),
        ("set", "--machine 2cpu-8GB"),
    ] {
        let written = bench.expect(0, &format!("flags render plan --as {form}")).stdout;
        bench.write("settings", &written);
        let checked = bench.expect(0, &format!("flags check settings {machine}")).stdout;
        assert!(checked.contains("0 errors, 0 warnings"), "{checked}");
        let again = bench.expect(0, &format!("flags render settings --as {form}")).stdout;
        // Comments may tell of what was left out the first time.
        let own = |text: &str| -> Vec<String> {
            let is_comment = |line: &&str| line.starts_with('#') || line.starts_with("--");
            text.lines().filter(|line| !is_comment(line)).map(str::to_owned).collect()
        };
        assert_eq!(own(&again), own(&written));
    }
}

#[test]
fn the_two_mistakes_are_refused_and_explained() {
    let bench = Bench::new();
    let list = "shared_buffers=1GB,work_mem=4MB,maintenance_work_mem=64MB,effective_cache_size=2GB";
    let answer = expect_with_input(&bench, 1, &format!("flags check - {TIER}"), list);
    for part in ["refuses `1GB`", "shared_buffers=131072", "work_mem=4096", "effective_cache_size=262144"] {
        assert!(answer.stdout.contains(part), "{part}: {}", answer.stdout);
    }
    let list = "shared_buffers=98304,work_mem=64,maintenance_work_mem=1024,effective_cache_size=100000";
    let command = format!("gcloud sql instances patch db \\\n  --database-flags={list}\n");
    let answer = expect_with_input(&bench, 1, &format!("flags check - {TIER}"), &command);
    for part in [
        "line 2: work_mem=64",
        "work_mem=64 is 64kB, PostgreSQL's minimum: it looks like MB written without its unit; 64MB would be 65536",
        "shared_buffers=98304 is 768MB in pages of 8 kB",
        "effective_cache_size=100000 is 781.25MB in pages of 8 kB",
    ] {
        assert!(answer.stdout.contains(part), "{part}: {}", answer.stdout);
    }
    // The list may be the argument itself.
    let answer = bench.expect(1, &format!("flags check work_mem=64,jit=off {TIER}"));
    assert!(
        answer.stdout.starts_with("the list: 2 settings, read as a gcloud command line"),
        "{}",
        answer.stdout
    );
    let answer = bench.expect(1, &format!("flags check as-documented {TIER}"));
    assert!(answer.stdout.contains("64kB is PostgreSQL's minimum"));
}

#[test]
fn logging_and_connections_of_production() {
    let bench = Bench::new();
    bench.write(
        "main.tf",
        "resource \"google_sql_database_instance\" \"db\" {\n  settings {\n    tier = \"db-custom-1-3840\"\n    \
         database_flags {\n      name  = \"log_statement\"\n      value = \"all\"\n    }\n  }\n}\n",
    );
    let answer = bench.expect(1, "flags check main.tf --connections 130 --format json");
    let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
    let rules: Vec<&str> =
        answer["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert_eq!(rules[..2], ["connections/budget", "logging/costly"]);
    assert_eq!(answer["findings"][1]["line"], 4);
    assert_eq!((&answer["form"], &answer["machine"]["vcpus"]), (&json!("terraform"), &json!(1)));
}

#[test]
fn flags_that_are_set_are_carried_along() {
    let bench = Bench::new();
    let current = json!({"name": "music", "databaseVersion": "POSTGRES_15", "settings": {
        "tier": "db-custom-1-3840",
        "databaseFlags": [{"name": "cloudsql.iam_authentication", "value": "on"}, {"name": "work_mem", "value": "5120"}],
    }});
    bench.write("current.json", &current.to_string());
    let answer = bench.expect(0, "flags render plan --as gcloud --current current.json");
    let line = "gcloud sql instances patch music --database-flags=shared_buffers=131072,work_mem=4096,\
                maintenance_work_mem=65536,effective_cache_size=262144,random_page_cost=1.1,\
                cloudsql.iam_authentication=on";
    assert!(answer.stdout.lines().any(|found| found == line), "{}", answer.stdout);
    assert!(answer.stdout.contains("# undo: gcloud sql instances patch music --database-flags=cloudsql"));
    assert_eq!(answer.stderr, "", "nothing to warn of");
    bench.expect(0, "flags check current.json");
    // What no PostgreSQL has is set there all the same: it stays, and is said.
    bench.write("current.json", &current.to_string().replace("work_mem", "max_connectons"));
    let answer = bench.expect(0, "flags render plan --as gcloud --current current.json");
    let told = "carried along: max_connectons=5120: PostgreSQL has no setting of that name; did you mean max_connections?";
    for text in [&answer.stdout, &answer.stderr] {
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn a_record_gives_its_recommendations_and_what_waits() {
    let bench = Bench::new();
    record(&bench, |record| {
        *setting(record, "work_mem") = json!({"name": "work_mem", "value": "8192", "unit": "kB", "default": "4096",
            "source": "configuration file", "context": "user", "pending_restart": false});
        *setting(record, "jit") = json!({"name": "jit", "value": "off", "default": "on", "source": "database",
            "context": "user", "pending_restart": false});
        // What the sample recommends is not this test's matter.
        record["advice"].as_array_mut().unwrap().truncate(1);
        record["advice"][0]["change"] = json!({"setting": "shared_buffers", "from": "128MB", "to": "256MB",
            "restart": true, "apply": "ALTER SYSTEM SET shared_buffers = '256MB';", "undo": ""});
        record["advice"][0]["more_changes"] = json!([{"setting": "statement_timeout", "from": "0", "to": "10s",
            "restart": false, "apply": "ALTER ROLE loist SET statement_timeout = '10s';", "undo": ""}]);
    });
    let answer = bench.expect(0, "flags render record.json --as alter-system");
    let statements: Vec<&str> =
        answer.stdout.lines().filter(|line| line.starts_with("ALTER SYSTEM SET")).collect();
    assert_eq!(statements, ["ALTER SYSTEM SET shared_buffers = '256MB';"], "what is set stays as it is");
    let left_out = "left out: statement_timeout: it is not for the whole server: ALTER ROLE loist SET";
    assert!(answer.stderr.contains(left_out), "{}", answer.stderr);
    // Cloud SQL loses what a new list does not name.
    let answer_of_cloud = bench.expect(0, "flags render record.json --as gcloud");
    assert!(
        answer_of_cloud.stdout.contains("--database-flags=work_mem=8192,shared_buffers=32768\n"),
        "{}",
        answer_of_cloud.stdout
    );
    let session = bench.expect(0, "flags render record.json --as set");
    assert!(session.stdout.contains("\nSET statement_timeout = '10s';"), "{}", session.stdout);
    assert!(answer.stdout.contains("--   ALTER SYSTEM RESET shared_buffers;"), "{}", answer.stdout);
    bench.expect(0, "flags check record.json");
    record(&bench, |record| setting(record, "shared_buffers")["pending_restart"] = json!(true));
    let answer = bench.expect(1, "flags check record.json");
    assert!(answer.stdout.contains("a change waits for a restart: 128MB is still in force"));
}

#[test]
fn flags_and_profiles_are_shown() {
    let bench = Bench::new();
    let all = bench.expect(0, "flags show").stdout;
    assert!(all.contains("pg-defaults") && all.contains("800000kB"), "{all}");
    let flag = bench.expect(0, &format!("flags show shared_buffers {TIER}")).stdout;
    let takes = "10 to 60 % of the memory: 49152 .. 294912 (384MB .. 2304MB) on db-custom-1-3840";
    assert!(flag.contains(takes), "{flag}");
    let flag = bench.expect(0, &format!("flags show work_mem {TIER}")).stdout;
    assert!(flag.contains("takes       64kB .. 2147483647kB (the upper end is PostgreSQL's)"), "{flag}");
    let flag: Value =
        serde_json::from_str(&bench.expect(0, "flags show work_mem --format json").stdout).unwrap();
    assert_eq!((&flag["unit"], &flag["type"]), (&json!("kB"), &json!("integer")));
    let plan = bench.expect(0, &format!("flags show plan {TIER}")).stdout;
    assert!(plan.contains("131072") && plan.contains("26.7 %"), "{plan}");
}

#[test]
fn bad_input_is_one_sentence() {
    let bench = Bench::new();
    bench.write("broken.conf", "work_mem = 4MB\n= 5\n");
    bench.write("empty.conf", "# nothing\n");
    bench.write("unit.conf", "work_mem = 4mb\n");
    bench.write("typo.conf", "# buffers\n\nshared_bufers = 1GB\n");
    bench.write("Cargo.toml", "[package]\nname = \"x\"\n");
    for (arguments, part) in [
        ("flags check missing.conf", "there is no profile `missing.conf`"),
        ("flags check broken.conf", "broken.conf:2: `=` begins no setting"),
        ("flags check empty.conf", "empty.conf: it sets no flag: read as postgresql.conf"),
        ("flags check broken.conf --as record", "broken.conf:1: this is not JSON"),
        ("flags check plan --machine db-n1-standard-1", "its equal for PostgreSQL is db-custom-1-3840"),
        ("flags check plan --machine db-custom-3-7680", "the nearest that is offered is db-custom-4-7680"),
        ("flags check plan --memory-limit 3", "as in 512MB or 20GB"),
        ("flags check plan --pg-version 9", "from 13 to 18"),
        (
            "flags render unit.conf --as gcloud",
            "unit.conf:1: work_mem=4mb: `mb` is no unit of work_mem: write B, kB, MB",
        ),
        (
            "flags render typo.conf --as set",
            "typo.conf:3: shared_bufers=1GB: PostgreSQL has no setting of that name; did you mean shared_buffers?",
        ),
        (
            "flags check Cargo.toml",
            "Cargo.toml:1: this is not JSON: expected value at line 1 column 2; it was taken for gcloud's description of an instance: `flags check --as` names another form",
        ),
        ("flags render plan", "required arguments"),
        ("flags render plan --as gcloud --current missing.json", "missing.json: No such file"),
        ("flags show shared_bufers", "did you mean shared_buffers?"),
        ("flags show io_method --pg-version 15", "it is there from 18"),
    ] {
        bench.expect(2, arguments).one_sentence(part);
    }
    let answer = bench.expect(1, "flags check typo.conf");
    assert!(answer.stdout.contains("line 3: shared_bufers=1GB"), "{}", answer.stdout);
}

/// A wrong file is not printed, nor is a secret of the right one.
#[test]
fn secrets_are_not_shown() {
    let bench = Bench::new();
    bench.write("env", "API_KEY=sk-live-4711\nexport DB=sk-live-4711\nURL=postgres://me:sk-live-4711@h/d\n");
    bench.write("shadow", "root:$6$sk-live-4711:19000:0:99999:7:::\n");
    bench.write("prod.conf", "primary_conninfo = 'host=a password=sk-live-4711'\nprimary_conninfo = ''\n");
    for name in ["env", "shadow", "prod.conf"] {
        let output = bench.output(&format!("flags check {name}"));
        let told =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!told.contains("sk-live") && told.contains("(hidden)"), "{told}");
        let output = bench.output(&format!("flags render {name} --as gcloud"));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("sk-live"), "{output:?}");
    }
}

/// What could not be read of what is set now may be lost, and is said.
#[test]
fn what_may_be_lost_is_warned_of() {
    let bench = Bench::new();
    bench.write(
        "main.tf",
        "resource \"google_sql_database_instance\" \"db\" {\n  settings {\n    tier = \"db-custom-3-1\"\n    \
         dynamic \"database_flags\" {\n      for_each = var.flags\n    }\n  }\n}\n",
    );
    let answer = bench.expect(0, "flags render plan --as gcloud --current main.tf");
    for part in
        ["main.tf:4: dynamic database_flags: it is made elsewhere", "what it sets may be lost", "main.tf:3: "]
    {
        assert!(answer.stderr.contains(part) && answer.stdout.contains(part), "{part}: {}", answer.stderr);
    }
    record(&bench, |record| {
        *setting(record, "archive_command") = json!({"name": "archive_command", "value": "(hidden)", "default": "",
            "source": "configuration file", "context": "sighup", "pending_restart": false});
        *setting(record, "work_mem") = json!({"name": "work_mem", "value": "8192", "unit": "kB", "default": "4096",
            "source": "configuration file", "context": "user", "pending_restart": false});
    });
    let answer = bench.expect(0, "flags render record.json --as conf");
    assert!(!answer.stdout.contains("archive_command = "), "{}", answer.stdout);
    assert!(answer.stderr.contains("archive_command: the record hides its value"), "{}", answer.stderr);
    let answer = bench.expect(0, "flags render plan --as gcloud --current record.json");
    assert!(answer.stdout.lines().any(|line| line.starts_with("# undo") && line.contains("work_mem=8192")));
}

/// A tier that a file names goes before the environment's machine, and the command line before both.
#[test]
fn the_files_own_tier_counts() {
    let bench = Bench::new();
    let current = json!({"name": "music", "databaseVersion": "POSTGRES_15", "settings": {
        "tier": "db-custom-1-3840", "databaseFlags": [{"name": "jit", "value": "off"}]}});
    bench.write("current.json", &current.to_string());
    bench.write("loist-bench.toml", "machine = \"db-custom-4-16384\"\n");
    let tier = |arguments: &str| {
        let output = bench.output(&format!("flags check current.json --format json {arguments}"));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["machine"]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(tier(""), "db-custom-1-3840");
    assert_eq!(tier("--machine db-custom-2-7680"), "db-custom-2-7680");
    bench
        .expect(2, "flags render plan --as gcloud --instance a;b")
        .one_sentence("letters, digits and hyphens");
}

/// Every fact of the catalogue is what the server says of itself, and no setting is missing.
#[test]
fn the_catalogue_is_the_servers() {
    let server = KeptServer::start("");
    let version: u32 = server.sql("SHOW server_version_num")[0].parse::<u32>().unwrap() / 10_000;
    let rows = server.sql("SELECT row_to_json(s)::text FROM pg_settings s WHERE context <> 'internal'");
    assert!(rows.len() > 300);
    for row in rows {
        let row: Value = serde_json::from_str(&row).unwrap();
        let text = |column: &str| row[column].as_str();
        let name = text("name").unwrap();
        let Some(flag) = catalog::find_in(name, version) else { panic!("{name} is missing") };
        let kind = match text("vartype").unwrap() {
            "bool" => Kind::Boolean,
            "integer" => Kind::Integer,
            "real" => Kind::Real,
            "enum" => Kind::Enum,
            _ => Kind::String,
        };
        assert_eq!((flag.name, flag.kind), (name, kind));
        assert_eq!(flag.unit, text("unit"), "{name}");
        assert_eq!(Some(flag.context), text("context"), "{name}");
        let near = |ours: Option<f64>, column: &str| {
            let theirs: Option<f64> = text(column).and_then(|limit| limit.parse().ok());
            // The server shows six digits.
            ours == theirs
                || ours.zip(theirs).is_some_and(|(ours, theirs)| (ours / theirs - 1.0).abs() < 1e-5)
        };
        assert!(near(flag.min, "min_val") && near(flag.max, "max_val"), "{name}: {row}");
        // What depends on the build or the cluster has no default there.
        if let Some(default) = flag.default {
            assert_eq!(Some(default), text("boot_val"), "{name}");
        }
        // A build may lack some words, such as lz4.
        for word in row["enumvals"].as_array().into_iter().flatten() {
            assert!(flag.values.contains(&word.as_str().unwrap()), "{name}: {word}");
        }
    }
}
