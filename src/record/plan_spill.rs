//! Memory and disk of one node of a plan, as EXPLAIN prints them: of the leader and of each worker, of every version.

use serde_json::Value;

/// The most that the leader or a worker took.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Spill {
    pub(super) sort_method: Option<String>,
    pub(super) sort_on_disk: bool,
    pub(super) sort_bytes: u64,
    pub(super) hash_batches: u64,
    pub(super) peak_memory_bytes: u64,
    pub(super) disk_bytes: u64,
}

impl Spill {
    pub(super) fn of_all(node: &Value) -> Self {
        let workers = node.get("Workers").and_then(Value::as_array).into_iter().flatten();
        std::iter::once(node).chain(workers).map(Self::of).fold(Self::default(), Self::worse)
    }

    fn of(scope: &Value) -> Self {
        let text = |name: &str| scope.get(name).and_then(Value::as_str).map(str::to_owned);
        let count = |name: &str| scope.get(name).and_then(Value::as_u64).unwrap_or_default();
        let groups = ["Full-sort Groups", "Pre-sorted Groups"].map(|name| scope.get(name));
        let sorted = Self {
            sort_method: text("Sort Method"),
            sort_on_disk: text("Sort Space Type").as_deref() == Some("Disk"),
            sort_bytes: count("Sort Space Used") << 10,
            ..Self::default()
        };
        let sorted = groups.into_iter().flatten().map(Self::of_groups).fold(sorted, Self::worse);
        // From PostgreSQL 18 on, what a node keeps of its input (Materialize, WindowAgg, a CTE) is said, too.
        let stored = count("Maximum Storage") << 10;
        let (in_memory, on_disk) =
            if text("Storage").as_deref() == Some("Disk") { (0, stored) } else { (stored, 0) };
        Self {
            hash_batches: count("Hash Batches").max(count("HashAgg Batches")),
            peak_memory_bytes: (count("Peak Memory Usage") << 10).max(in_memory),
            disk_bytes: (count("Disk Usage") << 10).max(on_disk),
            ..sorted
        }
    }

    /// An incremental sort sorts groups of rows, and sums up those of each kind.
    fn of_groups(groups: &Value) -> Self {
        let peak = |kind: &str| {
            groups.get(kind).and_then(|space| space.get("Peak Sort Space Used")).and_then(Value::as_u64)
        };
        let methods = groups.get("Sort Methods Used").and_then(Value::as_array).into_iter().flatten();
        // Several methods may have served; that on disk is the one to name.
        let names = methods.filter_map(Value::as_str).max_by_key(|name| name.starts_with("external"));
        let on_disk = peak("Sort Space Disk");
        Self {
            sort_method: names.map(str::to_owned),
            sort_on_disk: on_disk.is_some(),
            sort_bytes: on_disk.or_else(|| peak("Sort Space Memory")).unwrap_or_default() << 10,
            ..Self::default()
        }
    }

    fn worse(self, other: Self) -> Self {
        // What a sort on disk wrote says more than what another one took of memory.
        let other_sorts = (other.sort_on_disk, other.sort_bytes) > (self.sort_on_disk, self.sort_bytes);
        let (sort_method, sort_bytes) = if other_sorts || self.sort_method.is_none() {
            (other.sort_method, other.sort_bytes)
        } else {
            (self.sort_method, self.sort_bytes)
        };
        Self {
            sort_method,
            sort_bytes,
            sort_on_disk: self.sort_on_disk || other.sort_on_disk,
            hash_batches: self.hash_batches.max(other.hash_batches),
            peak_memory_bytes: self.peak_memory_bytes.max(other.peak_memory_bytes),
            disk_bytes: self.disk_bytes.max(other.disk_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_incremental_sort_is_read_by_its_groups() {
        let group = |kind: &str, method: &str, peak: u64| {
            json!({"Group Count": 2, "Sort Methods Used": ["quicksort", method],
                   kind: {"Average Sort Space Used": 1, "Peak Sort Space Used": peak}})
        };
        let node = json!({
            "Node Type": "Incremental Sort",
            "Full-sort Groups": group("Sort Space Memory", "top-N heapsort", 26),
            "Pre-sorted Groups": group("Sort Space Disk", "external merge", 3000),
        });
        let spill = Spill::of_all(&node);
        assert_eq!(spill.sort_method.as_deref(), Some("external merge"));
        assert_eq!((spill.sort_on_disk, spill.sort_bytes), (true, 3000 << 10));
    }

    #[test]
    fn the_worst_worker_counts() {
        let node = json!({
            "Sort Method": "quicksort", "Sort Space Used": 900, "Sort Space Type": "Memory",
            "Workers": [
                {"Worker Number": 0, "Sort Method": "external merge", "Sort Space Used": 500, "Sort Space Type": "Disk"},
                {"Worker Number": 1, "HashAgg Batches": 5, "Peak Memory Usage": 64, "Disk Usage": 128},
            ],
        });
        let expected = Spill {
            sort_method: Some("external merge".to_owned()),
            sort_on_disk: true,
            sort_bytes: 500 << 10,
            hash_batches: 5,
            peak_memory_bytes: 64 << 10,
            disk_bytes: 128 << 10,
        };
        assert_eq!(Spill::of_all(&node), expected);
    }

    #[test]
    fn what_is_stored_on_disk_spills() {
        let stored = |kind: &str| Spill::of_all(&json!({"Storage": kind, "Maximum Storage": 40}));
        assert_eq!(stored("Disk").disk_bytes, 40 << 10);
        assert_eq!((stored("Memory").disk_bytes, stored("Memory").peak_memory_bytes), (0, 40 << 10));
    }
}
