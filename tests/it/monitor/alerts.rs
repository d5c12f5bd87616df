//! Each alert fires by its own fault, planted on a real server, and did not before: seen by a real Prometheus.

use super::{Collector, get, prometheus::Prometheus, rules::alerts};
use crate::{
    common::{Bench, KeptServer, ask, wait_until},
    faults::Control,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    collections::BTreeSet,
    fs::File,
    path::PathBuf,
    process::Command,
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

/// A machine that is busy with other tests may be slow at any time.
const AT_ANY_TIME: &str = "LoistQueriesSlow";
/// How the sessions are found that work until they are ended.
const ENDLESS: &str = "/* endless */";
/// Longer than any alert takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, its collector and Prometheus.
struct Stage {
    server: KeptServer,
    _bench: Bench,
    backup: PathBuf,
    prometheus: Prometheus,
    collector: Collector,
    fired: BTreeSet<String>,
}

impl Stage {
    fn set() -> Self {
        let server = KeptServer::start(
            "--transport tcp --set max_connections=40 --set archive_mode=on --set archive_command=/bin/true \
             --set synchronous_commit=off",
        );
        let bench = Bench::new();
        let seed =
            bench.command("seed --tracks 200 --quiet").env("DATABASE_URL", &server.url).status().unwrap();
        assert!(seed.success());
        server.sql(
            "CREATE EXTENSION pg_stat_statements;
             CREATE ROLE watcher LOGIN PASSWORD 'watched';
             GRANT pg_monitor TO watcher;
             GRANT USAGE ON SCHEMA loist_bench TO watcher;
             GRANT SELECT ON loist_bench.audio_tracks TO watcher",
        );
        std::fs::create_dir(bench.path("backups")).unwrap();
        let backup = bench.write("backups/music.dump", "a backup");
        let used = "SELECT (SELECT sum(pg_database_size(oid)) FROM pg_database) + (SELECT sum(size) FROM pg_ls_waldir())";
        let used_megabytes = server.sql(used)[0].parse::<u64>().unwrap() >> 20;
        let options = format!(
            "--every 1s --sizes-every 1s --machine 1cpu-384MB --storage-limit {}MB --backup-dir backups --log {} \
             --search-path loist_bench",
            used_megabytes * 2,
            server.directory.join("server.log").display()
        );
        let collector = Collector::start(&bench, &server.address("watcher:watched"), &options);
        let prometheus = Prometheus::start(&collector.address);
        Self { server, _bench: bench, backup, prometheus, collector, fired: BTreeSet::new() }
    }

    /// Plants a fault, by which these alerts fire that did not before, and no others.
    fn fault<T>(&mut self, expected: &[&str], plant: impl FnOnce(&Self) -> T) -> T {
        let expected: BTreeSet<String> = expected.iter().map(|alert| (*alert).to_owned()).collect();
        wait_until("alerts of before to end", || self.prometheus.firing().is_disjoint(&expected));
        let planted = plant(self);
        let mut seen = BTreeSet::new();
        let began = Instant::now();
        while !seen.is_superset(&expected) {
            let missing: Vec<_> = expected.difference(&seen).collect();
            assert!(
                began.elapsed() < PATIENCE,
                "{missing:?} did not fire\n{:?}",
                get(&self.collector.address, "/metrics")
            );
            std::thread::sleep(Duration::from_millis(100));
            seen.extend(self.prometheus.firing());
        }
        self.fired.extend(expected);
        let others: Vec<&String> =
            seen.difference(&self.fired).filter(|alert| *alert != AT_ANY_TIME).collect();
        assert!(others.is_empty(), "{others:?} fired, too");
        planted
    }

    /// Work of a session that goes on until it is ended.
    fn endless(&self, sql: &str) -> JoinHandle<()> {
        let (url, sql) = (self.server.url.clone(), sql.to_owned());
        // That it was ended is its error.
        std::thread::spawn(move || drop(ask(&url, &sql)))
    }
}

/// Sessions that stay until this is dropped.
struct Sessions {
    runtime: Runtime,
    url: String,
    open: Vec<Client>,
}

impl Sessions {
    fn on(stage: &Stage) -> Self {
        let runtime = crate::common::runtime();
        Self { runtime, url: stage.server.url.clone(), open: Vec::new() }
    }

    /// One more, which does this first; or it is refused.
    fn add(&mut self, sql: &str) -> Result<(), tokio_postgres::Error> {
        let client = self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute(sql).await?;
            Ok::<_, tokio_postgres::Error>(client)
        })?;
        self.open.push(client);
        Ok(())
    }
}

#[test]
fn each_alert_fires_by_its_own_fault() {
    let mut stage = Stage::set();
    wait_until("some scrapes", || stage.prometheus.scrapes() >= 4);
    wait_until("the beginning to pass", || stage.prometheus.firing().is_empty());
    much_at_once(&mut stage);
    stage.fault(&["LoistErrorsHigh"], |stage| {
        (0..30).for_each(|_| drop(ask(&stage.server.url, "SELECT 1 / 0").unwrap_err()));
    });
    stage.fault(&["LoistDeadlocks"], deadlock);
    let taken = stage.fault(&["LoistConnectionsHigh", "LoistConnectionsFailing"], take_all_connections);
    drop(taken);
    wait_until("a free connection", || ask(&stage.server.url, "SELECT 1").is_ok());
    let locked = stage.fault(&["LoistStatementsSlow", "LoistQueriesSlow"], lock);
    drop(locked);
    stage.fault(&["LoistCollectorFailing", "LoistMetricsMissing"], |stage| {
        stage.server.sql("REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC")
    });
    stage.server.sql("GRANT SELECT ON pg_catalog.pg_stat_activity TO PUBLIC");
    let control = Control::of(&stage.server);
    stage.fault(&["LoistDatabaseDown"], |_| control.run(&["stop", "-m", "fast"]));
    control.run(&["start"]);
    wait_until("the server to be seen again", || !stage.prometheus.firing().contains("LoistDatabaseDown"));
    stage.fault(&["LoistCollectorGone"], |stage| {
        kill(Pid::from_raw(stage.collector.process.0.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    });
    assert_eq!(stage.collector.process.0.wait().unwrap().code(), Some(0), "it was asked to end");
    assert_eq!(stage.fired, alerts(), "every alert has its fault");
}

/// Gives the session that does this a processor, whatever other tests do. Linux weighs first what belongs together, as the
/// processes of a server do, then each process.
fn before_others(stage: &Stage, work: &str) {
    let asked = format!("SELECT pid::text FROM pg_stat_activity WHERE query = $x${work}$x$");
    wait_until("the session that works", || !stage.server.sql(&asked).is_empty());
    let pid = &stage.server.sql(&asked)[0];
    // Who may not do that shares the processors: on a machine that does little else that is enough.
    let _ = std::fs::write(format!("/proc/{pid}/autogroup"), "-10");
    let _ = Command::new("renice").args(["-n", "-10", "-p", pid]).output();
}

/// Faults that do not touch each other.
fn much_at_once(stage: &mut Stage) {
    let expected = [
        "LoistBackupOld",
        "LoistIdleInTransaction",
        "LoistFailedLogins",
        "LoistArchiverFailing",
        "LoistReplicationLag",
        "LoistStorageHigh",
        "LoistWraparound",
        "LoistCpuHigh",
        "LoistMemoryHigh",
    ];
    let working = stage.fault(&expected, |stage| {
        let mut idle = Sessions::on(stage);
        idle.add("BEGIN; SELECT 1").unwrap();
        let backup = File::options().write(true).open(&stage.backup).unwrap();
        backup.set_modified(SystemTime::now() - Duration::from_secs(27 * 3_600)).unwrap();
        guess_passwords(stage);
        let sql = |sql: &str| drop(stage.server.sql(sql));
        sql("ALTER SYSTEM SET archive_command = '/bin/false'");
        sql("SELECT pg_reload_conf()");
        sql("SELECT pg_create_physical_replication_slot('gone', true)");
        // As much again as there was, in the table and in the log.
        sql("CREATE TABLE large AS SELECT repeat(md5(n::text), 30) AS text FROM generate_series(1, 60000) n");
        sql("SELECT pg_switch_wal()");
        let transactions = "DO $$ BEGIN FOR n IN 1..4000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$";
        sql(transactions);
        let burn = format!("DO $$ {ENDLESS} BEGIN LOOP PERFORM 1; END LOOP; END $$");
        let hold = format!(
            "DO $$ {ENDLESS} DECLARE large text := repeat('x', 400000000); BEGIN PERFORM pg_sleep(300); END $$"
        );
        let working = [stage.endless(&burn), stage.endless(&hold)];
        before_others(stage, &burn);
        (idle, working)
    });
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%{ENDLESS}%' AND pid <> pg_backend_pid()"
    );
    stage.server.sql(&end);
    working.1.into_iter().for_each(|session| session.join().unwrap());
}

fn guess_passwords(stage: &Stage) {
    let url = stage.server.address("loist:wrong");
    for _ in 0..20 {
        let error = ask(&url, "SELECT 1").unwrap_err();
        assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("28P01"), "{error}");
    }
}

/// Each of two sessions waits for what the other holds.
fn deadlock(stage: &Stage) {
    let mut sessions = Sessions::on(stage);
    for number in [1, 2] {
        sessions.add(&format!("BEGIN; SELECT pg_advisory_xact_lock({number})")).unwrap();
    }
    let (one, two) = (&sessions.open[0], &sessions.open[1]);
    let wait = |number: i32| format!("SELECT pg_advisory_xact_lock({number})");
    let (of_one, of_two) = (wait(2), wait(1));
    let (first, second) = sessions
        .runtime
        .block_on(async { tokio::join!(one.batch_execute(&of_one), two.batch_execute(&of_two)) });
    assert!(first.is_err() != second.is_err(), "one of them was ended");
}

/// As many sessions as there is room for, and some more tries.
fn take_all_connections(stage: &Stage) -> Sessions {
    let mut sessions = Sessions::on(stage);
    let mut refused = 0;
    while refused < 5 {
        match sessions.add("") {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("53300"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(sessions.open.len() > 30);
    sessions
}

/// A row is locked while somebody updates it, and then the whole table.
fn lock(stage: &Stage) -> Sessions {
    let track = &stage.server.sql("SELECT id FROM loist_bench.audio_tracks LIMIT 1")[0];
    let mut sessions = Sessions::on(stage);
    let row = format!("SELECT 1 FROM loist_bench.audio_tracks WHERE id = '{track}' FOR UPDATE");
    sessions.add(&format!("BEGIN; {row}")).unwrap();
    sessions.add("").unwrap();
    let (holder, waiter) = (&sessions.open[0], &sessions.open[1]);
    let update = format!(
        "UPDATE loist_bench.audio_tracks SET status = 'COMPLETED', updated_at = now() WHERE id = '{track}'"
    );
    sessions.runtime.block_on(async {
        let release = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            holder.batch_execute("ROLLBACK").await
        };
        let (updated, released) = tokio::join!(waiter.batch_execute(&update), release);
        updated.and(released).unwrap();
        holder
            .batch_execute("BEGIN; LOCK TABLE loist_bench.audio_tracks IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
    });
    sessions
}
