//! The settings that a profile, a file or a record asks for, and what of them could not be had.

use super::subject::{self, Subject};
use crate::{
    cli::failure::Failure,
    flags::{Form, catalog, place::stays_behind, render::unknown, secret::shown},
    record::{Change, Record},
    report,
};

/// Settings to write, or to start a server with.
#[derive(Debug)]
pub(in crate::cli) struct Wanted {
    /// Names and values, in their order.
    pub(in crate::cli) settings: Vec<(String, String)>,
    /// What is missing among them, a sentence each.
    pub(in crate::cli) notes: Vec<String>,
}

/// The settings to start a server with: those of a shipped profile, of a file in any form that is read, or of a record
/// with what it recommends. Where a server is and whom it serves is not theirs to say: that is left out.
pub(in crate::cli) fn settings_of(text: &str) -> Result<Wanted, Failure> {
    let subject = subject::named(text, None)?;
    for written in &subject.document.settings {
        if let Some(why) = objection(&written.name, &written.value) {
            let value = shown(&written.name, &written.value);
            let place = subject.place(written.line);
            return Err(Failure::bad_input(format!("{place}: {}={value}: {why}", written.name)));
        }
    }
    let mut wanted = wanted(&subject, None)?;
    let (behind, settings): (Vec<_>, Vec<_>) =
        wanted.settings.into_iter().partition(|(name, _)| stays_behind(name));
    wanted.settings = settings;
    if !behind.is_empty() {
        let names: Vec<&str> = behind.iter().map(|(name, _)| name.as_str()).collect();
        wanted.notes.push(format!(
            "{}: left out, because they say where a server is and whom it serves: {}",
            subject.origin,
            names.join(", ")
        ));
    }
    Ok(wanted)
}

/// Why no version of PostgreSQL would take the setting.
pub(in crate::cli) fn objection(name: &str, value: &str) -> Option<String> {
    let rows = catalog::all().iter().filter(|flag| flag.name.eq_ignore_ascii_case(name));
    let mut first = None;
    let mut is_known = false;
    for flag in rows {
        is_known = true;
        let refused = match flag.parse(value) {
            Ok(value) => flag.range_error(&value),
            Err(error) => Some(error.to_string()),
        };
        first.get_or_insert(refused?);
    }
    if !is_known && !name.contains('.') {
        return Some(unknown(name));
    }
    first
}

/// The settings to write as `form`, or without one to start a server with: those of the text, or of a record what it
/// recommends, with what must stand beside it.
pub(super) fn wanted(subject: &Subject, form: Option<Form>) -> Result<Wanted, Failure> {
    if let Some(remark) = subject.document.remarks.iter().find(|remark| remark.is_error) {
        let place = subject.place(remark.line);
        return Err(Failure::bad_input(format!("{place}: {}: {}", remark.found, remark.why)));
    }
    let mut notes = subject.not_read("what it sets is missing here");
    notes.extend(subject.merged_scopes());
    if subject.document.form != Form::Record {
        return Ok(Wanted { settings: subject.document.pairs(), notes });
    }
    let record: Record = serde_json::from_str(&subject.text).map_err(|error| {
        let place = subject.place(error.line());
        Failure::bad_input(format!("{place}: this is not a loist-bench record: {error}"))
    })?;
    let (servers, others): (Vec<&Change>, Vec<&Change>) =
        report::flags::recommended(&record).partition(|change| change.apply.starts_with("ALTER SYSTEM"));
    let set = subject.document.pairs();
    let settings = match form {
        // A server of one's own has one database and one role: what stood anywhere is the server's.
        None => report::flags::changed(set, servers.into_iter().chain(others)),
        Some(Form::Set) => report::flags::changed(Vec::new(), servers.into_iter().chain(others)),
        Some(form) => {
            notes.extend(others.into_iter().map(report::flags::left_out));
            // Cloud SQL loses what a new list does not name; elsewhere what is set stays.
            let stays = if form.is_cloud_sql() { servers_own(subject, set) } else { Vec::new() };
            report::flags::changed(stays, servers)
        }
    };
    if settings.is_empty() {
        let all = notes.last().map_or_else(String::new, |note| format!("; {note}"));
        let message = format!("{}: it recommends no change of a setting of the server{all}", subject.origin);
        return Err(Failure::bad_input(message));
    }
    Ok(Wanted { settings, notes })
}

/// Those that stand in the server's configuration: not a role's, a database's or a session's own.
fn servers_own(subject: &Subject, set: Vec<(String, String)>) -> Vec<(String, String)> {
    let is_servers = |name: &str| {
        let observed = subject.document.last(name).and_then(|written| written.observed.as_ref());
        observed.is_none_or(|setting| {
            !["database", "user", "database user", "global", "client", "session"]
                .contains(&setting.source.as_str())
        })
    };
    set.into_iter().filter(|(name, _)| is_servers(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file(text: &str) -> Result<Wanted, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("prod.conf");
        std::fs::write(&path, text).unwrap();
        settings_of(path.to_str().unwrap()).map_err(|failure| failure.sentence())
    }

    #[test]
    fn what_belongs_to_another_server_is_left_out_and_said() {
        let text = "work_mem = 4MB\narchive_mode = on\narchive_command = 'cp %p /wal/%f'\n\
                    logging_collector = on\nsynchronous_standby_names = 'a'\ninclude_dir 'conf.d'\nport = 5433\n";
        let wanted = of_file(text).unwrap();
        assert_eq!(wanted.settings, [("work_mem".to_owned(), "4MB".to_owned())]);
        let [include, behind] = &wanted.notes[..] else { panic!("{:?}", wanted.notes) };
        assert!(
            include.contains("prod.conf:6: include_dir") && include.contains("missing here"),
            "{include}"
        );
        let names = "archive_mode, archive_command, logging_collector, synchronous_standby_names, port";
        assert!(behind.ends_with(&format!("whom it serves: {names}")), "{behind}");
        assert!(settings_of("plan").unwrap().notes.is_empty());
    }

    #[test]
    fn a_bad_file_is_refused_with_the_line() {
        for (text, part) in [
            ("jit = off\nwork_mem = 4mb\n", "prod.conf:2: work_mem=4mb: `mb` is no unit"),
            ("jit = off\n\nwork_mem = 1\n", "prod.conf:3: work_mem=1: 1kB is outside"),
            ("shared_bufers = 1GB\n", "prod.conf:1: shared_bufers=1GB: PostgreSQL has no setting"),
            (
                "max_wal_size = 1.5GB\n",
                "prod.conf:1: max_wal_size = 1.5GB: PostgreSQL takes this only in quotes",
            ),
        ] {
            let error = of_file(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(of_file("wal_compression = lz4\nmy.own = x\n").is_ok(), "some version takes it");
    }
}
