//! Client models, pipelines and bare statements, as the server's own log shows them.

use crate::{
    common::{Bench, KeptServer},
    run::assert_consistent,
    wire,
};
use loist_bench::record::{OperationResult, Record};
use std::collections::BTreeSet;

const LOGGED: &str = "--set log_statement=all --set log_line_prefix=@@%c@@";

/// One operation with one transaction of these statements.
fn operation(name: &str, keys: &str, statements: &[(&str, &str)]) -> String {
    let mut text =
        format!("[[operation]]\nname = '{name}'\nweight = 1.0\n[[operation.transaction]]\n{keys}\n");
    for (name, sql) in statements {
        text.push_str(&format!("[[operation.transaction.statement]]\nname = '{name}'\nsql = \"{sql}\"\n"));
    }
    text
}

fn reading() -> String {
    format!("name = 'reading'\n{}", operation("read", "end = 'rollback'", &[("mark", "SELECT 'mark'")]))
}

/// The sessions that sent the load's own statement.
fn load_sessions(server: &KeptServer) -> Vec<Vec<String>> {
    let sessions = wire::sessions(&server.log()).into_values();
    sessions.filter(|sent| sent.iter().any(|sql| sql == "SELECT 'mark'")).collect()
}

/// Runs the workload against a server that logs what it is sent.
fn logged(workload: &str, arguments: &str) -> (KeptServer, Record) {
    let server = KeptServer::start(LOGGED);
    let bench = Bench::new();
    bench.write("w.toml", workload);
    let run = format!("run w.toml --tracks 10 --warmup 0s --duration 500ms --quiet {arguments}");
    let record = bench.measure(&server, 0, &run);
    assert_consistent(&record);
    assert_eq!(record.overall.completed, record.overall.calls);
    (server, record)
}

#[test]
fn processes_of_the_event_loop_keep_a_connection_each() {
    let (server, record) = logged(&reading(), "--client-model event-loop --clients 3 --pool-min 1");
    let sessions = load_sessions(&server);
    assert_eq!(sessions.len(), 3, "one a client");
    let calls = sessions.iter().flat_map(|sent| {
        let calls = sent.chunks(4);
        calls.inspect(|call| assert_eq!(*call, ["BEGIN", "SELECT 1", "SELECT 'mark'", "ROLLBACK"]))
    });
    assert_eq!(calls.count() as u64, record.overall.calls);
    assert_eq!(record.connections.connect.count, 0, "nothing was opened in the window");
    assert_eq!(record.load.client_model, "event-loop");
    assert_eq!((record.load.pool_min, record.load.connections), (Some(1), 10));
}

/// psycopg2's pool closes what it does not keep as it is: no ROLLBACK.
#[test]
fn a_pool_that_keeps_nothing_opens_a_connection_for_each_checkout() {
    let (server, record) = logged(&reading(), "--client-model threaded --clients 2 --pool-min 0");
    let sessions = load_sessions(&server);
    assert!(sessions.iter().all(|sent| *sent == ["BEGIN", "SELECT 1", "SELECT 'mark'"]), "{sessions:?}");
    assert_eq!(sessions.len() as u64, record.overall.calls);
    assert_eq!(record.connections.connect.count, record.overall.calls);
    assert_eq!(record.operations[0].statements.iter().find(|s| s.name == "rollback").unwrap().calls, 0);
}

#[test]
fn a_pool_keeps_no_more_than_it_was_told() {
    let arguments = "--client-model threaded --clients 6 --pool 6 --pool-min 2";
    let (server, record) = logged(&reading(), arguments);
    let sessions = load_sessions(&server);
    assert!(sessions.len() > 6, "connections come and go: {}", sessions.len());
    // After the load each connection that is left hands its statistics in.
    let statements = wire::statements(&server.log()).into_values();
    let left = statements.filter(|sent| {
        sent.iter().any(|sql| sql == "SELECT 'mark'") && sent.last().is_some_and(|sql| wire::looks_on(sql))
    });
    let left = left.count();
    assert!((1..=2).contains(&left), "{left}");
    // What was there when the window began was opened before.
    let opened = record.connections.connect.count;
    assert!(opened >= sessions.len() as u64 - 2 && opened <= sessions.len() as u64, "{opened}");
    let kept = sessions.iter().flatten().filter(|sql| *sql == "ROLLBACK").count() as u64;
    assert_eq!(record.operations[0].statements.iter().find(|s| s.name == "rollback").unwrap().calls, kept);
}

#[test]
fn a_connection_for_each_checkout_is_opened_and_closed() {
    let (server, record) = logged(&reading(), "--connect-per-checkout --clients 2");
    let sessions = load_sessions(&server);
    let call = ["BEGIN", "SELECT 1", "SELECT 'mark'", "ROLLBACK"];
    assert!(sessions.iter().all(|sent| *sent == call), "{sessions:?}");
    assert_eq!(sessions.len() as u64, record.overall.calls);
    assert_eq!(record.connections.connect.count, record.overall.calls);
    assert_eq!(record.connections.failed, 0);
    assert!(record.load.connect_per_checkout);
}

/// However deadpool looks at a connection, calls are answered, and a reset session still finds its tables.
#[test]
fn recycled_connections_work() {
    let server = KeptServer::start("");
    for recycling in ["fast", "verified", "clean"] {
        let bench = Bench::new();
        let run = format!(
            "run read --tracks 50 --protocol prepared --recycle {recycling} --pool 2 --warmup 0s --duration 500ms --quiet"
        );
        let record = bench.measure(&server, 0, &run);
        assert_eq!(record.load.recycling.as_deref(), Some(recycling));
        assert!(record.overall.completed > 0 && record.overall.failed == 0, "{recycling}");
    }
}

#[test]
fn bare_statements_come_alone() {
    let workload =
        format!("name = 'bare'\n{}", operation("bare", "end = 'none'", &[("mark", "SELECT 'mark'")]));
    let (server, record) = logged(&workload, "--clients 2");
    let sessions = load_sessions(&server);
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().flatten().find(|sql| *sql != "SELECT 'mark'"), None);
    assert_eq!(sessions.iter().flatten().count() as u64, record.overall.calls);
    assert_eq!(record.operations[0].round_trips, 1);
}

fn statement<'a>(operation: &'a OperationResult, name: &str) -> &'a loist_bench::record::StatementResult {
    operation.statements.iter().find(|statement| statement.name == name).unwrap()
}

/// Whatever operation sends it: the server parses a text once a connection.
#[test]
fn a_connection_prepares_a_statement_once() {
    let one = |name| operation(name, "end = 'none'", &[("mark", "SELECT 'mark'")]);
    let workload = format!("name = 'twice'\n{}{}", one("first"), one("second"));
    let (server, record) = logged(&workload, "--clients 2 --protocol prepared");
    let log = server.log();
    // As in `execute s7: SELECT 'mark'`; no two prepared statements of a process have the same name.
    let executed =
        log.lines().filter_map(|line| line.split_once("execute ")?.1.strip_suffix(": SELECT 'mark'"));
    assert_eq!(executed.clone().count() as u64, record.overall.calls);
    assert_eq!(executed.collect::<BTreeSet<_>>().len(), 2, "one a connection");
}

/// Two operations on the same connections; one fails in the middle of its pipeline.
#[test]
fn pipelines_count_and_fail_like_single_round_trips() {
    let server = KeptServer::start("");
    let pipeline = "end = 'commit'\npipeline = true";
    let good = [("three", "SELECT generate_series(1, 3)"), ("one", "SELECT 'mark'")];
    let bad = [("before", "SELECT 1"), ("broken", "SELECT 1 / 0"), ("after", "SELECT 2")];
    let workload =
        format!("name = 'w'\n{}{}", operation("good", pipeline, &good), operation("bad", pipeline, &bad));
    for protocol in ["simple", "extended", "prepared"] {
        let bench = Bench::new();
        bench.write("w.toml", &workload);
        let run = format!(
            "run w.toml --tracks 10 --protocol {protocol} --clients 2 --warmup 0s --duration 500ms --quiet"
        );
        let record = bench.measure(&server, 1, &run);
        let [good, bad] = record.operations.as_slice() else { panic!("two operations") };
        let calls = good.summary.calls;
        assert!(calls > 0, "{protocol}");
        assert_eq!(good.summary.completed, calls, "whatever failed before left no trace: {:?}", good.errors);
        for (name, rows) in [("begin", 0), ("validate", 1), ("three", 3), ("one", 1), ("commit", 0)] {
            let found = statement(good, name);
            assert_eq!(
                (found.calls, found.errors, found.rows),
                (calls, 0, rows * calls),
                "{protocol}: {name}"
            );
        }
        let calls = bad.summary.calls;
        assert_eq!(bad.summary.failed, calls, "{protocol}");
        for (name, errors) in
            [("begin", 0), ("before", 0), ("broken", calls), ("after", calls), ("commit", 0)]
        {
            assert_eq!(statement(bad, name).errors, errors, "{protocol}: {name}");
        }
        let [error] = bad.errors.as_slice() else { panic!("{:?}", bad.errors) };
        assert_eq!((error.code.as_str(), error.class.as_str()), ("22012", "server"));
        assert_eq!((error.count, error.expected), (calls, false));
    }
}

/// A network's time is added to each round trip: that bounds what a call can take from below.
#[test]
fn each_round_trip_takes_its_network_time() {
    let server = KeptServer::start("");
    for (keys, trips) in [("end = 'rollback'", 4.0), ("end = 'rollback'\npipeline = true", 1.0)] {
        let bench = Bench::new();
        bench.write("w.toml", &format!("name = 'w'\n{}", operation("read", keys, &[("one", "SELECT 'x'")])));
        let run = "run w.toml --tracks 10 --round-trip-delay 5ms --warmup 0s --duration 500ms --quiet";
        let record = bench.measure(&server, 0, run);
        assert!(record.overall.service.min_us.unwrap() >= 5_000.0 * trips, "{:?}", record.overall.service);
        assert!(record.floor.unwrap().round_trip.min_us.unwrap() >= 5_000.0);
        assert_eq!(record.load.round_trip_delay_us, 5_000.0);
    }
}
