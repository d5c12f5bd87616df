//! What a gate measures: both sides in turns and once more where something is slower, or one side alone.

use crate::{
    cli::{duet::store, failure::Failure},
    compare::{Answer, Effects, Stop},
    gate::{CutShort, Policy},
    lab::{self, DuetOptions, Event, Interrupt, Until},
    record::{Ended, Metric, Place, Record},
};

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) effects: Option<Effects>,
    pub(super) confirmation: Option<Effects>,
    /// Blocks of what is new.
    pub(super) runs: Vec<Record>,
    /// Records that were named and are not judged: of a base, or close looks.
    pub(super) left_out: usize,
    /// Why it did not come to its end, if it did not.
    pub(super) cut_short: Option<CutShort>,
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
        let has = |ended| measured.runs.iter().any(|run| run.run.ended == ended);
        let (is_lost, is_braked) = (has(Ended::ServerLost), has(Ended::Braked));
        measured.cut_short = cut_short(interrupt, is_lost, is_braked);
        return Ok(measured);
    }
    options.until = Until::Slower;
    let runs = &mut measured.runs;
    let effects = one(&options, place, "", runs, interrupt, listen)?;
    let is_whole = |ended| matches!(ended, Stop::Certain | Stop::Enough | Stop::Pairs | Stop::Budget);
    let goes_on = effects.experiment.as_ref().is_some_and(|experiment| is_whole(experiment.ended));
    let slower = effects.answered(Answer::Slower).map(|(name, effect)| (name.to_owned(), effect.metric));
    let slower: Vec<(String, Metric)> = slower.collect();
    measured.effects = Some(effects);
    if !slower.is_empty() && policy.confirm && goes_on {
        listen(Event::Note("something is slower: it is measured once more, with new seeds".to_owned()));
        // Another order, other calls, and no close look: that was had.
        options.seed = options.seed.wrapping_add(1);
        options.portraits = false;
        options.until = Until::These(slower);
        options.id.push_str("-again");
        match one(&options, place, "again-", runs, interrupt, listen) {
            // What was measured before it is told all the same.
            Err(_) if interrupt.is_asked() => {}
            again => measured.confirmation = Some(again?),
        }
    }
    let all = measured.effects.iter().chain(&measured.confirmation);
    let ends: Vec<Stop> =
        all.filter_map(|effects| effects.experiment.as_ref()).map(|experiment| experiment.ended).collect();
    measured.cut_short = cut_short(interrupt, ends.contains(&Stop::ServerLost), ends.contains(&Stop::Braked));
    Ok(measured)
}

fn cut_short(interrupt: &Interrupt, is_lost: bool, is_braked: bool) -> Option<CutShort> {
    let is_asked = interrupt.is_asked().then_some(CutShort::Interrupted);
    is_asked.or(is_lost.then_some(CutShort::ServerLost)).or(is_braked.then_some(CutShort::Braked))
}

/// Whether it is a block of what is new, and no close look.
pub(super) fn is_of_new_side(record: &Record) -> bool {
    record.block.as_ref().is_some_and(|block| block.side == "new" && block.pair > 0)
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
        runs.extend(is_of_new_side(record).then(|| record.clone()));
        Ok(())
    })
}
