//! What goes over the wire is what the real server sends: proved by PostgreSQL's own log.

use crate::common::{Bench, KeptServer};
use loist_bench::workload::{End, Workload, builtin};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a session is asked, between the phases, to hand its statistics in; that is no tool call's.
pub(crate) fn looks_on(sql: &str) -> bool {
    ["SELECT pg_stat_force_next_flush()", "SELECT pg_stat_clear_snapshot()"].contains(&sql)
}

/// The statements that each session sent while the load was on, in order, as the server logged them.
pub(crate) fn sessions(log: &str) -> BTreeMap<String, Vec<String>> {
    let mut sessions = statements(log);
    for sent in sessions.values_mut() {
        sent.retain(|sql| !looks_on(sql));
        // Before any tool call the floor is measured.
        let floor = sent.iter().take_while(|sql| *sql == "SELECT 1").count();
        sent.drain(..floor);
    }
    sessions
}

/// Everything that each session sent.
pub(crate) fn statements(log: &str) -> BTreeMap<String, Vec<String>> {
    let mut sessions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut current: Option<(String, String)> = None;
    let mut finish = |entry: Option<(String, String)>| {
        if let Some((session, text)) = entry {
            sessions.entry(session).or_default().push(text);
        }
    };
    for line in log.lines() {
        match line.strip_prefix("@@") {
            Some(entry) => {
                finish(current.take());
                let (session, rest) = entry.split_once("@@").unwrap();
                let text = rest.trim_start().strip_prefix("LOG:  statement: ");
                current = text.map(|text| (session.to_owned(), text.to_owned()));
            }
            // Further lines of a statement begin with a tab.
            None => {
                if let Some((_, text)) = &mut current {
                    text.push('\n');
                    text.push_str(line.strip_prefix('\t').unwrap_or(line));
                }
            }
        }
    }
    finish(current);
    sessions
}

/// The SQL without literals, so that it can be compared with the workload file.
fn shape(sql: &str) -> String {
    let mut out = String::new();
    let mut characters = sql.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        if character == '\'' {
            loop {
                match characters.next() {
                    Some('\'') if characters.peek() == Some(&'\'') => {
                        characters.next();
                    }
                    Some('\'') | None => break,
                    Some(_) => {}
                }
            }
            out.push('?');
        } else if character.is_ascii_digit() && !(before.is_alphanumeric() || before == '_') {
            while characters.peek().is_some_and(|next| next.is_ascii_digit() || *next == '.') {
                characters.next();
            }
            out.push('?');
        } else {
            out.push(character);
        }
        before = character;
    }
    out.replace(" E?", "?")
        .replace("?::timestamptz", "?")
        .replace("NULL", "?")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The shapes that one statement of the workload may take.
fn shapes(workload: &Workload) -> BTreeSet<String> {
    let mut shapes = BTreeSet::new();
    for operation in &workload.operations {
        for statement in operation.statements() {
            for values in operation.variants(statement) {
                let mut sql = String::new();
                statement.template.write_literal(&values, &mut sql);
                shapes.insert(shape(&sql));
            }
        }
    }
    shapes
}

/// Cuts a session's statements into transactions: from BEGIN to COMMIT or ROLLBACK.
fn transactions(statements: &[String]) -> Vec<&[String]> {
    statements.split_inclusive(|sql| sql == "COMMIT" || sql == "ROLLBACK").collect()
}

#[test]
fn every_tool_call_sends_what_the_server_sends() {
    let server =
        KeptServer::start("--set log_statement=all --set log_line_prefix=@@%c@@ --set logging_collector=off");
    let bench = Bench::new();
    let run = "run --tracks 300 --clients 3 --warmup 0s --duration 3s --quiet --format json";
    let record = bench.measure(&server, 0, run);
    let mix = builtin::find("mcp-mix").unwrap();
    let known = shapes(&mix);

    let load: Vec<Vec<String>> = sessions(&server.log())
        .into_values()
        .filter(|statements| statements.first().is_some_and(|sql| sql == "BEGIN"))
        .filter(|statements| statements.get(1).is_some_and(|sql| sql == "SELECT 1"))
        .collect();
    assert_eq!(load.len(), 3, "one session a client");

    // Numbers of statements with their ends; the test of one client looks at their order.
    let allowed: BTreeSet<(Vec<usize>, bool)> = mix
        .operations
        .iter()
        .flat_map(|operation| &operation.transactions)
        .map(|transaction| (vec![transaction.statements.len()], transaction.end == End::Commit))
        .collect();
    let mut seen = 0_u64;
    for statements in &load {
        for transaction in transactions(statements) {
            assert_eq!(transaction[0], "BEGIN", "{transaction:?}");
            assert_eq!(transaction[1], "SELECT 1", "{transaction:?}");
            let (end, inner) = transaction[2..].split_last().expect("a transaction ends");
            for sql in inner {
                assert!(known.contains(&shape(sql)), "not of the workload: {}\n{known:#?}", shape(sql));
            }
            let commits = end == "COMMIT";
            let whole = allowed.contains(&(vec![inner.len()], commits));
            // A search with a syntax error ends after its count.
            let cut = inner.len() == 1 && inner[0].contains("count(*)") && !commits;
            assert!(whole || cut, "{transaction:?}");
            seen += transaction.len() as u64;
        }
    }
    let trips: u64 = record
        .operations
        .iter()
        .flat_map(|o| &o.statements)
        .map(|statement| statement.calls + statement.errors)
        .sum();
    assert_eq!(seen, trips, "every round trip in the log is in the record, and the other way round");
}

const ALL: &str = "id, created_at, updated_at, status, error_message, retry_count, last_processed_at, artist, album, title, genre, year, duration_seconds, channels, sample_rate, bitrate, format, file_size_bytes, audio_gcs_path, thumbnail_gcs_path";
const PAGE: &str = "id, created_at, updated_at, status, artist, album, title, genre, year, duration_seconds, channels, sample_rate, bitrate, format, file_size_bytes, audio_gcs_path, thumbnail_gcs_path";
const MATCH: &str = "FROM audio_tracks WHERE search_vector @@ to_tsquery(?, ?) AND ts_rank(search_vector, to_tsquery(?, ?), ?) >= ? AND status = ?";
const INSERT: &str = "INSERT INTO audio_tracks (id, status, artist, album, title, genre, year, duration_seconds, channels, sample_rate, bitrate, format, file_size_bytes, audio_gcs_path, thumbnail_gcs_path) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING";
const UPDATE: &str =
    "UPDATE audio_tracks SET status = ?, error_message = ?, last_processed_at = now(), updated_at = now()";
const UPDATED: &str = "WHERE id = ? RETURNING id, status, error_message, retry_count, updated_at";

/// What a transaction of the server's is, told by its statements' shapes and its end, as written down here and not
/// in the workload files.
fn kind(transaction: &[String]) -> &'static str {
    let shapes: Vec<String> = transaction[2..].iter().map(|sql| shape(sql)).collect();
    let (end, inner) = shapes.split_last().unwrap();
    let filter = |head: &str, tail: &str| -> Option<Vec<String>> {
        let statement = inner.iter().find(|sql| sql.starts_with(head))?;
        let rest = statement.strip_prefix(head)?.strip_suffix(tail)?;
        Some(rest.split(" AND ").filter(|part| !part.is_empty()).map(str::to_owned).collect())
    };
    let inner: Vec<&str> = inner.iter().map(String::as_str).collect();
    let known_filters = ["year >= ?", "year <= ?", "upper(format) = upper(?)"];
    match (inner.as_slice(), end.as_str()) {
        ([read], "ROLLBACK") if *read == format!("SELECT {ALL} FROM audio_tracks WHERE id = ?") => "read",
        ([insert], "COMMIT") if *insert == format!("{INSERT} {PAGE}") => "insert",
        ([update], "COMMIT") if *update == format!("{UPDATE} {UPDATED}") => "complete",
        ([update], end) if *update == format!("{UPDATE}, retry_count = retry_count + ? {UPDATED}") => {
            if end == "COMMIT" { "fail" } else { "reject" }
        }
        ([count, ..], "ROLLBACK") if count.starts_with(&format!("SELECT count(*) {MATCH}")) => {
            let counted = filter(&format!("SELECT count(*) {MATCH}"), "").unwrap();
            assert!(counted.iter().all(|part| known_filters.contains(&part.as_str())), "{counted:?}");
            if inner.len() == 1 {
                return "search refused";
            }
            let page = format!("SELECT {PAGE}, ts_rank(search_vector, to_tsquery(?, ?), ?) AS rank {MATCH}");
            let paged = filter(&page, " ORDER BY rank DESC, created_at DESC LIMIT ? OFFSET ?");
            assert_eq!((paged, inner.len()), (Some(counted), 2), "{inner:?}");
            "search"
        }
        ([count, page], "ROLLBACK") => {
            assert_eq!(*count, "SELECT count(*) FROM audio_tracks WHERE status = ?");
            assert!(page.starts_with(&format!("SELECT {PAGE} FROM audio_tracks WHERE status = ? ORDER BY ")));
            "browse"
        }
        ([_, _, _], "ROLLBACK") if inner.iter().all(|sql| sql.contains(" GROUP BY ")) => "facets",
        ([fuzzy], "ROLLBACK") if fuzzy.contains("artist % ? OR title % ?") => "fuzzy",
        ([_], "ROLLBACK") => "dashboard",
        _ => panic!("no transaction of the server's: {transaction:?}"),
    }
}

/// One client on one connection: its stream is whole tool calls, each with its transactions in their order.
#[test]
fn the_stream_of_one_client_is_the_servers_tool_calls() {
    let server = KeptServer::start("--set log_statement=all --set log_line_prefix=@@%c@@");
    let bench = Bench::new();
    let run = "run --tracks 300 --clients 1 --warmup 0s --duration 4s --quiet";
    let record = bench.measure(&server, 0, run);
    let load = sessions(&server.log())
        .into_values()
        .find(|statements| statements.get(1).is_some_and(|sql| sql == "SELECT 1"))
        .expect("the client's session");
    let kinds: Vec<&str> = transactions(&load).into_iter().map(kind).collect();
    let mut calls: BTreeMap<&str, u64> = BTreeMap::new();
    let mut rest = kinds.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let call = match (*first, rest) {
            ("insert", ["complete", "fail", after @ ..]) => {
                rest = after;
                "untagged ingest"
            }
            ("insert", ["complete", after @ ..]) => {
                rest = after;
                "ingest"
            }
            ("insert" | "complete" | "fail", _) => panic!("an ingest out of order: {first}, then {rest:?}"),
            (other, _) => other,
        };
        *calls.entry(call).or_default() += 1;
    }
    let counted = |names: &[&str]| -> u64 {
        let meant = record.operations.iter().filter(|operation| names.contains(&operation.name.as_str()));
        meant.map(|operation| operation.summary.calls).sum()
    };
    let logged = |name: &str| calls.get(name).copied().unwrap_or_default();
    let reads = [
        "get_audio_metadata",
        "resource_metadata",
        "resource_stream",
        "resource_thumbnail",
        "embed_page",
        "oembed",
    ];
    assert_eq!(logged("read"), counted(&reads));
    assert_eq!(logged("search") + logged("search refused"), counted(&["search_library"]));
    assert_eq!(logged("ingest"), counted(&["process_audio_complete"]));
    assert_eq!(logged("untagged ingest"), counted(&["process_audio_untagged"]));
    assert_eq!(logged("reject"), counted(&["process_audio_rejected"]));
    assert_eq!(logged("browse"), counted(&["browse"]));
    assert_eq!(logged("facets"), counted(&["facets"]));
    assert_eq!(logged("fuzzy"), counted(&["fuzzy_search"]));
    assert!(logged("read") > 0 && logged("search") > 0 && logged("ingest") > 0, "{calls:?}");
}

/// The ingest of an untagged file, statement for statement: three checkouts, twelve round trips.
#[test]
fn an_untagged_ingest_takes_twelve_round_trips() {
    let server = KeptServer::start("--set log_statement=all --set log_line_prefix=@@%c@@");
    let bench = Bench::new();
    let ingest = include_str!("../../workloads/ingest.toml");
    let start = ingest.find("# A file without artist").unwrap();
    let end = ingest.find("# A file that fails before").unwrap();
    bench.write("untagged.toml", &format!("name = \"untagged\"\n{}", &ingest[start..end]));
    let run = "run untagged.toml --tracks 50 --clients 1 --warmup 0s --duration 500ms --quiet";
    bench.measure(&server, 0, run);
    let load = sessions(&server.log())
        .into_values()
        .find(|statements| statements.len() > 1 && statements[1] == "SELECT 1")
        .unwrap();
    let call: Vec<&str> = load[..12].iter().map(|sql| sql.split_whitespace().next().unwrap()).collect();
    assert_eq!(
        call,
        [
            "BEGIN", "SELECT", "INSERT", "COMMIT", "BEGIN", "SELECT", "UPDATE", "COMMIT", "BEGIN", "SELECT",
            "UPDATE", "COMMIT"
        ]
    );
    assert!(load[6].contains("'COMPLETED'") && load[10].contains("'FAILED'"), "{load:?}");
    assert!(load[10].contains("retry_count + 1"));
    let failed = server.sql("SELECT count(*) FROM loist_bench.audio_tracks WHERE status = 'FAILED' AND (artist IS NULL OR album IS NULL)");
    assert!(failed[0].parse::<u64>().unwrap() > 0);
}
