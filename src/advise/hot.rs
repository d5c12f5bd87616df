//! Updates that write into every index of a table, because a column that one of them names changes each time.

use super::{
    apply::{option, storage},
    case::Case,
    say,
};
use crate::record::{Basis, Change, Index, Recommendation, Relation, RelationWindow};
use crate::text::first_of;
use std::collections::BTreeSet;

/// Updates from which the share of HOT ones says something.
const UPDATES: u64 = 100;
/// Share of HOT updates below which nearly each one writes to every index.
const HOT: f64 = 0.1;
/// Part of a page that new rows fill, so that new versions find room on it.
const FILL: u32 = 90;

/// Statements of the workload that update rows, with their text.
fn updates<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a str, &'a [String])> {
    let rows = case.record.evidence.statements.iter().flatten();
    let own = rows.filter(|row| row.query.trim_start().to_uppercase().starts_with("UPDATE"));
    own.map(|row| (row.query.as_str(), row.statements.as_slice()))
}

/// The columns that an UPDATE sets, by its text.
fn set_columns(update: &str) -> BTreeSet<String> {
    let lower = update.to_lowercase();
    let Some((_, rest)) = lower.split_once(" set ").or_else(|| lower.split_once("\nset ")) else {
        return BTreeSet::new();
    };
    let mut depth = 0_i32;
    let mut columns = BTreeSet::new();
    let mut part = String::new();
    // Assignments stand between commas that no parentheses enclose; a word FROM, WHERE or RETURNING ends them.
    for word in rest.replace(',', " , ").replace('(', " ( ").replace(')', " ) ").split_whitespace() {
        match word {
            "(" => depth += 1,
            ")" => depth -= 1,
            "from" | "where" | "returning" if depth == 0 => break,
            "," if depth == 0 => part.clear(),
            _ if depth == 0 && part.is_empty() => {
                word.split('=').next().unwrap_or(word).clone_into(&mut part);
                columns.insert(part.trim_matches('"').to_owned());
            }
            _ => {}
        }
    }
    columns
}

/// The share of HOT updates, in figures.
fn figures(table: &Relation, window: RelationWindow, indexes: usize) -> String {
    format!(
        "{} of {} updates of {} were HOT ({}); each of the others wrote to {}",
        window.hot_updated,
        window.updated,
        table.name,
        say::percent(window.hot_updated as f64 / window.updated as f64),
        if indexes == 1 { "its index".to_owned() } else { format!("all {indexes} indexes") }
    )
}

/// Columns that updates of the workload change, by their text or by triggers.
fn changed(case: &Case, table: &Relation) -> BTreeSet<String> {
    let of_texts = updates(case).flat_map(|(text, _)| set_columns(text));
    of_texts.chain(table.set_by_triggers.iter().cloned()).collect()
}

/// Whether new rows leave room for new versions already.
fn has_room(table: &Relation) -> bool {
    let fill = option(&table.options, "fillfactor").and_then(|fill| fill.parse::<u32>().ok());
    fill.is_some_and(|fill| fill <= FILL)
}

/// An update that changes a column which an index names writes an entry into every index of the table.
pub(super) fn hot_updates(case: &Case) -> Option<Recommendation> {
    let table = case.tracks()?;
    let window = table.window.filter(|window| window.updated >= UPDATES)?;
    let indexes: Vec<&Index> =
        case.record.evidence.indexes.iter().flatten().filter(|index| index.table == table.name).collect();
    let figures = figures(table, window, indexes.len());
    let leave = |title: &str, evidence: String| Some(say::leave_alone(title, evidence, Basis::Inferred));
    if window.hot_updated as f64 >= HOT * window.updated as f64 {
        return leave("Leave the fill factor: updates find room on their page", figures);
    }
    let gain =
        case.saving_statements(&updates(case).flat_map(|(_, names)| names.to_vec()).collect::<Vec<_>>());
    if !case.is_felt(&gain) {
        let evidence = format!("{figures}; updates are {}", case.felt_figures(&gain));
        return leave("Leave the indexes that each update changes: updates are too small a part", evidence);
    }
    let changed = changed(case, table);
    let names_one = |index: &&&Index| index.columns.iter().any(|column| changed.contains(column));
    let in_the_way: Vec<&Index> = indexes.iter().filter(names_one).copied().collect();
    let needed: Vec<&str> = in_the_way
        .iter()
        .filter(|index| !super::indexes::can_be_dropped(index) || index.scans != Some(0))
        .map(|index| index.name.as_str())
        .collect();
    let figures = format!("{figures}; updates change {}", first_of(&changed.iter().collect::<Vec<_>>(), 8));
    if !needed.is_empty() {
        let names: Vec<&str> = in_the_way.iter().map(|index| index.name.as_str()).collect();
        let evidence =
            format!("{figures}, which stand in {}; in use: {}", first_of(&names, 6), first_of(&needed, 6));
        return leave(
            "Leave the indexes that each update changes: some are in use, and no update is HOT while one is left",
            evidence,
        );
    }
    let has_room = has_room(table);
    if in_the_way.is_empty() && has_room {
        return leave(
            "Leave the fill factor: pages have room already, and no index stands in the way",
            figures,
        );
    }
    Some(Recommendation {
        title: match in_the_way.len() {
            0 => format!("Leave room on the pages of {}: no update is HOT", table.name),
            _ => format!(
                "Drop {} unless something else needs them: each update changes their columns, so none is HOT",
                first_of(&in_the_way.iter().map(|index| &index.name).collect::<Vec<_>>(), 4)
            ),
        },
        evidence: figures,
        change: Some(if has_room { super::indexes::dropped(in_the_way.first()?) } else { room(table) }),
        more_changes: in_the_way.iter().skip(usize::from(has_room)).map(|index| super::indexes::dropped(index)).collect(),
        expected: "once all of these indexes are gone, updates of rows whose page has room write one heap page and no index"
            .to_owned(),
        risk: "what the indexes serve elsewhere becomes a scan; the fill factor counts for new pages alone".to_owned(),
        verify: "run again: n_tup_hot_upd grows with n_tup_upd".to_owned(),
        effect: gain.share / 2.0,
        ..say::change()
    })
}

/// Room for new versions on each page.
fn room(table: &Relation) -> Change {
    let (name, before) = (&table.name, option(&table.options, "fillfactor"));
    Change {
        setting: format!("fillfactor of {name}"),
        from: before.unwrap_or("100").to_owned(),
        to: FILL.to_string(),
        restart: false,
        apply: format!("ALTER TABLE {name} {};", storage("fillfactor", Some(&FILL.to_string()))),
        undo: format!("ALTER TABLE {name} {};", storage("fillfactor", before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_from_the_text() {
        let read = |text: &str| set_columns(text).into_iter().collect::<Vec<_>>().join(" ");
        let update = "UPDATE audio_tracks\nSET status = $1, error_message=$2,\n  last_processed_at = coalesce(now(), $3), \"retry_count\" = retry_count + $4\nWHERE id = $5 RETURNING id, status";
        assert_eq!(read(update), "error_message last_processed_at retry_count status");
        assert_eq!(read("update t set a = (select b from c where d = 1), e = 2 from f"), "a e");
        assert_eq!(read("SELECT 1"), "");
    }
}
