//! gcloud command lines, and the bare list behind `--database-flags`.

use super::{
    Document, Form, Lines, Place, foreign, malformed, not_postgresql,
    shell_words::{VARIABLE, Word, commands, without_marks},
};
use crate::flags::{
    error::FlagsError,
    secret::{is_plain_value, shown},
};

const OPTION: &str = "--database-flags";
const CLEAR: &str = "--clear-database-flags";

pub(super) fn read(text: &str) -> Result<Document, FlagsError> {
    let mut document = Document::new(Form::Gcloud);
    let lines = Lines::of(text);
    let commands = commands(text).map_err(|at| malformed(lines.at(at), "a quote is not closed"))?;
    let is_option =
        |word: &Word| word.text.starts_with(OPTION) || word.text == CLEAR || word.text == "gcloud";
    let is_command = commands.iter().flatten().any(is_option);
    if !is_command {
        // The list alone. A shell would have taken the quotes off.
        let words = shlex::split(text).ok_or_else(|| malformed(1, "a quote is not closed"))?;
        for word in &words {
            list(word, 0, &lines, &mut document)?;
        }
        return Ok(document);
    }
    let mut instance: Option<String> = None;
    let mut has_flags = false;
    for words in &commands {
        let command = Command::of(words);
        let Some(first) = command.flags.first() else {
            settle(command, &lines, has_flags, &mut document)?;
            continue;
        };
        if has_flags && command.instance.is_some() && command.instance != instance {
            let reason = "here begins a command for a second instance: check one instance at a time";
            return Err(foreign(lines.at(first.at), reason));
        }
        instance = command.instance.clone().or(instance);
        has_flags = true;
        if instance.is_some() && document.instance.is_some() && document.instance != instance {
            // What was said so far is of another instance.
            (document.instance, document.machine, document.version) = (None, None, None);
        }
        for flags in command.flags.clone() {
            match flags.text.as_deref() {
                None => document.remark(lines.at(flags.at), CLEAR, "it clears all flags", false),
                Some("") => {
                    return Err(malformed(lines.at(flags.at), format!("{OPTION} has no value")));
                }
                Some(value) => list(value, flags.at, &lines, &mut document)?,
            }
        }
        settle(command, &lines, false, &mut document)?;
    }
    Ok(document)
}

/// What one command says that matters here.
#[derive(Default)]
struct Command {
    instance: Option<String>,
    tier: Option<Given>,
    cpus: Option<Given>,
    memory: Option<Given>,
    version: Option<Given>,
    flags: Vec<Given>,
}

/// An option's value and the place of the option; without a value, an option that takes none.
#[derive(Clone)]
struct Given {
    text: Option<String>,
    at: usize,
}

impl Command {
    fn of(words: &[Word]) -> Self {
        let mut command = Self::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let (name, value) = match word.text.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.text.as_str(), None),
            };
            if matches!(name, "patch" | "create") && value.is_none() {
                let next = words.peek().filter(|next| !next.text.starts_with('-'));
                command.instance = next.map(|next| next.text.clone()).or(command.instance);
                continue;
            }
            let place = match name {
                "--tier" => &mut command.tier,
                "--cpu" => &mut command.cpus,
                "--memory" => &mut command.memory,
                "--database-version" => &mut command.version,
                CLEAR => {
                    command.flags.push(Given { text: None, at: word.at });
                    continue;
                }
                OPTION => {
                    let text = value.or_else(|| words.next().map(|next| next.text.clone()));
                    command.flags.push(Given { text: Some(text.unwrap_or_default()), at: word.at });
                    continue;
                }
                _ => continue,
            };
            let text = value.or_else(|| words.next().map(|next| next.text.clone()));
            *place = Some(Given { text, at: word.at });
        }
        command
    }
}

/// Takes over the instance, its machine and its version; not from a command beside the one with the flags.
fn settle(
    command: Command,
    lines: &Lines,
    is_beside: bool,
    document: &mut Document,
) -> Result<(), FlagsError> {
    if is_beside {
        return Ok(());
    }
    let known = |given: &Option<Given>| {
        let given = given.as_ref()?;
        let text = given.text.as_ref().filter(|text| !text.contains(VARIABLE))?;
        Some(Place { what: text.clone(), line: lines.at(given.at) })
    };
    let tier = known(&command.tier).or_else(|| {
        let (cpus, memory) = (known(&command.cpus)?, known(&command.memory)?);
        let what = format!("db-custom-{}-{}", cpus.what, megabytes(&memory.what)?);
        Some(Place { what, line: cpus.line })
    });
    document.machine = tier.or(document.machine.take());
    match command.instance {
        Some(name) if name.contains(VARIABLE) => {
            let why = "only the shell knows this name: --instance says it";
            document.remark(0, without_marks(&name), why, false);
        }
        Some(name) => document.instance = Some(name),
        None => {}
    }
    if let Some(version) = known(&command.version) {
        let name = document.instance.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        document
            .set_version(&version.what)
            .map_err(|engine| foreign(version.line, not_postgresql(&name, &engine)))?;
    }
    Ok(())
}

/// `3840MiB`, `4GB`; a bare number counts in GiB, and all units are binary (gcloud sql instances create --help).
fn megabytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    match text[digits..].to_ascii_lowercase().as_str() {
        "m" | "mb" | "mib" => Some(number),
        "" | "g" | "gb" | "gib" => number.checked_mul(1024),
        "t" | "tb" | "tib" => number.checked_mul(1 << 20),
        _ => None,
    }
}

/// `a=b,c=d`, or with another sign than the comma `^:^a=b:c=d` (gcloud topic escaping). It stands in the text behind
/// `from`.
fn list(value: &str, from: usize, lines: &Lines, document: &mut Document) -> Result<(), FlagsError> {
    let (separator, items) = match value.strip_prefix('^').and_then(|rest| rest.split_once('^')) {
        Some((separator, items)) if !separator.is_empty() => (separator, items),
        _ => (",", value),
    };
    let mut from = from;
    for item in items.split(separator) {
        let plain = without_marks(item);
        if plain.trim().is_empty() {
            continue;
        }
        from = lines.find(plain.split('=').next().unwrap_or_default(), from);
        let line = lines.at(from);
        let Some((name, value)) = plain.split_once('=') else {
            // It may be a part of somebody's secret.
            let is_harmless = is_plain_value(&plain);
            let what =
                if is_harmless { format!("`{plain}`") } else { "what stands between two commas".to_owned() };
            return Err(malformed(
                line,
                format!(
                    "{what} has no `=`: write NAME=VALUE, decimals with a point; where a value holds a \
                     comma, begin the list with another separator, as in ^:^a=1,2:b=3 (gcloud topic escaping)"
                ),
            ));
        };
        if item.contains(VARIABLE) {
            let found = format!("{}={}", name.trim(), shown(name.trim(), value));
            document.remark(line, found, "only the shell knows this value: it is not checked", false);
        } else {
            document.set(name.trim(), value, line);
        }
    }
    Ok(())
}
