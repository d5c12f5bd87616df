//! The search: challengers one after the other against the best so far. The best grows by what is better.

use super::{
    Candidate, TuneError,
    bench::Bench,
    duel::{Decision, Noise, decide, detectable, error, fight},
    field::Field,
    length::OF_CONFIRMATION,
    proposals::Group,
    sampler::{Sampler, values},
    shrink::{does_nothing, trim},
    space::{applies, of_interest, place_of},
    study::Tried,
    trial::Purpose,
};
use crate::{
    flags::space::Tunable,
    record::Record,
    stats::{below, stream},
};

/// Purpose of the stream that decides which settings a point of a sampler moves.
const MOVES_STREAM: u64 = 115;
/// A search that found nothing better in so many points in a row is over.
const MOST_IN_VAIN: usize = 8;
/// Part of the budget that is spent when proposals have had their turn.
const SCREENED: f64 = 0.45;
/// Part of it that is spent when nothing more is searched for.
pub(super) const SEARCHED: f64 = 0.6;
/// The logarithm of a cost that hides what is good in a proposal of several settings.
const HARMS: f64 = 0.05;
/// What a sampler is told of settings with which a server cannot be measured: ten times the cost.
const FAILED: f64 = 2.3;

/// The search itself.
pub(super) struct Explorer<'a, 'b> {
    bench: &'a mut Bench<'b>,
    start: &'a Record,
    field: &'a Field,
    space: Vec<Tunable>,
    pub(super) best: Candidate,
    pub(super) tried: Vec<Tried>,
    /// Logarithm of what the best costs over what the server began with, as the duels that it won add up; and the variance
    /// of that.
    gained: (f64, f64),
    pub(super) noise: Noise,
}

/// What a duel came to.
#[derive(Debug, Clone, Copy)]
struct Duel {
    taken: bool,
    /// The logarithm of what the challenger costs over what the best before it costs.
    cost: f64,
}

impl<'a, 'b> Explorer<'a, 'b> {
    pub(super) fn new(bench: &'a mut Bench<'b>, start: &'a Record, field: &'a Field) -> Self {
        let (space, noise) = (field.tunables(start), Noise::default());
        let (best, tried, gained) = (Candidate::start(), Vec::new(), (0.0, 0.0));
        Self { bench, start, field, space, best, tried, gained, noise }
    }

    /// What is proposed, each over the best so far: groups as a whole. One that does harm may hide what is good in it, and
    /// its parts are tried by themselves; one that does nothing is done with.
    pub(super) fn screen(&mut self, groups: &[Group]) -> Result<(), TuneError> {
        for group in groups {
            let duel = self.challenge(&group.whole, SCREENED)?;
            if group.parts.len() > 1 && duel.is_some_and(|duel| !duel.taken && duel.cost > HARMS) {
                self.each(&group.parts, SCREENED)?;
            }
        }
        Ok(())
    }

    /// Challengers, one after the other.
    pub(super) fn each(&mut self, candidates: &[Candidate], share: f64) -> Result<(), TuneError> {
        candidates.iter().try_for_each(|one| self.challenge(one, share).map(|_| ()))
    }

    /// Leaves out of the best what does nothing, but for `needed`, of which that is known; gives the names that are left.
    pub(super) fn trim(&mut self, needed: &[String]) -> Result<Vec<String>, TuneError> {
        let all = self.best.names();
        let open = all.into_iter().filter(|name| !needed.contains(name)).collect();
        self.best = trim(self.bench, &self.best, open, 1.0 - OF_CONFIRMATION, &mut self.noise)?;
        Ok(self.best.names())
    }

    /// Better values of the settings that were seen to move something. Those of before stay where they do as well: they have
    /// a reason, and what a sampler draws may be large for nothing.
    pub(super) fn refine(
        &mut self,
        sampler: impl FnOnce(usize) -> Box<dyn Sampler>,
    ) -> Result<(), TuneError> {
        /// As many settings may have to move together to be better.
        const MOST_MOVED: usize = 3;
        let (before, gained) = (self.best.clone(), self.gained);
        let space = of_interest(&self.space, &self.best, &self.tried);
        self.sample(&space, &mut *sampler(space.len()), MOST_MOVED)?;
        if self.best.changes != before.changes {
            let share = 1.0 - OF_CONFIRMATION;
            let needed = does_nothing(self.bench, [&self.best, &before], share, &mut self.noise)?;
            // What was never told apart from it is no better.
            if needed != Some(false) {
                (self.best, self.gained) = (before, gained);
            }
        }
        Ok(())
    }

    /// Challengers that a sampler chooses, each of which moves at most so many settings away from the best.
    pub(super) fn sample(
        &mut self,
        space: &[Tunable],
        sampler: &mut dyn Sampler,
        most_moved: usize,
    ) -> Result<(), TuneError> {
        self.tell_what_is_known(space, sampler);
        let mut rng = stream(self.bench.options.seed, MOVES_STREAM, 0);
        let mut in_vain = 0;
        while !space.is_empty() && in_vain < MOST_IN_VAIN && self.bench.holds(SEARCHED) > 0 {
            let (before, best) = (self.gained.0, self.best.clone());
            let mut point = values(space, &sampler.ask());
            point.retain(|(name, _)| applies(space, name, &best, self.start));
            while point.len() > most_moved {
                let at = below(&mut rng, point.len() as u64) as usize;
                point.remove(at);
            }
            let changes = Candidate::new("search", point);
            let duel = self.challenge(&changes, SEARCHED)?;
            if let Some(duel) = duel
                && let Some(place) = place_of(space, &best.with(changes.changes.iter().cloned()), self.start)
            {
                sampler.tell(&place, before + duel.cost);
            }
            in_vain = if duel.is_some_and(|duel| duel.taken) { 0 } else { in_vain + 1 };
        }
        Ok(())
    }

    /// What duels have shown already is where a sampler begins.
    fn tell_what_is_known(&self, space: &[Tunable], sampler: &mut dyn Sampler) {
        for tried in &self.tried {
            let place = place_of(space, &tried.candidate, self.start);
            if let (Some(place), Some(ratio)) = (place, tried.cost_ratio) {
                sampler.tell(&place, ratio.ln());
            }
        }
    }

    /// The best so far with these changes over its own, against the best so far. `None` where that is the same, or does the
    /// same, or nothing came of it.
    fn challenge(&mut self, changes: &Candidate, share: f64) -> Result<Option<Duel>, TuneError> {
        let over = self.best.with(changes.changes.iter().cloned());
        let challenger = Candidate { origin: changes.origin.clone(), ..over };
        let does = |(name, _): &(String, String)| applies(&self.space, name, &self.best, self.start);
        let is_idle = challenger.changes == self.best.changes || !changes.changes.iter().any(does);
        if is_idle || self.bench.holds(share) == 0 {
            return Ok(None);
        }
        if let Err(why) = self.field.fits(self.start, &challenger) {
            self.note(in_vain(changes, challenger, why));
            return Ok(Some(Duel { taken: false, cost: FAILED }));
        }
        self.bench.note(format!("trying {}: {}", changes.origin, changes.shown()));
        let deviation = self.noise.deviation();
        let is_over = |pairs: &[f64]| decide(pairs, deviation) != Decision::Again;
        let fought = fight(self.bench, Purpose::Search, [&self.best, &challenger], share, &is_over)?;
        if let Some(why) = &fought.failed {
            self.note(in_vain(changes, challenger, why.clone()));
            return Ok(Some(Duel { taken: false, cost: FAILED }));
        }
        let Some(cost) = fought.mean() else {
            if fought.set_aside > 0 {
                let aside = fought.set_aside;
                let why = format!("no pair of blocks counts, {aside} set aside: the machine is too restless");
                self.note(in_vain(changes, challenger, why));
            }
            return Ok(None);
        };
        let taken = decide(&fought.pairs, deviation) == Decision::Take;
        self.noise.learn(&fought.pairs);
        let count = fought.pairs.len();
        if taken {
            self.best = challenger.clone();
            self.gained = (self.gained.0 + cost, self.gained.1 + error(count, deviation).powi(2));
        }
        let before = if taken { self.gained.0 - cost } else { self.gained.0 };
        self.note(Tried {
            origin: changes.origin.clone(),
            changes: changes.changes.clone(),
            candidate: challenger,
            pairs: count,
            cost_ratio: Some((before + cost).exp()),
            against_best: Some(cost.exp()),
            detectable: Some(detectable(count, deviation)),
            taken,
            failed: None,
        });
        Ok(Some(Duel { taken, cost }))
    }

    /// Keeps what was tried, and tells how it stands.
    fn note(&mut self, tried: Tried) {
        let (gained, variance) = self.gained;
        let percent = |log: f64| format!("{:+.1} %", log.exp_m1() * 100.0);
        let best = match self.best.changes.is_empty() {
            true => "nothing better so far".to_owned(),
            false => {
                let off = 2.0 * variance.sqrt();
                format!(
                    "best so far {} ({}..{})",
                    percent(gained),
                    percent(gained - off),
                    percent(gained + off)
                )
            }
        };
        self.bench.note(format!("{}; {best}; {:.0} s left", tried.sentence(), self.bench.left(1.0)));
        self.tried.push(tried);
    }
}

/// Settings with which there was nothing to measure.
fn in_vain(changes: &Candidate, challenger: Candidate, why: String) -> Tried {
    Tried {
        origin: changes.origin.clone(),
        changes: changes.changes.clone(),
        candidate: challenger,
        pairs: 0,
        cost_ratio: None,
        against_best: None,
        detectable: None,
        taken: false,
        failed: Some(why),
    }
}
