//! What the client itself does for each call: parameters, SQL text, recording, schedules; and for each row of a
//! library. `cargo bench --bench hot_path`.

use bytes::BytesMut;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loist_bench::{
    catalog::{CatalogSpec, Library, copy_rows},
    engine::Capture,
    stats::{
        Arrivals, IntervalHistogram, LatencyHistogram, Profile, Share, Spacing, below, exponential, stream,
    },
    workload::{Operation, Value, builtin},
};
use rand::{
    RngExt,
    distr::{Distribution, weighted::WeightedIndex},
};
use std::{hint::black_box, sync::Arc, time::Duration};

const SPEC: CatalogSpec = CatalogSpec { seed: 42, tracks: 1_000_000 };

fn operation(name: &str) -> Operation {
    let mix = builtin::find("mcp-mix").expect("it is built in");
    mix.operations.into_iter().find(|operation| operation.name == name).expect("it is in the mix")
}

fn interpolation(c: &mut Criterion) {
    for (name, operation, statement) in [
        ("sql/search page with literals", operation("search_library"), "page"),
        ("sql/insert of an ingest with literals", operation("process_audio_complete"), "insert"),
    ] {
        let statement = operation.statements().find(|s| s.name == statement).expect("it has this one");
        let number = |field| ["from", "to", "year", "channels", "sample_rate", "bitrate"].contains(&field);
        let values: Vec<Value> = operation
            .slots
            .iter()
            .map(|slot| match slot.field {
                Some(field) if number(field) => Value::Int(1_990),
                _ => Value::Text("midnight & rain".to_owned()),
            })
            .collect();
        let mut sql = String::new();
        c.bench_function(name, |b| {
            b.iter(|| {
                sql.clear();
                statement.template.write_literal(black_box(&values), &mut sql);
                black_box(sql.len())
            });
        });
    }
}

fn drawing(c: &mut Criterion) {
    let library = Library::synthetic(SPEC);
    let mut rng = stream(1, 0, 0);
    c.bench_function("draw/id of a track", |b| b.iter(|| black_box(library.track_id(&mut rng))));
    c.bench_function("draw/text of a search", |b| b.iter(|| black_box(library.search_query(&mut rng))));
    c.bench_function("draw/all parameters of an ingest", |b| {
        b.iter(|| black_box(library.new_track(true, &mut rng)));
    });
    // As search_library of mcp-mix has them.
    let limits = WeightedIndex::new([80.0, 8.0, 10.0, 2.0]).expect("weights above 0");
    let offsets = WeightedIndex::new([88.0, 7.0, 3.0, 2.0]).expect("weights above 0");
    c.bench_function("draw/all parameters of a search", |b| {
        b.iter(|| {
            let odd = rng.random_bool(0.03);
            let text = if odd { library.odd_query(&mut rng) } else { library.search_query(&mut rng) };
            let years = rng.random_bool(0.15).then(|| library.year_range(&mut rng));
            let format = rng.random_bool(0.1).then(|| library.format(&mut rng));
            let limit = [21, 11, 51, 100][limits.sample(&mut rng)];
            let offset = [0, 20, 40, 200][offsets.sample(&mut rng)];
            black_box((text, years, format, limit, offset))
        });
    });
}

fn rows(c: &mut Criterion) {
    const ROWS: u64 = 1_000;
    let mut out = BytesMut::new();
    let mut first = 0;
    let mut group = c.benchmark_group("catalog");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("1,000 rows, made and encoded for COPY", |b| {
        b.iter(|| {
            out.clear();
            copy_rows(SPEC, first..first + ROWS, &mut out);
            first = (first + ROWS) % SPEC.tracks;
            black_box(out.len())
        });
    });
    group.finish();
}

/// An interval of calls around 1 ms, the slowest many times slower.
fn interval(calls: u64, seed: u64) -> IntervalHistogram {
    let mut rng = stream(seed, 0, 0);
    let mut interval = IntervalHistogram::default();
    for _ in 0..calls {
        let milliseconds = 0.2 + exponential(&mut rng) * exponential(&mut rng);
        interval.record(Duration::from_secs_f64(milliseconds / 1_000.0));
    }
    interval
}

fn recording(c: &mut Criterion) {
    let mut histogram = IntervalHistogram::default();
    let mut rng = stream(2, 0, 0);
    c.bench_function("histogram/record one latency", |b| {
        b.iter(|| histogram.record(black_box(Duration::from_nanos(below(&mut rng, 5_000_000)))));
    });
    let part = interval(1_000, 3);
    let mut total = LatencyHistogram::default();
    c.bench_function("histogram/pour an interval of 1,000 calls into the total", |b| {
        b.iter(|| total.add(black_box(&part)));
    });
    let mut window = LatencyHistogram::default();
    window.add(&interval(100_000, 4));
    let mut all = LatencyHistogram::default();
    c.bench_function("histogram/merge a window of 100,000 calls", |b| {
        b.iter(|| all.merge(black_box(&window)));
    });
}

/// What it costs a call that its parameters may be kept, once a few have been.
fn capture(c: &mut Criterion) {
    let values = [Value::Text("midnight & rain".to_owned()), Value::Int(21), Value::Int(0), Value::Null];
    let mut capture = Capture::new(17, 42, 0);
    let mut rng = stream(6, 0, 0);
    c.bench_function("capture/offer one of 17 operations' calls", |b| {
        b.iter(|| {
            let number = below(&mut rng, 17 * 5_000_000);
            let service = Duration::from_nanos(number / 17);
            capture.offer((number % 17) as usize, service, black_box(&values));
        });
    });
    c.bench_function("capture/the same without the offer", |b| {
        b.iter(|| {
            let number = below(&mut rng, 17 * 5_000_000);
            black_box((Duration::from_nanos(number / 17), (number % 17) as usize, black_box(&values)));
        });
    });
    black_box(capture.finish());
}

fn arrivals(c: &mut Criterion) {
    // More of them than any measurement takes.
    let profile = Arc::new(Profile::steady(1e6, Duration::from_secs(30 * 86_400)));
    let share = Share { first: 1, own: 4, of: 8 };
    for (name, spacing) in [
        ("arrivals/next of a Poisson process", Spacing::Poisson),
        ("arrivals/next even one", Spacing::Uniform),
    ] {
        let mut arrivals = Arrivals::new(Arc::clone(&profile), spacing, share, stream(5, 0, 0));
        c.bench_function(name, |b| b.iter(|| black_box(arrivals.next())));
    }
}

criterion_group!(benches, interpolation, drawing, rows, recording, capture, arrivals);
criterion_main!(benches);
