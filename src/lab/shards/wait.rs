//! Waiting for the other shards, never without end.

use super::{Agreed, Shard, ShardError, start::chosen_ms};
use crate::{
    catalog::{Mark, Seen},
    engine::StopFlag,
    lab::LabError,
};
use chrono::DateTime;
use std::time::{Duration, Instant};
use tokio::time::{timeout, timeout_at};

/// How often a shard looks for the others.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long shard 1 waits after its window for calls of others: longer than those are waited for themselves.
const LAST_CALLS: Duration = Duration::from_secs(45);
/// A server that answers later than this is asked again.
const PATIENCE: Duration = Duration::from_secs(2);

impl Shard {
    /// One look, and the shards that were there and are not any more.
    async fn look(&self) -> Result<(Seen, Vec<usize>), LabError> {
        let seen = self.membership.look().await?;
        let mut known = self.known.borrow_mut();
        known.extend(seen.with(Mark::Present));
        let gone = known.iter().copied().filter(|number| !seen.has(Mark::Present, *number)).collect();
        Ok((seen, gone))
    }

    /// Looks again and again until `find` finds something or the time is over. Whoever meets all others does not wait for
    /// one that has ended.
    async fn until<T>(
        &self,
        limit: Instant,
        mut find: impl FnMut(&Seen) -> Option<T>,
    ) -> Result<Option<T>, LabError> {
        loop {
            // A server that does not answer any more is waited for as long as the shards are.
            let Ok(look) = timeout_at((limit + PATIENCE).into(), self.look()).await else { return Ok(None) };
            let (seen, gone) = look?;
            if let Some(found) = find(&seen) {
                return Ok(Some(found));
            }
            if self.meets() && !gone.is_empty() {
                return Err(ShardError::Gone { gone, of: self.options.part.of() }.into());
            }
            if Instant::now() >= limit {
                return Ok(None);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until shard 1 has made the library.
    pub(super) async fn library_is_there(&self) -> Result<(), LabError> {
        let waited = self.options.patience;
        let find = |seen: &Seen| seen.has(Mark::Catalog, super::FIRST).then_some(());
        match self.until(Instant::now() + waited, find).await? {
            Some(()) => Ok(()),
            None => Err(ShardError::NoLibrary { waited }.into()),
        }
    }

    /// Tells that this shard can begin. Where all meet, shard 1 waits for the others: the server has nothing to do then.
    pub(in crate::lab) async fn gather(&self) -> Result<(), LabError> {
        self.membership.tell(Mark::Ready).await?;
        if !(self.is_first() && self.meets()) {
            return Ok(());
        }
        let (waited, of) = (self.options.patience, self.options.part.of());
        let missing = |seen: &Seen| -> Vec<usize> {
            (1..=of).filter(|number| !seen.has(Mark::Ready, *number)).collect()
        };
        let find = |seen: &Seen| missing(seen).is_empty().then_some(());
        if self.until(Instant::now() + waited, find).await?.is_some() {
            return Ok(());
        }
        let missing = missing(&self.look().await?.0);
        Err(ShardError::NotReady { missing, of, waited }.into())
    }

    /// When the windows of all begin.
    pub(in crate::lab) async fn agree(&self, warmup: Duration) -> Result<Agreed, LabError> {
        let clock = self.clock().await?;
        let now = clock.time_of(Instant::now());
        let at = match self.options.start {
            super::Start::At(at) => at,
            super::Start::Together if self.is_first() => {
                let start_ms = chosen_ms(now, warmup);
                self.membership.tell_start(start_ms).await?;
                DateTime::from_timestamp_millis(start_ms).unwrap_or(now)
            }
            super::Start::Together => {
                let waited = self.options.patience;
                let near = now.timestamp_millis();
                let told = self.until(Instant::now() + waited, |seen| seen.start_ms(near)).await?;
                let start_ms = told.ok_or(ShardError::NoStart { waited })?;
                DateTime::from_timestamp_millis(start_ms).unwrap_or(now)
            }
        };
        // The wait may have been long, and clocks drift.
        Ok(Agreed::on(at, self.clock().await?, warmup)?)
    }

    /// Tells that the load before the window is over. Shard 1 waits for the others, to read the counters when nothing more
    /// is added to them.
    pub(in crate::lab) async fn warmed_up(&self, agreed: &Agreed) -> Result<(), LabError> {
        self.membership.tell(Mark::Warm).await?;
        if !self.is_first() {
            return Ok(());
        }
        // From the agreement on, one that ends ends alone.
        timeout_at(agreed.counters().into(), self.until_all_have(Mark::Warm)).await.unwrap_or(Ok(()))
    }

    /// Waits until all that are there have come so far.
    async fn until_all_have(&self, mark: Mark) -> Result<(), LabError> {
        loop {
            let (seen, _) = self.look().await?;
            if seen.with(Mark::Present).all(|number| seen.has(mark, number)) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Tells that its window is over. Shard 1 waits for those that are still there. Whatever comes of it, what was measured
    /// is kept.
    pub(in crate::lab) async fn over(&self) {
        let told = timeout(PATIENCE, self.membership.tell(Mark::Done)).await;
        if self.is_first() && told.is_ok_and(|told| told.is_ok()) {
            let _ = timeout(LAST_CALLS, self.until_all_have(Mark::Done)).await;
        }
    }

    /// Tells that its brake ended the load.
    pub(in crate::lab) async fn tell_braked(&self) {
        // A server that does not answer has no load of others either.
        let _ = timeout(PATIENCE, self.membership.tell(Mark::Braked)).await;
    }

    /// Another shard whose brake ended its load, if there is one: then `stop` ends this one's.
    pub(in crate::lab) async fn braked_elsewhere(&self, stop: &StopFlag) -> Option<usize> {
        let seen = timeout(PATIENCE, self.membership.look()).await.ok()?.ok()?;
        let own = self.options.part.number();
        let other = seen.with(Mark::Braked).find(|number| *number != own)?;
        stop.stop();
        Some(other)
    }
}
