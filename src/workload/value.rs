//! Parameter values, and how the server's driver writes them into SQL.

use chrono::{DateTime, SecondsFormat, Utc};
use std::{fmt::Write, sync::Arc};
use uuid::Uuid;

/// One parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL; leaves out an optional clause.
    Null,
    /// A whole number.
    Int(i64),
    /// `unscaled / 10^scale`, for numeric columns.
    Decimal {
        /// The digits without the point.
        unscaled: i64,
        /// Digits after the point.
        scale: u8,
    },
    /// Text.
    Text(String),
    /// A UUID; on the wire it is text, as the server sends it.
    Uuid(Uuid),
    /// A point in time.
    Timestamp(DateTime<Utc>),
    /// A piece of SQL that the workload file itself lists, such as a sort order.
    Sql {
        /// The SQL text.
        text: Arc<str>,
        /// Its place in the file's list.
        choice: usize,
    },
}

impl Value {
    /// Whether the value is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Appends the SQL literal that psycopg2 would write (its `adapt` and libpq's `PQescapeLiteral`).
    pub fn write_literal(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("NULL"),
            // psycopg2 puts a blank before a minus, so that `1 -%s` cannot become a comment.
            Self::Int(number) if *number < 0 => write!(out, " {number}").unwrap_or_default(),
            Self::Timestamp(_) => {
                out.push('\'');
                self.write_text(out);
                out.push_str("'::timestamptz");
            }
            Self::Text(text) => write_quoted(text, out),
            Self::Uuid(_) => {
                out.push('\'');
                self.write_text(out);
                out.push('\'');
            }
            Self::Int(_) | Self::Decimal { .. } | Self::Sql { .. } => self.write_text(out),
        }
    }

    /// Appends the value in PostgreSQL's text format, as a bound parameter carries it.
    pub fn write_text(&self, out: &mut impl Write) {
        match self {
            Self::Null => Ok(()),
            Self::Int(number) => write!(out, "{number}"),
            Self::Decimal { unscaled, scale } => write_decimal(*unscaled, *scale, out),
            Self::Text(text) => out.write_str(text),
            Self::Uuid(uuid) => write!(out, "{uuid}"),
            Self::Timestamp(at) => out.write_str(&at.to_rfc3339_opts(SecondsFormat::Micros, false)),
            Self::Sql { text, .. } => out.write_str(text),
        }
        .unwrap_or_default(); // Writing to memory cannot fail.
    }
}

fn write_decimal(unscaled: i64, scale: u8, out: &mut impl Write) -> std::fmt::Result {
    let sign = if unscaled < 0 { "-" } else { "" };
    let divisor = 10_u64.pow(u32::from(scale));
    let digits = unscaled.unsigned_abs();
    match scale {
        0 => write!(out, "{sign}{digits}"),
        _ => {
            write!(out, "{sign}{}.{:0width$}", digits / divisor, digits % divisor, width = usize::from(scale))
        }
    }
}

fn write_quoted(text: &str, out: &mut String) {
    let escape = text.contains('\\');
    out.push_str(if escape { " E'" } else { "'" });
    for character in text.chars() {
        if character == '\'' || character == '\\' {
            out.push(character);
        }
        out.push(character);
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(value: &Value) -> String {
        let mut out = String::new();
        value.write_literal(&mut out);
        out
    }

    #[test]
    fn literals_are_those_of_the_driver() {
        let at = DateTime::from_timestamp(1_700_000_000, 250_000_000).unwrap();
        for (value, expected) in [
            (Value::Null, "NULL"),
            (Value::Int(20), "20"),
            (Value::Int(-3), " -3"),
            (Value::Decimal { unscaled: 241_007, scale: 3 }, "241.007"),
            (Value::Decimal { unscaled: -5, scale: 3 }, "-0.005"),
            (Value::Decimal { unscaled: 7, scale: 0 }, "7"),
            (Value::Text("Sgt. Pepper's".into()), "'Sgt. Pepper''s'"),
            (Value::Text(r"AC\DC's".into()), r" E'AC\\DC''s'"),
            (Value::Uuid(Uuid::nil()), "'00000000-0000-0000-0000-000000000000'"),
            (Value::Timestamp(at), "'2023-11-14T22:13:20.250000+00:00'::timestamptz"),
            (Value::Sql { text: "title ASC".into(), choice: 1 }, "title ASC"),
        ] {
            assert_eq!(literal(&value), expected);
        }
    }
}
