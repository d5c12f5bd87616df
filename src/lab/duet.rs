//! Two sides measured in turns, until the answer is certain or the time is over.
//!
//! A block is one side for some seconds: a server of its own where it is embedded, the catalog loaded afresh, new
//! connections, a seed that both blocks of a pair share. Pairs come in random order (Bulej and others 2020: duet
//! benchmarking), so that what changes with time comes to both sides alike.

use super::{
    Event, Interrupt, LabError,
    looks::{Look, Plan},
    side::DuetOptions,
};
use crate::{
    compare::{self, Design, Effects, Experiment, Set, Stop},
    record::{Ended, Record},
    stats::{below, stream},
};
use std::time::{Duration, Instant};

/// Purpose of the stream that decides which block of a pair comes first.
const ORDER_STREAM: u64 = 114;
/// Pairs in a row that a server did not survive, after which there is no more to be learnt.
const MOST_LOST: usize = 2;

/// What is kept of a duet while it goes on.
pub type Keep<'a, E> = dyn FnMut(&Record) -> Result<(), E> + 'a;

/// Measures both sides in turns; `keep` gets each record as soon as it is over.
///
/// # Errors
/// When a side cannot be measured at all, the sides cannot be compared, `keep` fails, or the user or the brake ends it
/// before both sides have a record.
pub fn duet<E: From<LabError>>(
    options: &DuetOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
    keep: &mut Keep<'_, E>,
) -> Result<Effects, E> {
    let mut duet = Duet::new(options, interrupt, listen);
    if options.portraits {
        duet.portraits(keep)?;
    }
    let stop = duet.measure(keep)?;
    // Where nothing can be compared yet, what ended it is all there is to tell.
    if duet.records.iter().any(Vec::is_empty) {
        match stop {
            Stop::Interrupted => return Err(LabError::Interrupted.into()),
            Stop::Braked => return Err(duet.braked().into()),
            _ => {}
        }
    }
    Ok(duet.effects(stop)?)
}

struct Duet<'a> {
    options: &'a DuetOptions,
    interrupt: &'a Interrupt,
    listen: &'a dyn Fn(Event),
    began: Instant,
    /// Records of each side.
    records: [Vec<Record>; 2],
    plan: Plan,
}

impl<'a> Duet<'a> {
    fn new(options: &'a DuetOptions, interrupt: &'a Interrupt, listen: &'a dyn Fn(Event)) -> Self {
        Self {
            options,
            interrupt,
            listen,
            began: Instant::now(),
            records: [Vec::new(), Vec::new()],
            plan: Plan::new(options.judgement.tail()),
        }
    }

    /// Why the brake ended the last block.
    fn braked(&self) -> LabError {
        let mut records = self.records.iter().flatten();
        let last = records.find(|record| record.run.ended == Ended::Braked);
        last.map_or(LabError::Interrupted, LabError::braked)
    }

    /// Looks closely at each side.
    fn portraits<E: From<LabError>>(&mut self, keep: &mut Keep<'_, E>) -> Result<(), E> {
        for side in 0..2 {
            (self.listen)(Event::Note(format!("a close look at {}", self.options.sides[side].label)));
            let record = self.block(side, (0, true), self.options.seed)?;
            keep(&record)?;
            if record.run.ended == Ended::Braked {
                return Err(LabError::braked(&record).into());
            }
            self.records[side].push(record);
        }
        Ok(())
    }

    fn block(&self, side: usize, place: (u32, bool), seed: u64) -> Result<Record, LabError> {
        self.options.block(side, place, seed, self.interrupt, self.listen)
    }

    /// Pair after pair.
    fn measure<E: From<LabError>>(&mut self, keep: &mut Keep<'_, E>) -> Result<Stop, E> {
        let mut lost = 0;
        for pair in 1_u32.. {
            let before = Instant::now();
            match self.pair(pair, keep) {
                Ok(Ended::AsPlanned) => lost = 0,
                Ok(Ended::ServerLost) => lost += 1,
                Ok(Ended::Interrupted) => return Ok(Stop::Interrupted),
                // What suffered once would suffer again.
                Ok(Ended::Braked) => return Ok(Stop::Braked),
                Err(Failed::Lab(LabError::Interrupted)) if pair > 1 => return Ok(Stop::Interrupted),
                Err(Failed::Lab(error)) => return Err(error.into()),
                Err(Failed::Keep(error)) => return Err(error),
            }
            if lost == MOST_LOST {
                return Ok(Stop::ServerLost);
            }
            let took = before.elapsed();
            let left = self.options.budget.saturating_sub(self.began.elapsed());
            if let Some(stop) = self.look(pair, took, left)? {
                return Ok(stop);
            }
        }
        Ok(Stop::Budget)
    }

    /// Both blocks of a pair, in random order.
    fn pair<E>(&mut self, pair: u32, keep: &mut Keep<'_, E>) -> Result<Ended, Failed<E>> {
        let seed = self.options.seed;
        let new_first = below(&mut stream(seed, ORDER_STREAM, u64::from(pair)), 2) == 1;
        let own = self.options.seed_of(pair);
        let mut ended = Ended::AsPlanned;
        for (place, side) in [usize::from(new_first), usize::from(!new_first)].into_iter().enumerate() {
            let record = self.block(side, (pair, place == 0), own).map_err(Failed::Lab)?;
            keep(&record).map_err(Failed::Keep)?;
            if record.run.ended != Ended::AsPlanned {
                ended = record.run.ended;
            }
            self.records[side].push(record);
            if [Ended::Interrupted, Ended::Braked].contains(&ended) {
                break;
            }
        }
        Ok(ended)
    }

    /// Looks at what there is where the plan says so; why it is over, if it is.
    fn look(&mut self, pair: u32, took: Duration, left: Duration) -> Result<Option<Stop>, LabError> {
        let counted = self.counted();
        let holds = left.as_secs_f64() / took.as_secs_f64().max(1e-3);
        let most = self.options.most_pairs.unwrap_or(usize::MAX);
        self.plan.expect(most.min(counted + holds as usize));
        let is_last = counted >= most || holds < 1.0;
        let why = self.why_set_aside(pair).map_or_else(String::new, |why| format!("; this one: {why}"));
        (self.listen)(Event::Note(format!(
            "pair {pair}: {counted} of about {} count, {} set aside{why}",
            self.plan.planned(),
            pair as usize - counted
        )));
        match self.plan.look(counted, is_last) {
            Look::NotYet => Ok(None),
            Look::Last => {
                let over = if counted >= most { Stop::Pairs } else { Stop::Budget };
                Ok(self.options.until.is_reached(&self.current()?).or(Some(over)))
            }
            Look::Now => Ok(self.options.until.is_reached(&self.current()?)),
        }
    }

    /// Pairs that count.
    fn counted(&self) -> usize {
        compare::counted_pairs(&self.records)
    }

    /// Why a pair does not count, if it does not.
    fn why_set_aside(&self, number: u32) -> Option<String> {
        let [base, new] = self.records.each_ref().map(|side| side.iter().collect::<Vec<_>>());
        compare::pairs(&base, &new).into_iter().find(|pair| pair.number == number)?.set_aside
    }

    /// What is known by now.
    fn current(&self) -> Result<Effects, LabError> {
        let set = |side: usize| Set {
            label: self.options.sides[side].label.clone(),
            records: self.records[side].iter().collect(),
        };
        let (base, new) = (set(0), set(1));
        Ok(compare::effects(&base, &new, &self.options.judgement, self.plan.alpha())?)
    }

    fn effects(&mut self, ended: Stop) -> Result<Effects, LabError> {
        if matches!(ended, Stop::Interrupted | Stop::Braked | Stop::ServerLost) {
            // An end that was not planned is one more look: it may spend what is left.
            let counted = self.counted();
            self.plan.look(counted, true);
        }
        let mut effects = self.current()?;
        effects.experiment = Some(Experiment {
            id: self.options.id.clone(),
            planned_pairs: self.plan.planned(),
            looks: self.plan.looks(),
            budget_seconds: self.options.budget.as_secs_f64(),
            took_seconds: self.began.elapsed().as_secs_f64(),
            block_seconds: self.options.block_length().as_secs_f64(),
            ended,
        });
        if let Design::Pairs { pairs, set_aside } = &effects.design
            && set_aside.len() > *pairs
        {
            effects.cautions.push(format!(
                "{} of {} pairs were set aside: the machine is too restless to measure on",
                set_aside.len(),
                pairs + set_aside.len()
            ));
        }
        Ok(effects)
    }
}

/// A measurement failed, or keeping it did.
enum Failed<E> {
    Lab(LabError),
    Keep(E),
}
