//! The measured window: floor, warm-up, counters read, load put on, counters read again, plans asked for.

use super::{
    Event, LabError, Prepared,
    observer::{Absence, Watch},
    plans,
    prepare::{Context, Steps},
    setup::Setup,
    shards::{Agreed, Shard},
};
use crate::{
    engine::{FailureClass, Load, Measured, PhasePlan, Snapshot},
    observe::{self, Counters, Explained, ServerClock},
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
/// Why there is no evidence where nobody asked for it, and where another shard does for all.
const UNASKED: &str = "evidence was not asked for";
const IN_FIRST: &str = "evidence of the server and plans: shard 1 has them for all";
/// How long it may take to read its clock.
const CLOCK: Duration = Duration::from_secs(5);
/// How long before its start a phase is handed to the threads, which wait for it precisely.
const EARLY: Duration = Duration::from_millis(100);

/// What the window gave.
pub(super) struct Window {
    pub(super) driven: Driven,
    pub(super) ended: Ended,
    pub(super) evidence: Evidence,
    pub(super) explained: Explained,
    /// Absent where the run ended before it, or it was not asked for.
    pub(super) floor: Option<Measured>,
    /// When all shards were to begin, if there are several.
    pub(super) agreed: Option<Agreed>,
    /// The server's clock after it.
    pub(super) clock_after: Option<ServerClock>,
}

pub(super) fn measure(
    setup: &mut Setup,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Window, LabError> {
    let shard = prepared.shard.as_ref();
    let (floor, agreed) = floor_and_start(setup, prepared, steps, context)?;
    let warmup = setup.load.steady(&setup.bound, setup.load.warmup);
    drive(setup, &warmup, "warm-up", prepared, steps, context)?;
    if context.interrupt.is_asked() {
        return Err(LabError::Interrupted);
    }
    // It may have gone and come back since the last look.
    context.runtime.block_on(setup.observer.answers());
    let before = before(setup, shard.zip(agreed.as_ref()), steps, context)?;
    if let Some(agreed) = &agreed {
        wait("wait for the start", agreed.last_wait(), steps, context)?;
    }
    let capture = setup.observer.looks.explains();
    let plan = PhasePlan { capture, ..setup.load.window(&setup.bound, setup.drain) };
    let driven = drive_from(agreed.as_ref(), setup, &plan, "measuring", prepared, steps, context)?;
    // From here on an interrupt must not cost what was measured.
    let interrupted = context.interrupt.is_asked();
    let clock_after = shard.and_then(|shard| over(setup, shard, steps, context));
    let began = Instant::now();
    let asked = before.as_ref().ok_or(if shard.is_some() { IN_FIRST } else { UNASKED });
    let (answers, evidence) = context.runtime.block_on(testimony(setup, asked, &prepared.target));
    steps.ended("gather the evidence", began, context.listen);
    let mut evidence = evidence.unwrap_or_else(|missing| Evidence {
        settings: setup.observer.settings.clone(),
        missing: vec![missing],
        ..Evidence::default()
    });
    let ended = ended(setup, answers, interrupted, context);
    // Executing statements is counted, too: nothing is read from the counters after this.
    let measured = (&driven.measured, ended);
    let explained = plans::explain(setup, prepared, measured, &mut evidence.missing, steps, context);
    Ok(Window { driven, ended, evidence, explained, floor, agreed, clock_after })
}

/// What ended the window.
fn ended(setup: &Setup, answers: bool, interrupted: bool, context: &Context<'_>) -> Ended {
    match () {
        () if interrupted => Ended::Interrupted,
        () if !answers || setup.observer.client().is_closed() => Ended::ServerLost,
        () if setup.has_braked() => Ended::Braked,
        // It came back too late: the load had been ended.
        () if context.interrupt.stop_flag().is_set() => Ended::ServerLost,
        () => Ended::AsPlanned,
    }
}

/// The floor, if it is wanted. Of several shards, shard 1 measures it while the others wait; then they agree on the start, and it
/// is time for the warm-up.
fn floor_and_start(
    setup: &mut Setup,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<(Option<Measured>, Option<Agreed>), LabError> {
    let explains = setup.observer.looks.explains();
    let Some(shard) = &prepared.shard else {
        let measured = explains.then(|| floor(setup, prepared, steps, context));
        return Ok((measured.transpose()?, None));
    };
    steps.run("wait for the other shards", context, shard.gather())?;
    let measured = explains.then(|| floor(setup, prepared, steps, context)).transpose()?;
    if !explains {
        // Shard 1 has this phase.
        setup.engine.pass_phase();
    }
    let agreed = steps.run("agree on the start", context, shard.agree(setup.load.warmup))?;
    wait("wait for the warm-up", agreed.warm_up(), steps, context)?;
    Ok((measured, Some(agreed)))
}

async fn sleep_until(moment: Instant) {
    tokio::time::sleep_until(moment.into()).await;
}

/// A step that is only a wait.
fn wait(name: &str, until: Instant, steps: &mut Steps, context: &Context<'_>) -> Result<(), LabError> {
    steps.run(name, context, async {
        sleep_until(until).await;
        Ok::<_, LabError>(())
    })
}

/// The counters before the window, unless the evidence is turned off. Of several shards, each hands the statistics of its
/// sessions in before one of them reads.
fn before(
    setup: &Setup,
    shard: Option<(&Shard, &Agreed)>,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Option<Counters>, LabError> {
    let explains = setup.observer.looks.explains();
    if !explains && shard.is_none() {
        return Ok(None);
    }
    steps.run("read the counters", context, async {
        setup.engine.flush_statistics(setup.server.version_number).await;
        if let Some((shard, agreed)) = shard {
            shard.warmed_up(agreed).await?;
        }
        Ok::<_, LabError>(match explains {
            true => Some(Counters::read(setup.observer.client()).await?),
            false => None,
        })
    })
}

/// The server's clock after the window, if it still tells. Shard 1 looks at the server when the others are through, too.
fn over(setup: &Setup, shard: &Shard, steps: &mut Steps, context: &Context<'_>) -> Option<ServerClock> {
    let began = Instant::now();
    let through = context.interrupt.unless(async {
        setup.engine.flush_statistics(setup.server.version_number).await;
        shard.over().await;
    });
    let clock = context.runtime.block_on(async {
        let clock = tokio::time::timeout(CLOCK, shard.clock()).await;
        through.await;
        clock.ok()?.ok()
    });
    steps.ended("end with the other shards", began, context.listen);
    clock
}

/// Whether the server still answers, and its evidence, or why there is none.
async fn testimony(
    setup: &mut Setup,
    before: Result<&Counters, &str>,
    target: &Target,
) -> (bool, Result<Evidence, String>) {
    let silent = || "evidence of the server: it did not answer when the load was over".to_owned();
    if !setup.observer.answers().await {
        return (false, Err(silent()));
    }
    let before = match before {
        Ok(before) => before,
        Err(why) => return (true, Err(why.to_owned())),
    };
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
    let rate = rate.map(|rate| rate * setup.load.engine.share_of_clients());
    // What the clients may do a second decides, too.
    let long = rate.or(setup.load.own_max_rate()).map_or(FLOOR, |rate| {
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
    let explained = Explained::default();
    Ok(Window { driven, ended, evidence, explained, floor: None, agreed: None, clock_after: None })
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
    drive_from(None, setup, plan, phase, prepared, steps, context)
}

/// The same from a moment on that is close ahead.
fn drive_from(
    agreed: Option<&Agreed>,
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
    let share = setup.load.engine.share_of_clients();
    let mut listen = |snapshot: &Snapshot| {
        (context.listen)(Event::Progress {
            phase,
            duration,
            asked_per_second: plan.load.rate_at(snapshot.elapsed).map(|rate| rate * share),
            snapshot: Box::new(snapshot.clone()),
            database_bytes: database_bytes.get(),
        });
    };
    let (engine, observer, brake) = (&mut setup.engine, &mut setup.observer, &mut setup.brake);
    let stop = context.interrupt.stop_flag();
    let (measured, started_at, (samples, absences)) = context.runtime.block_on(async {
        let braking = async {
            match brake {
                Some(brake) => brake.watch(&stop, phase, prepared.shard.as_ref()).await,
                None => std::future::pending().await,
            }
        };
        let mut watch = Watch::new(observer, &prepared.target, stop.clone(), duration, &database_bytes).await;
        let start = start_of(agreed).await?;
        let started_at = Utc::now() + start.saturating_duration_since(Instant::now());
        let measured = tokio::select! {
            measured = engine.drive_from(start, plan, &mut listen) => measured,
            never = async { sleep_until(start).await; watch.go_on().await } => match never {},
            never = braking => match never {},
        };
        Ok::<_, LabError>((measured, started_at, watch.finish()))
    })?;
    steps.ended(phase, began, context.listen);
    Ok(Driven { measured: measured?, samples, absences, started_at })
}

/// When a phase begins: now, or just after now, when all shards do.
async fn start_of(agreed: Option<&Agreed>) -> Result<Instant, LabError> {
    let Some(agreed) = agreed else { return Ok(Instant::now()) };
    sleep_until(agreed.start.checked_sub(EARLY).unwrap_or(agreed.start)).await;
    match Instant::now() < agreed.start {
        true => Ok(agreed.start),
        false => Err(agreed.missed().into()),
    }
}
