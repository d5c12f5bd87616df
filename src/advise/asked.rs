//! What the statements of a workload ask of columns, read from every form of their SQL: conditions, and orders.
//!
//! It is read so that nothing is overlooked: what cannot be told counts as asked for.

use crate::{record::Record, workload::Workload};
use std::collections::BTreeSet;

/// A column in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) column: String,
    /// The operator beside it, as in `=` or `like`; `None` where none stands there.
    pub(super) operator: Option<String>,
    /// What it is compared with, where that is written out.
    pub(super) value: Option<String>,
}

/// All that a workload asks for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    uses: Vec<Use>,
    orders: BTreeSet<String>,
    /// The statements without blanks, parentheses and casts.
    bare: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// In lower case, unless it was quoted.
    Word(String),
    Literal(String),
    Operator(String),
    Sign(char),
}

/// Where in a statement one is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Condition,
    Order,
    Elsewhere,
}

/// Operators that are words.
const WORDS: [&str; 7] = ["like", "ilike", "in", "is", "between", "similar", "not"];

impl Asked {
    /// Of the operations that a record is of; `None` where its workload cannot be read.
    pub(super) fn by(record: &Record) -> Option<Self> {
        let workload = Workload::parse(&record.workload.text, &record.workload.origin).ok()?;
        let ran = |name: &str| record.operations.iter().any(|operation| operation.name == name);
        let mut asked = Self::default();
        for operation in workload.operations.iter().filter(|operation| ran(&operation.name)) {
            for statement in operation.statements() {
                for values in operation.variants(statement) {
                    asked.read(&statement.template.numbered(&values).sql);
                }
            }
        }
        Some(asked)
    }

    fn read(&mut self, sql: &str) {
        let tokens = tokens(sql);
        let mut place = Place::Elsewhere;
        for (at, token) in tokens.iter().enumerate() {
            let Token::Word(word) = token else { continue };
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let is_extreme =
                matches!(before, Some(Token::Sign('('))) && at >= 2 && is_min_or_max(&tokens[at - 2]);
            match word.as_str() {
                "where" | "on" | "having" | "using" => place = Place::Condition,
                "order" | "group" | "partition" | "distinct" => place = Place::Order,
                "select" | "from" | "limit" | "offset" | "returning" | "set" | "values" | "join" => {
                    place = Place::Elsewhere;
                }
                // What stands before a point is a table.
                _ if tokens.get(at + 1) == Some(&Token::Sign('.')) => {}
                _ if place == Place::Condition => self.uses.push(use_of(word, &tokens, at)),
                _ if place == Place::Order || is_extreme => {
                    self.orders.insert(word.clone());
                }
                _ => {}
            }
        }
        self.bare.push(bare(sql));
    }

    /// The conditions on a column.
    pub(super) fn conditions(&self, column: &str) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(move |used| used.column == column)
    }

    /// Whether rows are wished for in an order by the column, or groups of it, or its least or greatest value.
    pub(super) fn orders_by(&self, column: &str) -> bool {
        self.orders.contains(column)
    }

    /// Whether an expression stands in a statement as it is.
    pub(super) fn has(&self, expression: &str) -> bool {
        let expression = bare(expression);
        self.bare.iter().any(|sql| sql.contains(&expression))
    }
}

fn is_min_or_max(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word == "min" || word == "max")
}

fn use_of(column: &str, tokens: &[Token], at: usize) -> Use {
    let literal = |at: Option<usize>| match at.and_then(|at| tokens.get(at)) {
        Some(Token::Literal(value)) => Some(value.clone()),
        _ => None,
    };
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    let (operator, value) = match (tokens.get(at + 1), before) {
        (Some(Token::Operator(operator)), _) => (Some(operator.clone()), literal(Some(at + 2))),
        (Some(Token::Word(word)), _) if WORDS.contains(&word.as_str()) => (Some(word.clone()), None),
        (_, Some(Token::Operator(operator))) => (Some(operator.clone()), literal(at.checked_sub(2))),
        _ => (None, None),
    };
    Use { column: column.to_owned(), operator, value }
}

/// Without what PostgreSQL writes otherwise than people do.
fn bare(sql: &str) -> String {
    let kept = sql.chars().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '"'));
    kept.collect::<String>().replace("::text", "").to_lowercase()
}

/// Casts are left out.
fn tokens(sql: &str) -> Vec<Token> {
    let letters: Vec<char> = sql.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let rest = &letters[at..];
        let run = |is: fn(char) -> bool| rest.iter().take_while(|c| is(**c)).count();
        let text = |range: std::ops::Range<usize>| rest[range].iter().collect::<String>();
        let length = match rest[0] {
            c if c.is_whitespace() => 1,
            '-' if rest.get(1) == Some(&'-') => run(|c| c != '\n'),
            quote @ ('\'' | '"') => {
                let length = 1 + rest[1..].iter().take_while(|c| **c != quote).count();
                let inner = text(1..length);
                tokens.push(if quote == '"' { Token::Word(inner) } else { Token::Literal(inner) });
                (length + 1).min(rest.len())
            }
            c if c.is_alphabetic() || c == '_' => {
                let length = run(|c| c.is_alphanumeric() || c == '_');
                tokens.push(Token::Word(text(0..length).to_lowercase()));
                length
            }
            c if c.is_numeric() => {
                let length = run(|c| c.is_numeric() || c == '.');
                tokens.push(Token::Literal(text(0..length)));
                length
            }
            ':' if rest.get(1) == Some(&':') => {
                2 + rest[2..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count()
            }
            '$' => {
                tokens.push(Token::Sign('$'));
                1 + rest[1..].iter().take_while(|c| c.is_numeric()).count()
            }
            c if is_of_operator(c) => {
                let length = run(is_of_operator);
                tokens.push(Token::Operator(text(0..length)));
                length
            }
            c => {
                tokens.push(Token::Sign(c));
                1
            }
        };
        at += length.max(1);
    }
    tokens
}

fn is_of_operator(c: char) -> bool {
    "+-*/<>=~!@#%^&|`?".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(sql: &str) -> Asked {
        let mut asked = Asked::default();
        asked.read(sql);
        asked
    }

    fn operators(asked: &Asked, column: &str) -> Vec<Option<String>> {
        asked.conditions(column).map(|used| used.operator.clone()).collect()
    }

    #[test]
    fn conditions_and_orders_are_told_apart() {
        let page = asked(
            "SELECT id, genre, ts_rank(search_vector, to_tsquery('english', $1), 1) AS rank FROM audio_tracks t
             WHERE search_vector @@ to_tsquery('english', $1) AND t.status = 'COMPLETED' AND year >= $2
               AND upper(format) = upper($3) AND artist LIKE 'a%' -- and genre
             ORDER BY rank DESC, created_at DESC LIMIT 5",
        );
        let said = |operator: &str| vec![Some(operator.to_owned())];
        assert_eq!(operators(&page, "search_vector"), said("@@"));
        assert_eq!(operators(&page, "year"), said(">="));
        assert_eq!(operators(&page, "artist"), said("like"));
        assert_eq!(operators(&page, "format"), [None], "a function stands between");
        let status = page.conditions("status").next().unwrap();
        assert_eq!((status.operator.as_deref(), status.value.as_deref()), (Some("="), Some("COMPLETED")));
        assert!(operators(&page, "genre").is_empty() && operators(&page, "t").is_empty());
        assert!(page.orders_by("created_at") && page.orders_by("rank") && !page.orders_by("id"));
        assert!(page.has("upper((format)::text)") && !page.has("lower((format)::text)"));
    }

    #[test]
    fn what_an_index_may_serve_is_not_overlooked() {
        assert!(asked("SELECT max(created_at) FROM t").orders_by("created_at"));
        assert!(asked("SELECT DISTINCT genre FROM t").orders_by("genre"));
        assert!(asked("SELECT genre, count(*) FROM t GROUP BY genre").orders_by("genre"));
        assert_eq!(operators(&asked("SELECT 1 FROM t WHERE 5 < year"), "year"), [Some("<".to_owned())]);
        assert_eq!(operators(&asked("SELECT 1 FROM t JOIN u ON u.id = t.track"), "track").len(), 1);
        let cast = asked("SELECT 1 FROM t WHERE status::text = 'a''b'");
        assert_eq!(operators(&cast, "status"), [Some("=".to_owned())]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(sql in "\\PC{0,120}") {
            let mut asked = Asked::default();
            asked.read(&sql);
            prop_assert_eq!(asked.bare.len(), 1);
        }
    }
}
