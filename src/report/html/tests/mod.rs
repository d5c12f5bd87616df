//! Whole pages, and the parts of them.

mod answers;
mod elements;
mod hostile;
mod parts;
mod whole;

use crate::{
    record::{self, Record},
    report::source::Source,
};
use std::path::Path;

/// The sample as it stands in its file.
fn sample() -> Source {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample");
    let (record, text) = record::load_with_text(&path).unwrap();
    Source { record, text, name: "record.json".to_owned() }
}

/// The sample with something else in it.
fn changed(change: impl FnOnce(&mut Record)) -> Source {
    let mut source = sample();
    change(&mut source.record);
    source
}
