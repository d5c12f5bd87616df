//! Settings that say where a server is and whom it serves, not how it works: they stay behind when a list of settings
//! goes to another server.

/// Settings of the place where a server runs, which loist-bench and every start script choose.
const OF_THE_PLACE: [&str; 19] = [
    "cluster_name",
    "config_file",
    "data_directory",
    "datestyle",
    "default_text_search_config",
    "dynamic_shared_memory_type",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "listen_addresses",
    "log_timezone",
    "port",
    "shared_preload_libraries",
    "timezone",
    "unix_socket_directories",
];
const PREFIXES_OF_THE_PLACE: [&str; 3] = ["ssl", "unix_socket", "include"];

/// Settings that only tell two places apart. Fewer than those that stay behind: a locale, a library or TLS is of the place as
/// well, and yet may be why one server is slower than another.
const OF_THE_PLACE_ALONE: [&str; 7] = [
    "data_directory",
    "config_file",
    "hba_file",
    "ident_file",
    "port",
    "unix_socket_directories",
    "external_pid_file",
];

/// Settings of one server among others: where its WAL and its log go, whom it waits for, what is installed beside it.
const OF_ONE_SERVER: [&str; 28] = [
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "archive_mode",
    "archive_timeout",
    "data_directory_mode",
    "default_tablespace",
    "dynamic_library_path",
    "event_source",
    "extension_control_path",
    "extension_destdir",
    "jit_provider",
    "local_preload_libraries",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "logging_collector",
    "oauth_validator_libraries",
    "promote_trigger_file",
    "restore_command",
    "session_preload_libraries",
    "stats_temp_directory",
    "sync_replication_slots",
    "synchronized_standby_slots",
    "synchronous_standby_names",
    "temp_tablespaces",
    "wal_consistency_checking",
];
const PREFIXES_OF_ONE_SERVER: [&str; 6] = ["bonjour", "krb_", "primary_", "recovery_", "syslog", "unix_"];
/// It only says whether recovery reads ahead.
const NOT_OF_ONE_SERVER: &str = "recovery_prefetch";

/// Whether a setting says where and for whom a server runs, not how: its files, addresses, locale and libraries.
#[must_use]
pub fn is_of_the_place(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OF_THE_PLACE.contains(&name.as_str())
        || PREFIXES_OF_THE_PLACE.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a setting, as a server names it, tells of its place and of nothing that changes a run: comparisons leave it out.
#[must_use]
pub fn tells_of_place_alone(name: &str) -> bool {
    OF_THE_PLACE_ALONE.contains(&name)
}

/// Whether a setting must not go to another server: it is of the place, or sends WAL, waits for standbys, runs commands
/// or loads libraries that are not there.
#[must_use]
pub fn stays_behind(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_of_one_server = OF_ONE_SERVER.contains(&lower.as_str())
        || PREFIXES_OF_ONE_SERVER.iter().any(|prefix| lower.starts_with(prefix));
    is_of_the_place(name) || (is_of_one_server && lower != NOT_OF_ONE_SERVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_production_server_has_for_itself_stays_behind() {
        for name in [
            "archive_mode",
            "Archive_Command",
            "archive_library",
            "restore_command",
            "archive_cleanup_command",
            "recovery_target_time",
            "recovery_end_command",
            "primary_conninfo",
            "primary_slot_name",
            "log_directory",
            "log_filename",
            "logging_collector",
            "syslog_ident",
            "log_destination",
            "synchronous_standby_names",
            "session_preload_libraries",
            "local_preload_libraries",
            "cluster_name",
            "event_source",
            "krb_server_keyfile",
            "unix_socket_group",
            "ssl_key_file",
            "port",
        ] {
            assert!(stays_behind(name), "{name}");
        }
        for name in ["work_mem", "wal_level", "synchronous_commit", "log_min_duration_statement", "fsync"] {
            assert!(!stays_behind(name) && !is_of_the_place(name), "{name}");
        }
        assert!(!is_of_the_place("archive_command"), "somebody chose it");
    }

    #[test]
    fn what_may_change_a_run_is_compared_though_it_stays_behind() {
        for name in OF_THE_PLACE_ALONE {
            assert!(tells_of_place_alone(name) && is_of_the_place(name), "{name}");
        }
        for name in ["lc_messages", "shared_preload_libraries", "ssl", "listen_addresses"] {
            assert!(!tells_of_place_alone(name) && is_of_the_place(name), "{name}");
        }
    }

    #[test]
    fn every_name_is_one_of_postgresqls() {
        let elsewhere = ["extension_destdir", "promote_trigger_file", "stats_temp_directory"];
        for name in OF_ONE_SERVER.iter().filter(|name| !elsewhere.contains(name)) {
            assert!(crate::flags::catalog::find(name).is_some(), "{name}");
        }
    }
}
