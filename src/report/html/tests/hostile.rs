//! What a database, a workload or an error wrote stays text.

use super::elements;
use crate::{
    flags::Setting,
    record::{
        Brake, ChannelBinding, Disturbance, DisturbanceKind, Encryption, Record, ServerView, Session,
        Transport, Verification, Watched,
    },
    report::{
        html::{compare, run},
        picture::fixture::busy,
        source::Source,
    },
};
use serde_json::Value;
use std::collections::BTreeSet;

const EVIL: &str = "\"><script>alert(1)</script>&'";

/// A record that holds at least one of everything that is text.
fn full() -> Record {
    let mut record = busy();
    record.operations.truncate(2);
    record.series.operations.truncate(2);
    record.plans.truncate(3);
    record.advice.truncate(4);
    record.series.heat = None;
    record.samples.missing.push("m".to_owned());
    record.evidence.missing.push("m".to_owned());
    record.workload.left_out.push("o".to_owned());
    record.server.flags = Some("f".to_owned());
    record.server.session = Some(session());
    let watched = Watched { condition: "c".to_owned(), missing: Some("m".to_owned()), ..Watched::default() };
    record.brake = Some(Brake { watched: vec![watched], tripped: Some("t".to_owned()) });
    record.operations[0].summary.slo.reason = Some("r".to_owned());
    let kind = DisturbanceKind::LockWaits;
    record.disturbances = vec![Disturbance { kind, sentence: "s".to_owned(), decisive: true }];
    let statements = record.evidence.statements.as_mut().unwrap();
    statements.retain(|one| !one.statements.is_empty());
    statements.truncate(2);
    record.evidence.settings = vec![Setting {
        name: "some.name".to_owned(),
        value: "v".to_owned(),
        default: Some("d".to_owned()),
        file: Some("f".to_owned()),
        ..Setting::default()
    }];
    record
}

fn session() -> Session {
    let text = || "s".to_owned();
    Session {
        transport: Transport::Tcp,
        host: text(),
        encryption: Some(Encryption {
            protocol: text(),
            cipher: text(),
            verification: Verification::Ca,
            client_certificate: true,
            channel_binding: ChannelBinding::Offered,
        }),
        server_view: Some(ServerView {
            encrypted: true,
            protocol: Some(text()),
            cipher: Some(text()),
            bits: Some(256),
            client_certificate: Some(text()),
        }),
    }
}

/// Places of texts, with a star for each index.
fn places(value: &Value, at: &str, all: &mut BTreeSet<String>) {
    match value {
        Value::String(_) => drop(all.insert(at.to_owned())),
        Value::Array(values) => values.iter().for_each(|value| places(value, &format!("{at}/*"), all)),
        Value::Object(map) => {
            map.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), all));
        }
        _ => {}
    }
}

/// Puts the text at a place.
fn fill(value: &mut Value, place: &str) {
    let Some((name, rest)) =
        place.strip_prefix('/').map(|place| place.split_at(place.find('/').unwrap_or(place.len())))
    else {
        *value = Value::from(EVIL);
        return;
    };
    match value {
        Value::Array(values) => {
            values.iter_mut().filter(|value| has(value, rest)).for_each(|value| fill(value, rest));
        }
        Value::Object(map) => {
            map.get_mut(name)
                .into_iter()
                .filter(|value| has(value, rest))
                .for_each(|value| fill(value, rest));
        }
        _ => {}
    }
}

/// Whether a text stands at a place.
fn has(value: &Value, place: &str) -> bool {
    let mut all = BTreeSet::new();
    places(value, "", &mut all);
    all.contains(place)
}

/// The record with the text wherever a record can hold any, and how often.
fn hostile() -> (Source, usize) {
    let mut value = serde_json::to_value(full()).unwrap();
    let mut all = BTreeSet::new();
    places(&value, "", &mut all);
    let mut filled = 0;
    for place in all.iter().filter(|place| !place.ends_with("/histogram")) {
        let mut other = value.clone();
        fill(&mut other, place);
        // Where only certain words can stand, it would be no record.
        if serde_json::from_value::<Record>(other.clone()).is_ok() {
            (value, filled) = (other, filled + 1);
        }
    }
    let record = serde_json::from_value(value).unwrap();
    (Source { record, text: EVIL.to_owned(), name: EVIL.to_owned() }, filled)
}

#[test]
fn hostile_text_stays_text() {
    let (source, filled) = hostile();
    assert!(filled > 60, "{filled} places");
    let mut other = source.clone();
    other.record.load.clients += 1;
    for page in [run(&source), compare(&[source.clone(), other])] {
        assert!(page.contains("&#60;script&#62;alert(1)"), "it is shown");
        assert!(!page.contains("<script>alert"));
        assert_eq!(page.matches("<script").count(), 1);
        let all = elements::of(&page);
        assert_eq!(all.last().unwrap().name, "script", "ours is the last element");
        let attributes = all.iter().flat_map(|element| &element.attributes);
        assert!(
            attributes
                .into_iter()
                .all(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || "-:".contains(c)))
        );
    }
}
