//! Environment variables whose names are misspelled: they would count for nothing without a word.

use crate::text::nearest;
use clap::Command;

/// A sentence for each variable in `set` that no option of `command` reads, and that is much like one which an option does.
pub(super) fn misspelled(command: &Command, set: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut known = vec!["LOIST_BENCH_BASE_DIR".to_owned()];
    collect(command, &mut known);
    let ours = set.into_iter().filter(|name| name.starts_with("LOIST_BENCH_") && !known.contains(name));
    let told = ours.filter_map(|name| {
        // What all have in common makes nothing alike.
        let own = |name: &str| name.trim_start_matches("LOIST_BENCH_").to_ascii_lowercase();
        let own_known: Vec<String> = known.iter().map(|name| own(name)).collect();
        let meant = nearest(&own(&name), own_known.iter().map(String::as_str))?.to_ascii_uppercase();
        Some(format!("{name} counts for nothing: did you mean LOIST_BENCH_{meant}?"))
    });
    told.collect()
}

fn collect(command: &Command, known: &mut Vec<String>) {
    let variables = command.get_arguments().filter_map(clap::Arg::get_env);
    known.extend(variables.map(|name| name.to_string_lossy().into_owned()));
    command.get_subcommands().for_each(|sub| collect(sub, known));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_like_a_variable_is_told_and_nothing_else() {
        let told = |name: &str| misspelled(&crate::cli::command(), [name.to_owned()]);
        assert_eq!(
            told("LOIST_BENCH_TRAKCS"),
            ["LOIST_BENCH_TRAKCS counts for nothing: did you mean LOIST_BENCH_TRACKS?"]
        );
        for name in [
            "LOIST_BENCH_TRACKS",
            "LOIST_BENCH_BASE_DIR",
            "LOIST_BENCH_WORKLOAD",
            "LOIST_BENCH_OF_OUR_CI",
            "TRAKCS",
        ] {
            assert!(told(name).is_empty(), "{name}");
        }
    }
}
