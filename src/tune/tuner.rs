//! The order of a study.

use super::{
    Begun, Candidate, Journal, Outcome, Search, TuneError, TuneOptions,
    answer::{Question, outcome, sentence},
    bench::Bench,
    confirm::confirm,
    explore::{Explorer, SEARCHED},
    field::{Field, room},
    length::OF_CONFIRMATION,
    measurer::Measurer,
    outline::{cautions, changes, nearest, study_of, why_nothing, without_turn},
    proposals::{STEPS_OF_NAMED, of_formula, proposals},
    sampler::{Anywhere, Parzen, Sampler},
    servers::Servers,
    shrink::worth,
    space::single,
    study::{NotTried, Study, Tried},
};
use crate::{
    lab::{Event, Interrupt},
    record::Record,
};

/// Makes a study of `options`, which `begun` has made ready; what is in `journal` is not measured again.
///
/// # Errors
/// When nothing may be tried, what the server begins with cannot be measured, the journal is of another study, or the user
/// interrupts: what was measured is in the journal then.
pub fn tune(
    options: &TuneOptions,
    begun: &Begun,
    journal: &mut Journal,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Study, TuneError> {
    let mut servers = Servers::new(options, interrupt, listen);
    make(options, begun, journal, &mut servers, listen)
}

/// The same with whoever measures.
pub(super) fn make(
    options: &TuneOptions,
    begun: &Begun,
    journal: &mut Journal,
    measurer: &mut dyn Measurer,
    listen: &dyn Fn(Event),
) -> Result<Study, TuneError> {
    let mut bench = Bench::new(options, journal, measurer, listen, begun.spent_seconds);
    let start = bench.look(&Candidate::start())?;
    let start = start.filter(|start| start.overall.completed > 0).ok_or_else(|| TuneError::Start {
        reason: "no call was answered with the settings as they are".to_owned(),
    })?;
    let field = field(options, &start);
    let found = match &options.given {
        Some(given) => given_to_check(given, &field, &start)?,
        None => search(&mut bench, &field, &start)?,
    };
    // Where nothing was better, what came nearest shows how much would have been seen.
    let compared = found.best.as_ref().or(found.nearest.as_ref()).cloned();
    let confirmed = match &compared {
        Some(candidate) if bench.holds(1.0) > 0 => Some(confirm(&mut bench, &start, candidate)?),
        _ => None,
    };
    let question = Question { objective: options.objective, is_given: options.given.is_some() };
    let outcome = outcome(question, confirmed.as_ref());
    let recommended = match (&compared, outcome) {
        (Some(compared), Outcome::Improved) => changes(compared, &found.worth, &start),
        _ => Vec::new(),
    };
    let given = options.given.iter().map(|given| field.fits(&start, given));
    let over: Vec<String> = given.filter_map(Result::err).collect();
    let why = why_nothing(&found.tried, found.best.is_some());
    let sentence = sentence(question, outcome, confirmed.as_ref(), recommended.len(), &why);
    let confirmation = confirmed.and_then(|confirmed| confirmed.effects);
    Ok(Study {
        outcome,
        sentence,
        took_seconds: bench.spent(),
        trials: bench.trials(),
        cautions: [over, cautions(options, &start, confirmation.as_ref())].concat(),
        recommended,
        confirmation,
        compared,
        tried: found.tried,
        not_tried: found.not_tried,
        ..study_of(options, begun, &start)
    })
}

/// What may be changed.
fn field(options: &TuneOptions, start: &Record) -> Field {
    Field {
        room: room(start),
        only: options.only.clone(),
        durability: options.durability,
        session_alone: !options.is_embedded(),
        superuser: start.evidence.role.as_ref().is_some_and(|role| role.is_superuser),
    }
}

/// What a search came to.
struct Found {
    /// What is better than what the server began with, by the look of it.
    best: Option<Candidate>,
    /// What came nearest to being better.
    nearest: Option<Candidate>,
    /// By how much the cost rises without each setting, by pair, as far as that was measured.
    worth: Vec<(String, Vec<f64>)>,
    tried: Vec<Tried>,
    not_tried: Vec<NotTried>,
}

/// Settings that are to be checked, as far as they can be tried there.
fn given_to_check(given: &Candidate, field: &Field, start: &Record) -> Result<Found, TuneError> {
    let mut not_tried = Vec::new();
    let mut best = given.clone();
    for name in given.names() {
        let context = start.evidence.setting(&name).map_or("user", |setting| setting.context.as_str());
        if let Err(why) = field.can_set(context) {
            best = best.without(&name);
            not_tried.push(NotTried { name, why });
        }
    }
    if best.changes.is_empty() {
        return Err(TuneError::Nothing {
            reason: "none of the given settings can be tried there".to_owned(),
        });
    }
    Ok(Found { best: Some(best), nearest: None, worth: Vec::new(), tried: Vec::new(), not_tried })
}

fn search(bench: &mut Bench<'_>, field: &Field, start: &Record) -> Result<Found, TuneError> {
    let space = field.tunables(start);
    let groups = proposals(start, field);
    if space.is_empty() && groups.is_empty() {
        return Err(TuneError::Nothing {
            reason: "none of the settings may be changed there; --only and what may be tried leave none"
                .to_owned(),
        });
    }
    let seed = bench.options.seed;
    let how = bench.options.search;
    let mut explorer = Explorer::new(bench, start, field);
    match how {
        Search::Guided => {
            explorer.screen(&groups)?;
            let needed = explorer.trim(&[])?;
            explorer.refine(|settings| Box::new(Parzen::new(settings, seed)) as Box<dyn Sampler>)?;
            explorer.trim(&needed)?;
        }
        Search::Random => {
            explorer.sample(&space, &mut Anywhere::new(space.len(), seed), space.len())?;
        }
        Search::Single => explorer.each(&single(&space, STEPS_OF_NAMED, start), SEARCHED)?,
        Search::Formula => explorer.best = of_formula(start, field),
    }
    let nearest = nearest(&explorer.tried, explorer.noise.deviation());
    let Explorer { best, tried, .. } = explorer;
    let best = Some(best).filter(|best| !best.changes.is_empty());
    let worth = match &best {
        Some(best) => worth(bench, best, 1.0 - OF_CONFIRMATION)?,
        None => Vec::new(),
    };
    let not_tried = [field.not_tried(start), without_turn(&space, &tried)].concat();
    Ok(Found { best, nearest, worth, tried, not_tried })
}
