//! The product's binary, as it is on a machine where nothing is configured.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// Variables that may still say which server programs are used, and where servers live.
const PASSED_ON: [&str; 3] = ["LOIST_BENCH_PG_BIN", "LOIST_BENCH_PG_VERSION", "LOIST_BENCH_BASE_DIR"];

/// The product's binary; nothing of the caller's configuration is heard.
pub(crate) fn loist_bench(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
    command.current_dir(directory).stdin(Stdio::null());
    without_configuration(&mut command);
    command
}

/// Takes away the variables that loist-bench and libpq would read.
pub(crate) fn without_configuration(command: &mut Command) {
    let configures = |name: &str| {
        name == "DATABASE_URL" || ["DB_", "PG", "LOIST_BENCH_"].iter().any(|prefix| name.starts_with(prefix))
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| configures(name) && !PASSED_ON.contains(&name)) {
            command.env_remove(name);
        }
    }
}
