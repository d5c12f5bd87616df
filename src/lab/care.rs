//! What protects others who use the same server: how many calls, how many connections, and when to stop.

use super::{
    Condition, LabError, Looks, RunOptions, condition::Figure, options::SettledLoad, shards::looks_of,
};
use crate::{catalog, stats::Part, target::address_named};

/// How much of a shared server may be taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Care {
    /// Most calls a second of all clients together.
    pub max_rate: Option<f64>,
    /// Most connections of this program together.
    pub max_connections: Option<usize>,
    /// When to stop; `None` leaves it to the kind of the server.
    pub brake: Option<Vec<Condition>>,
}

impl Care {
    /// The conditions under which the load is stopped. A database of somebody's is guarded by its number of connections,
    /// unless another limit of them, or none at all, was asked for; a server of our own has nobody else.
    pub(super) fn conditions(&self, is_external: bool) -> Vec<Condition> {
        let asked = self.brake.clone().unwrap_or_default();
        let is_none = self.brake.as_ref().is_some_and(Vec::is_empty);
        let is_usual = is_external && !is_none && !watches(&asked, Figure::Connections);
        is_usual.then_some(Condition::USUAL).into_iter().chain(asked).collect()
    }
}

pub(super) fn watches(conditions: &[Condition], figure: Figure) -> bool {
    conditions.iter().any(|condition| condition.figure == figure)
}

/// Sessions of this program beside the load's, and what each is for.
fn own_sessions(conditions: &[Condition], looks: Looks, is_held: bool) -> Vec<&'static str> {
    [
        (true, "one looks on"),
        (is_held, "one keeps others of its kind out"),
        (!conditions.is_empty(), "one minds the brake"),
        (watches(conditions, Figure::Canary), "one is the canary"),
        (looks.explains(), "one asks for plans"),
    ]
    .into_iter()
    .filter_map(|(is_there, what)| is_there.then_some(what))
    .collect()
}

/// Whether all connections together are as few as they must be.
///
/// # Errors
/// [`LabError::Usage`] with the sum where they are not, and when the settings that name a database cannot be read.
pub(super) fn check_connections(load: &SettledLoad, options: &RunOptions) -> Result<(), LabError> {
    let Some(most) = options.load.care.max_connections else { return Ok(()) };
    let conditions = options.load.care.conditions(address_named(&options.target)?.is_some());
    let own = own_sessions(&conditions, options.looks, !options.target.use_existing);
    let of_load = load.engine.most_connections();
    let all = of_load + own.len();
    if all <= most {
        return check_seeding(most, 0, options);
    }
    Err(LabError::Usage(format!(
        "the load opens up to {of_load} connections and loist-bench {} more ({}): {all} together, above --max-connections {most}: lower --clients or --pool, or allow more",
        own.len(),
        own.join(", ")
    )))
}

/// The same of several processes that put `whole` on together, of which `part` is one.
///
/// # Errors
/// As [`check_connections`], and where there is not enough of the load for all.
pub(super) fn check_connections_of_all(
    whole: &SettledLoad,
    part: Part,
    options: &RunOptions,
) -> Result<(), LabError> {
    let loads = part.all().map(|part| Ok((part, whole.of_part(part)?.engine.most_connections())));
    let loads: Vec<(Part, usize)> = loads.collect::<Result<_, LabError>>()?;
    let Some(most) = options.load.care.max_connections else { return Ok(()) };
    let conditions = options.load.care.conditions(true);
    let own = |part| own_sessions(&conditions, looks_of(part, Looks::Everything), true).len();
    let of_load: usize = loads.iter().map(|(_, connections)| connections).sum();
    let own: usize = part.all().map(own).sum();
    let all = of_load + own;
    if all <= most {
        // Each of the others waits with a session meanwhile.
        return check_seeding(most, part.of() - 1, options);
    }
    Err(LabError::Usage(format!(
        "{} shards open up to {of_load} connections for the load and {own} of their own: {all} together, above --max-connections {most}: lower --clients or --pool, or allow more",
        part.of()
    )))
}

/// Whether the library can be made with so few connections, of which `others` have some.
fn check_seeding(most: usize, others: usize, options: &RunOptions) -> Result<(), LabError> {
    let needed = catalog::most_connections() + others;
    if options.target.use_existing || needed <= most {
        return Ok(());
    }
    Err(LabError::Usage(format!(
        "making the library opens up to {needed} connections, above --max-connections {most}: allow more"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brake(text: &str) -> Care {
        Care { brake: Some(crate::lab::parse_conditions(text).unwrap()), ..Care::default() }
    }

    #[test]
    fn only_others_are_guarded_without_being_asked_for() {
        let said = |care: &Care, is_external| -> Vec<String> {
            care.conditions(is_external).iter().map(ToString::to_string).collect()
        };
        assert_eq!(said(&Care::default(), true), ["connections>90%"]);
        assert!(said(&Care::default(), false).is_empty());
        assert!(said(&brake("none"), true).is_empty());
        assert_eq!(said(&brake("blocked>0"), true), ["connections>90%", "blocked>0"]);
        assert_eq!(said(&brake("blocked>0"), false), ["blocked>0"]);
        assert_eq!(said(&brake("connections>50"), true), ["connections>50"]);
    }

    #[test]
    fn every_session_of_its_own_is_counted() {
        let count = |text, looks, is_held| own_sessions(&brake(text).conditions(true), looks, is_held).len();
        assert_eq!(count("none", Looks::Nothing, false), 1);
        assert_eq!(count("none", Looks::Everything, true), 3);
        assert_eq!(count("blocked>0", Looks::Samples, true), 3);
        assert_eq!(count("canary-p95>3x", Looks::Everything, true), 5);
    }
}
