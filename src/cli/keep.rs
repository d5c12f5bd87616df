//! What is kept of a run, and the pages that are made of it.

use super::{failure::Failure, index, interrupt::Reserved, own_file::OwnFile, report::subject::source};
use crate::{
    lab::{Event, Run},
    record::Place,
    report::{self, source::Source},
};
use chrono::{DateTime, Utc};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Where records go.
pub(super) struct Keeper<'a> {
    pub(super) reports: &'a Path,
    pub(super) workload: String,
    pub(super) reserved: Reserved,
}

impl Keeper<'_> {
    /// A directory for a run.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn place(&self) -> Result<Place, Failure> {
        self.reserved.reserve(self.reports, &self.workload)
    }

    /// Lists the run among the others.
    pub(super) fn list(&self) {
        list(self.reports);
    }
}

/// Several runs of one command, each with a directory of its own.
pub(super) struct Series<'a> {
    keeper: &'a Keeper<'a>,
    /// The directory of the next run, where there is one already.
    next: Option<Place>,
    /// The records, each with when its run began.
    pub(super) kept: Vec<(DateTime<Utc>, PathBuf)>,
}

impl<'a> Series<'a> {
    /// A directory that cannot be written is told before anything is measured.
    ///
    /// # Errors
    /// When that of the first run cannot be made.
    pub(super) fn begin(keeper: &'a Keeper<'a>) -> Result<Self, Failure> {
        Ok(Self { keeper, next: Some(keeper.place()?), kept: Vec::new() })
    }

    /// Keeps a run, and says where.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn keep(&mut self, run: &Run, listen: &dyn Fn(Event)) -> Result<(), Failure> {
        let place = self.next.take().map_or_else(|| self.keeper.place(), Ok)?;
        let record = store(&place, run)?;
        listen(Event::Note(format!("record: {}", record.display())));
        self.kept.push((run.record.run.started_at, record));
        Ok(())
    }
}

/// Makes the list of what is in a directory of runs. What stands in the way is told: what was measured is kept.
pub(super) fn list(reports: &Path) {
    told("the list of runs was not made", index::refresh(reports));
}

/// Keeps what was measured, and gives the path of the record.
///
/// # Errors
/// When it cannot be written.
pub(super) fn store(place: &Place, run: &Run) -> Result<PathBuf, Failure> {
    place.store(&run.record)?;
    place.write("latency.hlog", &run.interval_log)?;
    place.write("series.csv", report::csv::series(&run.record).as_bytes())?;
    let ranks = report::picture::Ranks::of(&run.record);
    if let Some(picture) = report::picture::percentiles(&run.record, &ranks) {
        place.write("latency.svg", picture.file().as_bytes())?;
    }
    Ok(place.directory().join("record.json"))
}

/// Makes the page of a run, and gives its path. What stands in the way is told: it can be made again at any time.
pub(super) fn explain(record: &Path) -> Option<PathBuf> {
    let made = || page(record, "report.html", &[source(record)?], |sources| report::html::run(&sources[0]));
    told("the page of the run was not made", made())
}

/// Makes the page that compares the points of a sweep, beside the last one's record.
pub(super) fn compare(records: &[PathBuf]) -> Option<PathBuf> {
    let last = records.last()?;
    let made = || {
        let sources = records.iter().map(|record| source(record)).collect::<Result<Vec<_>, _>>()?;
        page(last, "sweep.html", &sources, report::html::compare)
    };
    told("the page of the sweep was not made", made())
}

/// Writes the page and the summary of what was judged, `NAME.html` and `NAME.md`; gives where the page is.
///
/// # Errors
/// When they cannot be written, or somebody else's files are there.
pub(super) fn judged(directory: &Path, name: &str, page: &str, summary: &str) -> Result<PathBuf, Failure> {
    let path = directory.join(format!("{name}.html"));
    OwnFile::at(&path)?.write(page)?;
    OwnFile::at(&path.with_extension("md"))?.write(summary)?;
    Ok(path)
}

fn page(
    record: &Path,
    name: &str,
    sources: &[Source],
    render: impl FnOnce(&[Source]) -> String,
) -> Result<PathBuf, Failure> {
    let path = record.with_file_name(name);
    OwnFile::at(&path)?.write(&render(sources))?;
    Ok(path)
}

fn told<T>(what: &str, result: Result<T, Failure>) -> Option<T> {
    result
        .map_err(|failure| {
            let _ = writeln!(anstream::stderr(), "{what}: {}", failure.sentence());
        })
        .ok()
}
