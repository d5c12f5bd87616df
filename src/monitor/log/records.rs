//! Texts of a log cut into records: the server's three formats.

use serde::Deserialize;
use std::path::Path;

/// A record that grows beyond this is none: what was read of it is thrown away.
const LONGEST: usize = 1 << 20;
/// Columns of a csvlog.
const SEVERITY: usize = 11;
const STATE: usize = 12;
const MESSAGE: usize = 13;
/// What stands between a severity and its message.
const GAP: &str = ":  ";
/// Severities that are looked for.
const SEVERITIES: [&str; 3] = ["FATAL", "ERROR", "PANIC"];

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `stderr`, with any prefix.
    Plain,
    Csv,
    Json,
}

impl Form {
    /// By the name's ending, as the server itself chooses it.
    pub(super) fn of(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Self::Csv,
            Some("json") => Self::Json,
            _ => Self::Plain,
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) severity: String,
    /// SQLSTATE, where the log has it.
    pub(super) state: Option<String>,
    pub(super) message: String,
}

/// Cuts what comes in pieces.
#[derive(Debug)]
pub(super) struct Records {
    form: Form,
    /// The beginning of a record whose end has not come yet.
    rest: Vec<u8>,
}

impl Records {
    pub(super) fn new(form: Form) -> Self {
        Self { form, rest: Vec::new() }
    }

    /// Another file begins, perhaps in another form.
    pub(super) fn begin(&mut self, form: Form) {
        (self.form, self.rest) = (form, Vec::new());
    }

    /// The records that end in `bytes`; those that cannot be read are left out.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Vec<Record> {
        self.rest.extend_from_slice(bytes);
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(end) = end_of_record(&self.rest[from..], self.form) {
            let text = String::from_utf8_lossy(&self.rest[from..from + end]);
            found.extend(record(text.trim_end(), self.form));
            from += end;
        }
        self.rest.drain(..from);
        if self.rest.len() > LONGEST {
            self.rest.clear();
        }
        found
    }
}

/// Where the first record ends: behind the line's end, which in a csvlog must not stand in quotes.
fn end_of_record(bytes: &[u8], form: Form) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' if form == Form::Csv => quoted = !quoted,
            b'\n' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn record(text: &str, form: Form) -> Option<Record> {
    match form {
        Form::Plain => plain(text),
        Form::Csv => csv(text),
        Form::Json => json(text),
    }
}

/// The first severity counts: what follows it is the message, and may hold anything. With log_error_verbosity = verbose its
/// SQLSTATE stands in front.
fn plain(line: &str) -> Option<Record> {
    // A message's further lines are indented by a tab.
    if line.starts_with('\t') {
        return None;
    }
    let (before, message) = line.split_once(GAP)?;
    let severity = SEVERITIES.iter().find(|severity| before.ends_with(**severity))?;
    let (state, message) = match message.split_once(": ").filter(|(state, _)| is_state(state)) {
        Some((state, message)) => (Some(state.to_owned()), message),
        None => (None, message),
    };
    Some(Record { severity: (*severity).to_owned(), state, message: message.to_owned() })
}

/// Each SQLSTATE has a digit; a word in capitals has none.
fn is_state(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    text.len() == 5 && text.bytes().all(is_part) && text.bytes().any(|byte| byte.is_ascii_digit())
}

fn csv(text: &str) -> Option<Record> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let fields = reader.records().next()?.ok()?;
    let field = |column: usize| fields.get(column).map(str::to_owned);
    Some(Record { severity: field(SEVERITY)?, state: field(STATE), message: field(MESSAGE)? })
}

#[derive(Deserialize)]
struct Line {
    error_severity: String,
    state_code: Option<String>,
    #[serde(default)]
    message: String,
}

fn json(text: &str) -> Option<Record> {
    let line: Line = serde_json::from_str(text).ok()?;
    Some(Record { severity: line.error_severity, state: line.state_code, message: line.message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(form: Form, text: &str) -> Vec<(String, Option<String>, String)> {
        let records = Records::new(form).add(text.as_bytes());
        records.into_iter().map(|record| (record.severity, record.state, record.message)).collect()
    }

    #[test]
    fn plain_lines_are_read_with_any_prefix() {
        let text = "2026-01-08 03:05:00.123 UTC [12345] FATAL:  role \"x\" does not exist\n\
                    [1]: [2-1] user=u,db=d ERROR:  FATAL:  is a word of mine\n\
                    ERROR:  bare\n\
                    \tERROR:  a further line\n\
                    2026 [9] DETAIL:  ERROR:  no\n\
                    2026 [9] LOG:  checkpoint complete\n\
                    cut off ERROR:  no line's end";
        let found = all(Form::Plain, text);
        let short: Vec<(&str, &str)> = found.iter().map(|(s, _, m)| (s.as_str(), m.as_str())).collect();
        assert_eq!(
            short,
            [
                ("FATAL", "role \"x\" does not exist"),
                ("ERROR", "FATAL:  is a word of mine"),
                ("ERROR", "bare")
            ]
        );
    }

    #[test]
    fn a_verbose_line_has_its_state() {
        let text =
            "[1] FATAL:  28P01: password authentication failed for user \"u\"\n[2] ERROR:  Mine: no state\n";
        let expected = [
            ("FATAL", Some("28P01"), "password authentication failed for user \"u\""),
            ("ERROR", None, "Mine: no state"),
        ];
        let expected =
            expected.map(|(s, state, m)| (s.to_owned(), state.map(str::to_owned), m.to_owned())).to_vec();
        assert_eq!(all(Form::Plain, text), expected);
    }

    #[test]
    fn a_csvlog_may_hold_lines_in_its_fields() {
        let text = "2026-01-08 03:05:00.123 UTC,\"u\",\"d\",123,\"1.2.3.4:5\",6a.1,1,\"authentication\",2026-01-08,3/1,0,FATAL,28P01,\"password authentication failed for user \"\"u\"\"\",\"Connection matched line 9:\nhost all\",,,,,,,,\"\",\"client backend\",,0\n\
                    2026-01-08 03:05:01.123 UTC,,,124,,6a.2,1,,2026-01-08,,0,LOG,00000,\"ok\",,,,,,,,,\"\",\"x\",,0\n";
        let found = all(Form::Csv, text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].0.as_str(), found[0].1.as_deref()), ("FATAL", Some("28P01")));
        assert_eq!(found[0].2, "password authentication failed for user \"u\"");
    }

    #[test]
    fn a_jsonlog_is_read_and_what_is_none_left_out() {
        let text = "{\"timestamp\":\"x\",\"error_severity\":\"ERROR\",\"state_code\":\"40P01\",\"message\":\"deadlock detected\"}\nno json\n";
        let expected = ("ERROR".to_owned(), Some("40P01".to_owned()), "deadlock detected".to_owned());
        assert_eq!(all(Form::Json, text), [expected]);
    }

    #[test]
    fn names_tell_the_form() {
        for (name, form) in [
            ("postgresql.log", Form::Plain),
            ("a.csv", Form::Csv),
            ("a.json", Form::Json),
            ("log", Form::Plain),
        ] {
            assert_eq!(Form::of(Path::new(name)), form, "{name}");
        }
    }

    #[test]
    fn a_record_without_an_end_takes_no_memory() {
        let mut records = Records::new(Form::Csv);
        records.add(b"\"");
        for _ in 0..3 {
            records.add(&vec![b'x'; LONGEST]);
        }
        assert!(records.rest.len() <= LONGEST);
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_records(text in "[ -~\n\t\"]{0,200}", cut in 0usize..200, form in 0usize..3) {
            let form = [Form::Plain, Form::Csv, Form::Json][form];
            let cut = cut.min(text.len());
            let mut records = Records::new(form);
            let mut in_pieces = records.add(&text.as_bytes()[..cut]);
            in_pieces.extend(records.add(&text.as_bytes()[cut..]));
            prop_assert_eq!(in_pieces, Records::new(form).add(text.as_bytes()));
        }
    }
}
