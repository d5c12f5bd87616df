//! The first steps of anything that measures: a server, and the catalog in it.

use super::{
    Event, Interrupt,
    shards::{Shard, ShardError},
};
use crate::{
    catalog::{self, CatalogError, CatalogSpec, Ensured, Hold, Library, State},
    compare::CompareError,
    engine::EngineError,
    monitor::MetricsError,
    observe::ObserveError,
    record::{self, Record, Step},
    target::{Seeded, Target, TargetError, TargetOptions, runtime},
    workload::WorkloadError,
};
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Options that contradict each other or the database.
    #[error("{0}")]
    Usage(String),
    /// The workload does not fit.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// The server could not be reached or started.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The catalog could not be made.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The load could not be put on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The server could not be observed.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// The operating system refused something basic.
    #[error("the operating system refused: {0}")]
    System(#[from] std::io::Error),
    /// The server went away before anything was measured.
    #[error("{what}; the server went away: {fate}")]
    ServerLost {
        /// What was being done.
        what: String,
        /// What is known of its end.
        fate: String,
    },
    /// The sides of a duet cannot be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// Not every connection works.
    #[error(
        "the server is not healthy: {failed} of {of} calls of SELECT 1 failed before any load was put on, as in: {reason}"
    )]
    Unhealthy {
        /// Calls that failed.
        failed: u64,
        /// Calls made.
        of: u64,
        /// The commonest reason.
        reason: String,
    },
    /// The metrics could not be served.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The processes that were to make a run together did not come together.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The load was ended for the sake of others who use the server.
    #[error("the brake ended the load, so nothing is proved: {0}")]
    Braked(String),
    /// The user asked for the end before anything was measured.
    #[error("interrupted before the measured window: nothing of this run is kept")]
    Interrupted,
}

impl LabError {
    /// What the record of a run says that the brake ended.
    #[must_use]
    pub fn braked(record: &Record) -> Self {
        let why = record.brake.as_ref().and_then(|brake| brake.tripped.clone());
        Self::Braked(why.unwrap_or_else(|| "others on the server suffered".to_owned()))
    }

    /// The same, with what is known of the end of an embedded server if that is the cause.
    pub(super) fn explained(self, target: &Target) -> Self {
        let what = self.to_string();
        let cut =
            ["connection closed", "communicating with the server"].iter().any(|text| what.contains(text));
        let may_be_lost = cut || matches!(self, Self::Unhealthy { .. });
        match may_be_lost.then(|| target.fate()).flatten() {
            Some(fate) => Self::ServerLost { what, fate },
            None => self,
        }
    }
}

/// How long a server may take to let go of the database.
const LONGEST_RELEASE: Duration = Duration::from_secs(2);

/// What shall be in the database.
#[derive(Debug, Clone, Copy)]
pub struct CatalogOptions {
    /// Tracks of the synthetic library.
    pub tracks: u64,
    /// Seed of the library and of every random choice.
    pub seed: u64,
    /// State of the tables.
    pub state: State,
}

/// A server with a catalog, ready to be measured. Dropping it ends an embedded server.
pub struct Prepared {
    /// What is in the database.
    pub catalog: record::Catalog,
    /// The seed it was made from.
    pub seed: u64,
    pub(super) target: Target,
    pub(super) library: Library,
    pub(super) steps: Steps,
    /// Keeps other runs out of the database, unless nothing of ours is in it.
    pub(super) hold: Option<Hold>,
    /// The place of this process among others that make a run together; it keeps other runs out, too.
    pub(super) shard: Option<Shard>,
    pub(super) runtime: tokio::runtime::Runtime,
}

impl Prepared {
    /// Sees that the catalog is as `options` ask, after a run that may have written to it, or for one of another
    /// size.
    ///
    /// # Errors
    /// When the catalog cannot be made, or the user interrupts.
    pub(super) fn renew(
        &mut self,
        options: &CatalogOptions,
        interrupt: &Interrupt,
        listen: &dyn Fn(Event),
    ) -> Result<(), LabError> {
        if self.hold.is_none() {
            return Ok(());
        }
        self.release();
        let mut steps = Steps { done: Vec::new() };
        let context = Context { runtime: &self.runtime, interrupt, listen };
        let (catalog, library, hold) = synthetic(options, &self.target, &mut steps, &context)?;
        (self.catalog, self.library, self.hold, self.steps) = (catalog, library, Some(hold), steps);
        Ok(())
    }

    /// Ends the server in good order, and keeps its files for other servers to begin with.
    ///
    /// # Errors
    /// When it is no embedded one, or its files cannot be kept.
    pub fn into_seeded(mut self) -> Result<Arc<Seeded>, LabError> {
        self.release();
        Ok(self.target.into_seeded()?)
    }

    /// Lets others have the database at once, as the next block of the same program; what is dropped does so a moment later.
    pub(super) fn release(&mut self) {
        let (hold, shard) = (self.hold.take(), self.shard.take());
        let release = async {
            if let Some(hold) = hold {
                hold.release().await;
            }
            if let Some(shard) = shard {
                shard.leave().await;
            }
        };
        // One that does not answer is not waited for.
        let _ = self.runtime.block_on(async { tokio::time::timeout(LONGEST_RELEASE, release).await });
    }

    /// Whether the server ends with this value, and the catalog with it.
    #[must_use]
    pub fn is_thrown_away(&self) -> bool {
        self.target.is_embedded() && self.target.kept_server().is_none()
    }
}

/// Times each step and tells the listener.
pub(super) struct Steps {
    pub(super) done: Vec<Step>,
}

impl Steps {
    /// Does one step that can be interrupted.
    pub(super) fn run<T, E: Into<LabError>>(
        &mut self,
        name: &str,
        context: &Context<'_>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, LabError> {
        let began = Instant::now();
        let done = Self::attempt(name, context, work)?;
        self.ended(name, began, context.listen);
        Ok(done)
    }

    /// Does what may be several steps, which the caller notes.
    pub(super) fn attempt<T, E: Into<LabError>>(
        name: &str,
        context: &Context<'_>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, LabError> {
        (context.listen)(Event::StepBegan(name.to_owned()));
        let done = context.runtime.block_on(context.interrupt.unless(work));
        done.ok_or(LabError::Interrupted)?.map_err(Into::into)
    }

    /// Notes steps that were timed elsewhere.
    fn note(&mut self, steps: impl Iterator<Item = (String, Duration)>, listen: &dyn Fn(Event)) {
        for (name, took) in steps {
            self.done.push(Step { name: name.clone(), seconds: took.as_secs_f64() });
            listen(Event::StepEnded { name, took });
        }
    }

    pub(super) fn ended(&mut self, name: &str, began: Instant, listen: &dyn Fn(Event)) {
        let took = began.elapsed();
        self.done.push(Step { name: name.to_owned(), seconds: took.as_secs_f64() });
        listen(Event::StepEnded { name: name.to_owned(), took });
    }
}

/// What every step needs.
pub(super) struct Context<'a> {
    pub(super) runtime: &'a tokio::runtime::Runtime,
    pub(super) interrupt: &'a Interrupt,
    pub(super) listen: &'a dyn Fn(Event),
}

/// Finds or starts the server, and makes sure that the catalog is in it.
///
/// # Errors
/// When the server cannot be had, the catalog cannot be made, or the user interrupts.
pub fn prepare(
    options: &CatalogOptions,
    target: &TargetOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Prepared, LabError> {
    let mut steps = Steps { done: Vec::new() };
    let runtime = runtime()?;
    let context = Context { runtime: &runtime, interrupt, listen };
    let target = open_target(target, &mut steps, &context)?;
    let (catalog, library, hold) = if target.use_existing() {
        let (catalog, library) = existing(options, &target, &mut steps, &context)?;
        (catalog, library, None)
    } else {
        let made = synthetic(options, &target, &mut steps, &context);
        let (catalog, library, hold) = made.map_err(|error| error.explained(&target))?;
        (catalog, library, Some(hold))
    };
    Ok(Prepared { catalog, seed: options.seed, target, library, steps, hold, shard: None, runtime })
}

pub(super) fn open_target(
    options: &TargetOptions,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Target, LabError> {
    (context.listen)(Event::StepBegan("server".to_owned()));
    let began = Instant::now();
    let target = Target::open(options)?;
    if let Some(note) = target.note_for_kept_server() {
        (context.listen)(Event::Kept(note));
    }
    steps.note(target.timings().iter().cloned(), context.listen);
    if target.timings().is_empty() {
        steps.ended("reach the server", began, context.listen);
    }
    target
        .cautions()
        .into_iter()
        .for_each(|caution| (context.listen)(Event::Note(format!("caution: {caution}"))));
    if context.interrupt.is_asked() {
        return Err(LabError::Interrupted);
    }
    Ok(target)
}

fn synthetic(
    options: &CatalogOptions,
    target: &Target,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<(record::Catalog, Library, Hold), LabError> {
    let spec = CatalogSpec { seed: options.seed, tracks: options.tracks };
    let listen = context.listen;
    let mut progress = |rows: u64| listen(Event::Loaded { rows, of: options.tracks });
    let work = catalog::ensure(target.route(), target.schema(), spec, options.state, &mut progress);
    let (ensured, hold) = Steps::attempt("catalog", context, work)?;
    let catalog = noted(options, ensured, steps, listen);
    Ok((catalog, Library::synthetic(spec), hold))
}

/// A catalog that is there, as a record has it; how it came there are steps.
pub(super) fn noted(
    options: &CatalogOptions,
    ensured: Ensured,
    steps: &mut Steps,
    listen: &dyn Fn(Event),
) -> record::Catalog {
    let parts = ensured.steps.into_iter().map(|(name, took)| (format!("catalog: {name}"), took));
    steps.note(parts, listen);
    record::Catalog {
        tracks: options.tracks,
        state: options.state.name().to_owned(),
        checksum: Some(ensured.checksum),
        generator_version: Some(catalog::GENERATOR_VERSION),
        reused: ensured.reused,
    }
}

pub(super) fn existing(
    options: &CatalogOptions,
    target: &Target,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<(record::Catalog, Library), LabError> {
    let work = async {
        let client = crate::target::connect(target.route()).await?;
        Ok::<_, LabError>(catalog::sample_existing(&client, options.seed).await?)
    };
    let (tracks, library) = steps.run("sample the existing tracks", context, work)?;
    let catalog = record::Catalog {
        tracks,
        state: "existing".to_owned(),
        checksum: None,
        generator_version: None,
        reused: true,
    };
    Ok((catalog, library))
}
