//! Conditions of a plan's filter, as PostgreSQL prints them, and the index that would answer each.

/// One condition of a filter: `column operator value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Predicate {
    /// The column, or the expression that is compared.
    pub(super) operand: String,
    /// As in `@@` or `=`.
    pub(super) operator: &'static str,
    /// Whether a function or an expression stands in the way of an index on the column alone.
    pub(super) is_expression: bool,
    /// Whether the column stands in a cast to text, which is none for text of a bounded length.
    pub(super) is_cast: bool,
}

/// Functions of text and numbers that an index takes.
const IMMUTABLE: [&str; 14] = [
    "lower",
    "upper",
    "length",
    "char_length",
    "btrim",
    "ltrim",
    "rtrim",
    "abs",
    "md5",
    "left",
    "right",
    "replace",
    "substr",
    "initcap",
];

/// Operators that an index can answer, the most selective kinds first.
const SEARCHES: usize = 4;
const OPERATORS: [&str; 10] = ["@@", "%", "~~*", "~~", "=", ">=", "<=", "<>", ">", "<"];

/// The conditions that a filter joins by AND, in its order. What cannot be read (OR, IN lists, subplans) is left out.
pub(super) fn conjuncts(filter: &str) -> Vec<Predicate> {
    split(strip(filter), " AND ").into_iter().filter_map(predicate).collect()
}

/// Whether something among the conditions that a filter joins by AND could not be read.
pub(super) fn is_partly_unread(filter: &str) -> bool {
    arms(filter).is_none() && split(strip(filter), " AND ").len() > conjuncts(filter).len()
}

/// The arms of conditions that are joined by OR, of which an index must answer each: none where one of them cannot be
/// read, or no index answers it. `None` where no OR joins them.
pub(super) fn arms(filter: &str) -> Option<Vec<Predicate>> {
    let parts = split(strip(filter), " OR ");
    if parts.len() < 2 {
        return None;
    }
    let answerable = |part| predicate(part).filter(|arm| arm.key().is_some());
    Some(parts.into_iter().map(answerable).collect::<Option<Vec<_>>>().unwrap_or_default())
}

impl Predicate {
    /// The key of an index that answers it, and the method; `None` for one that no index answers well.
    fn key(&self) -> Option<(&'static str, String)> {
        let operand = if self.is_expression { format!("({})", self.operand) } else { self.operand.clone() };
        match self.operator {
            "@@" => Some(("gin", operand)),
            "%" | "~~*" | "~~" => Some(("gin", format!("{operand} gin_trgm_ops"))),
            "=" | ">=" | "<=" | ">" | "<" => Some(("btree", operand)),
            _ => None,
        }
    }

    /// The same where the column is known to be no text: then the cast is an expression like any other.
    pub(super) fn of_kind(self, kind: Option<&str>) -> Self {
        let is_text =
            |kind: &str| ["text", "character", "name", "citext"].iter().any(|text| kind.starts_with(text));
        match kind {
            Some(kind) if self.is_cast && !is_text(kind) => {
                Self { operand: format!("({})::text", self.operand), is_expression: true, ..self }
            }
            _ => self,
        }
    }

    /// Whether an index of trigrams answers it, which the extension pg_trgm brings.
    pub(super) fn needs_trigrams(&self) -> bool {
        ["%", "~~*", "~~"].contains(&self.operator)
    }

    /// Whether PostgreSQL surely takes an index on the expression: what it is made of gives the same for the same row at
    /// any time (IMMUTABLE).
    pub(super) fn is_surely_immutable(&self) -> bool {
        !self.is_expression
            || !self.is_cast && {
                let words = self.operand.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                let follows = |word: &str, sign: char| self.operand.contains(&format!("{word}{sign}"));
                let functions = words.filter(|word| !word.is_empty() && follows(word, '('));
                let casts = self.operand.split("::").skip(1);
                functions.into_iter().all(|name| IMMUTABLE.contains(&name))
                    && casts
                        .into_iter()
                        .all(|rest| rest.starts_with("text") || rest.starts_with("character varying"))
            }
    }

    /// Whether rows of one value alone are asked for; such a key goes first in an index of several.
    pub(super) fn is_equality(&self) -> bool {
        self.operator == "="
    }

    /// How selective a condition of this kind usually is: the lower, the more.
    pub(super) fn rank(&self) -> usize {
        OPERATORS.iter().position(|operator| *operator == self.operator).unwrap_or(OPERATORS.len())
    }

    /// Whether it is the more selective kind that has an index of its own: a text search, or trigrams.
    pub(super) fn is_search(&self) -> bool {
        self.rank() < SEARCHES
    }

    /// Whether an index with these keys, of this method, answers it.
    pub(super) fn is_answered_by(&self, method: &str, keys: &[String]) -> bool {
        let plain = |text: &str| text.replace(['(', ')', '"', ' '], "").replace("::text", "");
        let has = |key: &String| plain(key) == plain(&self.operand);
        match self.operator {
            "@@" | "%" | "~~*" | "~~" => ["gin", "gist"].contains(&method) && keys.iter().any(has),
            "<>" => false,
            _ => method == "btree" && keys.first().is_some_and(has),
        }
    }
}

/// SQL of an index called `name` on `table` that answers all of these; `None` where none answers them well.
pub(super) fn index_on(wanted: &[Predicate], table: &str, name: &str) -> Option<String> {
    let keys: Vec<(&str, String)> = wanted.iter().map(Predicate::key).collect::<Option<_>>()?;
    let (method, _) = *keys.first()?;
    let listed = keys.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>().join(", ");
    let using = if method == "btree" { String::new() } else { format!(" USING {method}") };
    Some(format!("CREATE INDEX CONCURRENTLY {name} ON {table}{using} ({listed})"))
}

/// A name for such an index, as the library's own are called; PostgreSQL keeps 63 bytes of it.
pub(super) fn index_name(wanted: &[Predicate], table: &str) -> String {
    let table = table.rsplit('.').next().unwrap_or(table);
    let operands: String = wanted.iter().map(|predicate| format!("_{}", predicate.operand)).collect();
    let letters = format!("idx_{table}{operands}");
    let letters: String = letters
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let mut name = letters.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    name.truncate(60);
    name
}

/// The conditions that a text joins by AND, as they are written, without what encloses them.
pub(super) fn parts(text: &str) -> Vec<String> {
    split(strip(text), " AND ").into_iter().map(|part| strip(part).to_owned()).collect()
}

/// Whether a filter says what the condition of a partial index asks for, word for word.
pub(super) fn implies(filter: &str, condition: &str) -> bool {
    let said = parts(filter);
    parts(condition).iter().all(|part| said.contains(part))
}

fn predicate(text: &str) -> Option<Predicate> {
    let text = strip(text);
    let (operand, operator) = OPERATORS.iter().find_map(|operator| {
        let parts = split(text, &format!(" {operator} "));
        (parts.len() == 2).then(|| (parts[0].trim(), *operator))
    })?;
    let written = strip(operand);
    let operand = without_casts(written);
    let is_cast = operand != written;
    let is_name = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '"' || c == '.')
    };
    // A literal is no operand.
    if operand.starts_with('\'') || operand.starts_with(|c: char| c.is_ascii_digit()) || operand.is_empty() {
        return None;
    }
    let is_expression = !is_name(&operand);
    Some(Predicate { operand, operator, is_expression, is_cast })
}

/// A column as it is written, without the cast that PostgreSQL puts around text of a bounded length: `(artist)::text`. Any
/// other cast makes another value, of which an index on the column knows nothing.
fn without_casts(text: &str) -> String {
    match text.strip_prefix('(').and_then(|rest| rest.split_once(")::")) {
        Some((name, "text")) => name.to_owned(),
        _ => text.to_owned(),
    }
}

/// Without the parentheses that enclose the whole.
fn strip(text: &str) -> &str {
    let text = text.trim();
    let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return text };
    let mut depth = 0_i32;
    let mut quoted = false;
    for character in inner.chars() {
        match character {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return text;
        }
    }
    strip(inner)
}

/// Parts between separators that stand in no parentheses and no literal.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut depth, mut quoted, mut begin) = (0_i32, false, 0);
    let mut parts = Vec::new();
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 && !quoted && at >= begin && text[at..].starts_with(separator) {
            parts.push(&text[begin..at]);
            begin = at + separator.len();
        }
    }
    parts.push(&text[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(filter: &str) -> Vec<(String, &'static str, bool)> {
        let each = conjuncts(filter).into_iter();
        each.map(|predicate| (predicate.operand, predicate.operator, predicate.is_expression)).collect()
    }

    #[test]
    fn filters_are_read_as_postgresql_prints_them() {
        let search = "((search_vector @@ '''rock'''::tsquery) AND ((status)::text = 'COMPLETED'::text) AND (ts_rank(search_vector, '''rock'''::tsquery, 1) >= '0.01'::double precision))";
        assert_eq!(
            read(search),
            [
                ("search_vector".to_owned(), "@@", false),
                ("status".to_owned(), "=", false),
                ("ts_rank(search_vector, '''rock'''::tsquery, 1)".to_owned(), ">=", true),
            ]
        );
        assert_eq!(read("(year >= 1990)"), [("year".to_owned(), ">=", false)]);
        assert_eq!(
            read("(upper((format)::text) = 'MP3'::text)"),
            [("upper((format)::text)".to_owned(), "=", true)]
        );
        assert_eq!(
            read("((title)::text = 'a AND b) OR (c'::text)"),
            [("title".to_owned(), "=", false)],
            "what a literal says is no condition"
        );
        let fuzzy = arms("(((artist)::text % 'x'::text) OR ((title)::text % 'x'::text))").unwrap();
        assert_eq!(fuzzy.iter().map(|arm| arm.operand.as_str()).collect::<Vec<_>>(), ["artist", "title"]);
        assert_eq!(arms("(year >= 1990)"), None);
        assert_eq!(arms("((year = 5) OR (title IS NULL))"), Some(Vec::new()));
    }

    #[test]
    fn each_condition_has_its_index() {
        let index = |filter: &str| {
            let wanted = &conjuncts(filter)[..];
            index_on(wanted, "s.t", &index_name(wanted, "s.t"))
        };
        assert_eq!(
            index("(search_vector @@ 'x'::tsquery)").unwrap(),
            "CREATE INDEX CONCURRENTLY idx_t_search_vector ON s.t USING gin (search_vector)"
        );
        assert_eq!(
            index("((artist)::text % 'x'::text)").unwrap(),
            "CREATE INDEX CONCURRENTLY idx_t_artist ON s.t USING gin (artist gin_trgm_ops)"
        );
        assert_eq!(index("(year = 5)").unwrap(), "CREATE INDEX CONCURRENTLY idx_t_year ON s.t (year)");
        assert_eq!(
            index("(upper((format)::text) = 'MP3'::text)").unwrap(),
            "CREATE INDEX CONCURRENTLY idx_t_upper_format_text ON s.t ((upper((format)::text)))"
        );
        assert_eq!(
            index("((year = 5) AND (bitrate >= 1))").unwrap(),
            "CREATE INDEX CONCURRENTLY idx_t_year_bitrate ON s.t (year, bitrate)"
        );
        assert_eq!(index("(year <> 5)"), None);
    }

    #[test]
    fn an_index_answers_what_it_is_made_for() {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let search = &conjuncts("(search_vector @@ 'x'::tsquery)")[0];
        assert!(search.is_answered_by("gin", &keys(&["search_vector"])));
        assert!(!search.is_answered_by("btree", &keys(&["search_vector"])));
        let year = &conjuncts("(year = 5)")[0];
        assert!(year.is_answered_by("btree", &keys(&["year", "title"])));
        assert!(!year.is_answered_by("btree", &keys(&["title", "year"])));
        let upper = &conjuncts("(upper((format)::text) = 'MP3'::text)")[0];
        assert!(upper.is_answered_by("btree", &keys(&["upper((format)::text)"])));
    }

    #[test]
    fn an_index_takes_only_what_never_changes() {
        let sure = |filter: &str| conjuncts(filter)[0].is_surely_immutable();
        assert!(sure("(upper((format)::text) = 'MP3'::text)"));
        assert!(sure("(year = 5)"));
        assert!(!sure("(to_char(created_at, 'YYYY'::text) = '2026'::text)"));
        assert!(!sure("(date_trunc('day'::text, created_at) = '2026-01-01'::timestamp)"));
        assert!(!sure("((created_at)::date = '2026-01-01'::date)"));
    }

    #[test]
    fn a_partial_index_serves_those_who_say_its_condition() {
        let filter = "(((status)::text = 'FAILED'::text) AND (year = 5))";
        assert!(implies(filter, "((status)::text = 'FAILED'::text)"));
        assert!(!implies(filter, "((status)::text <> 'COMPLETED'::text)"));
        assert!(!implies("(year = 5)", "((status)::text = 'FAILED'::text)"));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(filter in "[a-z()' =%@<>AND OR:]{0,80}") {
            let _ = (conjuncts(&filter), arms(&filter), implies(&filter, &filter));
            let _ = conjuncts(&filter).iter().all(Predicate::is_surely_immutable);
        }
    }
}
