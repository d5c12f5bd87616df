//! `report --format svg`: one picture, or all of them.

use crate::{
    cli::{failure::Failure, output, own_file::OwnFile},
    record::Record,
    report::{
        comparison::Comparison,
        mark,
        picture::{self, Picture, Ranks},
        source::Source,
    },
};
use std::path::Path;

/// Which pictures.
pub(super) struct Wanted<'a> {
    /// The one; all without.
    pub(super) picture: Option<&'a str>,
    /// Those of an operation; those of the run without.
    pub(super) operation: Option<&'a str>,
}

/// A picture with the name that asks for it.
type Named = (String, Picture);

/// Prints or writes what is wanted.
///
/// # Errors
/// When there is no such picture, or no place for it.
pub(super) fn make(sources: &[Source], wanted: &Wanted<'_>, out: Option<&Path>) -> Result<(), Failure> {
    let all = match (sources, wanted.operation) {
        ([one], None) => named(picture::of_run(&one.record, &Ranks::of(&one.record))),
        ([one], Some(name)) => of_operation(&one.record, name)?,
        (several, None) => named(picture::of_runs(&Comparison::of(several))),
        (_, Some(_)) => {
            return Err(Failure::bad_input(
                "--operation is for one record: name one, or leave --operation out",
            ));
        }
    };
    let out = out.filter(|out| *out != Path::new("-"));
    let Some(name) = wanted.picture else {
        let Some(directory) = out else {
            return Err(Failure::bad_input(format!(
                "one picture is printed, all of them need a directory: add --picture NAME ({}) or --out DIR",
                names(&all)
            )));
        };
        return into(directory, &all);
    };
    let Some((_, picture)) = all.iter().find(|(known, _)| known == name) else {
        let is_one = sources.len() == 1;
        let of = wanted.operation.unwrap_or(if is_one { "this run" } else { "these runs" });
        let hint = if is_one && wanted.operation.is_none() {
            "; --operation NAME has those of an operation"
        } else {
            ""
        };
        return Err(Failure::bad_input(format!(
            "there is no picture `{name}` of {of}: name one of {}{hint}",
            names(&all)
        )));
    };
    match out {
        None => output::print_raw(&file(picture)),
        Some(path) => {
            OwnFile::at(path)?.write(&file(picture))?;
            output::print(&format!("Picture: {}\n", path.display()))
        }
    }
}

fn file(picture: &Picture) -> String {
    format!("{}{}", mark::SVG, picture.file())
}

fn names(all: &[Named]) -> String {
    if all.is_empty() {
        return "none: nothing was answered".to_owned();
    }
    all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

fn named(pictures: Vec<Picture>) -> Vec<Named> {
    pictures.into_iter().map(|picture| (picture.id.clone(), picture)).collect()
}

fn of_operation(record: &Record, name: &str) -> Result<Vec<Named>, Failure> {
    let operations = &record.operations;
    let Some(index) = operations.iter().position(|operation| operation.name == name) else {
        let known: Vec<&str> = operations.iter().map(|operation| operation.name.as_str()).collect();
        return Err(Failure::bad_input(format!(
            "there is no operation `{name}` in the record: name one of {}",
            known.join(", ")
        )));
    };
    let id = format!("operation-{index}");
    let all =
        [picture::percentiles_of(&operations[index], &id), picture::distribution_of(&operations[index], &id)];
    let named = |picture: Picture| {
        let name = picture.id.strip_prefix(&format!("{id}-")).unwrap_or(&picture.id).to_owned();
        (name, picture)
    };
    Ok(all.into_iter().flatten().map(named).collect())
}

/// All of them, or none where one may not be written.
fn into(directory: &Path, all: &[Named]) -> Result<(), Failure> {
    if all.is_empty() {
        return Err(Failure::bad_input("there is no picture in the record: nothing was answered"));
    }
    let shown = directory.display();
    if directory.exists() && !directory.is_dir() {
        return Err(Failure::bad_input(format!(
            "{shown} is no directory, and there are {} pictures: name a directory with --out, or one picture with --picture",
            all.len()
        )));
    }
    std::fs::create_dir_all(directory)
        .map_err(|error| Failure::environment(format!("{shown}: cannot make the directory: {error}")))?;
    let place = |(_, picture): &Named| OwnFile::at(&directory.join(format!("{}.svg", picture.id)));
    let places: Vec<OwnFile> = all.iter().map(place).collect::<Result<_, _>>()?;
    for (place, (_, picture)) in places.iter().zip(all) {
        place.write(&file(picture))?;
    }
    output::print(&format!("Pictures: {} in {shown}\n", all.len()))
}
