//! Settings that steer the planner and have no reason to differ from their defaults.

use super::Setting;

/// Cost of a random page where there is no seek: SSDs, network disks, memory.
pub const NO_SEEK: &str = "1.1";

/// Cost constants, which were chosen relative to one another.
const CONSTANTS: [&str; 8] = [
    "seq_page_cost",
    "cpu_tuple_cost",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "min_parallel_table_scan_size",
    "min_parallel_index_scan_size",
];

/// Kinds of plans that are switched off although PostgreSQL has them on by default.
pub fn switched_off(settings: &[Setting]) -> impl Iterator<Item = &Setting> {
    settings.iter().filter(|setting| {
        setting.name.starts_with("enable_")
            && setting.value == "off"
            && setting.default.as_deref() == Some("on")
    })
}

/// Cost constants that are off their defaults by this factor or more, each with its default, both in its own unit.
pub fn off_default(settings: &[Setting], factor: f64) -> impl Iterator<Item = (&Setting, &str)> {
    settings.iter().filter(|setting| CONSTANTS.contains(&setting.name.as_str())).filter_map(move |setting| {
        let default = setting.default.as_deref()?;
        let (value, usual): (f64, f64) = (setting.value.parse().ok()?, default.parse().ok()?);
        let differs = value != usual && (value >= usual * factor || value * factor <= usual);
        differs.then_some((setting, default))
    })
}

/// Whether a random page is said to cost less than one of many in a row, which no storage does.
#[must_use]
pub fn random_is_cheaper(settings: &[Setting]) -> bool {
    let cost = |name: &str| settings.iter().find(|setting| setting.name == name)?.value.parse::<f64>().ok();
    cost("random_page_cost")
        .zip(cost("seq_page_cost"))
        .is_some_and(|(random, sequential)| random < sequential)
}
