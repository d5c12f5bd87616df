//! The measured window: floor, warm-up, counters read, load put on, counters read again, plans asked for.

use super::{
    Event, LabError, Prepared,
    observer::{Absence, Watch},
    plans,
    prepare::{Context, Steps},
    setup::Setup,
};
use crate::{
    engine::{FailureClass, Load, Measured, PhasePlan, Snapshot},
    observe::{self, Counters, Explained},
    record::{Ended, Evidence, Samples},
    target::Target,
};
use chrono::{DateTime, Utc};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Length of the health check.
const CHECK: Duration = Duration::from_millis(100);
/// Length of the floor's measurement: hundreds of round trips. At a low rate it takes as long as so many take, up to a
/// limit.
const FLOOR: Duration = Duration::from_millis(500);
const FLOOR_CALLS: f64 = 200.0;
const LONGEST_FLOOR: Duration = Duration::from_secs(5);
/// How long the server may take to say what it saw; each of the ten or so questions has a limit of its own, which only
/// a server that answers keeps.
const TESTIMONY: Duration = Duration::from_secs(120);

/// What the window gave.
pub(super) struct Window {
    pub(super) driven: Driven,
    pub(super) ended: Ended,
    pub(super) evidence: Evidence,
    pub(super) explained: Explained,
    /// Absent where the run ended before it, or it was not asked for.
    pub(super) floor: Option<Measured>,
}

pub(super) fn measure(
    setup: &mut Setup,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Window, LabError> {
    let floor = match setup.observer.looks.explains() {
        true => Some(floor(setup, prepared, steps, context)?),
        false => None,
    };
    let warmup = setup.load.steady(&setup.bound, setup.load.warmup);
    drive(setup, &warmup, "warm-up", prepared, steps, context)?;
    if context.interrupt.is_asked() {
        return Err(LabError::Interrupted);
    }
    // It may have gone and come back since the last look.
    context.runtime.block_on(setup.observer.answers());
    let before = before(setup, steps, context)?;
    let capture = setup.observer.looks.explains();
    let plan = PhasePlan { capture, ..setup.load.window(&setup.bound, setup.drain) };
    let driven = drive(setup, &plan, "measuring", prepared, steps, context)?;
    // From here on an interrupt must not cost what was measured.
    let interrupted = context.interrupt.is_asked();
    let began = Instant::now();
    let (answers, evidence) = context.runtime.block_on(testimony(setup, before.as_ref(), &prepared.target));
    steps.ended("gather the evidence", began, context.listen);
    let mut evidence = evidence.unwrap_or_else(|missing| Evidence {
        settings: setup.observer.settings.clone(),
        missing: vec![missing],
        ..Evidence::default()
    });
    let ended = match () {
        () if interrupted => Ended::Interrupted,
        () if !answers || setup.observer.client().is_closed() => Ended::ServerLost,
        () if setup.has_braked() => Ended::Braked,
        // It came back too late: the load had been ended.
        () if context.interrupt.stop_flag().is_set() => Ended::ServerLost,
        () => Ended::AsPlanned,
    };
    // Executing statements is counted, too: nothing is read from the counters after this.
    let measured = (&driven.measured, ended);
    let explained = plans::explain(setup, prepared, measured, &mut evidence.missing, steps, context);
    Ok(Window { driven, ended, evidence, explained, floor })
}

/// The counters before the window, unless the evidence is turned off.
fn before(setup: &Setup, steps: &mut Steps, context: &Context<'_>) -> Result<Option<Counters>, LabError> {
    if !setup.observer.looks.explains() {
        return Ok(None);
    }
    let counters = steps.run("read the counters", context, async {
        setup.engine.flush_statistics(setup.server.version_number).await;
        Counters::read(setup.observer.client()).await
    });
    counters.map(Some)
}

/// Whether the server still answers, and its evidence, or why there is none.
async fn testimony(
    setup: &mut Setup,
    before: Option<&Counters>,
    target: &Target,
) -> (bool, Result<Evidence, String>) {
    let silent = || "evidence of the server: it did not answer when the load was over".to_owned();
    if !setup.observer.answers().await {
        return (false, Err(silent()));
    }
    let Some(before) = before else { return (true, Err("evidence was not asked for".to_owned())) };
    match tokio::time::timeout(TESTIMONY, evidence(setup, before, target)).await {
        Ok(evidence) => (true, evidence.map_err(|error| error.to_string())),
        Err(_) => (false, Err(silent())),
    }
}

async fn evidence(setup: &Setup, before: &Counters, target: &Target) -> Result<Evidence, LabError> {
    setup.engine.flush_statistics(setup.server.version_number).await;
    let client = setup.observer.client();
    let after = Counters::read(client).await?;
    let settings = setup.observer.settings.clone();
    let mut evidence = observe::evidence(client, before, &after, &setup.names, settings).await;
    match target.data_directory().map(observe::disk_of) {
        Some(Ok(disk)) => evidence.disk = Some(disk),
        Some(Err(reason)) => evidence.missing.push(format!("disk of the server: {reason}")),
        None => {}
    }
    Ok(evidence)
}

/// Whether every connection works, before any load: each client calls at once, and again and again for a moment.
pub(super) fn check(
    setup: &mut Setup,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<(), LabError> {
    let steady = setup.load.steady(&setup.floor, CHECK);
    let plan = PhasePlan { load: Load::Closed { think: None }, ..steady };
    let checked = drive(setup, &plan, "health check", prepared, steps, context)?;
    healthy(&checked.measured, context)
}

/// What a round trip costs here when the server has nothing to do.
fn floor(
    setup: &mut Setup,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Measured, LabError> {
    let rate = setup.load.steady(&setup.floor, FLOOR).load.rate_at(Duration::ZERO);
    // What the clients may do a second decides, too.
    let long = rate.or(setup.load.engine.max_rate).map_or(FLOOR, |rate| {
        Duration::from_secs_f64(FLOOR_CALLS / rate.max(1e-3)).clamp(FLOOR, LONGEST_FLOOR)
    });
    let mut plan = setup.load.steady(&setup.floor, long);
    if let Load::Closed { think } = &mut plan.load {
        // Clients that think would hardly call in so short a time.
        *think = None;
    }
    let floor = drive(setup, &plan, "floor", prepared, steps, context)?.measured;
    healthy(&floor, context)?;
    Ok(floor)
}

fn healthy(checked: &Measured, context: &Context<'_>) -> Result<(), LabError> {
    let operation = &checked.operations[0];
    // A pool that refuses says nothing of the server.
    let of_pool = |class| matches!(class, FailureClass::PoolExhausted | FailureClass::PoolTimeout);
    let error = operation.errors.iter().filter(|error| !of_pool(error.class));
    let reason = error.max_by_key(|error| error.count).map(|error| error.message.clone());
    let tally = operation.tally;
    let silent = tally.arrivals > 0 && tally.answered() == 0 && !context.interrupt.is_asked();
    match reason.or_else(|| silent.then(|| "none was answered".to_owned())) {
        Some(reason) => Err(LabError::Unhealthy { failed: tally.lost(), of: tally.arrivals, reason }),
        None => Ok(()),
    }
}

/// The window of a run that was ended before it: nothing was measured in it, and what came before is kept.
pub(super) fn nothing_measured(
    setup: &mut Setup,
    ended: Ended,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Window, LabError> {
    // The stop flag is set: no call begins.
    let plan = setup.load.window(&setup.bound, setup.drain);
    let driven = drive(setup, &plan, "measuring", prepared, steps, context)?;
    let settings = setup.observer.settings.clone();
    let missing = vec!["evidence of the server: the run ended before the window".to_owned()];
    let evidence = Evidence { settings, missing, ..Evidence::default() };
    Ok(Window { driven, ended, evidence, explained: Explained::default(), floor: None })
}

/// What a phase of load gave.
pub(super) struct Driven {
    pub(super) measured: Measured,
    pub(super) samples: Samples,
    pub(super) absences: Vec<Absence>,
    pub(super) started_at: DateTime<Utc>,
}

/// Puts a phase of load on, and looks on.
pub(super) fn drive(
    setup: &mut Setup,
    plan: &PhasePlan,
    phase: &'static str,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Driven, LabError> {
    let began = Instant::now();
    let duration = plan.duration;
    let database_bytes = Cell::new(None);
    let mut listen = |snapshot: &Snapshot| {
        (context.listen)(Event::Progress {
            phase,
            duration,
            asked_per_second: plan.load.rate_at(snapshot.elapsed),
            snapshot: Box::new(snapshot.clone()),
            database_bytes: database_bytes.get(),
        });
    };
    let (engine, observer, brake) = (&mut setup.engine, &mut setup.observer, &mut setup.brake);
    let stop = context.interrupt.stop_flag();
    let (measured, started_at, (samples, absences)) = context.runtime.block_on(async {
        let braking = async {
            match brake {
                Some(brake) => brake.watch(&stop, phase).await,
                None => std::future::pending().await,
            }
        };
        let mut watch = Watch::new(observer, &prepared.target, stop.clone(), duration, &database_bytes).await;
        let started_at = Utc::now();
        let measured = tokio::select! {
            measured = engine.drive(plan, &mut listen) => measured,
            never = watch.go_on() => match never {},
            never = braking => match never {},
        };
        (measured, started_at, watch.finish())
    });
    steps.ended(phase, began, context.listen);
    Ok(Driven { measured: measured?, samples, absences, started_at })
}
