//! Every command that a page or a help text names is there, with each of its options.

use crate::{
    pages::{self, Page, root},
    shell::{self, Command},
};
use loist_bench::cli;
use pulldown_cmark::{Event, Parser};

/// Why the commands of a block are not run. A block may also name the tests that run the like.
const REASONS: &[&str] = &[
    "needs a database that is there",
    "needs Cloud SQL",
    "needs a container engine",
    "needs Kubernetes",
    "takes minutes, or as long as it is given",
];
/// What stands behind the path of a test that runs the like.
const TESTED: &str = " runs the like";

/// Programs of others that pages name.
const OTHERS: &[&str] = &[
    "chmod",
    "cloud-sql-proxy",
    "export",
    "gcloud",
    "kubectl",
    "man",
    "mkdir",
    "podman",
    "promtool",
    "scripts/fuzz",
    "scripts/test",
    "sed",
    "wait",
];

/// Pages whose commands are run, block by block, unless a comment says why not.
pub(crate) const RUN: [&str; 2] = ["README.md", "docs/tutorial.md"];

/// The arguments of a command that is loist-bench's own, be it in a container.
pub(crate) fn arguments(command: &Command) -> Option<&[String]> {
    let (program, rest) = command.words.split_first()?;
    match program.as_str() {
        "loist-bench" | "./loist-bench" => Some(rest),
        "docker" | "podman" if rest.first().is_some_and(|word| word == "run") => {
            let image = rest.iter().position(|word| word == "loist-bench")?;
            Some(&rest[image + 1..])
        }
        _ => None,
    }
}

/// What clap says against it.
fn refusal(arguments: &[String]) -> Option<String> {
    let line = std::iter::once("loist-bench").chain(arguments.iter().map(String::as_str));
    // Help is an answer that clap gives as an error.
    let error = cli::command().try_get_matches_from(line).err().filter(clap::Error::use_stderr);
    error.map(|error| error.to_string())
}

/// Scripts of a page: its blocks of shell, and the steps of its workflows.
fn scripts(page: &Page) -> Vec<(String, String)> {
    let mut scripts = Vec::new();
    for block in page.blocks() {
        match block.language.as_str() {
            "sh" => scripts.push((block.place, block.text)),
            "yaml" => {
                let steps = block.text.lines().filter_map(|line| line.trim().strip_prefix("- run: "));
                let own = steps.filter(|step| step.contains("loist-bench"));
                scripts.extend(own.map(|step| (block.place.clone(), step.to_owned())));
            }
            _ => {}
        }
    }
    scripts
}

#[test]
fn every_command_line_is_one() {
    let mut seen = 0;
    for page in pages::all() {
        for (place, script) in scripts(&page) {
            for command in shell::commands(&script) {
                match arguments(&command) {
                    Some(arguments) => {
                        seen += 1;
                        assert_eq!(refusal(arguments), None, "{place}: {}", command.line);
                    }
                    None => assert!(
                        OTHERS.contains(&command.words[0].as_str()),
                        "{place}: {}: if {} is a program of somebody else's, list it here",
                        command.line,
                        command.words[0]
                    ),
                }
            }
        }
    }
    assert!(seen > 60, "{seen} command lines were found");
}

/// Each block of commands is run by a test of its page, or says why not.
#[test]
fn what_is_not_run_says_why() {
    for page in pages::all() {
        for block in page.blocks().iter().filter(|block| block.language == "sh") {
            match &block.not_run {
                None => assert!(
                    RUN.contains(&page.name.as_str()),
                    "{}: write above it why it is not run: <!-- not run: {} -->",
                    block.place,
                    REASONS.join(" | ")
                ),
                Some(reason) => {
                    let is_tested =
                        reason.strip_suffix(TESTED).is_some_and(|test| root().join(test).is_file());
                    assert!(is_tested || REASONS.contains(&reason.as_str()), "{}: {reason}", block.place);
                }
            }
        }
    }
}

/// The deepest subcommand that the words name, and the words behind it.
fn subcommand(words: &[String]) -> (clap::Command, &[String]) {
    let mut command = cli::command();
    let mut rest = words;
    while let Some((first, behind)) = rest.split_first() {
        let Some(found) = command.find_subcommand(first).cloned() else { break };
        (command, rest) = (found, behind);
    }
    (command, rest)
}

/// `loist-bench flags render` and the like, in the middle of a sentence: what is left out of it need not be there.
#[test]
fn every_command_in_a_sentence_is_there() {
    let mut seen = 0;
    for page in pages::all() {
        for event in Parser::new(&page.text) {
            let Event::Code(code) = event else { continue };
            let words = shlex::split(&code).unwrap_or_default();
            let Some((program, words)) = words.split_first() else { continue };
            let is_own = ["loist-bench", "./loist-bench"].contains(&program.as_str());
            // Capitals stand for something, and the program alone has options of its own.
            let is_subcommand = |word: &String| *word != word.to_uppercase() && !word.starts_with('-');
            if !is_own || !words.first().is_some_and(is_subcommand) {
                continue;
            }
            seen += 1;
            let (command, rest) = subcommand(words);
            assert_ne!(command.get_name(), "loist-bench", "{}: `{code}` is no subcommand", page.name);
            for option in rest.iter().filter_map(|word| word.strip_prefix("--")) {
                let name = option.split('=').next().unwrap_or_default();
                let is_there =
                    name == "help" || command.get_arguments().any(|known| known.get_long() == Some(name));
                assert!(is_there, "{}: `{code}`: there is no --{name}", page.name);
            }
        }
    }
    assert!(seen > 15, "{seen} were found");
}

/// Every visible command below this one, with the words that name it.
fn below(command: &clap::Command, path: &[String]) -> Vec<(Vec<String>, clap::Command)> {
    let mut found = vec![(path.to_vec(), command.clone())];
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let mut path = path.to_vec();
        path.push(sub.get_name().to_owned());
        found.extend(below(sub, &path));
    }
    found
}

/// Help texts name commands in sentences and in lines of their own.
#[test]
fn every_example_in_a_help_text_is_one() {
    let all = below(&cli::command(), &[]);
    assert!(all.len() > 25, "{} commands were found", all.len());
    for (path, mut command) in all {
        let help = command.render_long_help().to_string();
        for line in help.lines().map(str::trim) {
            // A sentence may begin with the program's name, too, where a line does.
            let second = line.strip_prefix("loist-bench ").and_then(|rest| rest.split(' ').next());
            if second.is_none_or(|word| cli::command().find_subcommand(word).is_none()) {
                continue;
            }
            for command in shell::commands(line) {
                let refused = arguments(&command).and_then(refusal);
                assert_eq!(refused, None, "{} --help: {line}", path.join(" "));
            }
        }
    }
}

/// Every command has a row in the README.
#[test]
fn every_command_is_in_the_readme() {
    let readme = pages::page("README.md").text;
    let (_, table) = readme.split_once("\n## Commands\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    for command in cli::command().get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = command.get_name();
        let is_there = |row: &str| {
            let names = row.split('|').nth(1).unwrap_or_default();
            names.split(['`', ' ']).any(|word| word == name)
        };
        assert!(table.lines().any(is_there), "README.md has no row for `{name}`");
    }
}
