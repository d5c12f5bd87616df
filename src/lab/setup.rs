//! What must be there before any load: the observer, the workload checked against the server, the clients connected.

use super::{
    Event, LabError, Prepared, RunOptions,
    brake::Brake,
    observer::Observer,
    options::SettledLoad,
    prepare::{Context, Steps},
};
use crate::{
    catalog,
    engine::{Bound, Engine, Unfit, fitting},
    observe,
    workload::{Operation, Slo, Workload},
};
use std::{sync::Arc, time::Duration};
use tokio_postgres::Client;

/// The workload that the floor is measured with.
const FLOOR: &str = r#"
name = "floor"
description = "The least that a round trip can be"

[[operation]]
name = "floor"
weight = 1.0

[[operation.transaction]]
end = "none"

[[operation.transaction.statement]]
name = "select_1"
sql = "SELECT 1"
"#;

/// What waits longer than the objectives ask is a miss however it ends; it is waited for this long at least, and at
/// most.
const SHORTEST_DRAIN: Duration = Duration::from_secs(1);
const LONGEST_DRAIN: Duration = Duration::from_secs(10);

/// Everything is ready for load.
pub(super) struct Setup {
    pub(super) bound: Arc<Bound>,
    pub(super) floor: Arc<Bound>,
    pub(super) load: SettledLoad,
    pub(super) engine: Engine,
    pub(super) observer: Observer,
    /// Watches how others on the server fare, if it is to.
    pub(super) brake: Option<Brake>,
    pub(super) server: observe::ServerFacts,
    pub(super) names: observe::StatementNames,
    pub(super) drain: Duration,
    /// Operations that the database cannot answer.
    pub(super) unfit: Vec<Unfit>,
}

impl Setup {
    /// Whether the load was ended for the sake of others.
    pub(super) fn has_braked(&self) -> bool {
        self.brake.as_ref().is_some_and(Brake::has_tripped)
    }
}

pub(super) fn set_up(
    workload: Workload,
    prepared: &Prepared,
    options: &RunOptions,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Setup, LabError> {
    let target = &prepared.target;
    let load = options.load.settle(&workload, options.knee.is_some(), prepared.seed)?;
    let load = match &prepared.shard {
        Some(shard) => load.of_part(shard.part())?,
        None => load,
    };
    let observer = steps.run("observer", context, Observer::connect(target.route(), options.looks))?;
    let client = observer.client();
    let (workload, unfit) = match target.use_existing() {
        true => what_fits(workload, client, steps, context)?,
        false => (workload, Vec::new()),
    };
    let protocol = options.protocol.unwrap_or(workload.protocol);
    let writes = workload.operations.iter().any(Operation::writes);
    let drain = drain(&workload, options.slo);
    let library = Arc::new(prepared.library.clone());
    let floor = Workload::parse(FLOOR, "built-in floor")?;
    let (bound, floor) = steps.run("check the workload", context, async {
        let bound = Bound::new(workload, protocol, Arc::clone(&library), client).await?;
        Ok::<_, LabError>((bound, Bound::new(floor, protocol, library, client).await?))
    })?;
    let (bound, floor) = (Arc::new(bound), Arc::new(floor));
    let (server, names) = steps.run("look at the server", context, async {
        if target.is_embedded() && options.looks.explains() {
            observe::install_instruments(client).await?;
        }
        if writes {
            catalog::mark_modified(client).await?;
        }
        let names = match options.looks.explains() {
            true => observe::statement_names(&bound, client).await,
            false => observe::StatementNames::default(),
        };
        Ok::<_, LabError>((observe::server_facts(client).await?, names))
    })?;
    // What was not chosen by the user comes as a surprise.
    if target.is_embedded() && target.machine().is_some_and(|machine| machine.max_connections.is_some()) {
        steps.run("see whether the connections fit", context, enough_room(&load, client))?;
    }
    let conditions = options.load.care.conditions(!target.is_embedded());
    let braking = Brake::connect(target, &conditions, &prepared.library, prepared.seed);
    let brake = match conditions.is_empty() {
        true => None,
        false => steps.run("look at who else is there", context, braking)?,
    };
    let stop = context.interrupt.stop_flag();
    let connecting = Engine::connect(target.route(), &load.engine, stop);
    let engine = steps.run("open the connections", context, connecting)?;
    Ok(Setup { bound, floor, load, engine, observer, brake, server, names, drain, unfit })
}

/// Leaves out what the tables that are there cannot answer, or this role may not ask them.
fn what_fits(
    workload: Workload,
    client: &Client,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<(Workload, Vec<Unfit>), LabError> {
    let name = workload.name.clone();
    let (workload, unfit) = steps.run("see what fits the tables", context, fitting(workload, client))?;
    let said = |one: &Unfit| format!("{}: {}", one.operation, one.reason);
    if let (true, Some(first)) = (workload.operations.is_empty(), unfit.first()) {
        return Err(LabError::Usage(format!(
            "no operation of the workload {name} fits the tables that are there, or this role may not read them; {}",
            said(first)
        )));
    }
    unfit.iter().for_each(|one| (context.listen)(Event::Note(format!("left out, {}", said(one)))));
    Ok((workload, unfit))
}

/// Sessions of this program beside the load's: the one that looks on, and the one that keeps others out.
const OWN_SESSIONS: usize = 2;

/// Whether the server takes all connections of the load, this program's own, and those that PostgreSQL keeps free for
/// somebody who must look in.
async fn enough_room(load: &SettledLoad, client: &Client) -> Result<(), LabError> {
    let (most, reserved) = observe::connection_limits(client).await?;
    let wanted = load.engine.most_connections();
    let needed = wanted + OWN_SESSIONS + reserved;
    if needed <= most {
        return Ok(());
    }
    Err(LabError::Usage(format!(
        "the load opens up to {wanted} connections, loist-bench {OWN_SESSIONS} more, and {reserved} stay reserved, but the server takes only {most}: lower --clients or --pool, or add --set max_connections={needed}"
    )))
}

/// How long after the load what waits may still be answered and count.
fn drain(workload: &Workload, slo: Option<Slo>) -> Duration {
    let own = workload.operations.iter().filter_map(|operation| operation.slo);
    let targets = own.chain(workload.slo).chain(slo).map(|slo| slo.target);
    targets.max().unwrap_or_default().clamp(SHORTEST_DRAIN, LONGEST_DRAIN)
}
