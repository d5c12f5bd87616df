//! Settings that steer the planner and have no reason to differ from their defaults.

use super::Setting;

/// Cost of a random page where there is no seek (SSDs, network disks, memory), in pages that are read in a row.
const NO_SEEK: f64 = 1.1;
/// Factor by which a cost constant must be off its default to be called odd.
pub const ODD: f64 = 4.0;

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
    let constants = settings.iter().filter(|setting| CONSTANTS.contains(&setting.name.as_str()));
    // Both prices of a page may be low, or high, as long as they fit each other: the manual says so for cached data.
    let fits = is_ratio_usual(settings);
    constants.filter(move |setting| !(fits && setting.name == "seq_page_cost")).filter_map(move |setting| {
        let default = setting.default.as_deref()?;
        let (value, usual): (f64, f64) = (setting.value.parse().ok()?, default.parse().ok()?);
        let differs = value != usual && (value >= usual * factor || value * factor <= usual);
        differs.then_some((setting, default))
    })
}

/// Whether a random page costs as much as one in a row, or up to four times that, PostgreSQL's default.
fn is_ratio_usual(settings: &[Setting]) -> bool {
    let cost = |name: &str| settings.iter().find(|setting| setting.name == name)?.value.parse::<f64>().ok();
    let prices = cost("random_page_cost").zip(cost("seq_page_cost"));
    prices.is_some_and(|(random, sequential)| random >= sequential && random <= 4.0 * sequential)
}

/// The price of a page that is read in a row; `None` where it is odd itself, and must be put right first.
fn sequential(settings: &[Setting]) -> Option<f64> {
    let is_odd = off_default(settings, ODD).any(|(setting, _)| setting.name == "seq_page_cost");
    let found = settings.iter().find(|setting| setting.name == "seq_page_cost");
    let cost = found.map_or(Some(1.0), |setting| setting.value.parse().ok())?;
    (!is_odd && cost > 0.0).then_some(cost)
}

/// How many times what a page in a row costs a random one costs; `None` where the price of the one is odd.
#[must_use]
pub fn random_ratio(settings: &[Setting]) -> Option<f64> {
    let random = settings.iter().find(|setting| setting.name == "random_page_cost")?;
    Some(random.value.parse::<f64>().ok()? / sequential(settings)?)
}

/// random_page_cost where there is no seek, as PostgreSQL takes it; `None` where seq_page_cost is odd.
#[must_use]
pub fn no_seek(settings: &[Setting]) -> Option<String> {
    // Two decimals are enough for a guess.
    sequential(settings).map(|cost| format!("{}", (cost * NO_SEEK * 100.0).round() / 100.0))
}

/// Whether a random page is dearer than one without a seek, or said to cost less than one in a row, which no storage
/// does: then another price is worth a trial.
#[must_use]
pub fn is_random_page_in_doubt(settings: &[Setting]) -> bool {
    random_ratio(settings).is_some_and(|ratio| !(1.0..=NO_SEEK + 1e-9).contains(&ratio))
}
