//! SQL with named parameters and optional clauses.
//!
//! `:name` and `:name.field` are parameters; `[[ ... ]]` is an optional clause, left out when one of
//! its parameters is NULL. Strings, quoted identifiers, dollar quotes, comments, `::` casts and
//! `:=` are left alone, by the rules of PostgreSQL's own lexer (manual, section 4.1).

use super::{
    lexer::{Lexer, Token},
    value::Value,
};

/// One part of a template; `at` is its byte offset in the template's source.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text { text: String, at: usize },
    Parameter { slot: usize, at: usize },
    Optional(Vec<Piece>),
}

/// A parameter as SQL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The parameter.
    pub name: String,
    /// Its field, if it has any.
    pub field: Option<String>,
    /// Byte offset of the colon.
    pub at: usize,
}

/// Words that begin what a statement of a workload cannot be.
const ELSEWHERE: &[&str] = &[
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
    "PREPARE",
    "EXECUTE",
    "DEALLOCATE",
    "COPY",
];

/// A template was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Byte offset in the source.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

/// Parsed SQL of one statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pieces: Vec<Piece>,
    optionals: usize,
    mutates: bool,
}

/// SQL with `$1`, `$2`, ... in place of parameters, for one choice of optional clauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The SQL text.
    pub sql: String,
    /// The slot that each `$n` stands for.
    pub slots: Vec<usize>,
    /// Where pieces of `sql` came from: (byte offset in `sql`, byte offset in the source).
    origins: Vec<(usize, usize)>,
}

impl Numbered {
    /// Byte offset in the template's source of the character number `position` (from 1) of the SQL,
    /// as the server reports it.
    #[must_use]
    pub fn source_offset(&self, position: u32) -> usize {
        let index = self.sql.char_indices().nth(position.saturating_sub(1) as usize);
        let byte = index.map_or(self.sql.len(), |(byte, _)| byte);
        let origin = self.origins.iter().rev().find(|(start, _)| *start <= byte);
        origin.map_or(0, |(start, source)| source + (byte - start))
    }
}

impl Template {
    /// Parses `sql`; `resolve` gives each parameter its slot, or says why it may not be named.
    ///
    /// # Errors
    /// An unclosed string, comment or clause, an empty or nested clause, or what `resolve` says.
    pub fn parse(
        sql: &str,
        resolve: &mut dyn FnMut(&Reference) -> Result<usize, String>,
    ) -> Result<Self, TemplateError> {
        let mut lexer = Lexer::new(sql);
        let mut text_start = 0;
        let mut pieces = Vec::new();
        let mut optionals = 0;
        let mut clause: Option<(usize, Vec<Piece>)> = None;
        loop {
            let token = lexer.next()?;
            let current = clause.as_mut().map_or(&mut pieces, |(_, inner)| inner);
            let range = token.range();
            if text_start < range.start {
                let text = sql[text_start..range.start].to_owned();
                current.push(Piece::Text { text, at: text_start });
            }
            text_start = range.end;
            let error =
                |message: &str| TemplateError { at: token.range().start, message: message.to_owned() };
            match &token {
                Token::Parameter(reference, _) => {
                    let slot =
                        resolve(reference).map_err(|message| TemplateError { at: reference.at, message })?;
                    current.push(Piece::Parameter { slot, at: reference.at });
                }
                Token::Open(_) if clause.is_some() => {
                    return Err(error("an optional clause [[ ]] stands in another"));
                }
                Token::Open(range) => clause = Some((range.start, Vec::new())),
                Token::Close(_) => {
                    let Some((_, inner)) = clause.take() else {
                        return Err(error("`]]` closes an optional clause that was never opened"));
                    };
                    if !inner.iter().any(|piece| matches!(piece, Piece::Parameter { .. })) {
                        return Err(error("an optional clause [[ ]] needs a parameter to depend on"));
                    }
                    optionals += 1;
                    pieces.push(Piece::Optional(inner));
                }
                Token::End(_) => break,
            }
        }
        if let Some((at, _)) = clause {
            return Err(TemplateError {
                at,
                message: "the optional clause [[ is not closed by ]]".to_owned(),
            });
        }
        let misplaced = |message: String| Err(TemplateError { at: 0, message });
        match lexer.first_word() {
            None => misplaced("there is no statement in this SQL".to_owned()),
            Some(word) if ELSEWHERE.contains(&word) => misplaced(format!(
                "{word} is no statement of a tool call: transactions are begun by the envelope and ended by `end`, and COPY is not replayed"
            )),
            Some(_) => Ok(Self { pieces, optionals, mutates: lexer.mutates() }),
        }
    }

    /// Whether the SQL does not begin as a query, or holds a word that changes or locks rows (INSERT, UPDATE,
    /// DELETE, MERGE, TRUNCATE, or DDL): such a statement never runs where only reading is allowed.
    #[must_use]
    pub fn mutates(&self) -> bool {
        self.mutates
    }

    /// Number of optional clauses.
    #[must_use]
    pub fn optionals(&self) -> usize {
        self.optionals
    }

    /// Slots that stand in the SQL, in order, repeated as they are.
    #[must_use]
    pub fn slots(&self) -> Vec<usize> {
        fn collect(pieces: &[Piece], out: &mut Vec<usize>) {
            for piece in pieces {
                match piece {
                    Piece::Parameter { slot, .. } => out.push(*slot),
                    Piece::Optional(inner) => collect(inner, out),
                    Piece::Text { .. } => {}
                }
            }
        }
        let mut out = Vec::new();
        collect(&self.pieces, &mut out);
        out
    }

    /// Appends the SQL with literals in place of parameters.
    pub fn write_literal(&self, values: &[Value], out: &mut String) {
        self.visit(values, &mut |piece| match piece {
            Piece::Text { text, .. } => out.push_str(text),
            Piece::Parameter { slot, .. } => values[*slot].write_literal(out),
            Piece::Optional(_) => {}
        });
    }

    /// Which optional clauses `values` leave in: bit n is the nth clause.
    #[must_use]
    pub fn clauses(&self, values: &[Value]) -> u64 {
        let optional = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Optional(inner) => Some(present(inner, values)),
            _ => None,
        });
        optional.enumerate().fold(0, |mask, (index, present)| mask | (u64::from(present) << index))
    }

    /// The SQL with `$n` in place of parameters, for the clauses that `values` leave in. Pieces of SQL
    /// ([`Value::Sql`]) stand verbatim.
    #[must_use]
    pub fn numbered(&self, values: &[Value]) -> Numbered {
        let mut out = Numbered { sql: String::new(), slots: Vec::new(), origins: Vec::new() };
        self.visit(values, &mut |piece| match piece {
            Piece::Text { text, at } => {
                out.origins.push((out.sql.len(), *at));
                out.sql.push_str(text);
            }
            Piece::Parameter { slot, at } => {
                out.origins.push((out.sql.len(), *at));
                if let Value::Sql { text, .. } = &values[*slot] {
                    out.sql.push_str(text);
                } else {
                    let number = out.slots.iter().position(|known| known == slot).unwrap_or_else(|| {
                        out.slots.push(*slot);
                        out.slots.len() - 1
                    });
                    out.sql.push_str(&format!("${}", number + 1));
                }
            }
            Piece::Optional(_) => {}
        });
        out
    }

    fn visit(&self, values: &[Value], see: &mut dyn FnMut(&Piece)) {
        for piece in &self.pieces {
            match piece {
                Piece::Optional(inner) if present(inner, values) => inner.iter().for_each(&mut *see),
                Piece::Optional(_) => {}
                piece => see(piece),
            }
        }
    }
}

fn present(inner: &[Piece], values: &[Value]) -> bool {
    !inner.iter().any(|piece| matches!(piece, Piece::Parameter { slot, .. } if values[*slot].is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(sql: &str) -> Result<(Template, Vec<String>), TemplateError> {
        let mut names = Vec::new();
        let template = Template::parse(sql, &mut |reference| {
            let name = match &reference.field {
                Some(field) => format!("{}.{field}", reference.name),
                None => reference.name.clone(),
            };
            Ok(names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            }))
        })?;
        Ok((template, names))
    }

    fn literal(sql: &str, values: &[Value]) -> String {
        let mut out = String::new();
        parse(sql).unwrap().0.write_literal(values, &mut out);
        out
    }

    #[test]
    fn parameters_become_literals_or_numbers() {
        let sql = "select :a, :b.from::text where x = :a";
        let (template, names) = parse(sql).unwrap();
        assert_eq!(names, ["a", "b.from"]);
        let values = [Value::Int(1), Value::Text("x'y".into())];
        assert_eq!(literal(sql, &values), "select 1, 'x''y'::text where x = 1");
        let numbered = template.numbered(&values);
        assert_eq!(numbered.sql, "select $1, $2::text where x = $1");
        assert_eq!(numbered.slots, [0, 1]);
    }

    #[test]
    fn colons_in_text_are_no_parameters() {
        for sql in [
            "select ':a', E'it\\'s :a', \"col:a\", $$ :a $$, $t$ $$ :a $t$, 1::int",
            "select 1 -- :a\n, 2 /* :a /* :b */ :c */",
            "select arr[1:2], x := 3",
        ] {
            assert_eq!(parse(sql).unwrap().1, Vec::<String>::new(), "{sql}");
            assert_eq!(literal(sql, &[]), sql);
        }
    }

    #[test]
    fn optional_clauses_go_with_their_parameters() {
        let sql = "select 1 where true [[and year >= :from ]][[and year <= :to ]]limit 5";
        assert_eq!(
            literal(sql, &[Value::Int(1990), Value::Null]),
            "select 1 where true and year >= 1990 limit 5"
        );
        let (template, _) = parse(sql).unwrap();
        assert_eq!(template.clauses(&[Value::Null, Value::Int(2000)]), 0b10);
        assert_eq!(
            template.numbered(&[Value::Null, Value::Int(2000)]).sql,
            "select 1 where true and year <= $1 limit 5"
        );
    }

    #[test]
    fn pieces_of_sql_stand_verbatim() {
        let order = Value::Sql { text: "title ASC".into(), choice: 0 };
        let (template, _) = parse("select 1 order by :order limit :n").unwrap();
        let numbered = template.numbered(&[order, Value::Int(3)]);
        assert_eq!(numbered.sql, "select 1 order by title ASC limit $1");
        assert_eq!(numbered.slots, [1]);
    }

    #[test]
    fn server_positions_lead_back_to_the_source() {
        let sql = "select :a,\n  wrong";
        let numbered = parse(sql).unwrap().0.numbered(&[Value::Int(1)]);
        let position = numbered.sql.find("wrong").unwrap() as u32 + 1;
        assert_eq!(numbered.source_offset(position), sql.find("wrong").unwrap());
        assert_eq!(numbered.source_offset(9_999), sql.len());
    }

    #[test]
    fn statements_that_change_rows_are_known() {
        for (sql, mutates) in [
            ("select 1", false),
            ("select 'insert'", false),
            ("select updated_at from t", false),
            ("UPDATE t set a = 1", true),
            ("with x as (delete from t returning 1) select * from x", true),
            ("select 1 from t for update", true),
            ("-- a comment\n(select 1)", false),
            ("analyze t", true),
            ("set work_mem = 1", true),
        ] {
            assert_eq!(parse(sql).unwrap().0.mutates(), mutates, "{sql}");
        }
    }

    #[test]
    fn what_is_left_open_is_refused() {
        for (sql, message) in [
            ("select 'a", "never closed"),
            ("select /* a", "never closed"),
            ("select $$ a", "never closed"),
            ("select [[ and :a", "not closed"),
            ("select ]]", "never opened"),
            (" -- nothing", "no statement"),
            ("commit", "COMMIT is no statement"),
            ("copy t to stdout", "COPY is no statement"),
            ("select [[ 1 ]]", "needs a parameter"),
            ("select [[ :a [[ :b ]] ]]", "stands in another"),
        ] {
            assert!(parse(sql).unwrap_err().message.contains(message), "{sql}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(sql in "[a-zé:\\[\\]'\"$/*\\-\\\\ .E\n0-9]{0,60}") {
            let _ = parse(&sql);
        }

        #[test]
        fn text_without_parameters_comes_back_as_it_was(sql in "[a-z ,.()'=<>0-9]{0,60}") {
            if let Ok((template, _)) = parse(&sql) {
                let mut out = String::new();
                template.write_literal(&[], &mut out);
                prop_assert_eq!(out, sql);
            }
        }
    }
}
