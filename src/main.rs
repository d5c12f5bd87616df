//! The binary: parse, call, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    loist_bench::cli::main()
}
