//! The sizes of tables that samples hold, whatever becomes of the tables.

use crate::common::KeptServer;
use loist_bench::{
    observe::Sampler,
    target::{self, Route},
};
use std::time::Duration;

/// One table for each thing that can happen to it, each with less in it than the one before, and a sixth.
const TABLES: &str = "
    CREATE TABLE public.grows AS SELECT repeat('x', 100) AS x FROM generate_series(1, 12000);
    CREATE TABLE public.locked AS SELECT repeat('x', 100) AS x FROM generate_series(1, 10000);
    CREATE TABLE public.\"Dropped\" AS SELECT repeat('x', 100) AS x FROM generate_series(1, 8000);
    CREATE TABLE public.reindexed AS SELECT n FROM generate_series(1, 10000) n;
    CREATE INDEX reindexed_n ON public.reindexed (n);
    CREATE TABLE public.is_left AS SELECT repeat('x', 100) AS x FROM generate_series(1, 2000);
    CREATE TABLE public.sixth AS SELECT 1 AS n;
    CREATE TABLE public.held AS SELECT repeat('x', 100) AS x FROM generate_series(1, 20000);";

const BYTES: &str = "SELECT pg_total_relation_size(name::regclass) FROM unnest(ARRAY[
    'public.grows', 'public.locked', 'public.\"Dropped\"', 'public.reindexed', 'public.is_left'])
    WITH ORDINALITY t (name, place) ORDER BY place";

fn numbers(texts: &[String]) -> Vec<u64> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn a_table_may_be_locked_or_dropped_while_its_size_is_followed() {
    let server = KeptServer::start("--set autovacuum=off");
    server.sql(TABLES);
    let before = numbers(&server.sql(BYTES));
    let runtime = crate::common::runtime();
    let mut sampler = Sampler::new(Duration::from_secs(1), false, None, "loist-bench");
    let route = Route::parse(&server.url).unwrap();
    runtime.block_on(async {
        let client = target::connect(&route).await.unwrap();
        let other = target::connect(&route).await.unwrap();
        other.batch_execute("BEGIN; LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE").await.unwrap();
        sampler.begin(&client).await;
        other.batch_execute("COMMIT; DROP TABLE public.\"Dropped\"").await.unwrap();
        other.batch_execute("INSERT INTO public.grows SELECT * FROM public.grows").await.unwrap();
        let hold =
            "BEGIN; LOCK TABLE public.locked IN ACCESS EXCLUSIVE MODE; REINDEX INDEX public.reindexed_n";
        other.batch_execute(hold).await.unwrap();
        for second in 1..=11 {
            assert!(sampler.tick(Some(&client), Duration::from_secs(second)).await, "nobody waits");
        }
    });
    let samples = sampler.finish();
    // The one that was held would have been the first.
    assert_eq!(
        samples.tables,
        ["public.grows", "public.locked", "public.\"Dropped\"", "public.reindexed", "public.is_left"]
    );
    assert!(samples.missing.iter().all(|what| !what.contains("table")), "{:?}", samples.missing);
    for sample in &samples.samples {
        assert!(sample.table_bytes[0] > before[0], "{sample:?}");
        assert_eq!(sample.table_bytes[1..], [before[1], 0, before[3], before[4]]);
        assert!(sample.database_bytes.unwrap() > sample.table_bytes.iter().sum());
    }
}
