//! Nights from another history: its lines, or the table that an export of it is.

use super::{
    ALL, Baseline, FORMAT, HistoryError, Line, Night, Operation, VERSION, Warning,
    export::csv::{self, Row},
    read::lines,
};
use crate::text::line_of;
use ::csv::StringRecord;
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// What was read from files of another history.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// Its nights, the oldest first.
    pub nights: Vec<Night>,
    /// What nights are called there, and what they are no longer called; the last one of a name counts.
    pub baselines: Vec<Baseline>,
    /// Lines that could not be used.
    pub warnings: Vec<Warning>,
}

/// Reads what files of another history hold: JSON Lines, or the CSV of an export.
///
/// # Errors
/// When there is nothing in a file that can be used, or a row of a table is not as an export makes it.
pub fn import(files: &[(PathBuf, Vec<u8>)]) -> Result<Imported, HistoryError> {
    let mut imported = Imported::default();
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        if csv::is_ours(&text) {
            imported.nights.extend(table(path, text.trim_start_matches('\u{feff}'))?);
        } else {
            imported.add_lines(path, bytes)?;
        }
    }
    // The last one stands, as in a history.
    let mut seen = HashSet::new();
    imported.nights.reverse();
    imported.nights.retain(|night| seen.insert(night.id.clone()));
    imported.nights.sort_by_key(|night| night.at);
    imported.baselines.sort_by_key(|baseline| baseline.at);
    Ok(imported)
}

impl Imported {
    fn add_lines(&mut self, path: &Path, bytes: &[u8]) -> Result<(), HistoryError> {
        let (mut used, mut refused) = (0, Vec::new());
        for (line, read) in lines(bytes) {
            match read {
                Ok(Line::Night(night)) => self.nights.push(*night),
                Ok(Line::Baseline(baseline)) => self.baselines.push(baseline),
                Err(reason) => {
                    refused.push(Warning { path: path.to_owned(), line, reason });
                    continue;
                }
            }
            used += 1;
        }
        match refused.first() {
            Some(first) if used == 0 => Err(HistoryError::Malformed {
                path: path.to_owned(),
                line: first.line as u64,
                reason: format!(
                    "{}; what can be imported is the JSON Lines or the CSV of a history",
                    first.reason
                ),
            }),
            _ => {
                self.warnings.extend(refused);
                Ok(())
            }
        }
    }
}

fn table(path: &Path, text: &str) -> Result<Vec<Night>, HistoryError> {
    let malformed = |byte: u64, reason: String| HistoryError::Malformed {
        path: path.to_owned(),
        line: line_at(text, byte),
        reason,
    };
    let of_table = |error: ::csv::Error, names: &StringRecord| {
        let byte = error.position().map_or(0, ::csv::Position::byte);
        malformed(byte, format!("the row is not as an export makes it: {}", said(&error, names)))
    };
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().map_err(|error| of_table(error, &StringRecord::new()))?.clone();
    let mut nights: Vec<Begun> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| of_table(error, &names))?;
        let byte = record.position().map_or(0, ::csv::Position::byte);
        let row: Row = record.deserialize(Some(&names)).map_err(|error| of_table(error, &names))?;
        if row.format != FORMAT || !(1..=VERSION).contains(&row.version) {
            let reason = format!(
                "it has the format `{}` and version {}, and this loist-bench reads `{FORMAT}` up to version {VERSION}",
                row.format, row.version
            );
            return Err(malformed(byte, reason));
        }
        let of = nights.iter().rposition(|begun| begun.head.id == row.id).unwrap_or_else(|| {
            nights.push(Begun { byte, head: row.night(), night: row.night() });
            nights.len() - 1
        });
        nights[of].add(&row).map_err(|reason| malformed(byte, reason))?;
    }
    for Begun { byte, night, .. } in &nights {
        if let Some(fault) = night.fault() {
            return Err(malformed(*byte, format!("the night {} is not whole: {fault}", night.id)));
        }
    }
    Ok(nights.into_iter().map(|begun| begun.night).collect())
}

/// The line, from 1, of the row that begins at a byte. The parser counts lines by one end alone, and these have two: a row
/// begins for it before the second.
fn line_at(text: &str, byte: u64) -> u64 {
    let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let ends = text.as_bytes()[byte..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    line_of(text, byte + ends) as u64
}

/// A night, as far as its rows were read.
struct Begun {
    /// Where its first row begins.
    byte: u64,
    /// What each of its rows says of it.
    head: Night,
    night: Night,
}

impl Begun {
    fn add(&mut self, row: &Row) -> Result<(), String> {
        if self.head != row.night() {
            return Err(format!("the night {} has rows that say different things of it", row.id));
        }
        let blocks = if row.operation == ALL {
            &mut self.night.overall
        } else {
            let operations = &mut self.night.operations;
            let index = operations.iter().position(|operation| operation.name == row.operation);
            let index = index.unwrap_or_else(|| {
                operations.push(Operation { name: row.operation.clone(), ..Operation::default() });
                operations.len() - 1
            });
            &mut operations[index].blocks
        };
        let expected = blocks.calls.len() + 1;
        if row.block != expected {
            return Err(format!(
                "block {} of {} comes where block {expected} should: the rows of a night stay in the order of its blocks",
                row.block, row.operation
            ));
        }
        row.add_to(blocks);
        Ok(())
    }
}

/// What the parser says, without the place.
fn said(error: &::csv::Error, names: &StringRecord) -> String {
    match error.kind() {
        ::csv::ErrorKind::Deserialize { err, .. } => {
            let name = err.field().and_then(|field| names.get(usize::try_from(field).ok()?));
            format!("{}{}", name.map(|name| format!("{name}: ")).unwrap_or_default(), err.kind())
        }
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, and there are {expected_len} names")
        }
        _ => error.to_string(),
    }
}
