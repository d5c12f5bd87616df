//! What the client itself does for each call: parameters, SQL text, recording. `cargo bench --bench hot_path`.

use criterion::{Criterion, criterion_group, criterion_main};
use loist_bench::{
    catalog::{CatalogSpec, Library},
    stats::{IntervalHistogram, LatencyHistogram, stream},
    workload::{Value, builtin},
};
use std::{hint::black_box, time::Duration};

fn interpolation(c: &mut Criterion) {
    let mix = builtin::find("mcp-mix").expect("it is built in");
    let operation = mix.operations.iter().find(|o| o.name == "search_library").expect("it is in the mix");
    let page = operation.statements().last().expect("it has statements");
    let values: Vec<Value> = operation
        .slots
        .iter()
        .map(|slot| match slot.field {
            Some(_) => Value::Int(1_990),
            None => Value::Text("midnight & rain".to_owned()),
        })
        .collect();
    let mut sql = String::new();
    c.bench_function("sql/search page with literals", |b| {
        b.iter(|| {
            sql.clear();
            page.template.write_literal(black_box(&values), &mut sql);
            black_box(sql.len())
        });
    });
}

fn drawing(c: &mut Criterion) {
    let library = Library::synthetic(CatalogSpec { seed: 42, tracks: 1_000_000 });
    let mut rng = stream(1, 0, 0);
    c.bench_function("draw/id of a track", |b| b.iter(|| black_box(library.track_id(&mut rng))));
    c.bench_function("draw/text of a search", |b| b.iter(|| black_box(library.search_query(&mut rng))));
    c.bench_function("draw/track to ingest", |b| b.iter(|| black_box(library.new_track(true, &mut rng))));
}

fn recording(c: &mut Criterion) {
    let mut histogram = IntervalHistogram::default();
    let mut latency = Duration::from_micros(40);
    c.bench_function("histogram/record one latency", |b| {
        b.iter(|| {
            latency = Duration::from_nanos((latency.as_nanos() as u64 * 7 + 13) % 5_000_000);
            histogram.record(black_box(latency));
        });
    });
    c.bench_function("histogram/pour one interval into the total", |b| {
        let mut total = LatencyHistogram::default();
        b.iter(|| total.add(black_box(&histogram)));
    });
}

criterion_group!(benches, interpolation, drawing, recording);
criterion_main!(benches);
