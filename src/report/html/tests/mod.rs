//! Whole pages, and the parts of them, read as a browser reads them (`elements`). What a database or a workload may hold
//! against a page is in `hostile`.

mod answers;
mod elements;
mod hostile;
mod parts;
mod whole;

use crate::{
    record::{self, Record},
    report::source::Source,
};

/// The sample as it stands in its file.
fn sample() -> Source {
    Source { record: record::sample(), text: record::SAMPLE.to_owned(), name: "record.json".to_owned() }
}

/// The sample with something else in it.
fn changed(change: impl FnOnce(&mut Record)) -> Source {
    let mut source = sample();
    change(&mut source.record);
    source
}
