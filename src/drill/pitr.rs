//! A copy of a server's files with the log that it archived afterwards, to be replayed to a point in time: there is a mark
//! that was committed before the point, and one that was committed after it.

use super::{
    cipher,
    context::{Context, private_directory},
    error::DrillError,
    files,
    manifest::{Made, PointInTime},
    options::{Method, Until},
    physical,
    result::Part,
    source::Source,
    tool,
    traffic::Traffic,
};
use crate::{target::Programs, text::grouped};
use chrono::{DateTime, Utc};
use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, Instant},
};
use tokio_postgres::Client;

/// The directory of the archived log, and the file that it is packed into when it is encrypted.
pub(super) const DIRECTORY: &str = "wal";
pub(super) const PACKED: &str = "wal.tar";
/// Table of the marks; the schema is the drill's own.
const TABLE: &str = "loist_bench_drill.mark";
const BEFORE: &str = "committed before the point";
const AFTER: &str = "committed after the point";
/// Name of the restore point.
const POINT: &str = "loist-bench-drill";
/// How long the traffic goes on once the files are copied: what it writes is in the archived log alone.
const MORE_TRAFFIC: Duration = Duration::from_millis(700);
/// How long the archiver may take.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Copies the files of an embedded server that is written to, then marks a point in time, and collects the archived log.
///
/// # Errors
/// When one of the steps fails, or the user asks for the end.
pub(super) fn make(
    context: &Context<'_>,
    source: &Source,
    programs: &Programs,
    tracks: u64,
    directory: &Path,
) -> Result<Made, DrillError> {
    let archive = source
        .archive
        .as_deref()
        .ok_or_else(|| DrillError::Environment("the server does not archive its log".to_owned()))?;
    let client = context.ask(source.session())?;
    let first = context.ask(first_segment(&client))?;
    let traffic = Traffic::start(context, source, tracks)?;
    let copied = physical::copy(context, source, programs, Method::Pitr, directory)?;
    std::thread::sleep(MORE_TRAFFIC);
    let calls = traffic.end()?;
    context.note(format!("{} calls were made while the files were copied and afterwards", grouped(calls)));
    let (point, as_of) = context.ask(mark(&client, context.options.until))?;
    let (contents, _) = context.step("pitr: digests at the point", || physical::state(context, source))?;
    let (archived, seconds) = context
        .step("pitr: the rest of the log is archived", || archived(context, &client, archive, point))?;
    let ((), collecting) =
        context.step("pitr: collect the log", || collect(context, archive, &first, directory))?;
    let finished_at = Utc::now();
    let bytes = files::bytes(directory).saturating_sub(copied.bytes.unwrap_or_default());
    let parts = vec![
        copied,
        Part { name: "archiving the last of the log".to_owned(), seconds, bytes: None },
        Part { name: "collecting the log".to_owned(), seconds: collecting, bytes: Some(bytes) },
    ];
    let tools = tool::version(programs, "pg_basebackup").into_iter().collect();
    let (changed, redefined) = (Vec::new(), Vec::new());
    Ok(Made { as_of, finished_at, tools, contents, changed, redefined, point: Some(archived), parts })
}

/// Makes the table of the marks, and gives the name of the file that the log is written to.
async fn first_segment(client: &Client) -> Result<String, DrillError> {
    let refused = DrillError::of("marked");
    let (schema, _) = TABLE.split_once('.').unwrap_or_default();
    let make = format!(
        "CREATE SCHEMA IF NOT EXISTS {schema};
         CREATE TABLE IF NOT EXISTS {TABLE} (mark text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
    );
    client.batch_execute(&make).await.map_err(&refused)?;
    let row = client.query_one("SELECT pg_walfile_name(pg_current_wal_lsn())", &[]).await;
    Ok(row.map_err(&refused)?.get(0))
}

/// Commits the first mark, and notes where that is. Nobody else writes.
async fn mark(client: &Client, until: Until) -> Result<(PointInTime, DateTime<Utc>), DrillError> {
    let refused = DrillError::of("marked");
    let insert = format!("INSERT INTO {TABLE} (mark) VALUES ($1) RETURNING pg_current_xact_id()::xid::text");
    let xid: String = client.query_one(&insert, &[&BEFORE]).await.map_err(&refused)?.get(0);
    let row = client
        .query_one(
            "SELECT pg_current_wal_insert_lsn()::text, clock_timestamp(),
                    to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.US+00'),
                    pg_create_restore_point($1)::text",
            &[&POINT],
        )
        .await
        .map_err(&refused)?;
    let value = match until {
        Until::Time => row.get(2),
        Until::Lsn => row.get(0),
        Until::Xid => xid,
        Until::Name => POINT.to_owned(),
    };
    let point = PointInTime {
        until,
        value,
        table: TABLE.to_owned(),
        before: BEFORE.to_owned(),
        after: AFTER.to_owned(),
        exposure_seconds: 0.0,
        archiver_seconds: 0.0,
        archive_timeout_seconds: 0.0,
    };
    Ok((point, row.get(1)))
}

/// Commits the second mark, and waits until it is archived.
fn archived(
    context: &Context<'_>,
    client: &Client,
    archive: &Path,
    point: PointInTime,
) -> Result<PointInTime, DrillError> {
    let (exposure, timeout, file) = context.ask(async {
        let refused = DrillError::of("marked");
        client
            .execute(&format!("INSERT INTO {TABLE} (mark) VALUES ($1)"), &[&AFTER])
            .await
            .map_err(&refused)?;
        let row = client
            .query_one(
                "SELECT extract(epoch FROM clock_timestamp() - coalesce(last_archived_time, stats_reset))::float8,
                        (SELECT setting::float8 FROM pg_settings WHERE name = 'archive_timeout')
                 FROM pg_stat_archiver",
                &[],
            )
            .await
            .map_err(&refused)?;
        let (exposure, timeout): (f64, f64) = (row.get(0), row.get(1));
        // One byte before the end, which is in the file that was closed whatever a version says of the border.
        let closed = "SELECT pg_walfile_name(pg_switch_wal() - 1::numeric)";
        let file = client.query_one(closed, &[]).await.map_err(&refused)?;
        Ok::<_, DrillError>((exposure, timeout, file.get::<_, String>(0)))
    })?;
    let began = Instant::now();
    while !archive.join(&file).is_file() {
        if context.interrupt.is_asked() {
            return Err(DrillError::Interrupted);
        }
        if began.elapsed() > PATIENCE {
            return Err(DrillError::Environment(format!(
                "the server did not archive its log within {} s",
                PATIENCE.as_secs()
            )));
        }
        std::thread::sleep(POLL);
    }
    Ok(PointInTime {
        exposure_seconds: exposure,
        archiver_seconds: began.elapsed().as_secs_f64(),
        archive_timeout_seconds: timeout,
        ..point
    })
}

/// Copies what was archived since the files were copied into the directory of the backup.
fn collect(context: &Context<'_>, archive: &Path, first: &str, directory: &Path) -> Result<(), DrillError> {
    let encryption = context.options.encryption.as_ref();
    let into = match encryption {
        None => directory.join(DIRECTORY),
        Some(_) => context.place(DIRECTORY)?,
    };
    private_directory(&into)?;
    for entry in fs::read_dir(archive).map_err(DrillError::file(archive))? {
        let entry = entry.map_err(DrillError::file(archive))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.as_str() >= first && !name.ends_with(".part") {
            copy_plain(&entry.path(), &into.join(&name))?;
        }
    }
    if let Some(encryption) = encryption {
        let file = cipher::named(&directory.join(PACKED), Some(encryption.cipher()));
        cipher::pack(context, &into, encryption, &file)?;
        fs::remove_dir_all(&into).map_err(DrillError::file(&into))?;
    }
    Ok(())
}

/// Copies a file. The server's user owns the directory that it lies in, so a link of theirs is not followed.
fn copy_plain(from: &Path, to: &Path) -> Result<(), DrillError> {
    let mut source = files::open_plain(from).map_err(DrillError::file(from))?;
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let copied = made.and_then(|mut copy| std::io::copy(&mut source, &mut copy));
    copied.map(drop).map_err(DrillError::file(to))
}

/// Settings by which a server replays the log in a directory up to a point.
pub(super) fn replaying(point: &PointInTime, log: &Path) -> Result<Vec<(String, String)>, DrillError> {
    let log = log.to_string_lossy();
    let quoted = shlex::try_quote(&log)
        .map_err(|error| DrillError::Environment(format!("{log}: no shell takes this name: {error}")))?;
    let restore = format!("cp {}/%f %p", quoted.replace('%', "%%"));
    // Whatever was before that place in the log is in, and nothing of what follows.
    let inclusive = if point.until == Until::Lsn { "off" } else { "on" };
    let target = format!("recovery_target_{}", point.until.name());
    let settings = [
        ("restore_command", restore.as_str()),
        (&target, &point.value),
        ("recovery_target_inclusive", inclusive),
        ("recovery_target_action", "promote"),
        // Nobody is let in before the point is reached, so the old server's limits need not be met.
        ("hot_standby", "off"),
    ];
    Ok(settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_is_told_to_the_server() {
        let point = |until| PointInTime {
            until,
            value: "x".to_owned(),
            table: String::new(),
            before: String::new(),
            after: String::new(),
            exposure_seconds: 0.0,
            archiver_seconds: 0.0,
            archive_timeout_seconds: 0.0,
        };
        for until in Until::ALL {
            let settings = replaying(&point(until), Path::new("/a b/wal")).unwrap();
            let value =
                |name: &str| settings.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
            assert_eq!(value(&format!("recovery_target_{}", until.name())), Some("x"));
            assert_eq!(value("restore_command"), Some("cp '/a b/wal'/%f %p"));
            assert_eq!(value("recovery_target_inclusive") == Some("off"), until == Until::Lsn);
        }
    }
}
