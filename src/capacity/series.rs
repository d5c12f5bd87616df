//! Records sorted into what they are for: runs at light load by size, searches for the knee, runs that check. Pure.

use super::{CapacityError, alike, answer, reading, reading::Reading, tracks::short_tracks};
use crate::{record::Record, stats::median};
use std::collections::BTreeMap;

/// Runs, by what they are for.
pub(super) struct Series<'a> {
    /// Runs at light load, by the tracks that they began with.
    pub(super) sizes: BTreeMap<u64, Vec<Reading<'a>>>,
    /// Searches for the knee.
    pub(super) knees: BTreeMap<u64, &'a Record>,
    /// Runs at light load that are no part of the fits.
    pub(super) check: Vec<Reading<'a>>,
    /// Records that are left out: their runs were cut short, or are searches with another workload or elsewhere.
    pub(super) left_out: usize,
}

impl<'a> Series<'a> {
    /// Sorts them; those with `check` tracks are set aside.
    ///
    /// # Errors
    /// When there is no whole run at light load, or runs differ in more than size and seed.
    pub(super) fn of(records: &'a [Record], check: Option<u64>) -> Result<Self, CapacityError> {
        let whole: Vec<&Record> = records.iter().filter(|record| reading::is_whole(record)).collect();
        let (mut searches, mut light): (Vec<&Record>, Vec<&Record>) =
            whole.into_iter().partition(|record| record.knee.is_some());
        alike::check(&light)?;
        // Whatever order they came in, the answer is the same.
        light.sort_by_key(|record| record.run.started_at);
        searches
            .retain(|search| light.first().is_some_and(|light| alike::is_of_the_same_server(search, light)));
        let left_out = records.len() - light.len() - searches.len();
        let mut sizes: BTreeMap<u64, Vec<Reading<'a>>> = BTreeMap::new();
        for record in light {
            sizes.entry(record.catalog.tracks).or_default().push(Reading::of(record));
        }
        let check = match check {
            Some(tracks) => sizes.remove(&tracks).ok_or_else(|| {
                let tracks = short_tracks(tracks);
                CapacityError::Nothing(format!(
                    "no record is a whole run at light load with {tracks} tracks, at which the predictions are to be checked"
                ))
            })?,
            None => Vec::new(),
        };
        if sizes.is_empty() {
            return Err(CapacityError::Nothing(format!(
                "of {} records none is a whole run at light load that the answer could be built from: measure without --from, or name other records",
                records.len()
            )));
        }
        // Of several searches at a size, the last.
        let knees = searches.into_iter().map(|record| (record.catalog.tracks, record)).collect();
        Ok(Self { sizes, knees, check, left_out })
    }

    /// Any of the runs: what does not differ between them is read off it.
    pub(super) fn any(&self) -> Option<&Reading<'a>> {
        self.sizes.values().flatten().next()
    }

    /// The runs of each size.
    pub(super) fn records(&self) -> Vec<(u64, Vec<&'a Record>)> {
        self.sizes
            .iter()
            .map(|(tracks, runs)| (*tracks, runs.iter().map(|run| run.record).collect()))
            .collect()
    }

    /// Names of the operations, in the workload's order.
    pub(super) fn operations(&self) -> Vec<String> {
        let first = self.any();
        first.map_or_else(Vec::new, |run| run.operations.iter().map(|one| one.name.clone()).collect())
    }

    /// What was measured at each size.
    pub(super) fn told(&self) -> Vec<answer::Size> {
        self.sizes.iter().map(|(tracks, runs)| size(*tracks, runs, self.knees.get(tracks))).collect()
    }
}

fn size(tracks: u64, runs: &[Reading<'_>], searched: Option<&&Record>) -> answer::Size {
    let middle =
        |of: &dyn Fn(&Reading<'_>) -> Option<f64>| median(&runs.iter().filter_map(of).collect::<Vec<_>>());
    let cpu = middle(&|run| run.cpu_us);
    answer::Size {
        tracks,
        runs: runs.len(),
        database_bytes: middle(&|run| run.stored.map(|stored| stored.database)),
        heap_bytes: middle(&|run| run.stored.map(|stored| stored.heap)),
        index_bytes: middle(&|run| run.stored.map(|stored| stored.indexes)),
        cpu_us_per_call: cpu,
        service_us_per_call: middle(&|run| run.service_us),
        wal_bytes_per_ingest: middle(&|run| run.wal_bytes_per_ingest),
        calls_per_vcpu_second: cpu.filter(|us| *us > 0.0).map(|us| 1e6 / us),
        knee: searched.and_then(|record| knee(record)),
    }
}

fn knee(record: &Record) -> Option<answer::Knee> {
    let knee = record.knee.as_ref()?;
    let server_cpus = reading::server_cpus(&record.samples).filter(|cpus| *cpus > 0.0);
    Some(answer::Knee {
        rate_per_second: knee.rate_per_second,
        low_per_second: knee.low_per_second,
        high_per_second: knee.high_per_second,
        bracketed: knee.bracketed,
        server_cpus,
        calls_per_cpu_second: server_cpus.map(|cpus| record.overall.calls_per_second / cpus),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{capacity::fixture, record::Ended};

    #[test]
    fn runs_are_sorted_by_what_they_are_for() {
        let mut records: Vec<Record> = [(1_000, 1), (10_000, 2), (1_000, 3), (50_000, 4)]
            .map(|(tracks, seed)| fixture::record(tracks, seed, |_, _| 1e3))
            .to_vec();
        let mut cut = records[0].clone();
        cut.run.ended = Ended::Interrupted;
        records.push(cut);
        let series = Series::of(&records, Some(50_000)).unwrap();
        let runs: Vec<(u64, usize)> =
            series.sizes.iter().map(|(tracks, runs)| (*tracks, runs.len())).collect();
        assert_eq!(runs, [(1_000, 2), (10_000, 1)]);
        assert_eq!((series.check.len(), series.left_out), (1, 1));
        assert_eq!(series.operations(), fixture::OPERATIONS);
        let told = series.told();
        assert_eq!((told[0].tracks, told[0].runs), (1_000, 2));
        assert_eq!(told[1].database_bytes, Some(22e6));
        let each = told[0].calls_per_vcpu_second.unwrap() * told[0].cpu_us_per_call.unwrap();
        assert!((each - 1e6).abs() < 1e-3);
        for (check, part) in
            [(Some(50_000), "of 1 records none is a whole run"), (Some(7_000), "with 7k tracks")]
        {
            let error = Series::of(&records[3..4], check).err().unwrap().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
