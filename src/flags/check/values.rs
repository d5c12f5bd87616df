//! Each value by itself: its type and unit, PostgreSQL's range and Cloud SQL's, and numbers that lost their unit.

use super::{
    Finding,
    Severity::{Error, Note, Warning},
    sheet::{Chosen, Sheet, of_written},
};
use crate::flags::{
    catalog::{Flag, Kind, Limits},
    cloud::limits_error,
    unit::Dimension,
    value::Value,
};

const MB: f64 = (1_u64 << 20) as f64;

pub(super) fn check(sheet: &Sheet<'_>, findings: &mut Vec<Finding>) {
    for written in &sheet.document.settings {
        let Some(flag) = sheet.flag(&written.name).filter(|flag| flag.context != "internal") else {
            continue;
        };
        if let Err(error) = flag.parse(&written.value) {
            let finding = of_written(written, "value/type", Error, error.to_string());
            findings.push(match example(sheet, flag, &written.value) {
                Some(instead) => finding.instead(instead),
                None => finding,
            });
        }
    }
    let chosen = sheet.all_chosen();
    let mut slips = 0;
    for one in chosen {
        findings.extend(bare(sheet, one));
        if let Some(finding) = small_for_a_bare_number(sheet, one) {
            slips += 1;
            findings.push(finding);
            continue;
        }
        if let Some(finding) = lost_unit(sheet, one) {
            slips += usize::from(finding.rule == LOST_UNIT);
            findings.push(finding);
        } else {
            findings.extend(range(sheet, one));
        }
    }
    if slips > 0 {
        findings.extend(chosen.iter().filter_map(|one| others_of_such_a_list(one)));
    }
}

/// What was meant by a text that is no value, as far as that can be told; else the default, to show how values look. A
/// special one such as -1, which switches something off, would not show that.
fn example(sheet: &Sheet<'_>, flag: &Flag, text: &str) -> Option<String> {
    if let Some(meant) = flag.meant(text) {
        return Some(sheet.as_written(flag, &meant));
    }
    let default = flag.parse(flag.default?).ok()?;
    let is_special = default.number().is_some_and(|number| number <= 0.0);
    (!is_special).then(|| format!("as in {}", sheet.as_written(flag, &default)))
}

/// Cloud SQL takes numbers without a unit, and on or off.
fn bare(sheet: &Sheet<'_>, one: &Chosen<'_>) -> Option<Finding> {
    if !sheet.document.form.is_cloud_sql() {
        return None;
    }
    let instead = sheet.as_written(one.flag, &one.value);
    let text = one.written.value.trim();
    match one.flag.kind {
        Kind::Integer if text.parse::<i64>().is_err() => {
            let unit = one.flag.unit.map_or_else(String::new, |unit| format!(" in {}", own_unit(unit)));
            let why = format!("Cloud SQL takes bare integers{unit} and refuses `{text}`");
            Some(one.finding("unit/cloud-sql", Error, why).instead(instead))
        }
        Kind::Real if text.parse::<f64>().is_err() => {
            let unit = one.flag.unit.map_or_else(String::new, |unit| format!(" in {}", own_unit(unit)));
            let why = format!("Cloud SQL takes bare numbers{unit} and refuses `{text}`");
            Some(one.finding("unit/cloud-sql", Error, why).instead(instead))
        }
        Kind::Boolean if !["on", "off"].contains(&text) => {
            Some(one.finding("value/boolean", Note, "Cloud SQL writes on or off").instead(instead))
        }
        _ => None,
    }
}

/// A parameter's own unit in words.
fn own_unit(unit: &str) -> String {
    if unit == "8kB" { "pages of 8 kB".to_owned() } else { unit.to_owned() }
}

const LOST_UNIT: &str = "unit/lost";

/// A setting of memory at or below the least that can be: PostgreSQL's, or Cloud SQL's where that is more.
fn is_least(flag: &Flag, amount: f64) -> bool {
    let of_cloud_sql = match &flag.cloud_sql_limits {
        Some(Limits::Range { min: Some(min), .. }) => *min,
        _ => 0.0,
    };
    let least = flag.min.filter(|min| *min > 0.0).map(|min| min.max(of_cloud_sql));
    let default: Option<f64> = flag.default.and_then(|default| default.parse().ok());
    least.is_some_and(|least| amount > 0.0 && amount <= least && default.is_some_and(|usual| usual > least))
}

fn is_memory(flag: &Flag) -> bool {
    flag.unit().is_some_and(|unit| unit.dimension == Dimension::Memory)
}

/// Whether it is a number without a unit that a person wrote.
fn is_bare(one: &Chosen<'_>) -> bool {
    one.written.observed.is_none() && one.written.value.trim().trim_matches('\'').parse::<f64>().is_ok()
}

/// The least that can be is hardly ever meant: bare, the number looks like MB.
fn lost_unit(sheet: &Sheet<'_>, one: &Chosen<'_>) -> Option<Finding> {
    let (flag, amount) = (one.flag, one.value.number()?);
    if !is_memory(flag) || !is_least(flag, amount) {
        return None;
    }
    let shown = flag.show_amount(amount);
    if is_bare(one) {
        let meant = flag.unit().map(|unit| amount * MB / unit.factor)?;
        let is_below = flag.min.is_some_and(|min| amount < min);
        let is = if is_below { "below " } else { "" };
        let why = format!(
            "{}={} is {shown}, {is}PostgreSQL's minimum: it looks like MB written without its unit; {amount}MB \
             would be {meant}",
            flag.name, one.written.value,
        );
        // Whether so much is wise is another question, which the next check answers.
        let finding = one.finding(LOST_UNIT, Error, why);
        return Some(match sheet.remedy(flag, &Value::Integer(meant as i64)) {
            Some(instead) => finding.instead(format!("{instead}, if MB were meant")),
            None => finding,
        });
    }
    if flag.range_error(&one.value).is_some() {
        return None;
    }
    let why = format!("{shown} is PostgreSQL's minimum: sorts, hashes and index builds go to disk");
    let default = flag.default.and_then(|default| flag.parse(default).ok())?;
    let finding = one.finding("value/least", Warning, why);
    Some(finding.instead(format!("PostgreSQL's default: {}", sheet.as_written(flag, &default))))
}

/// Settings of which so few kB make no sense, and as many MB would be usual: the least that is taken as it stands. Others
/// are left to their context: `effective_cache_size=100000` may well be meant in pages.
const SMALL: [(&str, f64); 2] = [("work_mem", 1024.0), ("maintenance_work_mem", 16.0 * 1024.0)];

/// A bare number above the minimum that as kB is tiny.
fn small_for_a_bare_number(sheet: &Sheet<'_>, one: &Chosen<'_>) -> Option<Finding> {
    let (flag, amount) = (one.flag, one.value.number()?);
    let (_, least) = SMALL.iter().find(|(name, _)| *name == flag.name)?;
    if !is_bare(one) || is_least(flag, amount) || amount <= 0.0 || amount >= *least {
        return None;
    }
    let instead = sheet.remedy(flag, &Value::Integer((amount * MB / flag.unit()?.factor) as i64))?;
    let why = format!(
        "{}={} is {}, which is very little: it looks like MB written without its unit",
        flag.name,
        one.written.value.trim(),
        flag.show_amount(amount)
    );
    Some(one.finding("unit/in-doubt", Warning, why).instead(format!("{instead}, if megabytes were meant")))
}

/// Beside numbers that lost their unit, the larger ones of the list are in doubt as well.
fn others_of_such_a_list(one: &Chosen<'_>) -> Option<Finding> {
    let (flag, amount) = (one.flag, one.value.number()?);
    let is_small = SMALL.iter().any(|(name, least)| *name == flag.name && amount < *least);
    if !is_memory(flag) || !is_bare(one) || is_least(flag, amount) || is_small || amount <= 0.0 {
        return None;
    }
    let bytes = amount * flag.unit()?.factor;
    let why = format!(
        "{}={amount} is {}MB in {}, not {amount} MB: others of this list lost their unit, so look whether that \
         is meant",
        flag.name,
        bytes / MB,
        own_unit(flag.unit?),
    );
    Some(one.finding("unit/in-doubt", Warning, why))
}

/// PostgreSQL's range, then Cloud SQL's.
fn range(sheet: &Sheet<'_>, one: &Chosen<'_>) -> Option<Finding> {
    if let Some(why) = one.flag.range_error(&one.value) {
        let amount = one.value.number()?;
        let nearest = amount.max(one.flag.min.unwrap_or(amount)).min(one.flag.max.unwrap_or(f64::MAX));
        let nearest = match one.value {
            Value::Integer(_) => Value::Integer(nearest as i64),
            _ => Value::Real(nearest),
        };
        let finding = one.finding("value/range", Error, why);
        return Some(match sheet.remedy(one.flag, &nearest) {
            Some(instead) => finding.instead(instead),
            None => finding,
        });
    }
    if !sheet.is_cloud_sql() || one.written.scope.is_some() {
        return None;
    }
    let (why, nearest) = limits_error(one.flag, &one.value, sheet.machine.as_ref())?;
    let finding = one.finding("value/cloud-sql-range", Error, why);
    Some(match nearest {
        Some(nearest) => finding.instead(sheet.as_written(one.flag, &nearest)),
        None => finding,
    })
}
