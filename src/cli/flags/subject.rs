//! What a flags command is about: a shipped profile, a file, or standard input.

use crate::{
    cli::failure::Failure,
    flags::{
        Document, FlagsError, Form, Machine, Written, profile,
        read::{Place, Remark, read},
    },
    record::check_header,
};
use std::{
    collections::BTreeSet,
    io::Read,
    path::{Path, PathBuf},
};

/// What a flags command is about.
pub(super) struct Subject {
    /// As the user named it.
    pub(super) origin: String,
    /// The settings.
    pub(super) document: Document,
    /// The text, if it was one.
    pub(super) text: String,
}

impl Subject {
    /// Where something stands, as in `main.tf:3`.
    pub(super) fn place(&self, line: usize) -> String {
        if line > 0 { format!("{}:{line}", self.origin) } else { self.origin.clone() }
    }

    /// What could not be read, a sentence each that ends with what follows from it.
    pub(super) fn not_read(&self, consequence: &str) -> Vec<String> {
        let remarks = self.document.remarks.iter().filter(|remark| !remark.is_error);
        let sentence = |remark: &Remark| {
            format!("{}: {}: {}: {consequence}", self.place(remark.line), remark.found, remark.why)
        };
        remarks.map(sentence).collect()
    }

    /// Says so when roles, databases or sessions have values of their own, of which one list keeps the last.
    pub(super) fn merged_scopes(&self) -> Option<String> {
        let settings = &self.document.settings;
        let is_merged = |one: &&Written| {
            settings
                .iter()
                .any(|other| other.name.eq_ignore_ascii_case(&one.name) && other.scope != one.scope)
        };
        let scoped = settings.iter().filter(|one| one.scope.is_some());
        let names: BTreeSet<&str> = scoped.filter(is_merged).map(|one| one.name.as_str()).collect();
        let list = names.into_iter().collect::<Vec<_>>().join(", ");
        (!list.is_empty())
            .then(|| format!("{}: set for several scopes, of which the last is taken: {list}", self.origin))
    }

    /// Says so when the machine that it names is none that is offered.
    pub(super) fn unknown_machine(&self) -> Option<String> {
        let named = self.document.machine.as_ref()?;
        let error = named.what.parse::<Machine>().err()?;
        Some(format!("{}: {error}: limits that are shares of memory are not checked", self.place(named.line)))
    }
}

/// Reads a list that stands there itself, or what has that name.
pub(super) fn load(text: &str, form: Option<Form>) -> Result<Subject, Failure> {
    if is_list(text) && !Path::new(text).exists() {
        return parse("the list", text.as_bytes().to_vec(), form);
    }
    named(text, form)
}

/// Finds a shipped profile of that name, else reads a file, the `record.json` in a directory, or with `-` standard input.
pub(super) fn named(name: &str, form: Option<Form>) -> Result<Subject, Failure> {
    let path = Path::new(name);
    if name == "-" {
        return parse("standard input", stdin()?, form);
    }
    // A form says that a text is meant.
    match profile::find(name) {
        Ok(profile) if form.is_none() => Ok(Subject {
            origin: format!("profile {name}"),
            document: Document::of_profile(&profile),
            text: String::new(),
        }),
        Err(error) if !path.exists() => {
            Err(Failure::bad_input(format!("{error}; and there is no file of that name")))
        }
        _ => file(path, form),
    }
}

/// Whether it is a list itself, as in `work_mem=4096,jit=off`, or a command with one, and hardly the name of a file.
fn is_list(text: &str) -> bool {
    let is_setting = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    };
    text.split_once('=')
        .is_some_and(|(name, _)| is_setting(name.trim()) || Form::detect(text) == Form::Gcloud)
}

/// Reads a file, or the `record.json` in a directory.
pub(super) fn file(path: &Path, form: Option<Form>) -> Result<Subject, Failure> {
    let of_directory = path.join("record.json");
    if path.is_dir() && !of_directory.exists() {
        return Err(Failure::bad_input(format!(
            "{}: a directory without record.json: name a file, or the directory of a run",
            path.display()
        )));
    }
    let path: PathBuf = if path.is_dir() { of_directory } else { path.to_owned() };
    let origin = path.display().to_string();
    let bytes = std::fs::read(&path).map_err(|error| Failure::bad_input(format!("{origin}: {error}")))?;
    parse(&origin, bytes, form)
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::bad_input(format!("standard input: {error}")))?;
    Ok(bytes)
}

fn parse(origin: &str, bytes: Vec<u8>, form: Option<Form>) -> Result<Subject, Failure> {
    if bytes.contains(&0) {
        return Err(Failure::bad_input(format!("{origin}: it is not text")));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::bad_input(format!("{origin}: it is not UTF-8 text")))?;
    // Somebody may know better what was only guessed.
    let guessed = form.is_none().then(|| Form::detect(&text));
    let hint = |taken: &dyn Fn(Form) -> String| {
        guessed.map_or_else(String::new, |form| {
            format!("{}: `flags check --as` names another form", taken(form))
        })
    };
    match read(&text, form) {
        Ok(document) => {
            if document.form == Form::Record {
                check_header(&text, Path::new(origin))?;
            }
            Ok(Subject { origin: origin.to_owned(), document, text })
        }
        Err(FlagsError::Malformed { line, reason }) => {
            let hint = hint(&|form| format!("; it was taken for {form}"));
            Err(Failure::bad_input(format!("{origin}:{line}: {reason}{hint}")))
        }
        Err(FlagsError::Foreign { line, reason }) => {
            Err(Failure::bad_input(format!("{origin}:{line}: {reason}")))
        }
        Err(error @ FlagsError::Nothing { .. }) => {
            let hint = hint(&|_| String::new());
            Err(Failure::bad_input(format!("{origin}: {error}{hint}")))
        }
        Err(error) => Err(Failure::bad_input(format!("{origin}: {error}"))),
    }
}

/// The machine that was given on the command line (`is_said`), else the one that a text names, if it is one that is
/// offered, else the one that the environment or the configuration file gives.
pub(super) fn machine(
    given: Option<&Machine>,
    is_said: bool,
    named: Option<&Place<String>>,
) -> Option<Machine> {
    let said = given.filter(|_| is_said).cloned();
    said.or_else(|| named?.what.parse().ok()).or_else(|| given.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_said_goes_before_one_that_is_named_and_that_before_the_environments() {
        let given: Machine = "2cpu-8GB".parse().unwrap();
        let named = Place { what: "db-custom-1-3840".to_owned(), line: 1 };
        let refused = Place { what: "db-n1-standard-1".to_owned(), line: 1 };
        let name = |is_said, named| machine(Some(&given), is_said, named).unwrap().name;
        assert_eq!(name(true, Some(&named)), "2cpu-8GB");
        assert_eq!(name(false, Some(&named)), "db-custom-1-3840");
        assert_eq!(name(false, Some(&refused)), "2cpu-8GB");
        assert_eq!(name(false, None), "2cpu-8GB");
        assert_eq!(machine(None, false, Some(&named)).unwrap().name, "db-custom-1-3840");
    }

    #[test]
    fn a_list_may_stand_there_itself() {
        let pairs = |text: &str| load(text, None).map(|subject| subject.document.pairs().len()).ok();
        for (text, settings) in [
            ("work_mem=4096,jit=off", Some(2)),
            ("^:^search_path=a,b:jit=off", Some(2)),
            ("gcloud sql instances patch x --database-flags=work_mem=4096", Some(1)),
            ("work_mem=4MB", Some(1)),
            ("plans/a=b.conf", None),
            ("missing.conf", None),
            ("", None),
        ] {
            assert_eq!(pairs(text), settings, "{text}");
        }
    }

    #[test]
    fn only_a_form_that_was_guessed_may_be_another() {
        let told = |text: &str, form| match parse("x", text.as_bytes().to_vec(), form) {
            Ok(_) => String::new(),
            Err(failure) => failure.sentence(),
        };
        let named = "`flags check --as` names another form";
        for (text, part) in [
            ("[package]\n", "taken for gcloud's description of an instance: "),
            ("= 5\n", "write NAME = VALUE; it was taken for postgresql.conf: "),
            ("# nothing\n", "it sets no flag: read as postgresql.conf: "),
        ] {
            assert!(told(text, None).ends_with(&format!("{part}{named}")), "{}", told(text, None));
        }
        assert!(!told("[package]\n", Some(Form::Describe)).contains("--as"));
        let mysql = r#"{"databaseVersion": "MYSQL_8_0", "settings": {}}"#;
        assert!(told(mysql, None).ends_with("loist-bench is for PostgreSQL"), "{}", told(mysql, None));
    }

    #[test]
    fn what_is_no_text_or_no_record_is_refused() {
        let told = |bytes: &[u8]| match parse("x", bytes.to_vec(), None) {
            Ok(_) => String::new(),
            Err(failure) => failure.sentence(),
        };
        assert_eq!(told(b"work_mem = 4MB\0\n"), "x: it is not text");
        let sample = crate::record::SAMPLE;
        assert_eq!(told(sample.as_bytes()), "");
        let newer = sample.replacen("\"version\": 1,", "\"version\": 99,", 1);
        assert!(told(newer.as_bytes()).contains("use a newer loist-bench"), "{}", told(newer.as_bytes()));
        let directory = tempfile::tempdir().unwrap();
        let Err(failure) = file(directory.path(), None) else { panic!("it holds nothing") };
        assert!(failure.sentence().contains("a directory without record.json: name a file"));
    }
}
