//! What a page costs: a run explained, two runs side by side, a summary in Markdown, made of the sample's record.

use criterion::{Criterion, criterion_group, criterion_main};
use loist_bench::{
    record,
    report::{html, markdown, source::Source},
};
use std::{hint::black_box, path::Path};

fn pages(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample");
    let (record, text) = record::load_with_text(&path).expect("the sample is kept with the source");
    let one = Source { record, text, name: "record.json".to_owned() };
    let two = [one.clone(), one.clone()];
    let mut group = criterion.benchmark_group("report");
    group.sample_size(20);
    group.bench_function("page of a run", |bencher| bencher.iter(|| html::run(black_box(&one))));
    group.bench_function("page of two runs", |bencher| bencher.iter(|| html::compare(black_box(&two))));
    group.bench_function("markdown", |bencher| bencher.iter(|| markdown::render(black_box(&one))));
    group.finish();
}

criterion_group!(benches, pages);
criterion_main!(benches);
