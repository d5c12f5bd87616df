//! No connection to be had: from the pool, or from the server.

use super::*;

/// A call that holds its connection for this long.
fn slow(retry: &str, seconds: f64) -> String {
    let sql = format!("SELECT pg_sleep({seconds})");
    format!("name = \"slow\"\n{retry}{}", operation("slow", "rollback", &[&sql]))
}

/// The server's pool refuses; the server tries again after 0.1 and 0.2 s, then gives the call up.
#[test]
fn an_exhausted_pool_is_asked_three_times() {
    let server = KeptServer::start("");
    let options = "--client-model threaded --pool 1 --pool-min 1 --clients 4 --think 20ms --duration 4s";
    let record = run(&server.url, &slow("", 0.05), options);
    assert_only(&record, &["pool_exhausted"]);
    assert!(record.overall.failed > 0 && record.overall.completed > 0);
    // The last refusal is the call's end; two go before each, and before some calls that had luck in the end.
    assert_eq!(count(&record, "pool_exhausted") - retried(&record), record.overall.failed);
    assert!(retried(&record) >= 2 * record.overall.failed, "{:?}", errors(&record));
    let longest = record.overall.pool_wait.max_us.unwrap();
    assert!(longest >= 100_000.0, "a call was answered after a pause: {longest}");

    let retry = "[retry]\nattempts = 3\non = [\"pool\"]\n";
    let record = run(&server.url, &slow(retry, 0.05), options);
    assert_only(&record, &["pool_exhausted"]);
    assert!(retried(&record) > 0);
}

#[test]
fn a_pool_that_is_waited_for_in_vain_is_a_timeout() {
    let server = KeptServer::start("");
    let options = "--pool 1 --clients 4 --pool-timeout 200ms --duration 3s";
    let record = run(&server.url, &slow("", 0.5), options);
    assert_only(&record, &["pool_timeout"]);
    assert!(record.overall.failed > 0 && record.overall.completed > 0);
}

/// Even one that hardly ever has a connection in time is no reason to call the server ill.
#[test]
fn a_hopeless_pool_is_measured_all_the_same() {
    let server = KeptServer::start("");
    let options =
        "--client-model threaded --pool 1 --pool-min 1 --clients 20 --round-trip-delay 300ms --duration 3s";
    let record = run(&server.url, &slow("", 0.01), options);
    assert_only(&record, &["pool_exhausted"]);
    assert!(record.overall.failed > 0);
}

/// Somebody else takes every slot of the server, and gives them back.
#[test]
fn exhausted_slots_are_a_gap() {
    let server = KeptServer::start("--set max_connections=12");
    server.sql(BEAT);
    for retry in ["", PERSISTENT] {
        let options = "--connect-per-checkout --clients 3 --duration 7s --brake none";
        let load = Load::start(&server.url, &beating(retry), options);
        wait_for_beats(&server.url);
        hog(&server.url, Duration::from_secs(1));
        wait_for_beats(&server.url);
        let record = load.end();
        assert_only(&record, &["too_many_connections"]);
        let refused = count(&record, "too_many_connections");
        assert!(refused > 0);
        assert!(errors(&record).iter().all(|error| error.code == "53300"));
        assert_eq!(record.connections.failed, refused);
        assert_eq!(retried(&record) > 0, !retry.is_empty());
        assert_gap(&record);
    }
}

/// Opens connections whenever one can be had, and keeps them all for a while from the first refusal on.
fn hog(url: &str, patience: Duration) {
    let runtime = runtime();
    runtime.block_on(async {
        let mut kept = Vec::new();
        let mut refused: Option<std::time::Instant> = None;
        while refused.is_none_or(|refused| refused.elapsed() < patience) {
            match tokio_postgres::connect(url, tokio_postgres::NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    kept.push(client);
                }
                Err(error) => {
                    assert_eq!(
                        error.code().map(tokio_postgres::error::SqlState::code),
                        Some("53300"),
                        "{error}"
                    );
                    refused.get_or_insert_with(std::time::Instant::now);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    });
}

/// Every connection is opened before the load; one that cannot be had is the end.
#[test]
fn a_server_with_too_few_slots_is_found_before_the_load() {
    let bench = Bench::new();
    let run = "run read --tracks 50 --clients 20 --duration 1s --quiet --set max_connections=12";
    bench.expect(3, run).one_sentence("raise the server's max_connections");
    assert!(bench.records().is_empty());
}
