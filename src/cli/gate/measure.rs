//! What a gate measures: both sides in turns and once more where something is slower, or one side alone.

use crate::{
    cli::{duet::store, failure::Failure},
    compare::{Answer, Effects, Stop},
    gate::Policy,
    lab::{self, DuetOptions, Event, Interrupt},
    record::{Place, Record},
};

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) effects: Option<Effects>,
    pub(super) confirmation: Option<Effects>,
    /// Blocks of what is new.
    pub(super) runs: Vec<Record>,
}

/// Measures what `options` say; with a base, in turns with it.
pub(super) fn measure(
    mut options: DuetOptions,
    with_base: bool,
    policy: &Policy,
    place: &Place,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Measured, Failure> {
    options.settle_load(interrupt, listen)?;
    let mut measured = Measured::default();
    if !with_base {
        measured.runs = lab::repeat(&options, interrupt, listen, &mut |record| store(place, record, ""))?;
        return Ok(measured);
    }
    options.until_slower = true;
    let runs = &mut measured.runs;
    let effects = one(&options, place, "", runs, interrupt, listen)?;
    let goes_on =
        effects.experiment.as_ref().is_some_and(|e| matches!(e.ended, Stop::Certain | Stop::Budget));
    let is_slower = effects.answered(Answer::Slower).next().is_some();
    measured.effects = Some(effects);
    if is_slower && policy.confirm && goes_on {
        listen(Event::Note("something is slower: it is measured once more, with new seeds".to_owned()));
        // Another order, other calls, and no close look: that was had.
        options.seed = options.seed.wrapping_add(1);
        options.portraits = false;
        options.id.push_str("-again");
        measured.confirmation = Some(one(&options, place, "again-", runs, interrupt, listen)?);
    }
    Ok(measured)
}

/// One duet; its blocks of what is new go to `runs`.
fn one(
    options: &DuetOptions,
    place: &Place,
    prefix: &str,
    runs: &mut Vec<Record>,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Effects, Failure> {
    lab::duet(options, interrupt, listen, &mut |record| {
        store(place, record, prefix)?;
        let is_new = record.block.as_ref().is_some_and(|block| block.side == "new" && block.pair > 0);
        runs.extend(is_new.then(|| record.clone()));
        Ok(())
    })
}
