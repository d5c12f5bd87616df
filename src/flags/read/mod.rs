//! Reading a list of settings from any of the forms in which people write it.
//!
//! What is no such form is refused with its line; whether the values are right is for `check`. A form is added as a file and
//! a variant of [`Form`].

mod conf;
mod gcloud;
mod json;
mod shell_words;
mod sql;
mod sql_words;
mod terraform;
mod terraform_words;

use super::error::FlagsError;
pub use super::{
    document::{Document, Place, Remark, Written},
    form::Form,
};

/// Reads `text` as `form`, or as what it looks like.
///
/// # Errors
/// When it is not of that form, or sets nothing at all.
pub fn read(text: &str, form: Option<Form>) -> Result<Document, FlagsError> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let form = form.unwrap_or_else(|| Form::detect(&text));
    let document = match form {
        Form::Gcloud => gcloud::read(&text)?,
        Form::Terraform => terraform::read(&text)?,
        Form::AlterSystem | Form::Set => sql::read(&text, form)?,
        Form::Conf => conf::read(&text)?,
        Form::Describe => json::describe(&text)?,
        Form::Record => json::record(&text)?,
    };
    // An instance without flags, and a file of comments, are answers; a wrong form is not.
    let may_be_empty = matches!(form, Form::Describe | Form::Record);
    if document.settings.is_empty() && document.remarks.is_empty() && !may_be_empty {
        return Err(FlagsError::Nothing { form: form.label() });
    }
    Ok(document)
}

/// An error in a line.
fn malformed(line: usize, reason: impl Into<String>) -> FlagsError {
    FlagsError::Malformed { line, reason: reason.into() }
}

/// What was read well enough, and is not for this program.
fn foreign(line: usize, reason: impl Into<String>) -> FlagsError {
    FlagsError::Foreign { line, reason: reason.into() }
}

/// What a sign stands for behind a backslash.
fn escaped_sign(sign: char) -> char {
    match sign {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        other => other,
    }
}

/// What is said of an instance of another database.
fn not_postgresql(name: &str, engine: &str) -> String {
    format!("instance{name} is {engine}: loist-bench is for PostgreSQL")
}

/// A text, and where its lines end.
struct Lines<'a> {
    text: &'a str,
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// The line (from 1) that holds byte `offset`.
    fn at(&self, offset: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < offset)
    }

    /// Where `part` stands next, from `from` on; `from` itself where it does not.
    fn find(&self, part: &str, from: usize) -> usize {
        self.text.get(from..).and_then(|rest| rest.find(part)).map_or(from, |at| from + at)
    }
}

#[cfg(test)]
mod tests;
