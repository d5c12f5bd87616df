//! The budget of connections: what all clients may open against what the server lets in.

use super::{Finding, Severity::Error, sheet::Sheet};

pub(super) fn check(sheet: &Sheet<'_>, findings: &mut Vec<Finding>) {
    findings.extend(budget(sheet));
}

fn budget(sheet: &Sheet<'_>) -> Option<Finding> {
    let wanted = u64::from(sheet.context.connections?);
    let most = sheet.number("max_connections")? as u64;
    let kept = ["superuser_reserved_connections", "reserved_connections"]
        .iter()
        .filter_map(|name| sheet.number(name))
        .sum::<f64>() as u64;
    let left = most.saturating_sub(kept);
    if wanted <= left {
        return None;
    }
    let whose = sheet.whose_default("max_connections");
    let why = format!(
        "clients may open {wanted} connections, but max_connections is {most}{whose}, of which {kept} are kept for \
         administrators: {} would be refused",
        wanted - left
    );
    let found = format!("{wanted} connections");
    let finding = Finding::new("connections/budget", Error, found, why);
    let line = sheet.chosen("max_connections").map_or(0, |chosen| chosen.written.line);
    let finding = finding.at(line).of("max_connections");
    let most_of_all = sheet.flag("max_connections").and_then(|flag| flag.max).unwrap_or_default();
    let pools = (left > 0).then(|| format!("pools that open {left} in all"));
    let more = ((wanted + kept) as f64 <= most_of_all)
        .then(|| format!("max_connections={} where memory allows it", wanted + kept));
    let remedies: Vec<String> = pools.into_iter().chain(more).collect();
    Some(if remedies.is_empty() { finding } else { finding.instead(remedies.join(", or ")) })
}
