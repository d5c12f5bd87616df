//! Indexes that no statement of the workload can use, however the planner reckons.

use super::{
    asked::Asked,
    case::Case,
    indexes::{can_be_dropped, known},
    predicate,
};
use crate::record::{Column, Index};

/// From this version on, a B-tree answers for a later column without the first one.
const SKIPS_COLUMNS: u32 = 180_000;

/// The indexes of tables of somebody else's that were not scanned, and that nothing is asked of; with why.
pub(super) fn never<'a>(case: &Case<'a>) -> Vec<(&'a Index, String)> {
    let Some(asked) = Asked::by(case.record).filter(|_| case.is_of_others()) else { return Vec::new() };
    let is_read = |index: &&Index| index.table.rsplit('.').next().is_some_and(|table| asked.has(table));
    let unscanned =
        known(case).filter(|index| index.is_valid && can_be_dropped(index) && index.scans == Some(0));
    let judged = unscanned.filter(is_read).filter_map(|index| {
        let table = case.record.evidence.tables.iter().find(|table| table.name == index.table);
        let judge = Judge {
            index,
            columns: table.map_or(&[][..], |table| &table.columns[..]),
            asked: &asked,
            skips: case.record.server.version_number >= SKIPS_COLUMNS,
            is_in_order_of_bytes: is_of_bytes(&case.record.server.collation),
        };
        Some((index, judge.condition().or_else(|| judge.keys())?))
    });
    judged.collect()
}

/// An index before what is asked.
struct Judge<'a> {
    index: &'a Index,
    /// Those of its table.
    columns: &'a [Column],
    asked: &'a Asked,
    /// Whether a B-tree answers for a later column, too.
    skips: bool,
    /// Whether the database compares text byte by byte.
    is_in_order_of_bytes: bool,
}

impl Judge<'_> {
    /// What of a partial index's condition no statement says.
    fn condition(&self) -> Option<String> {
        let condition = self.index.predicate.as_ref()?;
        predicate::parts(condition).into_iter().find_map(|part| {
            let columns = self.index.columns.iter();
            let named: Vec<&String> = columns.filter(|column| names(&part, column)).collect();
            let is_asked = named.iter().any(|column| self.asked.conditions(column).next().is_some());
            if !named.is_empty() && !is_asked {
                return Some(format!("it holds the rows with {part}, of which no statement speaks"));
            }
            let is_other = named
                .first()
                .filter(|_| named.len() == 1)
                .is_some_and(|column| equal_to(&part).is_some_and(|value| !self.may_ask_for(column, value)));
            is_other.then(|| format!("it holds the rows with {part}, which no statement asks for"))
        })
    }

    /// Whether a condition on the column may be met by this value alone. A value that is not written out may be this one, and
    /// another operator may ask for it, too.
    fn may_ask_for(&self, column: &str, value: &str) -> bool {
        self.asked.conditions(column).any(|used| match (used.operator.as_deref(), &used.value) {
            (Some("="), Some(asked)) => asked == value,
            (Some("<>" | "!="), _) => false,
            _ => true,
        })
    }

    /// Why no key that counts answers anything.
    fn keys(&self) -> Option<String> {
        let counts = match self.index.method.as_str() {
            "btree" if !self.skips => 1,
            "hash" => 1,
            _ => self.index.keys.len(),
        };
        let reasons: Option<Vec<String>> = (0..counts).map(|key| self.key(key)).collect();
        reasons.filter(|reasons| !reasons.is_empty()).map(|reasons| reasons.join("; "))
    }

    /// Why a key answers nothing that is asked; `None` where it may.
    fn key(&self, at: usize) -> Option<String> {
        let Self { index, asked, .. } = self;
        let key = index.keys.get(at)?;
        let column = key.trim_matches('"');
        if !index.columns.iter().any(|named| named == column) {
            return (!asked.has(key)).then(|| format!("no statement has the expression {key}"));
        }
        if let Some((of_index, of_column)) = self.other_collation(at) {
            return (!asked.has(&format!("collate {of_index}"))).then(|| {
                format!("it is ordered by the collation {of_index}, and {column} is compared by {of_column}")
            });
        }
        let mut operators: Vec<Option<&str>> =
            asked.conditions(column).map(|used| used.operator.as_deref()).collect();
        operators.sort_unstable();
        operators.dedup();
        let is_ordered = index.method == "btree" && asked.orders_by(column);
        if operators.is_empty() && !is_ordered {
            let order = if index.method == "btree" { " or an order by" } else { "" };
            return Some(format!("no statement has a condition on{order} {column}"));
        }
        let class = index.operator_classes.get(at).map_or("", String::as_str);
        let is_answered =
            operators.iter().any(|operator| operator.is_none_or(|it| self.answers(at, class, it)));
        let is_sorted = is_ordered && !class.ends_with("pattern_ops");
        (!is_answered && !is_sorted).then(|| {
            let asked: Vec<&str> = operators.iter().flatten().copied().collect();
            let asked = asked.join(", ");
            format!("{} with {class} does not answer what is asked of {column} ({asked})", index.method)
        })
    }

    /// The collation of a key and that of its column, where they differ.
    fn other_collation(&self, at: usize) -> Option<(&str, &str)> {
        let of_index = self.collation(at)?;
        let key = self.index.keys.get(at)?.trim_matches('"');
        let column = self.columns.iter().find(|column| column.name == key)?;
        let of_column = column.collation.as_deref().unwrap_or("default");
        (of_index != of_column).then_some((of_index, of_column))
    }

    /// The collation of a key that has one.
    fn collation(&self, at: usize) -> Option<&str> {
        let (_, collation) = self.index.orderings.get(at)?.split_once("COLLATE ")?;
        Some(collation.trim_matches('"'))
    }

    /// Whether the index answers an operator; of what is not known here it is believed.
    fn answers(&self, at: usize, class: &str, operator: &str) -> bool {
        let is_pattern = class.ends_with("pattern_ops");
        let sorts_bytes = || match self.collation(at) {
            Some("default") => self.is_in_order_of_bytes,
            other => other.is_none_or(is_of_bytes),
        };
        match (self.index.method.as_str(), class) {
            ("btree", _) => match operator {
                "<" | ">" | "<=" | ">=" | "between" => !is_pattern,
                "like" | "~~" | "similar" | "~" => is_pattern || sorts_bytes(),
                "ilike" | "~~*" | "~*" | "%" | "@@" | "<>" | "!=" => false,
                _ => true,
            },
            ("hash", _) => ["=", "in"].contains(&operator),
            ("gin", "gin_trgm_ops") => {
                !["@@", "<", ">", "<=", ">=", "<>", "!=", "between", "is"].contains(&operator)
            }
            ("gin", "tsvector_ops") => operator.starts_with("@@"),
            _ => true,
        }
    }
}

fn is_of_bytes(collation: &str) -> bool {
    ["C", "POSIX"].contains(&collation)
}

/// The value that a condition compares with by `=`.
fn equal_to(part: &str) -> Option<&str> {
    let read = predicate::conjuncts(part);
    let is_equality = read.len() == 1 && read[0].is_equality();
    part.split('\'').nth(1).filter(|_| is_equality)
}

/// Whether a text names a column, outside of literals.
fn names(text: &str, column: &str) -> bool {
    let outside = text.split('\'').step_by(2);
    let parts_names = |c: char| !(c.is_alphanumeric() || c == '_');
    outside.flat_map(|piece| piece.split(parts_names)).any(|word| word == column)
}
