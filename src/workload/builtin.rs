//! The workloads that come with the binary.

use super::{error::WorkloadError, model::Workload};
use crate::text::nearest;
use std::path::Path;

/// Name and text of each built-in workload, the default one first.
const BUILT_IN: &[(&str, &str)] = &[
    ("mcp-mix", include_str!("../../workloads/mcp-mix.toml")),
    ("read", include_str!("../../workloads/read.toml")),
    ("search", include_str!("../../workloads/search.toml")),
    ("ingest", include_str!("../../workloads/ingest.toml")),
    ("browse", include_str!("../../workloads/browse.toml")),
    ("fuzzy", include_str!("../../workloads/fuzzy.toml")),
];

/// The workload that runs when none is named.
pub const DEFAULT: &str = "mcp-mix";

/// Names of the built-in workloads.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The workload named `what`: a built-in one, or a file.
///
/// # Errors
/// When there is neither, and as [`Workload::load`].
pub fn find(what: &str) -> Result<Workload, WorkloadError> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == what) {
        return Workload::parse(text, &format!("built-in workload {name}"));
    }
    if what.contains("://") {
        // It may hold a password.
        let message = "this is an address, not a workload: give a database with --database-url".to_owned();
        return Err(WorkloadError { origin: "the workload".to_owned(), line: 0, message });
    }
    let path = Path::new(what);
    if path.is_file() || path.extension().is_some() {
        return Workload::load(path);
    }
    let meant = nearest(what, names()).map_or_else(String::new, |name| format!("did you mean {name}? "));
    let message = format!(
        "there is no such workload: {meant}name one of {}, or a file ending in .toml",
        names().collect::<Vec<_>>().join(", ")
    );
    Err(WorkloadError { origin: what.to_owned(), line: 0, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_workload_is_consistent() {
        for name in names() {
            let workload = find(name).unwrap();
            assert_eq!(workload.name, name);
            assert!(!workload.description.is_empty(), "{name} says what it stands for");
        }
        assert_eq!(names().next(), Some(DEFAULT));
    }

    /// Round trips of each tool call, as the real server makes them.
    #[test]
    fn round_trips_are_those_of_the_server() {
        let mix = find(DEFAULT).unwrap();
        let trips = |name: &str| {
            let operation = mix.operations.iter().find(|operation| operation.name == name);
            operation.map(|operation| operation.round_trips(&mix.envelope))
        };
        for (name, expected) in [
            ("get_audio_metadata", 4),
            ("search_library", 5),
            ("process_audio_complete", 8),
            ("process_audio_untagged", 12),
            ("process_audio_rejected", 4),
            ("resource_metadata", 4),
            ("resource_stream", 4),
            ("resource_thumbnail", 4),
            ("embed_page", 4),
            ("oembed", 4),
            ("browse", 5),
            ("fuzzy_search", 4),
            ("facets", 6),
            ("dashboard_recent", 4),
            ("dashboard_pending", 4),
            ("dashboard_failed", 4),
            ("dashboard_formats", 4),
        ] {
            assert_eq!(trips(name), Some(expected), "{name}");
        }
        assert_eq!(mix.operations.len(), 17);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = find("serach").unwrap_err();
        assert!(error.message.contains("mcp-mix, read, search"), "{error}");
    }
}
