//! Each rule of the check against settings of its own.

use super::super::{profile, read::read};
use super::*;

/// The two mistakes that the Loist project made.
const UNIT_STRINGS: &str = "gcloud sql instances patch loist-music-library-db \\\n  --database-flags=\
    shared_buffers=1GB,work_mem=4MB,maintenance_work_mem=64MB,effective_cache_size=2GB,random_page_cost=1.1\n";
const LOST_UNITS: &str = "gcloud sql instances patch loist-music-library-db \\\n  --database-flags=\
    shared_buffers=98304,work_mem=64,maintenance_work_mem=1024,effective_cache_size=100000,random_page_cost=1.1\n";

fn machine(name: &str) -> Machine {
    name.parse().unwrap()
}

/// What is found on the machine of the plan.
fn found(text: &str) -> Vec<Finding> {
    let machine = machine("db-custom-1-3840");
    check(&read(text, None).unwrap(), &Context { machine: Some(&machine), ..Context::default() })
}

/// What is found of a postgresql.conf on a machine of one's own.
fn found_of_conf(text: &str) -> Vec<Finding> {
    let machine = machine("4cpu-16GB");
    let document = read(text, Some(crate::flags::Form::Conf)).unwrap();
    check(&document, &Context { machine: Some(&machine), ..Context::default() })
}

fn lines(findings: &[Finding]) -> String {
    let line = |f: &Finding| {
        let line = f.line.map_or_else(|| "-".to_owned(), |line| line.to_string());
        let instead = f.instead.as_ref().map_or_else(String::new, |instead| format!("\n    => {instead}"));
        format!("{:?} {line} [{}] {}\n    {}{instead}\n", f.severity, f.rule, f.found, f.why)
    };
    findings.iter().map(line).collect()
}

fn rules(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().filter(|f| f.severity != Severity::Note).map(|f| f.rule).collect()
}

#[test]
fn units_where_cloud_sql_takes_integers() {
    insta::assert_snapshot!(lines(&found(UNIT_STRINGS)));
}

#[test]
fn integers_that_lost_their_unit() {
    insta::assert_snapshot!(lines(&found(LOST_UNITS)));
}

#[test]
fn the_plan_is_clean_on_its_machine() {
    let plan = Document::of_profile(&profile::find("plan").unwrap());
    let machine = machine("db-custom-1-3840");
    let context = Context { machine: Some(&machine), connections: Some(97), ..Context::default() };
    assert_eq!(rules(&check(&plan, &context)), Vec::<&str>::new());
    let one_more = Context { connections: Some(98), ..context };
    assert_eq!(rules(&check(&plan, &one_more)), ["connections/budget"]);
}

#[test]
fn ten_instances_of_ten_and_three_of_ten_are_too_many() {
    let machine = machine("db-custom-1-3840");
    let context = Context { machine: Some(&machine), connections: Some(130), ..Context::default() };
    let findings = check(&read("work_mem=4096,jit=off", None).unwrap(), &context);
    insta::assert_snapshot!(lines(&findings));
}

#[test]
fn logging_in_production() {
    let text = "database_flags {\n name = \"log_statement\"\n value = \"all\"\n}\n\
                database_flags {\n name = \"log_connections\"\n value = \"on\"\n}\n\
                database_flags {\n name = \"log_disconnections\"\n value = \"true\"\n}\ntier = \"db-n1-standard-1\"\n";
    let findings = check(&read(text, None).unwrap(), &Context::default());
    insta::assert_snapshot!(lines(&findings));
}

#[test]
fn each_rule_speaks() {
    for (text, rule) in [
        ("shared_bufers = 1GB", "name/unknown"),
        ("auto_explain.log_analyse = on", "name/unknown"),
        ("block_size = 8192", "name/internal"),
        ("io_method = worker", "name/version"),
        ("cloudsql.iam_authentication = on", "name/platform"),
        ("work_mem = 4mb", "value/type"),
        ("huge_pages = maybe", "value/type"),
        ("jit = perhaps", "value/type"),
        ("checkpoint_timeout = 5s", "value/range"),
        ("work_mem = 64kB", "value/least"),
        ("work_mem = 4", "unit/lost"),
        ("shared_buffers = 8GB\neffective_cache_size = 12GB", "memory/large-buffers"),
        ("shared_buffers = 32GB", "memory/beyond"),
        ("effective_cache_size = 32GB", "memory/beyond"),
        ("effective_cache_size = 64MB", "memory/cache-below-buffers"),
        ("work_mem = 128MB", "memory/overcommit"),
        ("max_connections = 2000", "memory/overcommit"),
        ("hash_mem_multiplier = 100", "memory/overcommit"),
        ("maintenance_work_mem = 4GB", "memory/overcommit"),
        ("log_min_duration_statement = 0", "logging/costly"),
        ("log_statement = all", "logging/costly"),
        ("fsync = off", "durability"),
        ("full_page_writes = off", "durability"),
        ("synchronous_commit = off", "durability"),
        ("autovacuum = off", "off"),
        ("enable_seqscan = off", "off"),
        ("jit = off\njit = on", "duplicate"),
        ("work_mem = 4.5MB", "syntax"),
    ] {
        let findings = found_of_conf(text);
        assert_eq!(rules(&findings), [rule], "{text}: {}", lines(&findings));
        assert!(findings[0].line.is_some() || rule == "memory/overcommit", "{text}");
    }
    for text in
        ["shared_buffers = 4GB", "work_mem = 16MB # fine", "jit = off", "log_temp_files = 0", "geqo = no"]
    {
        assert_eq!(rules(&found_of_conf(text)), Vec::<&str>::new(), "{text}");
    }
}

/// What was evidently meant is what to write; else the default shows how values look, unless it switches something off.
#[test]
fn what_was_meant_is_offered_for_what_is_no_value() {
    for (text, instead) in [
        ("random_page_cost = '1,1'", Some("random_page_cost = 1.1")),
        ("log_min_duration_statement = '250 msec'", Some("log_min_duration_statement = '250ms'")),
        ("checkpoint_timeout = '5 minutes'", Some("checkpoint_timeout = '5min'")),
        ("work_mem = 64mb", Some("work_mem = '64MB'")),
        ("work_mem = lots", Some("as in work_mem = '4MB'")),
        ("log_min_duration_statement = lots", None),
    ] {
        let findings = found_of_conf(text);
        assert_eq!(findings[0].rule, "value/type", "{text}");
        assert_eq!(findings[0].instead.as_deref(), instead, "{text}");
    }
    let bare = found("--database-flags=log_min_duration_statement=2sec");
    assert_eq!(bare[0].instead.as_deref(), Some("log_min_duration_statement=2000"));
}

/// One rule for what is advised of the planner's cache, with the limit of Cloud SQL where that holds.
#[test]
fn a_cache_beyond_memory_is_brought_back_to_what_can_be_cache() {
    let own = found_of_conf("effective_cache_size = 32GB");
    assert_eq!(own[0].why, "32GB is more than the 16GB of 4cpu-16GB, of which count on 75 % at most");
    assert_eq!(own[0].instead.as_deref(), Some("effective_cache_size = '12GB'"));
    let findings = found("--database-flags=effective_cache_size=4194304");
    assert_eq!(rules(&findings), ["value/cloud-sql-range", "memory/beyond"]);
    assert!(findings[1].why.ends_with("of which Cloud SQL takes 70 % at most"), "{}", findings[1].why);
    for finding in &findings[..2] {
        assert_eq!(finding.instead.as_deref(), Some("effective_cache_size=344064"), "{}", finding.rule);
    }
}

#[test]
fn defaults_are_called_so_and_several_are_them() {
    let findings = found("--database-flags=shared_buffers=262144,max_connections=90");
    let of = |rule: &str| findings.iter().find(|finding| finding.rule == rule).unwrap().why.as_str();
    let below =
        "effective_cache_size 1535MB (the default of db-custom-1-3840) is below shared_buffers 2GB, which";
    assert!(of("memory/cache-below-buffers").starts_with(below), "{}", lines(&findings));
    assert_eq!(of("restart/needed"), "Cloud SQL restarts the instance for them");
    let why = |text: &str| found_of_conf(text).last().unwrap().why.clone();
    assert_eq!(why("shared_buffers = 4GB"), "it needs a restart");
    assert_eq!(why("shared_buffers = 4GB\nmax_connections = 90"), "they need a restart");
}

/// A little above the minimum, numbers look like MB as well; larger ones only beside such.
#[test]
fn small_bare_numbers_are_in_doubt() {
    for (text, rules_of_it) in [
        ("work_mem=256,jit=off", vec!["unit/in-doubt"]),
        ("maintenance_work_mem=2048,jit=off", vec!["unit/in-doubt"]),
        ("work_mem=256,effective_cache_size=200000", vec!["unit/in-doubt", "unit/in-doubt"]),
        ("work_mem=1024,maintenance_work_mem=16384", vec![]),
        ("effective_cache_size=200000,jit=off", vec![]),
        ("work_mem=512kB,jit=off", vec!["unit/cloud-sql"]),
    ] {
        let findings = found(text);
        assert_eq!(rules(&findings), rules_of_it, "{text}: {}", lines(&findings));
    }
    let instead = found("work_mem=256,jit=off")[0].instead.clone();
    assert_eq!(instead.as_deref(), Some("work_mem=262144, if megabytes were meant"));
}

#[test]
fn only_what_can_be_written_is_a_remedy() {
    let document = read("shared_buffers = 1GB\nwork_mem = 4MB\n", None).unwrap();
    let context =
        Context { memory_limit_bytes: Some(1024), connections: Some(4_000_000_000), ..Context::default() };
    for finding in check(&document, &context).iter().filter_map(|finding| finding.instead.as_ref()) {
        assert!(!finding.contains("= 0") && !finding.contains("4000000"), "{finding}");
    }
    let twice = found("--database-flags=log_connections=1");
    assert_eq!(twice.len(), 2, "costly, and in doubt nothing but a restart or its like: {}", lines(&twice));
    assert!(twice.iter().all(|finding| finding.rule != "value/boolean"));
}

/// Each for itself: a role's value is no second one of the server's.
#[test]
fn scopes_of_sql_are_apart() {
    let text = "ALTER SYSTEM SET work_mem = '4mb';\nALTER ROLE app SET work_mem = '16MB';\n\
                ALTER ROLE app SET max_wal_size = '2GB';\nSET jit = off;\nSET jit = on;";
    let findings = check(&read(text, None).unwrap(), &Context::default());
    assert_eq!(rules(&findings), ["value/type", "name/session", "duplicate"], "{}", lines(&findings));
}

#[test]
fn each_rule_of_cloud_sql_speaks() {
    for (text, rule) in [
        ("--database-flags=fsync=on", "name/platform"),
        ("--database-flags=shared_preload_libraries=x", "name/platform"),
        ("--database-flags=cloudsql.enable_nothing=on", "name/unknown"),
        ("--database-flags=huge_pages=on", "value/cloud-sql-range"),
        ("--database-flags=max_connections=13", "value/cloud-sql-range"),
        ("--database-flags=shared_buffers=294913", "value/cloud-sql-range"),
        ("--database-flags=effective_cache_size=400000", "value/cloud-sql-range"),
        ("--database-flags=work_mem=8192,work_mem=4096", "duplicate"),
        ("--database-flags=max_parallel_workers_per_gather=2", "parallel/one-processor"),
        ("--database-flags=autovacuum_naptime=1min", "unit/cloud-sql"),
        ("--database-flags=autovacuum_vacuum_cost_delay=2ms", "unit/cloud-sql"),
        ("ALTER SYSTEM SET jit = off", "form"),
    ] {
        let findings = found(text);
        // What follows from it may be found as well.
        assert_eq!(rules(&findings).first(), Some(&rule), "{text}: {}", lines(&findings));
    }
}

#[test]
fn a_session_cannot_set_what_is_the_servers() {
    let document = read("SET jit = off;\nSET max_wal_size = '2GB';", None).unwrap();
    let findings = check(&document, &Context::default());
    assert_eq!(rules(&findings), ["name/session"]);
    assert_eq!(findings[0].line, Some(2));
}

/// 300 x (16 + 2 x 16) MB for queries, 300 x 8 for temp_buffers, 4 x 64 for maintenance, and the buffers.
#[test]
fn the_sum_of_memory_is_told_with_its_parts() {
    let text = "shared_buffers = 4GB\nmax_connections = 300\nwork_mem = 16MB\neffective_cache_size = 12GB";
    let findings = found_of_conf(text);
    assert_eq!(rules(&findings), ["memory/overcommit"]);
    assert_eq!(findings[0].found, "21152MB of 16GB");
    assert_eq!(
        findings[0].why,
        "all together may take 21152MB, 4cpu-16GB has 16GB: 4GB (shared_buffers) + 14400MB (300 connections x work_mem \
         16MB x (1 sort + 1 hash x 2)) + 2400MB (300 connections x temp_buffers 8MB) + 256MB (4 x \
         maintenance_work_mem 64MB)"
    );
    assert_eq!(findings[0].instead.as_deref(), Some("work_mem = '10MB', or fewer connections"));
    let less = text.replace("16MB", "10MB");
    assert_eq!(rules(&found_of_conf(&less)), Vec::<&str>::new(), "what is advised is enough");
}

#[test]
fn nothing_is_no_number_that_lost_its_unit() {
    assert_eq!(rules(&found_of_conf("work_mem = 0")), ["value/range"]);
}

#[test]
fn a_memory_limit_goes_before_the_machine() {
    let machine = machine("4cpu-16GB");
    let document = read("shared_buffers = 1GB", None).unwrap();
    let context =
        |limit| Context { machine: Some(&machine), memory_limit_bytes: limit, ..Context::default() };
    assert_eq!(rules(&check(&document, &context(None))), Vec::<&str>::new());
    assert_eq!(rules(&check(&document, &context(Some(512 << 20)))), ["memory/beyond"]);
}

#[test]
fn a_record_tells_what_waits_for_a_restart() {
    let setting = |name: &str, value: &str, unit: &str, source: &str, pending: bool| {
        serde_json::json!({"name": name, "value": value, "unit": unit, "source": source,
            "context": "postmaster", "pending_restart": pending})
    };
    let record = serde_json::json!({
        "format": "loist-bench/record", "version": 1,
        "host": {"cpus": 2, "memory_bytes": 8_u64 << 30},
        "server": {"kind": "embedded", "version_number": 150_018},
        "evidence": {"settings": [
            setting("shared_buffers", "16384", "8kB", "configuration file", true),
            setting("work_mem", "64", "kB", "configuration file", false),
            setting("port", "5433", "", "configuration file", false),
            setting("max_connections", "100", "", "default", false),
        ]},
    });
    let document = read(&record.to_string(), None).unwrap();
    assert_eq!(document.pairs().len(), 2, "those that somebody chose for their own sake");
    let findings = check(&document, &Context::default());
    assert_eq!(rules(&findings), ["value/least", "restart/pending"], "{}", lines(&findings));
    assert_eq!(findings[1].found, "shared_buffers=128MB");
    assert!(findings[1].why.contains("128MB is still in force"));
}
