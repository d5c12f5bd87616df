//! Records of runs, and the pages that are made of them.

use super::{is_plausible, text};
use loist_bench::{
    history::{Line, Night},
    record::{self, Record},
    report::{html, markdown, source::Source, terminal},
};
use serde_json::Value;
use std::{path::Path, sync::LazyLock};

/// What was read is read the same when it is written again, and can be explained and put into a history.
pub(super) fn read(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    let Ok(record) = parsed(text) else { return false };
    let written = serde_json::to_string(&record).expect("a record is plain data");
    assert_eq!(parsed(&written).ok().as_ref(), Some(&record));
    if is_plausible(&written) {
        explain(&Source { record, text: written, name: "record.json".to_owned() });
    }
    true
}

fn parsed(text: &str) -> Result<Record, record::RecordError> {
    record::parse(text, Path::new("record.json"))
}

fn explain(source: &Source) -> Vec<String> {
    let record = &source.record;
    assert!(!terminal::render(record).is_empty());
    let _ = terminal::render_advice(record);
    if let Ok(night) = Night::of(&[record], None) {
        let line = Line::Night(Box::new(night));
        // A record that somebody edited may have operations that no line of a history can have.
        assert!(Line::read(line.text().as_bytes()).is_ok_and(|read| read == line) || twice(record));
    }
    let mut other = source.clone();
    other.record.load.clients += 1;
    let both = [source.clone(), other];
    vec![html::run(source), html::compare(&both), markdown::render(source), markdown::compare(&both)]
}

/// Whether two operations have one name, or one has that of all together.
fn twice(record: &Record) -> bool {
    let mut names: Vec<&str> = record.operations.iter().map(|operation| operation.name.as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    names.len() < count || names.contains(&loist_bench::history::ALL)
}

/// A record, and where texts stand in it that may be any.
static HOSTILE: LazyLock<(Value, Vec<String>)> = LazyLock::new(|| {
    let record: Value = serde_json::from_str(include_str!("../corpus/record/run.json")).expect("a seed");
    let mut places = Vec::new();
    texts(&record, String::new(), &mut places);
    let may_be_any = |place: &String| {
        let mut other = record.clone();
        // Without its histograms a page lacks pictures.
        !place.ends_with("/histogram")
            && other.pointer_mut(place).is_some_and(|value| {
                *value = Value::from("any");
                true
            })
            && serde_json::from_value::<Record>(other).is_ok()
    };
    places.retain(may_be_any);
    (record, places)
});

fn texts(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::String(_) => places.push(at),
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(index, value)| texts(value, format!("{at}/{index}"), places));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            texts(value, format!("{at}/{name}"), places);
        }),
        _ => {}
    }
}

/// A text wherever a record can hold any stays text on its pages.
pub(super) fn page(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    let (record, places) = &*HOSTILE;
    let mut record = record.clone();
    for place in places {
        if let Some(value) = record.pointer_mut(place) {
            *value = Value::from(format!("<fuzz-mark \"fuzz-mark {text}"));
        }
    }
    let record: Record = serde_json::from_value(record).expect("each place takes any text");
    let pages = explain(&Source { record, text: text.to_owned(), name: text.to_owned() });
    for page in &pages[..2] {
        assert!(page.contains("fuzz-mark") && !page.contains("<fuzz-mark") && !page.contains("\"fuzz-mark"));
        assert_eq!(page.matches("<script").count(), 1);
    }
    !text.is_empty()
}
