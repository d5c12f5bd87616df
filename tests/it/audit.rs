//! The audit of a real server: a hardened one has no findings, each planted fault is found, and nothing is written.

mod clean;
mod faults;

use crate::common::{Answer, Bench};
use clean::{ADMIN_PASSWORD, Hardened};
use loist_bench::audit::{Audit, Finding, checks};
use std::collections::BTreeSet;

/// Found ids of an audit, without what the policy accepts.
fn ids(audit: &Audit) -> BTreeSet<String> {
    audit.open().map(|finding| finding.id.clone()).collect()
}

/// The hardened server has no findings, and each fault that is planted in it is found, alone or with what it brings along.
#[test]
fn each_planted_fault_is_found_and_a_clean_server_has_none() {
    let server = Hardened::start();
    let bench = Bench::new();
    let clean = server.audit(&bench, "clean", "");
    assert_eq!(clean.open().collect::<Vec<&Finding>>(), Vec::<&Finding>::new());
    let apart = |id: &str| id.starts_with("instance-") || id == "secret-in-repository";
    let unchecked: Vec<&str> =
        clean.unchecked.iter().map(|one| one.id.as_str()).filter(|id| !apart(id)).collect();
    assert_eq!(unchecked, Vec::<&str>::new(), "a superuser sees everything");

    let all: Vec<&faults::Fault> = faults::FAULTS.iter().flat_map(|faults| faults.iter()).collect();
    let planted: BTreeSet<&str> = all.iter().map(|fault| fault.ids[0]).collect();
    assert!(planted.len() >= 25 && planted.is_subset(&checks().map(|check| check.id).collect()));
    for fault in all {
        let database = server.plant(fault);
        let audit = server.audit(&bench, &database, fault.options);
        server.undo(fault);
        let expected: BTreeSet<String> = fault.ids.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(ids(&audit), expected, "{:?}: {:#?}", fault.plant, audit.findings);
        let finding = audit.findings.iter().find(|finding| finding.id == fault.ids[0]).unwrap();
        assert_eq!(finding.object, fault.object, "{finding:#?}");
        assert!(finding.seen.contains(fault.seen), "{finding:#?}");
    }
    assert_eq!(ids(&server.audit(&bench, "clean", "")), BTreeSet::new(), "every fault was taken back");
}

/// What is written as SQL is run, and the database is clean; what is not is told to remain.
#[test]
fn the_fix_script_mends_what_it_can() {
    let server = Hardened::start();
    let bench = Bench::new();
    let automatic = faults::FAULTS.iter().flat_map(|faults| faults.iter()).filter(|fault| fault.is_mended);
    server.database("fault");
    automatic.for_each(|fault| server.commands("fault", fault.plant));
    server.settle();
    let audit = server.audit(&bench, "fault", "--fix-script fix.sql");
    assert!(ids(&audit).len() >= 20, "{:?}", ids(&audit));
    let by_hand: BTreeSet<String> = audit
        .open()
        .filter(|finding| !finding.remedy.is_automatic())
        .map(|finding| finding.id.clone())
        .collect();
    assert_eq!(by_hand, BTreeSet::new());

    server.add_to_hba("local all all password");
    let audit = server.audit(&bench, "fault", "--fix-script fix.sql");
    assert!(ids(&audit).contains("hba-cleartext-password"));
    let script = std::fs::read_to_string(bench.path("fix.sql")).unwrap();
    assert!(
        script.contains("-- These remain") && script.contains("\n-- hba-cleartext-password (medium): line ")
    );
    // Each command stands in a line of its own, and in no transaction.
    for command in script.lines().filter(|line| !line.is_empty() && !line.starts_with("--")) {
        server.commands("fault", &[command]);
    }
    server.settle();
    let after = server.audit(&bench, "fault", "");
    assert_eq!(
        ids(&after),
        BTreeSet::from(["hba-cleartext-password".to_owned()]),
        "{script}\n{:#?}",
        after.findings
    );
}

/// A role that has no right at all audits, in a session that can only read: the server's log shows what was asked, and no
/// transaction was given a number, which each that writes is.
#[test]
fn an_audit_reads_and_nothing_else() {
    let server = Hardened::start();
    let bench = Bench::new();
    server.commands(
        "clean",
        &[
            "CREATE ROLE watcher LOGIN PASSWORD 's3cret-watcher' CONNECTION LIMIT 5",
            "GRANT CONNECT ON DATABASE clean TO watcher",
            "ALTER ROLE watcher SET default_transaction_read_only = on",
            "ALTER ROLE watcher SET log_statement = 'all'",
        ],
    );
    let next = || server.first("clean", "SELECT pg_snapshot_xmax(pg_current_snapshot())::text");
    let before = next();
    let url = server.url("clean", "watcher", "s3cret-watcher");
    let mut command =
        bench.command("audit --role app --instances 2 --pool-max 5 --format json --fail-on critical");
    let output = command.env("DATABASE_URL", &url).output().unwrap();
    let answer = Answer::of(output, 0, "an audit by a role without rights");
    let audit: Audit = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(next(), before, "no transaction wrote");
    let unchecked: BTreeSet<&str> = audit.unchecked.iter().map(|one| one.id.as_str()).collect();
    assert!(unchecked.is_superset(&BTreeSet::from(["hba-trust", "tls-not-enforced", "password-hash-md5"])));
    assert!(audit.passed.len() > 30, "and yet most is seen: {:?}", audit.unchecked);
    assert!(!answer.stdout.contains("s3cret"), "no password is told");

    let asked = server.asked_by("watcher", "loist-bench");
    assert!(asked.len() > 20, "{asked:?}");
    for statement in &asked {
        let is_harmless =
            ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL ", "SELECT ", "ROLLBACK"]
                .iter()
                .any(|beginning| statement.starts_with(beginning));
        // A part that is refused ends with its savepoint, and not with the whole.
        assert!(is_harmless || statement == "SAVEPOINT part", "{statement}");
    }
    assert_eq!(asked[0], "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    assert_eq!(asked[asked.len() - 1], "ROLLBACK");
    assert!(!server.log().lines().any(|line| line.contains("watcher@") && line.contains("ERROR")));
}

#[test]
fn what_is_asked_for_is_written() {
    let server = Hardened::start();
    let bench = Bench::new();
    server.database("fault");
    server.commands("fault", &["GRANT SELECT ON music.audio_tracks TO PUBLIC"]);
    let url = server.url("fault", "loist", ADMIN_PASSWORD);
    let audit = |arguments: &str, code: i32| {
        let mut command = bench.command(&format!("audit --role app --instances 2 --pool-max 5 {arguments}"));
        Answer::of(command.env("DATABASE_URL", &url).output().unwrap(), code, arguments)
    };
    bench.write("loist-audit.toml", &clean::policy());
    let text = audit("--out reports --fix-script fix.sql", 1).stdout;
    assert!(text.starts_with("FAIL: 1 of 1 finding is medium or worse"), "{text}");
    assert!(
        text.contains("PUBLIC has SELECT on music.audio_tracks") && text.contains("Script: fix.sql"),
        "{text}"
    );
    let directory = bench.run_directory();
    for name in ["audit.json", "audit.md", "audit.sarif", "audit.html"] {
        let text = std::fs::read_to_string(directory.join(name)).unwrap();
        assert!(text.contains("table-granted-to-public") && !text.contains(ADMIN_PASSWORD), "{name}");
    }
    let list = std::fs::read_to_string(bench.path("reports/index.html")).unwrap();
    assert!(list.contains("1 of 1 finding is medium or worse"));
    // The page can be made again from what was kept.
    bench.expect(0, &format!("report {} --out page.html", directory.join("audit.json").display()));
    let page = std::fs::read_to_string(directory.join("audit.html")).unwrap();
    assert_eq!(std::fs::read_to_string(bench.path("page.html")).unwrap(), page);

    audit("--fail-on high", 0);
    let accepted = format!(
        "{}\n[[accept]]\nid = 'table-granted-to-public'\nobject = 'music.*'\nreason = 'open data'\nexpires = 2099-12-31\n",
        clean::policy()
    );
    bench.write("loist-audit.toml", &accepted);
    let text = audit("", 0).stdout;
    assert!(
        text.contains("table-granted-to-public (medium) music.audio_tracks: open data, until 2099-12-31"),
        "{text}"
    );
    bench.write("loist-audit.toml", &accepted.replace("2099-12-31", "2020-12-31"));
    let text = audit("", 1).stdout;
    assert!(text.contains("caution: loist-audit.toml:") && text.contains("which counts again"), "{text}");

    // Kept evidence is judged again, without a server.
    let earlier = directory.join("audit.json");
    let again = bench.output(&format!("audit --evidence {} --fail-on low --format json", earlier.display()));
    let again: Audit = serde_json::from_str(&Answer::of(again, 1, "again").stdout).unwrap();
    assert!(ids(&again).contains("table-granted-to-public"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let bench = Bench::new();
    bench.write("bad.toml", "[[accept]]\nid = 'nonsense'\nreason = 'x'\nexpires = 2027-01-01\n");
    bench.write("other.json", "{}");
    bench.write("mine.sql", "SELECT 1;\n");
    let nowhere = "audit --database-url postgres://me:s3cret@127.0.0.1:1/none";
    for (options, code, part) in [
        ("", 3, "cannot connect to 127.0.0.1:1"),
        ("--policy bad.toml", 2, "bad.toml:2: no check is called `nonsense`"),
        ("--policy missing.toml", 2, "missing.toml: cannot be read"),
        ("--instance missing.json", 2, "missing.json: cannot be read"),
        ("--instance other.json", 2, "other.json: line 1: this is not what `gcloud"),
        ("--fix-script mine.sql", 2, "mine.sql was not made by loist-bench"),
        ("--fail-on bad", 2, "write critical, high, medium, low or info"),
        ("--instances 3", 2, "--pool-max"),
        ("--evidence other.json", 2, "other.json: this is no audit of loist-bench"),
    ] {
        let answer = bench.expect(code, &format!("{nowhere} {options}"));
        answer.one_sentence(part);
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
    }
    bench.expect(2, "audit").one_sentence("an audit needs a database: name one by --database-url");
}
