//! Connections that all instances may open, against what tiers take, and the pool that would do. Pure.

use super::{question::Question, tracks::short_tracks};
use crate::flags::{
    Document, Form, Machine, catalog,
    check::{self, Context},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tiers that are compared, from the smallest on.
const TIERS: [&str; 6] = [
    "db-f1-micro",
    "db-g1-small",
    "db-custom-1-3840",
    "db-custom-2-7680",
    "db-custom-4-15360",
    "db-custom-8-30720",
];
/// A pool is large enough if a call finds all of its connections taken more seldom than this.
const SELDOM: f64 = 1e-3;
/// Calls come in bursts of so many times the load.
const BURST: f64 = 2.0;
/// No pool is larger.
const MOST: u32 = 10_000;

/// The budget of connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connections {
    /// Connections that clients may open together.
    pub wanted: u64,
    /// Connections that PostgreSQL keeps for administrators.
    pub reserved: u32,
    /// The tier that is judged.
    pub tier: String,
    /// Connections that it takes.
    pub max_connections: u32,
    /// Whether they fit.
    pub fits: bool,
    /// The same in one sentence.
    pub sentence: String,
    /// What tiers take by default.
    pub tiers: Vec<TierConnections>,
    /// The pool that would do for the load; absent where the service time is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
}

/// What a tier takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TierConnections {
    /// Its name.
    pub name: String,
    /// Its max_connections unless told otherwise.
    pub max_connections: u32,
    /// Whether what clients may open fits.
    pub fits: bool,
}

/// The pool that would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pool {
    /// Most connections of each instance's pool.
    pub pool_max: u32,
    /// Connections that clients may open together with it.
    pub wanted: u64,
    /// Whether they fit the tier that is judged.
    pub fits: bool,
    /// The same in one sentence.
    pub sentence: String,
}

/// How long a call of the mix holds a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// In microseconds.
    pub(super) us: f64,
    /// In a library of so many tracks.
    pub(super) tracks: u64,
}

/// The budget of what `question` names on `tier`.
pub(super) fn budget(question: &Question, tier: &Machine, version: u32, held: Option<Held>) -> Connections {
    let wanted = together(question, question.pool_max);
    let reserved = ["superuser_reserved_connections", "reserved_connections"]
        .iter()
        .filter_map(|name| catalog::find_in(name, version)?.default?.parse::<u32>().ok())
        .sum();
    let of = |name: &&str| {
        let machine: Machine = name.parse().ok()?;
        let fits = objection(&machine, version, wanted).is_none();
        Some(TierConnections { name: machine.name, max_connections: machine.max_connections?, fits })
    };
    let against = objection(tier, version, wanted);
    let max_connections = tier.max_connections.unwrap_or_default();
    let instances = format!(
        "{} instances with pools of {} and {} others may open {wanted} connections",
        question.instances, question.pool_max, question.other_connections
    );
    Connections {
        wanted,
        reserved,
        tier: tier.name.clone(),
        max_connections,
        fits: against.is_none(),
        sentence: against.map_or_else(
            || format!("{instances}, which {} takes: {max_connections} less {reserved}", tier.name),
            |why| format!("{instances}: {why}"),
        ),
        tiers: TIERS.iter().filter_map(of).collect(),
        pool: held.map(|held| pool(question, tier, version, held)),
    }
}

fn together(question: &Question, pool_max: u32) -> u64 {
    u64::from(question.instances) * u64::from(pool_max) + u64::from(question.other_connections)
}

/// What the rule on connections says against so many on a tier, if anything.
fn objection(tier: &Machine, version: u32, wanted: u64) -> Option<String> {
    let document = Document::new(Form::Conf);
    let connections = u32::try_from(wanted).unwrap_or(u32::MAX);
    let context = Context {
        machine: Some(tier),
        connections: Some(connections),
        version: Some(version),
        ..Context::default()
    };
    let findings = check::check(&document, &context);
    let finding = findings.into_iter().find(|finding| finding.rule == "connections/budget")?;
    let instead = finding.instead.map_or_else(String::new, |instead| format!("; take {instead}"));
    Some(format!("{}{instead}", finding.why))
}

/// Little's law: so many connections are in use on average as calls come in the time that one holds its connection
/// (Little 1961). In bursts that are a Poisson stream of their own, their number is a Poisson variable (an infinite server,
/// Mirasol 1963).
fn pool(question: &Question, tier: &Machine, version: u32, held: Held) -> Pool {
    let load = question.load_per_second / f64::from(question.instances.max(1));
    let in_use = load * held.us / 1e6;
    let pool_max = enough(BURST * in_use);
    let wanted = together(question, pool_max);
    let fits = objection(tier, version, wanted).is_none();
    let sentence = format!(
        "a call of the mix holds a connection for {:.2} ms at {} tracks, so {} calls a second on {} instances hold {in_use:.3} connections of each pool on average; a pool of {pool_max} is found taken by less than one call in a thousand, in bursts of twice the load too; with it clients may open {wanted}, which {}",
        held.us / 1e3,
        short_tracks(held.tracks),
        question.load_per_second,
        question.instances,
        if fits { "fits" } else { "does not fit either" }
    );
    Pool { pool_max, wanted, fits, sentence }
}

/// The fewest connections of which all are taken more seldom than [`SELDOM`] when `mean` are in use on average.
fn enough(mean: f64) -> u32 {
    // As a logarithm: of a mean of some hundreds the probability that none is in use is no number any more.
    let mut probability = -mean;
    let mut fewer = 0.0;
    for connections in 1..MOST {
        // So far: that fewer than this many are in use.
        fewer += probability.exp();
        if 1.0 - fewer < SELDOM {
            return connections;
        }
        probability += (mean / f64::from(connections)).ln();
    }
    MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Machine {
        "db-custom-1-3840".parse().unwrap()
    }

    #[test]
    fn the_plans_budget_is_30_too_many() {
        let held = Held { us: 3_000.0, tracks: 100_000 };
        let found = budget(&Question::default(), &small(), 15, Some(held));
        assert_eq!((found.wanted, found.max_connections, found.reserved, found.fits), (130, 100, 3, false));
        assert!(found.sentence.contains("33 would be refused"), "{}", found.sentence);
        let fits: Vec<(&str, u32, bool)> =
            found.tiers.iter().map(|one| (one.name.as_str(), one.max_connections, one.fits)).collect();
        assert_eq!(fits[0], ("db-f1-micro", 25, false));
        assert_eq!(fits[2..4], [("db-custom-1-3840", 100, false), ("db-custom-2-7680", 400, true)]);
        let pool = found.pool.unwrap();
        // 1 call a second and instance holds 0.003 connections; two are never both taken.
        assert_eq!((pool.pool_max, pool.wanted, pool.fits), (2, 50, true));
        assert!(pool.sentence.contains("holds a connection for 3.00 ms at 100k tracks"), "{}", pool.sentence);
    }

    #[test]
    fn what_fits_is_said_to() {
        let question = Question { pool_max: 5, ..Question::default() };
        let found = budget(&question, &small(), 15, None);
        assert!(found.fits && found.pool.is_none());
        assert!(
            found.sentence.contains("may open 80 connections, which db-custom-1-3840 takes: 100 less 3"),
            "{}",
            found.sentence
        );
        assert_eq!(budget(&question, &small(), 16, None).reserved, 3, "reserved_connections is 0 by default");
    }

    /// Tails of the Poisson distribution as tables have them: P(N >= 3) is 0.0144 for a mean of 0.5 and 0.08 for 1.
    #[test]
    fn a_pool_is_seldom_taken() {
        for (mean, connections) in [(0.0, 1), (0.0005, 1), (0.01, 2), (0.5, 5), (1.0, 6), (20.0, 36)] {
            assert_eq!(enough(mean), connections, "{mean}");
        }
        // Three deviations above a mean that is large: 1000 + 3.1 * 31.6.
        assert!((1_095..1_105).contains(&enough(1_000.0)), "{}", enough(1_000.0));
        assert_eq!(enough(f64::from(u16::MAX)), MOST);
    }
}
