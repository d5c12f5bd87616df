//! Files that a page shows are read as the program reads them.

use crate::pages::{self, Block};
use loist_bench::{
    audit, cli,
    flags::{Form, read},
    gate,
    workload::Workload,
};

/// Languages whose blocks are no files of loist-bench's: what is printed, or is for other programs.
const OTHERS: &[&str] = &["", "text", "sh", "sql", "yaml", "json", "mermaid"];

fn check(block: &Block) {
    let (text, place) = (block.text.as_str(), block.place.as_str());
    match block.language.as_str() {
        "toml" => toml(text, place),
        "terraform" => assert!(
            !read::read(text, Some(Form::Terraform))
                .unwrap_or_else(|error| panic!("{place}: {error}"))
                .settings
                .is_empty()
        ),
        "conf" => drop(read::read(text, Some(Form::Conf)).unwrap_or_else(|error| panic!("{place}: {error}"))),
        other => assert!(OTHERS.contains(&other), "{place}: how are blocks of `{other}` checked?"),
    }
}

/// A workload, one of the policies, or `loist-bench.toml`, by what stands in it.
fn toml(text: &str, place: &str) {
    if text.contains("[[operation]]") {
        Workload::parse(text, place).unwrap_or_else(|error| panic!("{error}"));
    } else if text.contains("[[accept]]") {
        audit::Policy::parse(text, place).unwrap_or_else(|error| panic!("{error}"));
    } else if text.contains("[least.") || text.contains("[slo]") {
        gate::Policy::parse(text, place).unwrap_or_else(|error| panic!("{error}"));
    } else {
        options(text, place);
    }
}

/// Names of options, as the command line and the environment have them.
fn options(text: &str, place: &str) {
    let table: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{place}: {error}"));
    for name in table.keys() {
        assert!(has(&cli::command(), name), "{place}: there is no option `{name}`");
    }
}

fn has(command: &clap::Command, name: &str) -> bool {
    let variable = format!("LOIST_BENCH_{}", name.to_uppercase().replace('-', "_"));
    command.get_arguments().any(|known| {
        known.get_env().is_some_and(|env| env == variable.as_str())
            || (known.get_env().is_none() && known.get_long() == Some(name))
    }) || command.get_subcommands().any(|sub| has(sub, name))
}

#[test]
fn every_file_on_a_page_is_read() {
    let blocks: Vec<Block> = pages::all().iter().flat_map(pages::Page::blocks).collect();
    let files = blocks.iter().filter(|block| !OTHERS.contains(&block.language.as_str()));
    assert!(files.count() >= 5, "the files were found");
    blocks.iter().for_each(check);
}
