//! SQL without its values. Pure.

/// SQL, or an expression as EXPLAIN prints it, with `?` in place of strings, numbers and parameters, and one blank for
/// any white space. `unqualified` drops what stands before a point: aliases and schemas. Comments and quoted identifiers
/// stay.
#[must_use]
pub fn without_literals(sql: &str, unqualified: bool) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql.trim();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => {
                // The letter that marks an escape string is part of it.
                let escapes = is_escape(&out);
                if escapes {
                    out.pop();
                }
                out.push('?');
                string(rest, escapes)
            }
            '$' | '0'..='9' => {
                out.push('?');
                let figures = || 1 + rest[1..].find(|c: char| !is_figure(c)).unwrap_or(rest.len() - 1);
                dollar_quoted(rest).unwrap_or_else(figures)
            }
            '"' => {
                let length = 2 + rest[1..].find('"').unwrap_or(rest.len().saturating_sub(2));
                push_name(&mut out, rest, length.min(rest.len()), unqualified)
            }
            c if is_word(c) => {
                let length = rest.find(|c: char| !is_word(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
                push_name(&mut out, rest, length, unqualified)
            }
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                c.len_utf8()
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// An expression of a plan in which what the planner may fold to a constant is one: `?` with a cast, in brackets, or as all
/// that a function is given. So a plan for any parameters reads as one for those that are known.
#[must_use]
pub(super) fn folded(expression: &str) -> String {
    let mut text = without_literals(expression, true);
    while let Some(shorter) = fold_once(&text) {
        text = shorter;
    }
    text
}

fn fold_once(text: &str) -> Option<String> {
    let is_name = |c: char| is_word(c) || c.is_ascii_digit();
    if let Some(at) = text.find("?::") {
        let after = &text[at + 3..];
        let name = after.find(|c: char| !is_name(c) && c != '"').unwrap_or(after.len());
        let (head, mut rest) = (&text[..=at], &after[name..]);
        for more in [" with time zone", " without time zone", " varying", " precision", "(?)", "[]"] {
            rest = rest.strip_prefix(more).unwrap_or(rest);
        }
        return Some(format!("{head}{rest}"));
    }
    // Brackets that hold question marks alone, with the name of a function before them or none.
    text.match_indices('(').find_map(|(open, _)| {
        let close = open + text[open..].find(')')?;
        let inner = &text[open + 1..close];
        let alone = inner.split(", ").all(|part| part == "?");
        let name = text[..open].trim_end_matches(is_name);
        let is_row = name.len() == open && inner != "?";
        (alone && !is_row).then(|| format!("{name}?{}", &text[close + 1..]))
    })
}

/// Appends a name, unless it only says where the next one is from; returns how much of `rest` it took.
fn push_name(out: &mut String, rest: &str, length: usize, unqualified: bool) -> usize {
    if unqualified && rest[length..].starts_with('.') {
        return length + 1;
    }
    out.push_str(&rest[..length]);
    length
}

fn is_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Digits, a point, an exponent.
fn is_figure(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '.' || c == '_'
}

/// Whether an `E` that belongs to the string comes before it.
fn is_escape(before: &str) -> bool {
    let mut last = before.chars().rev();
    matches!(last.next(), Some('E' | 'e')) && !last.next().is_some_and(|c| is_word(c) || c.is_ascii_digit())
}

/// Length of the string that `text` begins with, quotes included.
fn string(text: &str, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Length of the dollar-quoted string that `text` begins with, if it does.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag_end = 1 + text.strip_prefix('$')?.find('$')?;
    let tag = &text[..=tag_end];
    let name = &tag[1..tag_end];
    if name.starts_with(|c: char| c.is_ascii_digit())
        || !name.chars().all(|c| is_word(c) || c.is_ascii_digit())
    {
        return None;
    }
    let end = text[tag.len()..].find(tag)?;
    Some(tag.len() + end + tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_become_question_marks() {
        for (sql, expected) in [
            ("SELECT 1,\n   'it''s' FROM t1 WHERE a2 = $1", "SELECT ?, ? FROM t1 WHERE a2 = ?"),
            ("a = E'x\\'y' and b", "a = ? and b"),
            ("x = 1.5e10 AND y", "x = ? AND y"),
            ("select $$ it's $$, $a$ 1 $a$, $2", "select ?, ?, ?"),
            ("'open", "?"),
            ("like 'x'", "like ?"),
            ("\"Col 1\" = 2", "\"Col 1\" = ?"),
        ] {
            assert_eq!(without_literals(sql, false), expected);
        }
    }

    #[test]
    fn qualifiers_go_where_asked() {
        assert_eq!(without_literals("public.f(t_1.\"A\", 1.5) = x", true), "f(\"A\", ?) = x");
        assert_eq!(without_literals("public.f(t.a)", false), "public.f(t.a)");
    }

    #[test]
    fn constants_are_one() {
        for (custom, generic) in [
            ("(id = '0'::uuid)", "(id = $1)"),
            ("(v @@ '''a'' & ''b'''::tsquery)", "(v @@ to_tsquery('english'::regconfig, $1))"),
            ("(upper((format)::text) = 'MP3'::text)", "(upper((format)::text) = upper($2))"),
            ("(at >= '2025-01-01 00:00:00+00'::timestamp with time zone)", "(at >= $1)"),
            ("(a = 'x'::character varying(20))", "(a = ($1)::text)"),
            ("(b > '-1'::integer)", "(b > $1)"),
        ] {
            assert_eq!(folded(custom), folded(generic));
        }
        assert_eq!(folded("((status)::text = 'A'::text)"), "((status)::text = ?)");
        assert_eq!(folded("(now() > at)"), "(now() > at)");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,40}", other in "[a-z'$\"E\\\\ .0-9]{0,40}") {
            for text in [text, other] {
                let _ = folded(&text);
                let once = without_literals(&text, true);
                prop_assert!(!once.contains(|c: char| c.is_ascii_digit()) || text.contains(|c: char| is_word(c) || c == '"'));
            }
        }
    }
}
