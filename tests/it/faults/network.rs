//! What lies between clients and server fails.

use super::*;
use crate::proxy::Proxy;

/// A server, and a proxy in front of it.
struct Behind {
    // Dropped first, for it holds connections.
    proxy: Proxy,
    server: KeptServer,
    /// By way of the proxy.
    url: String,
}

fn behind_a_proxy() -> Behind {
    let server = KeptServer::start("--transport tcp");
    server.sql(BEAT);
    let (before, rest) = server.url.split_once("@127.0.0.1:").unwrap();
    let (port, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::before(port.parse().unwrap());
    let url = format!("{before}@127.0.0.1:{}/{database}", proxy.port());
    Behind { proxy, server, url }
}

#[test]
fn connections_that_are_reset_are_opened_again() {
    let Behind { proxy, server, url } = behind_a_proxy();
    for retry in ["", PERSISTENT] {
        let load = Load::start(&url, &beating(retry), "--clients 4 --duration 60s");
        for _ in 0..3 {
            wait_for_beats(&server.url);
            proxy.reset();
        }
        wait_for_beats(&server.url);
        let record = load.stop();
        assert_only(&record, &["connection_lost"]);
        assert!(count(&record, "connection_lost") > 0);
        assert!(errors(&record).iter().all(|error| error.code == "client"), "{:?}", errors(&record));
        let overall = &record.overall;
        if retry.is_empty() {
            assert_eq!((overall.failed, retried(&record)), (count(&record, "connection_lost"), 0));
        } else {
            assert_eq!((overall.failed, retried(&record)), (0, count(&record, "connection_lost")));
        }
        assert!(record.connections.connect.count > 0, "they were opened anew");
    }
}

#[test]
fn refused_connections_are_a_gap() {
    let Behind { proxy, server, url } = behind_a_proxy();
    for retry in ["", PERSISTENT] {
        let load = Load::start(&url, &beating(retry), "--clients 4 --duration 10s");
        wait_for_beats(&server.url);
        proxy.refuse();
        std::thread::sleep(Duration::from_secs(1));
        proxy.take_again();
        wait_for_beats(&server.url);
        let record = load.end();
        assert_only(&record, &["connection_lost", "connection_refused"]);
        assert!(count(&record, "connection_refused") >= 4, "each client saw it: {:?}", errors(&record));
        assert_eq!(retried(&record) > 0, !retry.is_empty());
        assert_eq!(record.connections.failed, count(&record, "connection_refused"));
        assert_gap(&record);
        if retry.is_empty() {
            assert!(record.overall.failed >= 4);
        }
    }
}

/// Nobody answers and nobody says so: the run ends all the same.
#[test]
fn a_network_that_swallows_everything_does_not_hold_the_run() {
    let Behind { proxy, server, url } = behind_a_proxy();
    let load = Load::start(&url, &beating(PERSISTENT), "--clients 3 --duration 10s");
    wait_for_beats(&server.url);
    proxy.swallow();
    let record = load.end_as(Ended::ServerLost);
    let overall = &record.overall;
    assert_eq!((overall.failed, overall.unfinished), (0, 3), "one call a client was never answered");
    assert!(overall.completed > 60);
    let missing = &record.evidence.missing;
    assert!(missing.iter().any(|missing| missing.contains("did not answer")), "{missing:?}");
}
