//! What a study says in words and tables.

use crate::text::{counted, first_of, grouped, span};
use crate::{
    compare::{self, Effects},
    flags::{
        Document, Form, Machine, Profile,
        render::{Options, render},
    },
    record::{
        Metric,
        amount::{change, interval, size},
    },
    report::{
        effects::grids,
        grid::{Cell, Column, Grid, Row, Tone},
        xml::plain,
    },
    tune::{Effect, NOT_ASKED, NotTried, Outcome, Study, Tried},
};

/// Challengers that are shown; the file holds them all.
const MOST_TRIED: usize = 40;

/// How the whole of it is to be taken, and a word for it.
#[must_use]
pub fn outcome(study: &Study) -> (Tone, &'static str) {
    match study.outcome {
        Outcome::Improved => (Tone::Good, "improved"),
        Outcome::NothingToGain => (Tone::Good, "nothing to gain"),
        Outcome::Worse => (Tone::Bad, "worse"),
        Outcome::Inconclusive => (Tone::Warn, "cannot tell"),
    }
}

/// What it comes to, in one sentence without a full stop.
#[must_use]
pub fn sentence(study: &Study) -> String {
    plain(&study.sentence)
}

/// How it was measured: a name and a sentence each.
#[must_use]
pub fn facts(study: &Study) -> Vec<(&'static str, String)> {
    let together = study.answer().map(|effect| {
        let found = change(effect.metric, effect.change);
        let ends = interval(effect.metric, effect.low, effect.high);
        let seen = effect.detectable.map_or_else(String::new, |seen| {
            format!("; {} would have been seen nine times in ten", size(effect.metric, seen))
        });
        format!("{} of all operations {found} ({ends}){seen}", study.objective)
    });
    let mut facts = vec![
        ("workload", format!("{}, {}", plain(&study.workload), plain(&study.load))),
        ("catalog", format!("{} tracks", grouped(study.tracks))),
        ("machine", plain(&study.machine)),
        ("PostgreSQL", plain(&study.postgresql)),
        ("search", format!("{}, for the {}", plain(&study.search), study.objective)),
        (
            "took",
            format!(
                "{} of at most {}, {}",
                span(study.took_seconds),
                span(study.budget_seconds),
                counted(study.trials as usize, "measurement")
            ),
        ),
    ];
    facts.extend(together.map(|together| ("together", together)));
    facts
}

/// Settings to change, with what each is worth among the others.
#[must_use]
pub fn recommended(study: &Study) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("setting"),
        Column::numbers("now"),
        Column::numbers("better"),
        Column::numbers("gains")
            .hint("by how much the cost is lower with it than without it, beside the others"),
        Column::numbers("interval").hint(
            "95 %, exact, for this setting by itself, by signed ranks of pairs of blocks that decided nothing; of the only setting, that of the confirmation",
        ),
        Column::words("restart"),
    ]);
    // What the only one is worth, the confirmation says.
    let only = study.answer().filter(|_| study.recommended.len() == 1).and_then(all_of_it);
    for change in &study.recommended {
        let effect = change.effect.or(only);
        grid.push(Row::new(vec![
            Cell::text(plain(&change.name)),
            Cell::text(plain(&change.from)),
            Cell::text(plain(&change.to)),
            effect.map_or_else(
                || Cell::text("not measured by itself"),
                |effect| Cell::number(gained(effect.ratio), 1.0 - effect.ratio),
            ),
            Cell::text(effect.map_or_else(|| "-".to_owned(), |effect| ends(&effect))),
            Cell::text(if change.restart { "yes" } else { "no" }),
        ]));
    }
    grid
}

/// The answer of a confirmation as what the settings are worth.
fn all_of_it(answer: &compare::Effect) -> Option<Effect> {
    let cost =
        |change: f64| if answer.metric.higher_is_worse() { 1.0 + change } else { 1.0 / (1.0 + change) };
    let (one, other) = (answer.low.map(cost), answer.high.map(cost));
    let (low, high) = if answer.metric.higher_is_worse() { (one, other) } else { (other, one) };
    Some(Effect { pairs: 0, ratio: cost(answer.change?), low, high })
}

/// What becomes of each operation with all of the changes together.
#[must_use]
pub fn together(study: &Study) -> Grid {
    let answers = |effects: &Effects| {
        let (mut gated, others) = (grids::gated(effects), grids::others(effects, true));
        gated.rows.extend(others.rows);
        gated
    };
    study.confirmation.as_ref().map_or_else(|| Grid::new(Vec::new()), answers)
}

/// A gain by what is left of the cost; the sign is that of a gain, whatever the objective.
fn gained(ratio: f64) -> String {
    change(Metric::P95, Some(1.0 - ratio))
}

fn ends(effect: &Effect) -> String {
    let both = effect.low.zip(effect.high);
    both.map_or_else(
        || format!("too few ({})", counted(effect.pairs, "pair")),
        |(low, high)| interval(Metric::P95, Some(1.0 - high), Some(1.0 - low)),
    )
}

/// Challengers, in the order in which they were tried.
#[must_use]
pub fn tried(study: &Study) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("what"),
        Column::words("proposed by"),
        Column::numbers("cost against the best so far"),
        Column::numbers("would have seen")
            .hint("the gain for which it would have been taken nine times in ten: an orientation"),
        Column::numbers("pairs"),
        Column::words("came to"),
    ]);
    for one in study.tried.iter().take(MOST_TRIED) {
        let ratio = one.against_best.filter(|ratio| ratio.is_finite());
        grid.push(Row::new(vec![
            Cell::text(plain(&what(one))),
            Cell::text(plain(&one.origin)),
            Cell::number(change(Metric::P95, ratio.map(|ratio| ratio - 1.0)), ratio),
            Cell::text(one.detectable.map_or_else(|| "-".to_owned(), |seen| size(Metric::P95, seen))),
            Cell::count(one.pairs as u64),
            Cell::text(came_to(one)),
        ]));
    }
    grid
}

/// What a challenger changes; of many settings the first ones, for the file holds them all.
fn what(one: &Tried) -> String {
    /// As many are read at a glance.
    const MOST: usize = 2;
    let changes = one.changes.iter().map(|(name, value)| format!("{name}={value}"));
    let shown: Vec<String> = changes.take(MOST).collect();
    match one.changes.len().saturating_sub(MOST) {
        0 => shown.join(" "),
        more => format!("{} and {more} more", shown.join(" ")),
    }
}

fn came_to(one: &Tried) -> String {
    match (&one.failed, one.taken) {
        (Some(failed), _) => plain(failed),
        (None, true) => "better".to_owned(),
        (None, false) => "no better".to_owned(),
    }
}

/// Settings that were not tried, and why; those that were not asked for in one row, for the file holds them all.
#[must_use]
pub fn not_tried(study: &Study) -> Grid {
    let mut grid = Grid::new(vec![Column::words("setting"), Column::words("why not")]);
    let (not_asked, others): (Vec<&NotTried>, Vec<&NotTried>) =
        study.not_tried.iter().partition(|one| one.why == NOT_ASKED);
    for one in others {
        grid.push(Row::new(vec![Cell::text(plain(&one.name)), Cell::text(plain(&one.why))]));
    }
    if !not_asked.is_empty() {
        let names: Vec<String> = not_asked.iter().map(|one| plain(&one.name)).collect();
        let why = format!("{NOT_ASKED}: {}", first_of(&names, 3));
        grid.push(Row::new(vec![Cell::text(counted(names.len(), "setting")), Cell::text(why)]));
    }
    grid
}

/// What the tables leave to be said below them.
#[must_use]
pub fn below(study: &Study) -> Vec<String> {
    let more = study.tried.len().saturating_sub(MOST_TRIED);
    let more = (more > 0).then(|| format!("And {} more, which the file holds.", counted(more, "challenger")));
    let few = (!study.tried.is_empty()).then(|| {
        "A challenger is judged by a few pairs of blocks, which is enough to choose what to go on with; what is recommended was confirmed by itself, with other seeds."
            .to_owned()
    });
    more.into_iter().chain(few).collect()
}

/// A form to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// Which.
    pub form: String,
    /// The text.
    pub text: String,
}

/// The settings to change in every form that is written.
#[must_use]
pub fn commands(study: &Study) -> Vec<Commands> {
    let written =
        |form: &Form| Some(Commands { form: form.label().to_owned(), text: written(study, *form)? });
    Form::WRITTEN.iter().filter_map(written).collect()
}

/// The settings to change as a file that postgresql.conf can include; `None` where there are none.
#[must_use]
pub fn settings_file(study: &Study) -> Option<String> {
    written(study, Form::Conf)
}

fn written(study: &Study, form: Form) -> Option<String> {
    let settings: Vec<(String, String)> =
        study.recommended.iter().map(|change| (change.name.clone(), change.to.clone())).collect();
    if settings.is_empty() {
        return None;
    }
    let version = study.postgresql.split('.').next().and_then(|major| major.parse().ok());
    let machine: Option<Machine> = study.machine.parse().ok();
    // What the server was told to begin with stays: Cloud SQL loses what a new list does not name.
    let start = Profile {
        name: "start".to_owned(),
        description: String::new(),
        source: String::new(),
        settings: study.start.clone(),
    };
    let current = (!study.start.is_empty()).then(|| Document::of_profile(&start));
    let options = Options {
        instance: None,
        current: current.as_ref(),
        machine: machine.as_ref(),
        version: version.unwrap_or(crate::flags::catalog::DEFAULT_VERSION),
        notes: &[],
    };
    Some(render(&settings, form, &options).ok()?.text)
}
