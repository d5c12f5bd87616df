//! The memory that settings promise when everybody takes what he may. Pure.

/// Who may take what at the same time; bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryBudget {
    /// `shared_buffers`.
    pub buffers: u64,
    /// `work_mem`.
    pub work: u64,
    /// How many times `work_mem` a session takes at once: 1 for each sort, `hash_mem_multiplier` for each hash.
    pub nodes: f64,
    /// `temp_buffers`, which each session may take for its temporary tables.
    pub temporary: u64,
    /// Sessions.
    pub connections: u64,
    /// `maintenance_work_mem`, for one index build or VACUUM.
    pub maintenance: u64,
    /// What one autovacuum worker may take.
    pub autovacuum: u64,
    /// Autovacuum workers.
    pub workers: u64,
}

impl MemoryBudget {
    /// Sorts and hashes of all sessions.
    #[must_use]
    pub fn queries(&self) -> u64 {
        // Conversion to whole numbers saturates.
        (self.work as f64 * self.nodes * self.connections as f64) as u64
    }

    /// Temporary tables of all sessions.
    #[must_use]
    pub fn temporary_tables(&self) -> u64 {
        self.temporary.saturating_mul(self.connections)
    }

    /// Autovacuum, and one task of maintenance beside it.
    #[must_use]
    pub fn upkeep(&self) -> u64 {
        self.autovacuum.saturating_mul(self.workers).saturating_add(self.maintenance)
    }

    /// All of it.
    #[must_use]
    pub fn all(&self) -> u64 {
        let parts = [self.queries(), self.temporary_tables(), self.upkeep()];
        parts.into_iter().fold(self.buffers, u64::saturating_add)
    }

    /// What work_mem may be if everything else stays and `memory` is all there is; 0 where nothing is left.
    #[must_use]
    pub fn room(&self, memory: u64) -> u64 {
        let others = Self { work: 0, ..*self }.all();
        (memory.saturating_sub(others) as f64 / (self.nodes * self.connections as f64).max(1.0)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What there is room for fits, and a megabyte more for each does not.
        #[test]
        fn the_room_is_what_fits(
            buffers in 0..1_u64 << 34, nodes in 1.0..9.0_f64, connections in 1..1000_u64, maintenance in 0..1_u64 << 31,
            memory in 1_u64 << 28..1_u64 << 36,
        ) {
            let budget = MemoryBudget {
                buffers, work: 0, nodes, temporary: 8 << 20, connections, maintenance, autovacuum: maintenance, workers: 3,
            };
            prop_assume!(budget.all() <= memory);
            let room = budget.room(memory);
            let all = |work| MemoryBudget { work, ..budget }.all();
            prop_assert!(all(room) <= memory && all(room + (1 << 20)) > memory, "{}", room);
        }
    }

    #[test]
    fn sums_do_not_overflow() {
        let most = u64::MAX;
        let budget = MemoryBudget {
            buffers: most,
            work: most,
            nodes: 9.0,
            temporary: most,
            connections: most,
            maintenance: most,
            autovacuum: most,
            workers: most,
        };
        assert_eq!((budget.all(), budget.room(1)), (most, 0));
    }
}
