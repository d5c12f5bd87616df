//! `loist-bench.toml`: options that stand for the command line's when it names none.

use super::failure::Failure;
use crate::text::{from_toml, line_of};
use clap::{Arg, ArgAction, Command};
use std::{collections::BTreeMap, path::Path};
use toml::Spanned;

/// Its name, looked for in the current directory.
pub(super) const NAME: &str = "loist-bench.toml";

type Options = BTreeMap<Spanned<String>, toml::Value>;

/// Where each option stands in the file, as in `loist-bench.toml:3`, with its texts.
pub(super) type Places = BTreeMap<String, (String, Vec<String>)>;

/// Makes the file's values the defaults of `command`'s options. No file, no change.
pub(super) fn apply(command: Command, path: &Path) -> Result<(Command, Places), Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((command, Places::new())),
        Err(error) => return Err(Failure::bad_input(format!("{}: cannot be read: {error}", path.display()))),
    };
    let at = |offset: usize| format!("{}:{}", path.display(), line_of(&text, offset));
    let options: Options = from_toml(&text, &path.display().to_string())?;
    let (mut command, mut places) = (command, Places::new());
    for (name, value) in options {
        let place = at(name.span().start);
        let values = texts(&value).ok_or_else(|| {
            Failure::bad_input(format!(
                "{place}: `{}` must be a text, number, true or false, or a list of them",
                name.get_ref()
            ))
        })?;
        command = set_default(command, name.get_ref(), &values)
            .map_err(|reason| Failure::bad_input(format!("{place}: {reason}")))?;
        places.insert(name.into_inner(), (place, values));
    }
    Ok((command, places))
}

fn texts(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Float(number) => Some(vec![number.to_string()]),
        toml::Value::Boolean(truth) => Some(vec![truth.to_string()]),
        toml::Value::Array(list) => list.iter().map(|item| texts(item)?.pop()).collect(),
        toml::Value::Table(_) | toml::Value::Datetime(_) => None,
    }
}

/// Sets the default of the option of that name, or of the argument, wherever a subcommand has it; a reason when none has.
/// An option is called as in the environment: what has a variable of its own has a name of its own, and what stands in
/// the file for another command is not taken for it. What has no variable says what a single call does.
fn set_default(command: Command, name: &str, values: &[String]) -> Result<Command, String> {
    let mut found = false;
    let command = set_in_all(command, name, values, &mut found);
    match found {
        true => Ok(command),
        false if has_option(&command, name) => {
            Err(format!("`{name}` is given on the command line alone: leave it out here"))
        }
        false => Err(format!(
            "there is no option `{name}`: write it as on the command line, without the dashes in front (loist-bench run --help lists them)"
        )),
    }
}

fn has_option(command: &Command, name: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some(name))
        || command.get_subcommands().any(|sub| has_option(sub, name))
}

fn set_in_all(mut command: Command, name: &str, values: &[String], found: &mut bool) -> Command {
    let is_meant = |argument: &&Arg| {
        let of_variable = argument.get_env().map(|variable| {
            let variable = variable.to_string_lossy();
            variable.trim_start_matches("LOIST_BENCH_").to_ascii_lowercase().replace('_', "-")
        });
        match (of_variable, argument.is_positional()) {
            (Some(own), false) => own == name,
            (None, false) => false,
            (_, true) => argument.get_id() == name,
        }
    };
    // What is required is never left to a file.
    let argument = command.get_arguments().find(is_meant).filter(|argument| !argument.is_required_set());
    if let Some(id) = argument.map(|argument| argument.get_id().clone()) {
        *found = true;
        command = command.mut_arg(id, |argument| {
            let argument = match argument.get_action() {
                ArgAction::Append => argument.default_values(values.iter().cloned()),
                _ => argument.default_value(values.last().cloned().unwrap_or_default()),
            };
            // A database URL may hold a password; help shows defaults.
            argument.hide_default_value(name == "database-url")
        });
    }
    let subcommands: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for subcommand in subcommands {
        command = command.mut_subcommand(subcommand, |sub| set_in_all(sub, name, values, found));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ArgMatches;

    fn option(name: &'static str) -> Arg {
        Arg::new(name).long(name).env(format!("LOIST_BENCH_{}", name.to_uppercase()))
    }

    fn parse(file: &str, line: &[&str]) -> Result<ArgMatches, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);
        std::fs::write(&path, file).unwrap();
        let command = Command::new("x")
            .subcommand(Command::new("server").subcommand(Command::new("start").arg(option("tracks"))));
        let command = command.subcommand(
            Command::new("run")
                .arg(Arg::new("workload").default_value("mix"))
                .arg(option("tracks").default_value("10000"))
                .arg(option("quiet").action(ArgAction::SetTrue))
                .arg(option("set").action(ArgAction::Append))
                .arg(Arg::new("as").long("as")),
        );
        match apply(command, &path) {
            Ok((command, _)) => Ok(command.try_get_matches_from(line).unwrap()),
            Err(Failure::Said { message, .. }) => Err(message),
            Err(Failure::Usage(error, _)) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file = "tracks = 500\nquiet = true\nset = [\"a=1\", \"b=2\"]\n";
        let matches = parse(file, &["x", "run"]).unwrap();
        let run = matches.subcommand_matches("run").unwrap();
        assert_eq!(run.get_one::<String>("tracks").unwrap(), "500");
        assert!(run.get_flag("quiet"));
        assert_eq!(run.get_many::<String>("set").unwrap().count(), 2);
        let matches = parse(file, &["x", "run", "--tracks", "7"]).unwrap();
        assert_eq!(matches.subcommand_matches("run").unwrap().get_one::<String>("tracks").unwrap(), "7");
    }

    #[test]
    fn an_option_is_called_as_in_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);
        std::fs::write(&path, "format = \"json\"\nreport-format = \"svg\"\n").unwrap();
        let format = |variable| {
            let argument = Arg::new("format").long("format").env(variable);
            argument.value_parser(["json", "svg"]).default_value("json")
        };
        let command = Command::new("x")
            .subcommand(Command::new("run").arg(format("LOIST_BENCH_FORMAT")))
            .subcommand(Command::new("report").arg(format("LOIST_BENCH_REPORT_FORMAT")));
        let (command, _) = apply(command, &path).unwrap();
        for (name, expected) in [("run", "json"), ("report", "svg")] {
            let matches = command.clone().try_get_matches_from(["x", name]).unwrap();
            let (_, own) = matches.subcommand().unwrap();
            assert_eq!(own.get_one::<String>("format").unwrap(), expected);
        }
    }

    #[test]
    fn every_command_and_argument_is_reached() {
        let matches = parse("tracks = 5\nworkload = \"read\"\n", &["x", "server", "start"]).unwrap();
        let (_, server) = matches.subcommand().unwrap();
        let start = server.subcommand_matches("start").unwrap();
        assert_eq!(start.get_one::<String>("tracks").unwrap(), "5");
        let matches = parse("workload = \"read\"\n", &["x", "run"]).unwrap();
        let run = matches.subcommand_matches("run").unwrap();
        assert_eq!(run.get_one::<String>("workload").unwrap(), "read");
    }

    #[test]
    fn mistakes_name_the_line() {
        assert!(parse("\ntrakcs = 5\n", &["x"]).unwrap_err().contains("toml:2: there is no option `trakcs`"));
        assert!(parse("as = 5\n", &["x"]).unwrap_err().contains("toml:1: `as` is given on the command line"));
        assert!(parse("tracks = \n", &["x"]).unwrap_err().contains("toml:1: "));
        assert!(parse("tracks = { a = 1 }\n", &["x"]).unwrap_err().contains("toml:1: `tracks` must be"));
    }
}
