//! What a record holds of the server and the machine, on whatever version of PostgreSQL the tests run.

use crate::common::{Bench, KeptServer, wait_until};
use loist_bench::{
    catalog::State,
    lab::{self, CatalogOptions, Interrupt, LoadOptions, Looks, RunOptions},
    record::{Evidence, Record, Sample},
    target::TargetOptions,
    workload::builtin,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    process::{Child, Stdio},
    time::Duration,
};

/// A run on `server` whose window has begun, or is about to.
struct Load {
    bench: Bench,
    child: Child,
}

impl Load {
    fn start(server: &KeptServer, arguments: &str) -> Self {
        let bench = Bench::new();
        let mut command = bench.command(arguments);
        command.env("DATABASE_URL", &server.url).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let load = Self { bench, child };
        wait_until("the window", || {
            server
                .sql(
                    "SELECT 1 FROM pg_stat_activity
                     WHERE application_name = 'loist-bench' AND query IN ('COMMIT', 'ROLLBACK')",
                )
                .len()
                == 2
        });
        load
    }

    /// Ends it by an interrupt: the load may go on for as long as the test needs.
    fn stop(mut self) -> Record {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        self.child.wait().unwrap();
        self.bench.record()
    }
}

/// Two connections that write, each to a row of its own.
const WRITES: &str = "
    name = 'writes'
    [[operation]]
    name = 'write'
    weight = 1.0
    [[operation.transaction]]
    end = 'commit'
    [[operation.transaction.statement]]
    name = 'count'
    sql = 'INSERT INTO public.shop (n) VALUES (1)'";

fn said(record: &Record, part: &str) -> bool {
    record.evidence.missing.iter().any(|missing| missing.contains(part))
}

fn assert_whole(record: &Record) {
    let version = record.server.version_number;
    let Evidence { window, statements, tables, indexes, gin, role, extensions, .. } = &record.evidence;
    assert_eq!(record.evidence.missing, Vec::<String>::new());
    assert!(window.commits > 0 && window.blocks_hit > 0);
    assert!(window.read_ms.is_some() && window.write_ms.is_some(), "track_io_timing is on");
    assert!(window.checkpointer.is_some());
    assert_eq!(window.writers.unwrap().backend_written.is_some(), version < 170_000);
    let wal = window.wal.unwrap();
    assert!(wal.records > 0 && wal.bytes > 0);
    assert_eq!((wal.writes.is_some(), wal.sync_ms.is_some()), (version < 180_000, version < 180_000));
    assert_eq!(window.io.is_empty(), version < 160_000);
    let hits = |row: &loist_bench::record::IoCounters| row.backend == "client backend" && row.hits > 0;
    assert!(version < 160_000 || window.io.iter().any(hits));
    assert!(window.sessions.unwrap().active_ms > 0.0);

    let insert = statements.as_ref().unwrap().iter().find(|row| row.query.starts_with("INSERT")).unwrap();
    assert!(insert.blocks_dirtied > 0 && insert.wal_records > 0 && insert.read_ms.is_some(), "{insert:?}");
    assert_eq!(insert.jit.is_some(), version >= 150_000);

    let tracks = record.evidence.table("audio_tracks").unwrap();
    assert_eq!(tracks, &tables[0], "the largest");
    let used = tracks.window.unwrap();
    assert!(tracks.analyzed && tracks.vacuums > 0 && tracks.rows_changed_since_analyze > 0, "{tracks:?}");
    assert!(used.inserted > 0 && used.heap_hit > 0 && used.index_scans > 0, "{used:?}");
    let of_tracks =
        indexes.as_ref().unwrap().iter().filter(|index| index.table == tracks.name).collect::<Vec<_>>();
    let primary = of_tracks.iter().find(|index| index.name.ends_with("audio_tracks_pkey")).unwrap();
    assert!(primary.is_constraint && primary.is_valid && primary.bytes > 0, "{primary:?}");
    assert!(primary.scans.unwrap() > 0 && primary.scans_ever >= primary.scans.unwrap());
    assert!(primary.blocks_hit > 0 && primary.definition.starts_with("CREATE UNIQUE INDEX"));
    assert_eq!((primary.keys.as_slice(), primary.method.as_str()), (["id".to_owned()].as_slice(), "btree"));
    assert_eq!(primary.operator_classes, ["uuid_ops"]);
    let trigrams = of_tracks.iter().find(|index| index.operator_classes == ["gin_trgm_ops"]).unwrap();
    assert!(gin.as_ref().unwrap().iter().any(|index| index.name == trigrams.name), "{gin:?}");

    let role = role.as_ref().unwrap();
    assert!(role.is_superuser && role.reads_all_statistics && role.reads_all_settings);
    assert!(extensions.iter().any(|known| known.name == "pg_stat_statements" && known.installed.is_some()));
    assert!(extensions.iter().any(|known| known.name == "pg_buffercache" && known.installed.is_none()));
    assert_eq!(record.evidence.data_checksums, Some(version >= 180_000), "initdb's default");
    let disk = record.evidence.disk.as_ref().unwrap();
    assert!(disk.total_bytes > disk.free_bytes && disk.free_bytes > 0, "{disk:?}");
}

#[test]
fn a_small_run_fills_every_group() {
    let bench = Bench::new();
    let settings = "--set track_io_timing=on --set track_wal_io_timing=on";
    bench.expect(
        0,
        &format!("run ingest --tracks 500 --clients 8 --warmup 0s --duration 3s --quiet {settings}"),
    );
    let record = bench.record();
    assert_whole(&record);
    let samples = &record.samples.samples;
    let waits = |sample: &Sample| sample.waits.iter().map(|wait| wait.sessions).sum::<u64>();
    assert!(samples.iter().any(|sample| waits(sample) > 0), "{samples:?}");
    assert!(samples.iter().flat_map(|sample| &sample.waits).all(|wait| wait.class != "Client"));
    let tables = &record.samples.tables;
    assert!((1..=5).contains(&tables.len()), "{tables:?}");
    let tracks = tables.iter().position(|name| name.ends_with(".audio_tracks")).unwrap();
    // Sizes that cannot be had at once, as while a vacuum shortens a table, are not waited for.
    let read: Vec<&Sample> = samples.iter().filter(|sample| !sample.table_bytes.is_empty()).collect();
    assert!(!read.is_empty(), "{samples:?}");
    for sample in read {
        assert_eq!(sample.table_bytes.len(), tables.len(), "{sample:?}");
        assert!(sample.table_bytes.iter().all(|bytes| *bytes > 0), "{sample:?}");
        assert!(sample.table_bytes[tracks] < sample.database_bytes.unwrap(), "{sample:?}");
    }
    if cfg!(target_os = "linux") {
        assert!(samples.iter().all(|sample| sample.memory_available_bytes > Some(0)), "{samples:?}");
    }
}

/// Somebody's role: it owns what it makes, and sees nothing else.
#[test]
fn a_role_without_rights_says_what_it_could_not_see() {
    let server = KeptServer::start("");
    server.sql(
        "CREATE ROLE plain LOGIN; GRANT CREATE ON DATABASE postgres TO plain;
         GRANT CREATE ON SCHEMA public TO plain; CREATE EXTENSION pgstattuple;
         ALTER ROLE plain SET work_mem = '5MB'; ALTER ROLE plain IN DATABASE postgres SET work_mem = '6MB';
         ALTER ROLE plain SET app.password = 'secret'",
    );
    let url = server.url.replace("loist@", "plain@");
    let bench = Bench::new();
    let mut command = bench.command("run ingest --tracks 200 --warmup 0s --duration 1s --quiet");
    let output = command.env("DATABASE_URL", url).output().unwrap();
    assert!([Some(0), Some(4)].contains(&output.status.code()), "{output:?}");
    let record = bench.record();
    assert!(said(&record, "pg_stat_statements is not installed"), "{:?}", record.evidence.missing);
    assert!(said(&record, "GIN pending lists: permission denied"), "{:?}", record.evidence.missing);
    assert!(record.samples.missing.iter().any(|what| what.contains("GRANT pg_read_all_stats")));
    let role = record.evidence.role.as_ref().unwrap();
    assert_eq!((role.name.as_str(), role.is_superuser, role.reads_all_statistics), ("plain", false, false));
    assert_eq!(role.settings, ["app.password=(hidden)", "work_mem=6MB"], "the most special of two");
    assert_eq!(role.database, "postgres");
    // It is not guessed in the advice either, but said, and how to see it.
    let rights = record.advice.iter().find(|piece| piece.rule == "platform/rights").unwrap();
    server.sql(&rights.change.as_ref().unwrap().apply);
    let reports = bench.run_directory();
    let told = bench.expect(0, &format!("advise {}", reports.display())).stdout;
    let (_, unknown) = told.split_once("Not known, and so not judged:").unwrap();
    assert!(unknown.contains("GIN pending lists: permission denied"), "{unknown}");
    assert!(unknown.contains("GRANT pg_read_all_stats"), "{unknown}");
    let tracks = record.evidence.table("audio_tracks").unwrap();
    assert!(tracks.window.unwrap().inserted > 0);
    assert_eq!(tracks.set_by_triggers, ["updated_at"], "in every update, by what the trigger says");
    let kind = |name: &str| &tracks.columns.iter().find(|column| column.name == name).unwrap().kind;
    assert_eq!((kind("year").as_str(), kind("format").as_str()), ("integer", "character varying(20)"));
    let indexes = record.evidence.indexes.as_ref().unwrap();
    let failed = indexes.iter().find(|index| index.name.ends_with("audio_tracks_failed")).unwrap();
    assert_eq!(failed.columns, ["status", "last_processed_at"], "its key and its condition");
    assert!(record.evidence.window.wal.is_some());
}

#[test]
fn a_lock_holder_is_a_blocker() {
    let server = KeptServer::start("");
    let load = Load::start(&server, "run read --clients 3 --tracks 100 --warmup 0s --duration 10min");
    server.sql(
        "SET application_name = 'somebody'; BEGIN; LOCK TABLE loist_bench.audio_tracks IN ACCESS EXCLUSIVE MODE;
         SELECT pg_sleep(4); COMMIT",
    );
    let record = load.stop();
    let samples = &record.samples.samples;
    let blockers: Vec<_> = samples.iter().flat_map(|sample| &sample.blockers).collect();
    let somebody =
        blockers.iter().find(|blocker| blocker.application.as_deref() == Some("somebody")).unwrap();
    assert!(!somebody.is_ours && somebody.transaction_ms.unwrap() > 0.0, "{somebody:?}");
    assert_eq!((somebody.blocked, somebody.event.as_str()), (3, "relation"));
    assert_eq!(somebody.state.as_deref(), Some("active"));
    let relation = |sample: &Sample| {
        sample
            .waits
            .iter()
            .any(|w| (w.class.as_str(), w.event.as_str(), w.sessions) == ("Lock", "relation", 3))
    };
    assert!(samples.iter().any(relation), "{samples:?}");
}

#[test]
fn a_table_of_the_users_own_shows_up_with_its_index() {
    let server = KeptServer::start("");
    server.sql(
        "CREATE TABLE public.shop (id bigserial PRIMARY KEY, n int, name text DEFAULT 'x') WITH (fillfactor = 90);
         CREATE INDEX shop_name ON public.shop (lower(name) text_pattern_ops, n DESC) INCLUDE (id) WHERE n > 0;
         ANALYZE public.shop",
    );
    let bench = Bench::new();
    bench.write("writes.toml", WRITES);
    let record = bench.measure(
        &server,
        0,
        "run writes.toml --clients 2 --tracks 10 --warmup 0s --duration 1s --quiet",
    );
    let shop = record.evidence.table("public.shop").unwrap();
    assert_eq!(shop.options, ["fillfactor=90"]);
    assert_eq!(shop.window.unwrap().inserted, record.overall.calls);
    let indexes = record.evidence.indexes.as_ref().unwrap();
    let index = indexes.iter().find(|index| index.name == "public.shop_name").unwrap();
    assert_eq!(index.table, "public.shop");
    assert_eq!(index.keys, ["lower(name)", "n"]);
    assert_eq!(index.operator_classes, ["text_pattern_ops", "int4_ops"]);
    assert_eq!(index.predicate.as_deref(), Some("(n > 0)"));
    assert!(!index.is_constraint && index.is_valid && index.scans == Some(0), "{index:?}");
}

#[test]
fn counters_that_were_reset_in_the_window_are_said() {
    let server = KeptServer::start("");
    server.sql("CREATE TABLE public.shop (id bigserial PRIMARY KEY, n int)");
    let arguments = "run read --clients 2 --tracks 50 --warmup 0s --duration 10min";
    let load = Load::start(&server, arguments);
    std::thread::sleep(Duration::from_millis(1_500));
    server.sql("SELECT pg_stat_reset(); SELECT pg_stat_reset_shared('bgwriter')");
    std::thread::sleep(Duration::from_millis(500));
    let record = load.stop();
    for part in ["the database's counters", "counters of tables and indexes", "buffer writers"] {
        assert!(said(&record, part), "{part}: {:?}", record.evidence.missing);
    }
    assert!(record.evidence.tables.iter().all(|table| table.window.is_none()));
    assert!(record.evidence.indexes.unwrap().iter().all(|index| index.scans.is_none()));
    assert_eq!((record.evidence.window.sessions, record.evidence.window.writers), (None, None));
}

/// A table that somebody holds costs its own row, not the others.
#[test]
fn a_locked_table_costs_only_itself() {
    let server = KeptServer::start("");
    server
        .sql("CREATE TABLE public.shop (id bigserial PRIMARY KEY, n int); CREATE TABLE public.held (n int)");
    let bench = Bench::new();
    bench.write("writes.toml", WRITES);
    let url = server.url.clone();
    let holder = std::thread::spawn(move || {
        let runtime = crate::common::runtime();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            // Ended from outside.
            let held = "SET application_name = 'holder'; BEGIN; LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)";
            assert!(client.simple_query(held).await.is_err());
            drop(client);
            let _ = connection.await;
        });
    });
    wait_until("the lock", || {
        !server.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").is_empty()
    });
    let record = bench.measure(
        &server,
        0,
        "run writes.toml --clients 2 --tracks 10 --warmup 0s --duration 1s --quiet",
    );
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    holder.join().unwrap();
    assert!(said(&record, "held locked after the window: public.held"), "{:?}", record.evidence.missing);
    assert!(record.evidence.table("held").is_none());
    let horizon = record.evidence.horizon.as_ref().unwrap();
    assert_eq!((horizon.kind.as_str(), horizon.name.as_str()), ("session", "holder"), "{horizon:?}");
    assert!(horizon.transaction_ms.unwrap() > 0.0 && horizon.transactions_since > 0, "{horizon:?}");
    assert!(record.evidence.table("shop").unwrap().window.unwrap().inserted > 0);
}

/// For measuring what the evidence costs: the settings are all that is read.
#[test]
fn evidence_can_be_turned_off() {
    let server = KeptServer::start("");
    let catalog = CatalogOptions { tracks: 50, seed: 1, state: State::Vacuumed };
    let load = LoadOptions::closed(2, Duration::from_secs(1));
    let target = TargetOptions::at(&server.url);
    let options = RunOptions { looks: Looks::Nothing, ..RunOptions::of(catalog, target, load) };
    let interrupt = Interrupt::listen(|| {}).unwrap();
    let record = lab::run(builtin::find("read").unwrap(), &options, &interrupt, &|_| {}).unwrap().record;
    assert!(record.overall.completed > 0);
    let Evidence { settings, missing, .. } = &record.evidence;
    assert!(settings.len() > 100);
    assert_eq!(missing.as_slice(), ["evidence was not asked for"]);
    let all = Evidence { settings: settings.clone(), missing: missing.clone(), ..Evidence::default() };
    assert_eq!(record.evidence, all);
    assert!(record.samples.samples.is_empty());
}
