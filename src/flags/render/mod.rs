//! Writing a list of settings in the forms that people use: what can be copied, with what must be known in comments.
//!
//! Whether the values are wise is for `check`. A form is added as a file and a variant of [`Form`].

mod cloud_flags;
mod conf;
mod gcloud;
mod sql;
mod terraform;

pub use super::form::Form;
use super::{
    Document, FlagsError, Machine,
    catalog::{self, Flag, Known},
    cloud::instance_name,
    secret::shown,
    value::Value,
};

/// What stands around the settings.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Name of the Cloud SQL instance.
    pub instance: Option<&'a str>,
    /// What is set there now: Cloud SQL loses what a new list does not name, and an undo needs the old value.
    pub current: Option<&'a Document>,
    /// The machine, for limits that are shares of its memory.
    pub machine: Option<&'a Machine>,
    /// PostgreSQL's major version.
    pub version: u32,
    /// What else is to be warned of.
    pub notes: &'a [String],
}

/// Settings as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The thing itself, with comments.
    pub text: String,
    /// What the comments warn of.
    pub warnings: Vec<String>,
}

/// A setting that can be written.
struct Item {
    name: String,
    /// `None` for an extension's setting that is not in the catalogue.
    flag: Option<&'static Flag>,
    value: Value,
}

/// Writes `settings` as `form`, in their order. What this version or platform does not have is left out, and said.
///
/// # Errors
/// When a name is not known, a value is none of its setting, nothing would be left, or the form is only read.
pub fn render(
    settings: &[(String, String)],
    form: Form,
    options: &Options<'_>,
) -> Result<Rendered, FlagsError> {
    let mut warnings = options.notes.to_vec();
    let instance =
        options.instance.or_else(|| options.current.and_then(|current| current.instance.as_deref()));
    if let (Some(name), Form::Gcloud) = (instance, form) {
        instance_name(name).map_err(FlagsError::Render)?;
    }
    let items = items(settings, options.version, &mut warnings)?;
    let is_offered = |item: &Item| {
        let is_offered = item.flag.is_none_or(|flag| flag.cloud_sql != Known::No);
        is_offered || !form.is_cloud_sql()
    };
    let is_postgresqls =
        |item: &Item| item.flag.is_none_or(|flag| flag.context != "cloud") || form.is_cloud_sql();
    let (items, left_out): (Vec<Item>, Vec<Item>) =
        items.into_iter().partition(|item| is_offered(item) && is_postgresqls(item));
    for item in &left_out {
        let why = if form.is_cloud_sql() { "Cloud SQL does not offer it" } else { "only Cloud SQL knows it" };
        warnings.push(format!("left out: {}: {why}", item.name));
    }
    if items.is_empty() {
        let why = warnings.last().cloned().unwrap_or_else(|| "there are no settings".to_owned());
        return Err(FlagsError::Render(format!("nothing to write: {why}")));
    }
    let text = match form {
        Form::Gcloud => gcloud::render(&items, options, &mut warnings),
        Form::Terraform => terraform::render(&items, options, &mut warnings),
        Form::AlterSystem => sql::alter_system(&items, options, &mut warnings),
        Form::Set => sql::set(&items, &mut warnings),
        Form::Conf => conf::render(&items, &mut warnings),
        Form::Describe | Form::Record => {
            return Err(FlagsError::Render(format!("{form} is read, not written")));
        }
    };
    Ok(Rendered { text, warnings })
}

fn items(
    settings: &[(String, String)],
    version: u32,
    warnings: &mut Vec<String>,
) -> Result<Vec<Item>, FlagsError> {
    let mut items: Vec<Item> = Vec::new();
    for (name, text) in settings {
        let refuse = |reason: String| {
            Err(FlagsError::Setting { name: name.clone(), value: shown(name, text), reason })
        };
        let Some(known) = catalog::find(name) else {
            if is_of_extension(name) {
                warnings.push(format!("{name} is not in the catalogue: written as it stands, not checked"));
                items.push(Item { name: name.clone(), flag: None, value: Value::Text(text.clone()) });
                continue;
            }
            return refuse(unknown(name));
        };
        let Some(flag) = catalog::find_in(name, version).filter(|flag| flag.context != "internal") else {
            let why = if known.context == "internal" {
                "it cannot be set".to_owned()
            } else {
                format!("PostgreSQL {version} does not have it")
            };
            warnings.push(format!("left out: {}: {why}", known.name));
            continue;
        };
        let value = match flag.parse(text) {
            Ok(value) => value,
            Err(error) => return refuse(error.to_string()),
        };
        if let Some(why) = flag.range_error(&value) {
            return refuse(why);
        }
        items.push(Item { name: flag.name.to_owned(), flag: Some(flag), value });
    }
    Ok(items)
}

/// Whether it is a name that PostgreSQL takes for a setting of an extension, as in `my_extension.level`. Other names would
/// not stay names where they are written without quotes.
fn is_of_extension(name: &str) -> bool {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_' || !(c.is_ascii() || c.is_whitespace());
    let is_part = |part: &str| {
        part.starts_with(is_start) && part.chars().all(|c| is_start(c) || c.is_ascii_digit() || c == '$')
    };
    name.contains('.') && name.split('.').all(is_part)
}

/// What is said of every name that nobody knows.
pub const UNKNOWN: &str = "PostgreSQL has no setting of that name";

/// The same, with the name that is most like it.
#[must_use]
pub fn unknown(name: &str) -> String {
    catalog::nearest(name)
        .map_or_else(|| UNKNOWN.to_owned(), |nearest| format!("{UNKNOWN}; did you mean {nearest}?"))
}

impl Item {
    /// The value as PostgreSQL writes it.
    fn display(&self) -> String {
        self.flag.map_or_else(|| self.value.bare(), |flag| flag.display(&self.value))
    }

    fn needs_restart(&self) -> bool {
        self.flag.is_some_and(Flag::needs_restart)
    }
}

/// `text` as a comment of a language, line for line.
fn comment(sign: &str, text: &str) -> String {
    text.lines().map(|line| format!("{sign} {line}\n")).collect()
}

#[cfg(test)]
mod tests;
