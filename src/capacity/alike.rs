//! Whether records may be put into one series: they must differ in size and seed alone.

use super::CapacityError;
use crate::record::{Load, Record, without_literals};

/// What must be the same, by its name.
fn kinds(record: &Record) -> Vec<(&'static str, String)> {
    let server = &record.server;
    let machine = server.machine.as_ref().map_or("", |machine| machine.name.as_str());
    let weights: Vec<String> =
        record.operations.iter().map(|one| format!("{} {}", one.name, one.weight)).collect();
    let objectives: Vec<&str> =
        record.operations.iter().map(|one| one.summary.slo.objective.as_str()).collect();
    vec![
        ("workload", format!("{} ({})", record.workload.name, short(&record.workload.sha256))),
        ("protocol", record.workload.protocol.clone()),
        ("state of the catalog", record.catalog.state.clone()),
        ("version of PostgreSQL", (server.version_number / 10_000).to_string()),
        ("machine of the server", machine.to_owned()),
        ("settings of the server", server.flags.clone().unwrap_or_default()),
        ("machine of the clients", format!("{}, {} processors", record.host.cpu_model, record.host.cpus)),
        ("load", load(&record.load)),
        ("operations and their shares", weights.join(", ")),
        ("objective", objectives.join(", ")),
    ]
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn load(load: &Load) -> String {
    format!(
        "{} loop, {} clients on {} connections, {}, {} us of network, {}",
        load.model,
        load.clients,
        load.connections,
        load.max_rate_per_second.map_or_else(|| "no cap".to_owned(), |most| format!("at most {most}/s")),
        load.round_trip_delay_us,
        load.stages.join(", ")
    )
}

/// Sees that all runs are alike.
///
/// # Errors
/// With the first difference, and the runs that have it.
pub(super) fn check(records: &[&Record]) -> Result<(), CapacityError> {
    let Some((first, others)) = records.split_first() else { return Ok(()) };
    let wanted = kinds(first);
    for other in others {
        let differs = wanted.iter().zip(kinds(other)).find(|((_, wanted), (_, found))| wanted != found);
        if let Some(((what, wanted), (_, found))) = differs {
            return Err(CapacityError::Differ {
                what,
                one: wanted.clone(),
                other: found,
                started: [first, other].map(|record| record.run.started_at),
            });
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
    fn size_and_seed_may_differ_and_nothing_else() {
        let one = fixture::record(1_000, 1, |_, _| 1e3);
        let other = fixture::record(10_000, 2, |_, _| 5e3);
        assert!(check(&[&one, &other]).is_ok() && check(&[]).is_ok());
        let changes: [(&str, Change); 4] = [
            ("protocol", |record| record.workload.protocol = "prepared".to_owned()),
            ("load", |record| record.load.clients = 9),
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
}
