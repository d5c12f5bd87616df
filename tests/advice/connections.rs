//! Connections, and what travels over them.

use super::common::{change, left, said, set, small_machine};
use loist_bench::record::{Record, Sample, Stance};

#[test]
fn waiting_for_the_pool_is_weighed_against_the_objective() {
    let waiting = |record: &mut Record| record.overall.pool_wait.p95_us = Some(50_000.0);
    assert_eq!(said("connections/pool-wait", waiting).unwrap().stance, Stance::Change);
    assert_eq!(said("connections/pool-wait", |_| {}).unwrap().stance, Stance::LeaveAlone);
}

#[test]
fn round_trips_without_work_are_counted() {
    let piece = said("connections/round-trips", |_| {}).unwrap();
    assert!(piece.evidence.contains("4 to 12 round trips"), "{}", piece.evidence);
    let lean = said("connections/round-trips", |record| {
        record
            .operations
            .iter_mut()
            .for_each(|operation| operation.statements.retain(|s| s.name != "validate"));
    });
    assert_eq!(lean, None);
}

#[test]
fn a_pool_keeps_its_connections() {
    left("connections/churn", |_| {});
    let piece = change("connections/churn", |record| {
        record.connections.connect.count = record.overall.calls;
        record.connections.connect.mean_us = Some(5_000.0);
        record.load.pool_min = Some(0);
    });
    assert!(
        piece.title.contains("minimum") && piece.evidence.contains("keeps 0 idle"),
        "{} {}",
        piece.title,
        piece.evidence
    );
}

#[test]
fn calls_that_queue_are_the_clients_matter() {
    let waits = |ms: f64| move |record: &mut Record| record.overall.queue_wait.p95_us = Some(ms * 1e3);
    left("connections/queue-wait", waits(1.0));
    change("connections/queue-wait", waits(150.0));
    assert_eq!(said("connections/pool-wait", waits(150.0)), None);
}

#[test]
fn the_pools_fit_the_server() {
    left("connections/budget", |_| {});
    let piece = change("connections/budget", |record| {
        small_machine(record);
        record.load.client_model = "event-loop".to_owned();
        (record.load.clients, record.load.connections) = (13, 10);
    });
    assert!(
        piece.evidence.contains("may open 130 connections; db-custom-1-3840 takes 100"),
        "{}",
        piece.evidence
    );
}

#[test]
fn what_hangs_ends() {
    let piece = change("connections/timeouts", |_| {});
    let names: Vec<&str> = piece.changes().map(|change| change.setting.as_str()).collect();
    assert_eq!(names, ["statement_timeout", "idle_in_transaction_session_timeout"]);
    let bounded = |record: &mut Record| {
        set(&mut record.evidence, "statement_timeout", "10000");
        set(&mut record.evidence, "idle_in_transaction_session_timeout", "10000");
    };
    assert_eq!(said("connections/timeouts", bounded), None);
}

#[test]
fn round_trips_count_where_the_network_is_far() {
    left("connections/round-trips", |_| {});
    change("connections/round-trips", |record| {
        record.load.round_trip_delay_us = 2_000.0;
        for operation in &mut record.operations {
            for statement in &mut operation.statements {
                statement.service.mean_us = Some(2_000.0);
            }
            operation.summary.response.mean_us = Some(9_000.0);
        }
        record.overall.response.p95_us = Some(60_000.0);
    });
}

/// Sixty connections on two processors take turns; five of them do the same work.
#[test]
fn a_pool_that_is_larger_than_the_processors_can_serve_is_made_smaller() {
    let crowded = |connections: usize, busy: f64| {
        move |record: &mut Record| {
            record.host.cpus = 2;
            record.load.connections = connections;
            record.samples.processors = 2;
            let sample = Sample { client_cpus: busy, server_cpus: Some(busy), ..Sample::default() };
            record.samples.samples = vec![sample];
        }
    };
    let piece = change("connections/pool-wait", crowded(60, 0.99));
    assert!(piece.title.contains("Try a pool of 5 connections: 60 of them"), "{}", piece.title);
    left("connections/pool-wait", crowded(60, 0.3));
    left("connections/pool-wait", crowded(6, 0.99));
    // Where calls wait in a pool that is large enough, more connections are no remedy.
    let waiting = left("connections/pool-wait", |record| {
        crowded(5, 0.99)(record);
        record.overall.pool_wait.p95_us = Some(110_000.0);
    });
    assert!(waiting.title.contains("wait for processors"), "{}", waiting.title);
}

/// What a round trip takes under load is mostly waiting for a processor.
#[test]
fn spare_round_trips_count_as_on_an_idle_server() {
    let loaded = |record: &mut Record| {
        record.floor.as_mut().unwrap().round_trip.min_us = Some(50.0);
        for operation in &mut record.operations {
            for statement in &mut operation.statements {
                statement.service.mean_us = Some(12_000.0);
            }
            operation.summary.response.mean_us = Some(70_000.0);
            operation.summary.response.p95_us = Some(190_000.0);
        }
    };
    let piece = left("connections/round-trips", loaded);
    assert!(piece.evidence.contains("cost 0.100 ms a checkout"), "{}", piece.evidence);
    change("connections/round-trips", |record| {
        loaded(record);
        record.load.round_trip_delay_us = 12_000.0;
    });
}
