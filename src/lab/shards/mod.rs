//! A process that makes a run together with others: they meet in the database, begin at one moment of its clock, and
//! shard 1 alone makes the library, looks at the server and asks for plans.
//!
//! They tell each other nothing but marks (`src/catalog/marks.rs`), and none waits without end (`wait`). What else they are
//! to agree on before the load is added here; what becomes of their records is for `src/merge`.

mod error;
mod start;
mod wait;

pub use error::ShardError;
pub(crate) use error::listed;
pub(super) use start::Agreed;
pub(crate) use start::apart_us;

use super::{LabError, Looks, RunOptions, load_record, options::SettledLoad};
use crate::{
    catalog::{CatalogSpec, Ensured, Mark, Membership, RunKey, State},
    engine::Measured,
    observe::{ServerClock, server_identity},
    record,
    stats::{LatencyHistogram, Part, Slice},
    target::{Target, address_named},
    text::sha256,
    workload::Workload,
};
use chrono::{DateTime, Utc};
use std::{cell::RefCell, collections::BTreeSet, time::Duration};

/// The shard that makes the library, looks at the server and says when to begin.
const FIRST: usize = 1;
/// Digits of a run's name that nobody gave one.
const NAME_DIGITS: usize = 16;

/// A process's place among those that make a run together.
#[derive(Debug, Clone)]
pub struct ShardOptions {
    /// Which of them it is.
    pub part: Part,
    /// When their windows begin.
    pub start: Start,
    /// How long it waits for the others.
    pub patience: Duration,
    /// The run's name; `None` makes one from what is asked for and when it begins.
    pub run_id: Option<String>,
}

/// When the windows of all shards begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// As soon as all are ready.
    Together,
    /// At this time by the server's clock, whoever is there.
    At(DateTime<Utc>),
}

/// What a shard brings with it.
pub(super) struct Joining {
    options: ShardOptions,
    /// What all shards of the run have in common, in words.
    common: String,
    whole: record::Load,
    warmup: Duration,
}

/// A shard among the others of its run.
pub(super) struct Shard {
    options: ShardOptions,
    common: String,
    whole: record::Load,
    server: String,
    membership: Membership,
    /// Those that were seen.
    known: RefCell<BTreeSet<usize>>,
}

/// How much a shard looks at: the server's counters and plans are the same for all.
pub(super) fn looks_of(part: Part, looks: Looks) -> Looks {
    if part.number() != FIRST && looks.explains() { Looks::Samples } else { looks }
}

impl Joining {
    /// What contradicts itself is told before anything starts.
    ///
    /// # Errors
    /// [`LabError::Usage`] where several processes cannot do what is asked.
    pub(super) fn new(
        shard: &ShardOptions,
        options: &RunOptions,
        workload: &Workload,
        whole: &SettledLoad,
    ) -> Result<Self, LabError> {
        if options.knee.is_some() {
            let message = "--knee cannot be used with --shard: search with one process, then measure at its rate with several";
            return Err(LabError::Usage(message.to_owned()));
        }
        if address_named(&options.target)?.is_none() {
            let message = "shards load one database together: name it by --database-url or DATABASE_URL";
            return Err(LabError::Usage(message.to_owned()));
        }
        // Threads follow from the machine, which may be another one for each shard.
        let load = load_record::load(whole, 0);
        let common = common(shard, options, workload, &load);
        Ok(Self { options: shard.clone(), common, whole: load, warmup: whole.warmup })
    }

    /// Joins the other shards.
    ///
    /// # Errors
    /// When somebody else is at work in the database, this shard is there already, or its start is over.
    pub(super) async fn join(self, target: &Target) -> Result<Shard, LabError> {
        let Self { options, common, whole, warmup } = self;
        let key = RunKey::of(&common);
        let membership = Membership::join(target.route(), key, options.part, !target.use_existing()).await?;
        if let Start::At(at) = options.start {
            Agreed::on(at, ServerClock::read(membership.session()).await?, warmup)?;
        }
        let server = server_identity(membership.session()).await?;
        Ok(Shard { options, common, whole, server, membership, known: RefCell::default() })
    }
}

/// What must be the same for all shards of a run.
fn common(shard: &ShardOptions, options: &RunOptions, workload: &Workload, load: &record::Load) -> String {
    let ShardOptions { part, start, patience: _, run_id } = shard;
    let catalog = &options.catalog;
    let asked = (part.of(), start, run_id, catalog.tracks, catalog.seed, catalog.state.name(), &options.slo);
    let how = (options.protocol, options.load.seed, &options.load.care.brake, options.target.use_existing);
    let names: Vec<&str> = workload.operations.iter().map(|operation| operation.name.as_str()).collect();
    format!("{} {asked:?} {how:?} {names:?} {load:?}\n{}", env!("CARGO_PKG_VERSION"), workload.text)
}

impl Shard {
    pub(super) fn part(&self) -> Part {
        self.options.part
    }

    fn is_first(&self) -> bool {
        self.options.part.number() == FIRST
    }

    fn meets(&self) -> bool {
        self.options.start == Start::Together
    }

    /// Sees that the catalog is in the database: shard 1 makes it, the others wait for it.
    pub(super) async fn ensure(
        &mut self,
        target: &Target,
        spec: CatalogSpec,
        state: State,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Ensured, LabError> {
        if !self.is_first() {
            self.library_is_there().await?;
            return Ok(self.membership.made(spec, state).await?);
        }
        let ensured = self.membership.ensure(target.route(), target.schema(), spec, state, progress).await?;
        self.membership.tell(Mark::Catalog).await?;
        Ok(ensured)
    }

    /// Reads the server's clock.
    pub(super) async fn clock(&self) -> Result<ServerClock, LabError> {
        Ok(ServerClock::read(self.membership.session()).await?)
    }

    /// Leaves the others.
    pub(super) async fn leave(self) {
        self.membership.leave().await;
    }

    /// What it adds to its record.
    pub(super) fn record(
        &self,
        agreed: &Agreed,
        after: Option<&ServerClock>,
        measured: &Measured,
        cautions: Vec<String>,
    ) -> record::Shard {
        let named = || name(&format!("{}\n{}", self.common, agreed.at));
        record::Shard {
            number: self.options.part.number(),
            of: self.options.part.of(),
            run_id: self.options.run_id.clone().unwrap_or_else(named),
            whole: self.whole.clone(),
            server: self.server.clone(),
            start_at: agreed.at,
            clock: agreed.clock(measured.begun_after, after),
            cautions,
            slices: (0..measured.operations.len()).map(|index| slices(measured, index)).collect(),
        }
    }
}

fn name(text: &str) -> String {
    sha256(text)[..NAME_DIGITS].to_owned()
}

fn slices(measured: &Measured, index: usize) -> record::ShardSlices {
    let text =
        |slice: &Slice| (slice.count() > 0).then(|| LatencyHistogram::of(slice.latencies.values()).encode());
    record::ShardSlices {
        answered: measured.slices.of(index).map(|slice| text(&slice)).collect(),
        late: text(&measured.late[index]),
    }
}
