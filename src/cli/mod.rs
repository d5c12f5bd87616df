//! The command line: one file a subcommand; arguments in, one call, output out.

mod aa;
mod advise;
mod args;
mod audit;
mod care_args;
mod compare;
mod config_file;
mod duet;
mod duet_args;
mod existing_args;
mod failure;
mod flags;
mod gate;
mod history;
mod index;
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
mod sweep_arg;
mod tune;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use failure::Failure;
use std::process::ExitCode;

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
Every option can also stand in loist-bench.toml in the current directory (tracks = 10000) or in an
environment variable (LOIST_BENCH_TRACKS=10000); the command line wins, then the environment.

Exit codes:
  0    as wished
  1    the objective or a gate was missed, something is slower, or a check found something
  2    wrong usage or bad input
  3    the database or the environment failed
  4    inconclusive: the run or the comparison cannot tell, or the brake ended the load
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
    Advise(advise::AdviseArgs),
    Audit(Box<audit::AuditArgs>),
    Observe(Box<observe::ObserveArgs>),
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
    let matches = command.try_get_matches().map_err(usage)?;
    let cli = Cli::from_arg_matches(&matches).map_err(usage)?;
    let own = matches.subcommand().map_or(&matches, |(_, own)| own);
    match cli.command {
        Command::Run(mut args) => {
            args.target.settle(own)?;
            args.load.settle(own)?;
            run::execute(*args, own)
        }
        Command::Tune(mut args) => {
            args.target.settle(own)?;
            args.load.settle(own)?;
            tune::execute(*args, own)
        }
        Command::Aa(mut args) => {
            args.duet.load.settle(own)?;
            aa::execute(*args, own)
        }
        Command::Gate(mut args) => {
            args.settle(own)?;
            args.duet.load.settle(own)?;
            gate::execute(*args, own)
        }
        Command::Compare(args) => compare::execute(&args),
        Command::Duet(mut args) => {
            args.duet.load.settle(own)?;
            duet::execute(*args, own)
        }
        Command::Merge(args) => merge::execute(&args),
        Command::Seed(mut args) => {
            args.target.settle(own)?;
            seed::execute(args, own)
        }
        Command::Advise(args) => advise::execute(&args),
        Command::Audit(mut args) => {
            args.target.settle(own)?;
            audit::execute(*args)
        }
        Command::Observe(mut args) => {
            args.target.settle(own)?;
            observe::execute(*args)
        }
        Command::Report(args) => report::execute(&args, own),
        Command::History(command) => history::execute(command),
        Command::Flags(command) => flags::execute(command, own),
        Command::Server(command) => server::execute(command),
        Command::Schema(args) => meta::schema(&args),
        Command::Completions(args) => meta::completions(&args, Cli::command()),
        Command::Man(args) => meta::man(&args, Cli::command()),
        Command::Guard => Ok(crate::target::guard_main()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
