//! A record as the rules see it: what they ask again and again.

use crate::{
    flags::{Quantity, Setting, cloud::nearest_share},
    record::{PlanCase, PlanNode, Record, Relation, Sample, ServerKind, StatementPlan},
    text::sql::readable_name,
};

/// A record with its plans read.
pub(super) struct Case<'a> {
    pub(super) record: &'a Record,
    /// Plans with their trees, those of executed ones and others.
    pub(super) plans: Vec<(&'a StatementPlan, PlanNode)>,
}

impl<'a> Case<'a> {
    pub(super) fn new(record: &'a Record) -> Self {
        Self { record, plans: record.plans.iter().map(|plan| (plan, plan.root())).collect() }
    }

    pub(super) fn setting(&self, name: &str) -> Option<&'a Setting> {
        self.record.evidence.setting(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.setting(name).map(|setting| setting.value.as_str())
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == Some(value)
    }

    pub(super) fn bytes(&self, name: &str) -> Option<u64> {
        self.setting(name)?.bytes()
    }

    /// A setting that is a bare number or a time in milliseconds; `None` for special values below 0 of those with a unit.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.setting(name)?.quantity()? {
            Quantity::Number(number) | Quantity::Milliseconds(number) => Some(number),
            Quantity::Bytes(bytes) => Some(bytes as f64),
        }
    }

    /// Memory that the server has: that of the machine it stands for, or of this one if it was started here, its
    /// control group's limit included. `None` where nobody said.
    pub(super) fn memory(&self) -> Option<u64> {
        let host = &self.record.host;
        match &self.record.server.machine {
            Some(machine) => Some(machine.memory_bytes).filter(|bytes| *bytes > 0),
            None if self.record.server.kind == ServerKind::Embedded && host.memory_bytes > 0 => {
                Some(host.memory_limit_bytes.map_or(host.memory_bytes, |limit| limit.min(host.memory_bytes)))
            }
            None => None,
        }
    }

    /// The value of a memory setting nearest to `bytes` that can be set on that machine: Cloud SQL takes shares of its memory.
    pub(super) fn can_be_set(&self, name: &str, bytes: u64) -> u64 {
        let machine = self.record.server.machine.as_ref();
        let of_cloud_sql = machine.filter(|machine| machine.platform.starts_with("cloud_sql"));
        of_cloud_sql.map_or(bytes, |machine| nearest_share(name, bytes, machine.memory_bytes))
    }

    /// Processors that the server has, as for [`Self::memory`].
    pub(super) fn processors(&self) -> Option<u32> {
        match &self.record.server.machine {
            Some(machine) => Some(machine.vcpus),
            None if self.record.server.kind == ServerKind::Embedded => {
                u32::try_from(self.record.host.cpus).ok()
            }
            None => None,
        }
    }

    /// How that machine is called.
    pub(super) fn machine(&self) -> String {
        match &self.record.server.machine {
            Some(machine) => machine.name.clone(),
            None => "this machine".to_owned(),
        }
    }

    /// Connections that all pools together may open: of all clients, or of each process in the event-loop model.
    pub(super) fn may_open(&self) -> u64 {
        let load = &self.record.load;
        let pools = if load.client_model == "event-loop" { load.clients.max(1) } else { 1 };
        (load.connections * pools).max(1) as u64
    }

    /// Share of this machine's processors that were at work in the window, 0..=1, where the server is on it and that is
    /// known: the load's two sides and everybody else.
    pub(super) fn processors_at_work(&self) -> Option<f64> {
        let samples = &self.record.samples;
        let used = |sample: &Sample| {
            Some(sample.client_cpus + sample.server_cpus? + sample.other_cpus.unwrap_or_default())
        };
        let all: Vec<f64> = samples.samples.iter().filter_map(used).collect();
        let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
        (!all.is_empty() && samples.processors > 0).then(|| (mean / samples.processors as f64).min(1.0))
    }

    /// The role of the load, as SQL takes its name.
    pub(super) fn role(&self) -> String {
        self.record
            .evidence
            .role
            .as_ref()
            .map_or_else(|| "CURRENT_USER".to_owned(), |role| readable_name(&role.name))
    }

    /// The database of the load, likewise.
    pub(super) fn database(&self) -> String {
        let known = self.record.evidence.role.as_ref().map(|role| role.database.as_str());
        known.filter(|name| !name.is_empty()).map_or_else(|| "the_database".to_owned(), readable_name)
    }

    /// Whether the tables are of somebody else's, who uses them, too.
    pub(super) fn is_of_others(&self) -> bool {
        self.record.catalog.state == "existing"
    }

    /// The whole name of a table that a plan names without its schema.
    pub(super) fn table(&self, bare: &str) -> String {
        self.record.evidence.table(bare).map_or_else(|| bare.to_owned(), |table| table.name.clone())
    }

    /// The largest table, which is the library's.
    pub(super) fn tracks(&self) -> Option<&'a Relation> {
        let tables = || self.record.evidence.tables.iter();
        let named = |table: &&Relation| table.name.rsplit('.').next() == Some("audio_tracks");
        tables().find(named).or_else(|| tables().max_by_key(|table| table.heap_bytes))
    }

    /// Plans that were executed as the load executes them.
    pub(super) fn executed(&self) -> impl Iterator<Item = (&'a StatementPlan, &PlanNode)> {
        let plans = self.plans.iter().filter(|(plan, _)| plan.executed && plan.case != PlanCase::Generic);
        plans.map(|(plan, root)| (*plan, root))
    }

    /// Whether the server's disk turns; false where that is not known.
    pub(super) fn is_rotational(&self) -> bool {
        self.record.evidence.disk.as_ref().and_then(|disk| disk.is_rotational) == Some(true)
    }

    /// Nodes of executed plans for which `want` holds, each with its plan, the dearest plan first.
    pub(super) fn nodes(&self, want: impl Fn(&PlanNode) -> bool) -> Vec<(&'a StatementPlan, &PlanNode)> {
        let mut found: Vec<(&StatementPlan, &PlanNode)> = self
            .executed()
            .flat_map(|(plan, root)| root.nodes().into_iter().map(move |node| (plan, node)))
            .filter(|(_, node)| want(node))
            .collect();
        let ms = |plan: &StatementPlan| plan.execution_ms().unwrap_or_default();
        found.sort_by(|a, b| ms(b.0).total_cmp(&ms(a.0)));
        found
    }

    /// The mean number of sessions that waited for an event of this class (any, if the event is empty), over the
    /// samples that hold waits; with the share of all sessions' time, 0..=1.
    pub(super) fn waiting(&self, class: &str, event: &str) -> (f64, f64) {
        let (mut waiting, mut all, mut samples) = (0_u64, 0_u64, 0_u64);
        for sample in self.record.samples.samples.iter().filter(|sample| sample.sessions_active.is_some()) {
            samples += 1;
            for wait in &sample.waits {
                all += wait.sessions;
                if wait.class == class && (event.is_empty() || wait.event == event) {
                    waiting += wait.sessions;
                }
            }
        }
        if samples == 0 || all == 0 {
            return (0.0, 0.0);
        }
        (waiting as f64 / samples as f64, waiting as f64 / all as f64)
    }
}
