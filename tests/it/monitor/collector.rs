//! What the collector tells of a real server, and what it does to it.

use super::{Collector, named_in};
use crate::common::{Answer, Bench, KeptServer, wait_until};
use loist_bench::monitor::METRICS;
use std::collections::BTreeSet;

/// What gcloud says of an instance, as far as it matters here.
const INSTANCE: &str = r#"{"name": "db", "databaseVersion": "POSTGRES_15", "settings": {"tier": "db-custom-1-3840",
    "dataDiskSizeGb": "20", "backupConfiguration": {"enabled": true}}}"#;
const BACKUPS: &str = r#"[{"status": "SUCCESSFUL", "endTime": "2026-01-08T03:05:00Z"}]"#;

#[test]
fn a_server_is_told_as_far_as_the_role_may_see() {
    let server = KeptServer::start(
        "--set archive_mode=on --set archive_command=/bin/true --set track_io_timing=on --set logging_collector=on \
         --set log_filename=server --set log_destination=csvlog",
    );
    everything_is_told(&server);
    what_a_role_may_not_see_is_left_out(&server);
    one_session_looks_on_and_cannot_write(&server);
    the_log_can_be_asked_for(&server);
}

fn once(url: &str, bench: &Bench, options: &str) -> (String, String) {
    let arguments = format!("observe --once {options}");
    let output = bench.command(&arguments).env("DATABASE_URL", url).output().unwrap();
    let answer = Answer::of(output, 0, &arguments);
    assert!(answer.stdout.ends_with("\n# EOF\n"), "{}", answer.stdout);
    (answer.stdout, answer.stderr)
}

/// Names of all metrics but these.
fn all_but(absent: &[&str]) -> BTreeSet<String> {
    let told = METRICS.iter().filter(|metric| !absent.contains(&metric.name));
    told.flat_map(|metric| metric.names()).collect()
}

fn everything_is_told(server: &KeptServer) {
    let bench = Bench::new();
    let seeded = bench.command("seed --tracks 50 --quiet").env("DATABASE_URL", &server.url).status().unwrap();
    assert!(seeded.success());
    server.sql("CREATE EXTENSION pg_stat_statements");
    server.sql("SELECT pg_create_physical_replication_slot('kept', true)");
    server.sql("ALTER ROLE loist CONNECTION LIMIT 200");
    server.sql("SELECT pg_switch_wal()");
    wait_until("the archiver", || server.sql("SELECT archived_count > 0 FROM pg_stat_archiver") == ["t"]);
    bench.write("instance.json", INSTANCE);
    bench.write("backups.json", BACKUPS);
    bench.write("log", "");
    let options =
        "--instance instance.json --backups backups.json --log log --search-path loist_bench --every 1s";
    let (text, said) = once(&server.url, &bench, options);
    assert_eq!(said, "", "nothing is left out");
    // There is no standby.
    let told: BTreeSet<String> = named_in(&text).intersection(&all_but(&[])).cloned().collect();
    assert_eq!(told, all_but(&["replication_delay"]));
    for line in [
        "loist_pg_up 1.0\n",
        "loist_pg_canary_reads_total{outcome=\"answered\"} 20.0\n",
        "loist_pg_canary_seconds_count 20\n",
        "loist_pg_canary_reads_of_info{table=\"audio_tracks\"} 1\n",
        "loist_pg_connection_limit{of=\"server\"} 300.0\n",
        "loist_pg_storage_limit_bytes 21474836480.0\n",
        "loist_pg_machine_memory_bytes 4026531840.0\n",
        "loist_pg_backup_last_timestamp_seconds 1767841500.0\n",
        "loist_pg_failed_logins_total 0.0\n",
        "loist_pg_part_success{part=\"sizes\"} 1.0\n",
        "loist_pg_relation_size_bytes{relation=\"loist_bench.audio_tracks\"} ",
        "loist_pg_statement_calls_total{operation=\"search_page\"} 0.0\n",
    ] {
        assert!(text.contains(&format!("\n{line}")), "{line}{text}");
    }
}

fn what_a_role_may_not_see_is_left_out(server: &KeptServer) {
    server.sql("CREATE ROLE stranger LOGIN");
    let bench = Bench::new();
    let (text, _) = once(&server.address("stranger"), &bench, "");
    for line in ["loist_pg_up 1.0\n", "loist_pg_canary_reads_of_info{table=\"pg_class\"} 1\n"] {
        assert!(text.contains(&format!("\n{line}")), "{line}{text}");
    }
    for absent in [
        "loist_pg_longest_seconds",
        "loist_pg_lock_waiting_sessions",
        "by=\"log\"",
        "loist_pg_storage_limit",
        "loist_pg_backup",
        "loist_pg_errors_total",
        "loist_pg_failed_logins",
    ] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    // What is left out is said, and no series of it is 0.
    let (text, said) = once(&server.address("stranger"), &bench, "--backups none.json --log none.log");
    assert!(said.contains("left out: backups: none.json: No such file"), "{said}");
    assert!(said.contains("left out: log: none.log: No such file"), "{said}");
    assert!(
        text.contains("\nloist_pg_part_success{part=\"log\"} 0.0\n") && !text.contains("loist_pg_errors"),
        "{text}"
    );
}

fn one_session_looks_on_and_cannot_write(server: &KeptServer) {
    let bench = Bench::new();
    let collector = Collector::start(&bench, &server.url, "--every 1s --sizes-every 1s");
    let mine = "FROM pg_stat_activity WHERE application_name = 'loist-bench observe'";
    wait_until("the collection", || collector.metrics().contains("loist_pg_database_size_bytes"));
    assert_eq!(server.sql(&format!("SELECT count(*) {mine}")), ["1"]);
    // Whatever ends the session, it comes back.
    let first = server.sql(&format!("SELECT pid {mine}"));
    let opened = |collector: &Collector| {
        let text = collector.metrics();
        let line = text.lines().find(|line| line.starts_with("loist_pg_connects_total{outcome=\"opened\"}"));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(opened(&collector), "1.0");
    server.sql(&format!("SELECT pg_terminate_backend(pid) {mine}"));
    wait_until("another session", || opened(&collector) == "2.0");
    wait_until("its questions", || collector.metrics().contains("loist_pg_connections{"));
    let second = server.sql(&format!("SELECT pid {mine}"));
    assert!(first != second && second.len() == 1, "{first:?} {second:?}");
}

fn the_log_can_be_asked_for(server: &KeptServer) {
    let bench = Bench::new();
    let collector = Collector::start(&bench, &server.url, "--every 1s --log-by-sql");
    let errors = "loist_pg_errors_total{kind=\"other\"} ";
    wait_until("the log", || collector.metrics().contains(&format!("{errors}0.0\n")));
    assert!(crate::common::ask(&server.url, "SELECT 1 / 0").is_err());
    wait_until("the error", || collector.metrics().contains(&format!("{errors}1.0\n")));
}

#[test]
fn what_cannot_be_meant_or_had_is_one_sentence() {
    let bench = Bench::new();
    bench.write("bad.json", "{}");
    let nowhere = "--database-url postgres://me:s3cret@127.0.0.1:1/none";
    for (options, code, part) in [
        ("NOWHERE --once", 3, "cannot connect to 127.0.0.1:1"),
        ("NOWHERE --every 100ms", 2, "the shortest interval is 1s"),
        ("NOWHERE --storage-limit 20", 2, "as in 512MB or 20GB"),
        ("NOWHERE --instance bad.json", 2, "bad.json: line 1: this is not what `gcloud"),
        ("NOWHERE --backups a --backup-dir b", 2, "--backup-dir"),
        ("NOWHERE --log a --log-by-sql", 2, "--log-by-sql"),
        ("", 2, "there is nothing to observe: name a database by --database-url"),
    ] {
        let answer = bench.expect(code, &format!("observe {}", options.replace("NOWHERE", nowhere)));
        answer.one_sentence(part);
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    bench.expect(3, &format!("observe {nowhere} --metrics {address}")).one_sentence(&address.to_string());
}

/// A collector may be there before its server is, and says so.
#[test]
fn without_a_server_it_stays_and_tells_that_there_is_none() {
    let bench = Bench::new();
    let collector = Collector::start(&bench, "postgres://me:s3cret@127.0.0.1:1/none", "");
    wait_until("the first tries", || {
        collector.metrics().contains("loist_pg_connects_total{outcome=\"failed\"} 2.0\n")
    });
    let text = collector.metrics();
    assert!(text.contains("\nloist_pg_up 0.0\n") && text.contains("loist_pg_collector_info{"), "{text}");
    assert!(!text.contains("loist_pg_connections{") && !text.contains("s3cret"), "{text}");
}
