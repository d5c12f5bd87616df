//! The page that explains one run.

use super::{
    advice, answer::section, frame::Frame, operations, parts, provenance, relations, settings, statements,
    switches, verdict,
};
use crate::report::{
    latencies,
    picture::{self, Ranks},
    shards,
    source::Source,
};
use crate::text::grouped;

pub(super) fn page(source: &Source) -> String {
    let record = &source.record;
    let ranks = Ranks::of(record);
    let sections = [
        Some(("latencies", "Latencies", operations::table(&latencies::grid(record), record))),
        Some(("pictures", "Pictures", pictures(source, &ranks))),
        Some(("advice", "Advice", advice::part(record))),
        Some(("operations", "Operations", operations::part(record))),
        record.merged.as_ref().map(|merged| {
            let machines = parts::grid(&shards::grid(merged), "Load machines");
            ("machines", "Load machines", machines)
        }),
        statements::part(record).map(|body| ("statements", "Statements and plans", body)),
        relations::part(record).map(|body| ("tables", "Tables and indexes", body)),
        Some(("settings", "Settings", settings::part(record))),
        Some(("provenance", "Provenance", provenance::part(std::slice::from_ref(source)))),
    ];
    let frame = Frame {
        title: format!(
            "{}, {} tracks, {}: loist-bench",
            record.workload.name,
            grouped(record.catalog.tracks),
            crate::report::headline::outcome(record.verdict.outcome).1
        ),
        head: verdict::part(source),
        sections: sections.into_iter().flatten().map(|(id, title, body)| section(id, title, body)).collect(),
        switches: record.operations.len(),
        foot: provenance::foot(record),
    };
    frame.page()
}

fn pictures(source: &Source, ranks: &Ranks) -> String {
    let record = &source.record;
    let mut body = switches::of_operations(record, ranks);
    for picture in picture::of_run(record, ranks) {
        body.push_str(&parts::picture(&picture));
    }
    if let Some(events) = picture::events(record) {
        body.push_str("<h3 id=\"events\">What happened in the window</h3>");
        body.push_str(&parts::grid(&events, "What happened in the window"));
    }
    body
}
