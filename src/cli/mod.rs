//! The command line: one file a subcommand; arguments in, one call, output out. Options that several subcommands share have
//! files of their own (`args`, `load_args` and others).
//!
//! Nothing is decided here: what is measured, judged and told belongs to the floors below. A subcommand is added as a file
//! and a variant of `Command`; an option in the file of its subcommand, or of those that share it.

mod aa;
mod advise;
mod args;
mod audit;
mod bench_args;
mod capacity;
mod care_args;
mod compare;
mod config_file;
mod drill;
mod duet;
mod duet_args;
mod existing_args;
mod failure;
mod flags;
mod gate;
mod history;
mod index;
mod instance_arg;
mod interrupt;
mod keep;
mod load_args;
mod machine_arg;
mod merge;
mod meta;
mod observe;
mod output;
mod own_file;
mod progress;
mod report;
mod run;
mod seed;
mod server;
mod sets;
mod shard_args;
mod side_arg;
mod size_arg;
mod sweep_arg;
mod tune;
mod variables;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use failure::Failure;
use std::{ffi::OsString, io::Write, process::ExitCode};

/// Benchmark the PostgreSQL database behind a Loist MCP Music Library Server.
///
/// Replays the database traffic of the MCP tools against a synthetic music library and tells, per tool,
/// how the latencies stand against the objective. Without a database it starts a PostgreSQL of its own
/// and removes it afterwards.
#[derive(Debug, Parser)]
#[command(name = "loist-bench", version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Nearly every option can also stand in loist-bench.toml in the current directory (tracks = 10000) or in an
environment variable (LOIST_BENCH_TRACKS=10000); the command line wins, then the environment.

Exit codes:
  0    as wished
  1    the objective or a gate was missed or is predicted to be, something is slower, tune found nothing to
       gain or what it verifies worse, or a check found something
  2    wrong usage or bad input
  3    the database or the environment failed
  4    inconclusive: the run, the comparison or the prediction cannot tell, or the brake ended the load
  130  interrupted; a window that had begun is kept";

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::RunArgs>),
    Aa(Box<aa::AaArgs>),
    Gate(Box<gate::GateArgs>),
    Compare(compare::CompareArgs),
    Duet(Box<duet::RunDuetArgs>),
    Merge(merge::MergeArgs),
    Seed(seed::SeedArgs),
    Tune(Box<tune::TuneArgs>),
    Capacity(Box<capacity::CapacityArgs>),
    Advise(advise::AdviseArgs),
    Audit(Box<audit::AuditArgs>),
    Observe(Box<observe::ObserveArgs>),
    #[command(subcommand)]
    Drill(drill::DrillCommand),
    Report(report::ReportArgs),
    #[command(subcommand)]
    History(history::HistoryCommand),
    #[command(subcommand)]
    Flags(flags::FlagsCommand),
    #[command(subcommand)]
    Server(server::ServerCommand),
    Schema(meta::SchemaArgs),
    Completions(meta::CompletionsArgs),
    Man(meta::ManArgs),
    /// Owns an embedded server's processes and directories (internal).
    #[command(name = "__guard", hide = true)]
    Guard,
}

/// The command line as it is parsed, for whoever asks what there is without running it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the command line, does what it asks, and says how it went.
#[must_use]
pub fn main() -> ExitCode {
    match dispatch() {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn dispatch() -> Result<ExitCode, Failure> {
    let configured = config_file::apply(Cli::command(), std::path::Path::new(config_file::NAME));
    // Whoever asks for help gets it, with a broken file too.
    let asks_for_help = std::env::args_os().any(|argument| {
        ["help", "--help", "-h", "--version", "-V", "__guard"].iter().any(|known| argument == *known)
    });
    let (command, places) = match configured {
        Err(_) if asks_for_help => (Cli::command(), config_file::Places::new()),
        configured => configured?,
    };
    let usage = |error| Failure::usage(error, &places);
    let matches = command.try_get_matches_from(with_negatives(std::env::args_os())).map_err(usage)?;
    let cli = Cli::from_arg_matches(&matches).map_err(usage)?;
    let own = matches.subcommand().map_or(&matches, |(_, own)| own);
    // The guard has the environment of the program that started it, which has told already.
    if !matches!(cli.command, Command::Guard) {
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        for sentence in variables::misspelled(&Cli::command(), variables) {
            let _ = writeln!(anstream::stderr(), "loist-bench: {sentence}");
        }
    }
    let mut command = cli.command;
    command.settle(own)?;
    command.execute(own)
}

/// The words of the command line, where a negative value (`--rate -1`, `--budget -5min`) belongs to the option before it:
/// no option is called by a digit, and so the option itself says what is wrong with its value.
fn with_negatives(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let negative = |word: &OsString| {
        let mut letters = word.as_encoded_bytes().iter();
        letters.next() == Some(&b'-') && letters.next().is_some_and(u8::is_ascii_digit)
    };
    let mut all: Vec<OsString> = Vec::new();
    for word in words {
        let option = all.last_mut().filter(|last| {
            let last = last.as_encoded_bytes();
            last.len() > 2 && last.starts_with(b"--") && !last.contains(&b'=')
        });
        match option {
            Some(option) if negative(&word) => {
                option.push("=");
                option.push(word);
            }
            _ => all.push(word),
        }
    }
    all
}

impl Command {
    /// Of options that cannot be meant together, the one that was said nearer counts.
    fn settle(&mut self, own: &ArgMatches) -> Result<(), Failure> {
        match self {
            Self::Run(args) => {
                args.target.settle(own)?;
                args.load.settle(own)
            }
            Self::Tune(args) => args.bench.settle(own),
            Self::Capacity(args) => args.bench.settle(own),
            Self::Gate(args) => {
                args.settle(own)?;
                args.duet.load.settle(own)
            }
            Self::Aa(args) => args.duet.load.settle(own),
            Self::Duet(args) => args.duet.load.settle(own),
            Self::Seed(args) => args.target.settle(own),
            Self::Audit(args) => args.target.settle(own),
            Self::Observe(args) => args.target.settle(own),
            _ => Ok(()),
        }
    }

    fn execute(self, own: &ArgMatches) -> Result<ExitCode, Failure> {
        match self {
            Self::Run(args) => run::execute(*args, own),
            Self::Tune(args) => tune::execute(*args, own),
            Self::Capacity(args) => capacity::execute(*args, own),
            Self::Aa(args) => aa::execute(*args, own),
            Self::Gate(args) => gate::execute(*args, own),
            Self::Compare(args) => compare::execute(&args),
            Self::Duet(args) => duet::execute(*args, own),
            Self::Merge(args) => merge::execute(&args),
            Self::Seed(args) => seed::execute(args),
            Self::Advise(args) => advise::execute(&args),
            Self::Audit(args) => audit::execute(*args),
            Self::Observe(args) => observe::execute(*args),
            Self::Drill(command) => drill::execute(command, own),
            Self::Report(args) => report::execute(&args, own),
            Self::History(command) => history::execute(command),
            Self::Flags(command) => flags::execute(command, own),
            Self::Server(command) => server::execute(command),
            Self::Schema(args) => meta::schema(&args),
            Self::Completions(args) => meta::completions(&args, Cli::command()),
            Self::Man(args) => meta::man(&args, Cli::command()),
            Self::Guard => Ok(crate::target::guard_main()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_negative_value_belongs_to_its_option() {
        let read = |text: &str| {
            let words = with_negatives(text.split(' ').map(OsString::from));
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read("loist-bench run --rate -1 --quiet"), "loist-bench run --rate=-1 --quiet");
        assert_eq!(
            read("loist-bench tune --budget -5min mcp-mix"),
            "loist-bench tune --budget=-5min mcp-mix"
        );
        let others = "loist-bench run -1 --rate=5 -2 --quiet --json - -- -3";
        assert_eq!(read(others), others);
    }
}
