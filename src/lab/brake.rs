//! The brake: watches how others on the server fare while the load is on, and ends the load when they suffer.

use super::{
    Condition, LabError,
    canary::{Canary, Felt, REST},
    care::watches,
    condition::{Figure, Limit},
    shards::Shard,
};
use crate::{
    catalog::{Library, SHARD_SESSION},
    engine::StopFlag,
    observe::{self, Neighbourhood, Neighbours},
    record,
    target::{self, Route, Target},
};
use std::{
    cell::RefCell,
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio_postgres::Client;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A server that answers later than this is asked again with the next look.
const PATIENCE: Duration = Duration::from_secs(2);
/// Names of this program's own sessions; those of the load bear the one that the settings give.
const NAMES: [&str; 5] = ["loist-bench observer", "loist-bench plans", SHARD_SESSION, LOOKOUT, CANARY];
const LOOKOUT: &str = "loist-bench brake";
/// What the load's sessions are called where the settings give no name.
const OWN_NAME: &str = "loist-bench";
const CANCEL: &str = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
    WHERE usename = current_user AND datname = current_database() AND application_name = $1 AND state = 'active'";
pub(super) const CANARY: &str = "loist-bench canary";
/// What a role must be given to see it all.
const HIDDEN: &str = "statements of other roles: GRANT pg_read_all_stats to this role";

/// The conditions, and who watches them.
pub(super) struct Brake {
    lookout: Lookout,
    canary: Option<Canary>,
    felt: RefCell<Felt>,
    watches: Vec<Watch>,
    tripped: Option<String>,
}

/// The session that looks at the others.
struct Lookout {
    route: Route,
    client: Client,
    neighbourhood: Neighbourhood,
    /// Name of the load's sessions, where it is one that nobody else's bear.
    of_load: Option<String>,
}

/// One condition, and what was seen of it.
#[derive(Debug)]
struct Watch {
    condition: Condition,
    before: Option<f64>,
    limit: Option<f64>,
    worst: Option<f64>,
    missing: Option<String>,
}

impl Brake {
    /// Opens its sessions; none where there is nothing to watch. Where a limit is a multiple of what was before, that is
    /// measured now: no load may be on.
    ///
    /// # Errors
    /// When a session cannot be opened, or the canary may not read the table.
    pub(super) async fn connect(
        target: &Target,
        conditions: &[Condition],
        library: &Library,
        seed: u64,
    ) -> Result<Option<Self>, LabError> {
        if conditions.is_empty() {
            return Ok(None);
        }
        let lookout = Lookout::connect(target.route(), watches(conditions, Figure::Blocked)).await?;
        let canary = match watches(conditions, Figure::Canary) {
            true => Some(Canary::connect(target.route(), library.clone(), seed).await?),
            false => None,
        };
        let watches = conditions.iter().map(|condition| Watch::of(*condition)).collect();
        let felt = RefCell::new(Felt::new(Instant::now()));
        let mut brake = Self { lookout, canary, felt, watches, tripped: None };
        brake.rest().await?;
        Ok(Some(brake))
    }

    /// Measures what is before the load, where a limit follows from it.
    async fn rest(&mut self) -> Result<(), LabError> {
        let is_relative = |watch: &Watch| matches!(watch.condition.limit, Limit::Times(_));
        let Some(canary) = self.canary.as_mut().filter(|_| self.watches.iter().any(is_relative)) else {
            return Ok(());
        };
        let _ = tokio::time::timeout(REST, canary.sing(&self.felt)).await;
        let Some(before) = self.felt.borrow().p95_ms(Instant::now()) else {
            return Err(LabError::Usage(
                "the canary was not answered often enough before any load, so nothing can be a multiple of it: write a time, as in canary-p95>50ms".to_owned(),
            ));
        };
        self.watches.iter_mut().for_each(|watch| watch.begin(before));
        Ok(())
    }

    /// Watches until it is dropped. When a condition holds, ends the load; that of other shards ends with it, and it with
    /// theirs.
    pub(super) async fn watch(&mut self, stop: &StopFlag, phase: &str, shard: Option<&Shard>) -> Infallible {
        let Self { lookout, canary, felt, watches, tripped } = self;
        let felt: &RefCell<Felt> = felt;
        let singing = async {
            match canary {
                Some(canary) => canary.sing(felt).await,
                None => std::future::pending().await,
            }
        };
        let looking = async {
            loop {
                let seen = lookout.look().await;
                let canary_ms = felt.borrow().p95_ms(Instant::now());
                for watch in &mut *watches {
                    if let Some(said) = watch.judge(seen.as_ref(), canary_ms) {
                        stop.stop();
                        tripped.get_or_insert_with(|| {
                            format!("{said} in the phase {phase} ({})", watch.condition)
                        });
                    }
                }
                if let Some(shard) = shard {
                    with_others(shard, stop, tripped).await;
                }
                tokio::time::sleep(LOOK_EVERY).await;
                if tripped.is_some() {
                    lookout.cancel().await;
                }
            }
        };
        tokio::select! {
            never = singing => never,
            never = looking => never,
        }
    }

    /// Whether it has ended the load.
    pub(super) fn has_tripped(&self) -> bool {
        self.tripped.is_some()
    }

    /// What was watched, and what came of it.
    pub(super) fn record(&self) -> record::Brake {
        let watched = self.watches.iter().map(|watch| record::Watched {
            condition: watch.condition.to_string(),
            unit: watch.condition.figure.unit().to_owned(),
            limit: watch.limit,
            before: watch.before,
            worst: watch.worst,
            missing: watch.missing.clone(),
        });
        record::Brake { watched: watched.collect(), tripped: self.tripped.clone() }
    }
}

/// Ends the load of all shards where one of them ended its own.
async fn with_others(shard: &Shard, stop: &StopFlag, tripped: &mut Option<String>) {
    if tripped.is_some() {
        shard.tell_braked().await;
    } else if let Some(number) = shard.braked_elsewhere(stop).await {
        *tripped = Some(format!("that of shard {number} ended the load of all"));
    }
}

impl Lookout {
    async fn connect(route: &Route, asks_who_blocks: bool) -> Result<Self, LabError> {
        let of_load = route.application_name().to_owned();
        let ours = NAMES.into_iter().map(str::to_owned).chain([of_load.clone()]).collect();
        let of_load = Some(of_load).filter(|name| name == OWN_NAME);
        let route = route.with_application_name(LOOKOUT);
        let client = target::connect(&route).await?;
        observe::limit_session(&client).await?;
        let neighbourhood = Neighbourhood::new(ours, asks_who_blocks);
        Ok(Self { route, client, neighbourhood, of_load })
    }

    /// Cancels what the load's sessions still execute: a session that is closed would be noticed only when it is done. Whoever
    /// gave them another name may have sessions of that name himself.
    async fn cancel(&self) {
        let Some(name) = &self.of_load else { return };
        // One that does not answer cannot cancel anything.
        let _ = tokio::time::timeout(PATIENCE, self.client.query(CANCEL, &[name])).await;
    }

    /// What is seen now; `None` where the server does not answer, of which the observer makes its own.
    async fn look(&mut self) -> Option<Neighbours> {
        if self.client.is_closed() {
            let again = tokio::time::timeout(PATIENCE, target::connect(&self.route)).await;
            self.client = again.ok()?.ok()?;
        }
        let look = self.neighbourhood.look(&self.client);
        tokio::time::timeout(PATIENCE, look).await.ok()?.ok()
    }
}

impl Watch {
    fn of(condition: Condition) -> Self {
        let limit = match condition.limit {
            Limit::Count(count) => Some(count as f64),
            Limit::Time(time) => Some(time.as_secs_f64() * 1e3),
            Limit::Share(_) | Limit::Times(_) => None,
        };
        Self { condition, before: None, limit, worst: None, missing: None }
    }

    /// What the canary felt before the load.
    fn begin(&mut self, before: f64) {
        if let Limit::Times(times) = self.condition.limit {
            (self.before, self.limit) = (Some(before), Some(before * times));
        }
    }

    /// What is too much, if something is.
    fn judge(&mut self, seen: Option<&Neighbours>, canary_ms: Option<f64>) -> Option<String> {
        if let (Limit::Share(share), Some(seen)) = (self.condition.limit, seen) {
            self.limit = Some(share * seen.max_connections as f64);
        }
        if self.condition.figure == Figure::Longest && seen.is_some_and(|seen| seen.hidden > 0) {
            self.missing = Some(HIDDEN.to_owned());
        }
        let figure = match self.condition.figure {
            Figure::Connections => seen.map(|seen| seen.connections as f64),
            Figure::Canary => canary_ms,
            Figure::Blocked => seen.and_then(|seen| seen.blocked).map(|blocked| blocked as f64),
            // None is under way.
            Figure::Longest => seen.map(|seen| seen.longest_ms.unwrap_or_default()),
        }?;
        self.worst = Some(self.worst.map_or(figure, |worst| worst.max(figure)));
        (figure > self.limit?).then(|| match self.condition.figure {
            Figure::Connections => {
                let most = seen.map_or(0, |seen| seen.max_connections);
                format!("{figure} of the server's {most} connections were taken")
            }
            Figure::Canary => format!("p95 of the canary's reads was {figure:.1} ms"),
            Figure::Blocked => format!("{figure} sessions of others waited for locks of the load"),
            Figure::Longest => format!("a statement of somebody else's had run for {:.1} s", figure / 1e3),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Neighbours {
        Neighbours { connections: 90, max_connections: 100, blocked: Some(0), longest_ms: None, hidden: 0 }
    }

    fn watch(condition: &str) -> Watch {
        Watch::of(condition.parse().unwrap())
    }

    #[test]
    fn more_than_the_limit_is_too_much() {
        let mut connections = watch("connections>90%");
        assert_eq!(connections.judge(Some(&seen()), None), None);
        let full = Neighbours { connections: 91, ..seen() };
        let said = connections.judge(Some(&full), None).unwrap();
        assert_eq!(said, "91 of the server's 100 connections were taken");
        connections.judge(Some(&seen()), None);
        assert_eq!((connections.worst, connections.limit), (Some(91.0), Some(90.0)));
        let mut blocked = watch("blocked>0");
        assert_eq!(blocked.judge(Some(&seen()), None), None);
        assert!(blocked.judge(Some(&Neighbours { blocked: Some(2), ..seen() }), None).is_some());
    }

    #[test]
    fn the_canary_is_held_against_a_time_or_what_it_felt_before() {
        let mut time = watch("canary-p95>50ms");
        assert_eq!([None, Some(50.0)].map(|felt| time.judge(None, felt)), [None, None]);
        assert!(time.judge(None, Some(50.1)).unwrap().contains("50.1 ms"));
        let mut times = watch("canary-p95>3x");
        times.begin(2.0);
        assert_eq!(times.judge(None, Some(6.0)), None);
        assert!(times.judge(None, Some(6.5)).is_some());
        assert_eq!((times.before, times.limit, times.worst), (Some(2.0), Some(6.0), Some(6.5)));
    }

    #[test]
    fn what_is_hidden_is_said() {
        let mut longest = watch("longest>5s");
        assert_eq!(longest.judge(Some(&seen()), None), None);
        assert_eq!((longest.worst, longest.missing.clone()), (Some(0.0), None));
        let some = Neighbours { hidden: 1, longest_ms: Some(6_000.0), ..seen() };
        assert!(longest.judge(Some(&some), None).unwrap().contains("6.0 s"));
        assert_eq!(longest.missing.as_deref(), Some(HIDDEN));
        assert_eq!(longest.judge(None, None), None, "the server does not answer");
    }
}
