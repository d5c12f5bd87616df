//! Whether records may be put into one series: they must differ in size and seed alone.

use super::CapacityError;
use crate::{
    history::kind::how_hard,
    record::{Record, ServerKind, without_literals},
    text::short_digest,
};
use std::collections::BTreeMap;

/// Settings that decide how a statement is executed and how long a commit takes.
const SETTINGS: [&str; 11] = [
    "effective_cache_size",
    "effective_io_concurrency",
    "fsync",
    "hash_mem_multiplier",
    "log_statement",
    "random_page_cost",
    "seq_page_cost",
    "shared_buffers",
    "synchronous_commit",
    "wal_compression",
    "work_mem",
];
/// Others by how their names begin: switches and constants of the planner, workers, the index of words.
const FAMILIES: [&str; 7] =
    ["cpu_", "enable_", "gin_", "jit", "max_parallel_workers", "min_parallel_", "parallel_"];

/// What must be the same, by its name.
type Kinds = Vec<(&'static str, String)>;

/// Of a run at light load.
fn kinds(record: &Record) -> Kinds {
    let weights: Vec<String> =
        record.operations.iter().map(|one| format!("{} {}", one.name, one.weight)).collect();
    let objectives: Vec<&str> =
        record.operations.iter().map(|one| one.summary.slo.objective.as_str()).collect();
    let mut kinds = of_the_server(record);
    kinds.extend([
        ("load", how_hard(&record.load)),
        ("operations and their shares", weights.join(", ")),
        ("objective", objectives.join(", ")),
    ]);
    kinds
}

/// Of any run, however hard the load was.
fn of_the_server(record: &Record) -> Kinds {
    let server = &record.server;
    let machine = server.machine.as_ref().map_or("", |machine| machine.name.as_str());
    // Each run has an embedded server of its own.
    let address = if server.kind == ServerKind::External { server.address.as_str() } else { "embedded" };
    vec![
        ("workload", format!("{} ({})", record.workload.name, short_digest(&record.workload.sha256))),
        ("protocol", record.workload.protocol.clone()),
        ("state of the catalog", record.catalog.state.clone()),
        ("generator of the catalog", format!("{:?}", record.catalog.generator_version)),
        ("server", address.to_owned()),
        ("version of PostgreSQL", (server.version_number / 10_000).to_string()),
        ("machine of the server", machine.to_owned()),
        ("profile of the server", server.flags.clone().unwrap_or_default()),
        ("machine of the clients", format!("{}, {} processors", record.host.cpu_model, record.host.cpus)),
    ]
}

/// Whether a search for the knee was made where the runs at light load were.
pub(super) fn is_of_the_same_server(search: &Record, light: &Record) -> bool {
    of_the_server(search) == of_the_server(light) && other_setting(search, light).is_none()
}

/// What a run's settings were, of those that decide.
fn settings(record: &Record) -> BTreeMap<&str, String> {
    let decides =
        |name: &str| SETTINGS.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family));
    let settings = record.evidence.settings.iter().filter(|setting| decides(&setting.name));
    settings.map(|setting| (setting.name.as_str(), setting.display())).collect()
}

/// The first of them that is not the same in both, and what it is in each.
fn other_setting(one: &Record, other: &Record) -> Option<(String, String, String)> {
    let (one, other) = (settings(one), settings(other));
    let name = one.keys().chain(other.keys()).find(|name| one.get(*name) != other.get(*name))?;
    let value = |of: &BTreeMap<&str, String>| of.get(name).cloned().unwrap_or_else(|| "not known".to_owned());
    Some(((*name).to_owned(), value(&one), value(&other)))
}

/// Sees that all runs are alike.
///
/// # Errors
/// With the first difference, and the runs that have it.
pub(super) fn check(records: &[&Record]) -> Result<(), CapacityError> {
    let Some((first, others)) = records.split_first() else { return Ok(()) };
    let wanted = kinds(first);
    for run in others {
        let differs = wanted.iter().zip(kinds(run)).find(|((_, wanted), (_, found))| wanted != found);
        let differs = differs.map(|((what, wanted), (_, found))| ((*what).to_owned(), wanted.clone(), found));
        if let Some((what, one, other)) = differs.or_else(|| other_setting(first, run)) {
            let started = [first, run].map(|record| record.run.started_at);
            return Err(CapacityError::Differ { what, one, other, started });
        }
    }
    Ok(())
}

/// A statement without what differs from call to call.
pub(super) fn skeleton(sql: &str) -> String {
    without_literals(sql, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::fixture;

    type Change = fn(&mut Record);

    #[test]
    fn size_seed_and_time_may_differ_and_nothing_else() {
        let one = fixture::record(1_000, 1, |_, _| 1e3);
        let mut other = fixture::record(10_000, 2, |_, _| 5e3);
        other.load.duration_seconds *= 3.0;
        assert!(check(&[&one, &other]).is_ok() && check(&[]).is_ok());
        let changes: [(&str, Change); 8] = [
            ("the jit is `on` and `off`", |record| {
                let settings = &mut record.evidence.settings;
                settings.iter_mut().find(|setting| setting.name == "jit").unwrap().value = "off".to_owned();
            }),
            ("generator", |record| record.catalog.generator_version = Some(99)),
            ("protocol", |record| record.workload.protocol = "prepared".to_owned()),
            ("load", |record| record.load.clients = 9),
            ("load", |record| record.load.connect_per_checkout = true),
            ("the enable_seqscan is `on` and `not known`", |record| {
                record.evidence.settings.retain(|setting| setting.name != "enable_seqscan");
            }),
            ("version of PostgreSQL", |record| record.server.version_number = 180_001),
            ("shares", |record| record.operations[0].weight = 5.0),
        ];
        for (what, change) in changes {
            let mut other = other.clone();
            change(&mut other);
            let error = check(&[&one, &other]).unwrap_err().to_string();
            assert!(error.contains(what), "{what}: {error}");
        }
    }

    #[test]
    fn a_search_is_of_the_same_server_however_hard_it_was() {
        let light = fixture::record(1_000, 1, |_, _| 1e3);
        let mut search = light.clone();
        search.load.clients = 64;
        assert!(is_of_the_same_server(&search, &light));
        search.server.version_number = 180_001;
        assert!(!is_of_the_same_server(&search, &light));
    }
}
