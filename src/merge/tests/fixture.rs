//! Records of shards that are made up from calls.

use crate::{
    engine::{
        ErrorCount, FailureClass, Measured, OperationMeasured, StageMeasured, StatementMeasured, Tally,
    },
    lab::results::{Kind, latency, results, stages},
    merge::Piece,
    record::{self, ClockReading, Ended, Record, ShardClock, ShardSlices},
    stats::{IntervalHistogram, LatencyHistogram, Slice, Slices},
    workload::Slo,
};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use std::time::Duration;

const SECONDS: u64 = 10;
pub(super) const RATE: f64 = 30.0;
pub(super) const SEED: u64 = 42;

/// A call: its operation, the second in which it ended (the last one is after the window), how long it took, and whether
/// it was lost.
pub(super) type Call = (usize, u64, u64, bool);

pub(super) fn slo() -> Slo {
    "50ms@p95".parse().unwrap()
}

pub(super) fn kinds() -> Vec<Kind> {
    let kind = |name: &str, weight| {
        let name = name.to_owned();
        Kind { name, weight, round_trips: 4, writes: false, slo: slo() }
    };
    vec![kind("get", 1.0), kind("search", 2.0)]
}

fn histogram(us: &[u64]) -> LatencyHistogram {
    let mut part = IntervalHistogram::default();
    us.iter().for_each(|us| part.record(Duration::from_micros(*us)));
    let mut histogram = LatencyHistogram::default();
    histogram.add(&part);
    histogram
}

fn operation(name: &str, calls: &[Call]) -> OperationMeasured {
    let answered: Vec<u64> = calls.iter().filter(|call| !call.3).map(|call| call.2).collect();
    let lost = (calls.len() - answered.len()) as u64;
    let tally = Tally {
        arrivals: calls.len() as u64,
        completed: answered.len() as u64,
        failed: lost,
        ..Tally::default()
    };
    let error = ErrorCount {
        class: FailureClass::Server,
        code: "XX000".to_owned(),
        message: "it failed".to_owned(),
        expected: false,
        count: lost,
        retried: 0,
    };
    let statement = StatementMeasured {
        name: "only".to_owned(),
        service: histogram(&answered),
        errors: lost,
        rows: 3 * answered.len() as u64,
    };
    OperationMeasured {
        name: name.to_owned(),
        tally,
        response: histogram(&answered),
        service: histogram(&answered),
        queue_wait: histogram(&answered),
        pool_wait: histogram(&answered),
        statements: vec![statement],
        errors: Some(error).filter(|_| lost > 0).into_iter().collect(),
    }
}

/// What an engine measures that makes these calls.
pub(super) fn measured(calls: &[Call]) -> Measured {
    let of = |index: usize| -> Vec<Call> { calls.iter().filter(|call| call.0 == index).copied().collect() };
    let mut slices = Slices::new(Duration::from_secs(1), 2);
    let mut late = vec![Slice::default(); 2];
    // Idle slices are there, too.
    (0..SECONDS).for_each(|second| slices.add(0, Duration::from_secs(second), &[], 0));
    let all: Vec<u64> = calls.iter().filter(|call| !call.3).map(|call| call.2).collect();
    for (index, second, us, lost) in calls {
        let values = if *lost { Vec::new() } else { histogram(&[*us]).values().to_vec() };
        match *second < SECONDS {
            true => slices.add(*index, Duration::from_secs(*second), &values, u64::from(*lost)),
            false => late[*index].add(&values, u64::from(*lost)),
        }
    }
    let mut tally = Tally::default();
    let operations: Vec<_> =
        kinds().iter().enumerate().map(|(index, kind)| operation(&kind.name, &of(index))).collect();
    operations.iter().for_each(|operation| tally.add(operation.tally));
    Measured {
        stages: vec![StageMeasured { tally, response: histogram(&all) }],
        operations,
        slices,
        late,
        elapsed: Duration::from_secs(SECONDS),
        lasted: Duration::from_secs(SECONDS + 1),
        begun_after: Duration::ZERO,
        release_error: histogram(&all),
        connect: histogram(&[900, 1_100]),
        connect_failures: 1,
        captured: Vec::new(),
    }
}

fn at(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_900_000_000_000_000 + us).unwrap()
}

fn load(clients: usize, of: usize) -> record::Load {
    let rate = RATE * clients as f64 / of as f64;
    record::Load {
        model: "open".to_owned(),
        client_model: "pool".to_owned(),
        clients,
        connections: clients,
        threads: 1,
        stages: vec![format!("steady {rate} 10s")],
        arrivals: Some("poisson".to_owned()),
        queue: Some(100 * clients),
        duration_seconds: SECONDS as f64,
        ..record::Load::default()
    }
}

fn shard(number: usize, of: usize, measured: &Measured) -> record::Shard {
    let text =
        |slice: &Slice| (slice.count() > 0).then(|| LatencyHistogram::of(slice.latencies.values()).encode());
    let slices = |index: usize| ShardSlices {
        answered: measured.slices.of(index).map(|slice| text(&slice)).collect(),
        late: text(&measured.late[index]),
    };
    let reading = ClockReading { server_ahead_us: 5.0, uncertain_us: 100.0, round_trips: 10 };
    record::Shard {
        number,
        of,
        run_id: "a run".to_owned(),
        whole: record::Load { threads: 0, ..load(of, of) },
        server: "a server".to_owned(),
        start_at: at(0),
        clock: ShardClock {
            began_at: at(300 * number as i64),
            uncertain_us: 100.0,
            before: reading,
            after: Some(reading),
        },
        cautions: Vec::new(),
        slices: vec![slices(0), slices(1)],
    }
}

/// The record of shard `number` of `of`, which made these calls.
fn recorded(number: usize, of: usize, calls: &[Call]) -> Piece {
    let sample = record::sample();
    let measured = measured(calls);
    let results = results(&kinds(), &measured, slo(), SEED);
    let load = load(1, of);
    let record = Record {
        run: record::Run { ended: Ended::AsPlanned, seed: SEED, ..sample.run.clone() },
        window: record::Window { started_at: at(0), seconds: SECONDS as f64 },
        schedule: Some(record::Schedule {
            asked_per_second: Some(RATE / of as f64),
            start_error: latency(&measured.release_error),
        }),
        stages: stages(&[load.stages[0].parse().unwrap()], &measured, slo()),
        connections: record::Connections {
            at_start: latency(&histogram(&[500])),
            failed: measured.connect_failures,
            connect: latency(&measured.connect),
        },
        shard: Some(shard(number, of, &measured)),
        load,
        operations: results.operations,
        overall: results.overall,
        series: results.series,
        disturbances: Vec::new(),
        ..sample
    };
    // As it is read from a file.
    let text = serde_json::to_string(&record).unwrap();
    Piece { name: format!("shard-{number}.json"), record: serde_json::from_str(&text).unwrap() }
}

/// The records of so many shards, of which each made the calls that belong to it.
pub(super) fn run(of: usize, calls: &[(usize, Call)]) -> Vec<Piece> {
    let own = |number: usize| -> Vec<Call> {
        calls.iter().filter(|(shard, _)| shard % of + 1 == number).map(|(_, call)| *call).collect()
    };
    (1..=of).map(|number| recorded(number, of, &own(number))).collect()
}

/// Some calls of both operations, in turns by each of the shards.
pub(super) fn some_calls() -> Vec<(usize, Call)> {
    let call = |number: u64| {
        (usize::from(number.is_multiple_of(3)), number % SECONDS, 1_000 + number * 37 % 9_000, false)
    };
    (0..300).map(|number| (number as usize, call(number))).collect()
}

prop_compose! {
    pub(super) fn any_call()(
        shard in 0_usize..4,
        operation in 0_usize..2,
        second in 0..=SECONDS,
        us in prop_oneof![1_u64..100_000, 100_000_u64..5_000_000],
        lost in prop::bool::weighted(0.1),
    ) -> (usize, Call) {
        (shard, (operation, second, us, lost))
    }
}
