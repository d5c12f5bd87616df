//! The page of a directory of runs: read from the records in it, written into it.

use super::{failure::Failure, own_file::OwnFile, report::document::Document};
use crate::report::{
    html,
    index::{Brief, Judged, Run, Runs, Unread, address},
};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// The page's file.
pub(super) const NAME: &str = "index.html";

/// Writes the page into the directory, and gives its path.
///
/// # Errors
/// When the directory cannot be read, or a file that is not this program's is in the way.
pub(super) fn refresh(directory: &Path) -> Result<PathBuf, Failure> {
    let path = directory.join(NAME);
    let place = OwnFile::at(&path)?;
    place.write(&page(directory)?)?;
    Ok(path)
}

/// The page.
///
/// # Errors
/// When the directory cannot be read. A record that cannot be read is listed as such.
pub(super) fn page(directory: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::bad_input(format!("{}: the directory cannot be read: {error}", directory.display()))
    };
    let mut all = Runs { directory: directory.display().to_string(), ..Runs::default() };
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        if !entry.path().join("record.json").exists() {
            match judged(&entry.path(), &name) {
                Ok(found) => all.judged.extend(found),
                Err(failure) => {
                    let name = name.to_string_lossy().into_owned();
                    all.unread.push(Unread { name, reason: failure.sentence() });
                }
            }
            continue;
        }
        match run(&entry.path(), &name) {
            Ok(run) => all.runs.push(run),
            Err(reason) => all.unread.push(Unread { name: name.to_string_lossy().into_owned(), reason }),
        }
    }
    all.sort();
    Ok(html::index(&all))
}

/// What was judged, by the files that say so; the page beside each has its name.
const JUDGED: [&str; 6] =
    ["gate.json", super::duet::EFFECTS, "aa.json", super::tune::STUDY, "audit.json", super::capacity::ANSWER];

/// Whether a directory holds what was judged.
pub(super) fn is_judged(directory: &Path) -> bool {
    JUDGED.iter().any(|file| directory.join(file).is_file())
}

fn judged(directory: &Path, name: &OsStr) -> Result<Option<Judged>, Failure> {
    for file in JUDGED {
        if let Some(document) = Document::read(&directory.join(file))? {
            let (what, outcome, sentence) = document.brief();
            return Ok(Some(Judged {
                name: name.to_string_lossy().into_owned(),
                page: link(directory, name, &file.replace(".json", ".html")),
                what,
                outcome,
                sentence,
            }));
        }
    }
    Ok(None)
}

fn run(directory: &Path, name: &OsStr) -> Result<Run, String> {
    let path = directory.join("record.json");
    if !path.is_file() {
        return Err("record.json is no file".to_owned());
    }
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let brief = Brief::read(&text, Path::new("record.json")).map_err(|error| error.to_string())?;
    Ok(Run {
        name: name.to_string_lossy().into_owned(),
        record: address(name, "record.json"),
        page: link(directory, name, "report.html"),
        brief,
    })
}

/// The address of a page in a directory of that name, if it is there.
fn link(directory: &Path, name: &OsStr, page: &str) -> Option<String> {
    directory.join(page).is_file().then(|| address(name, page))
}
