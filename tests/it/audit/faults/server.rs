//! Faults of the server: roles, settings, and what belongs to neither.

use super::{Fault, NOTHING, of_server};

pub(super) const ROLES: &[Fault] = &[
    Fault {
        ids: &["application-superuser", "superuser-password-never-expires"],
        object: "app",
        seen: "app is a superuser",
        plant: &["ALTER ROLE app SUPERUSER"],
        undo: &["ALTER ROLE app NOSUPERUSER"],
        // Of a superuser nothing else is judged: what it may do otherwise shows when it is none any more.
        ..NOTHING
    },
    of_server(
        &["application-becomes-superuser"],
        "boss",
        "app is a member of boss",
        &["CREATE ROLE boss SUPERUSER NOLOGIN", "GRANT boss TO app"],
        &["DROP ROLE boss"],
    ),
    of_server(
        &["superuser-login"],
        "second",
        "second is a superuser and can log in",
        &["CREATE ROLE second SUPERUSER LOGIN"],
        &["DROP ROLE second"],
    ),
    of_server(
        &["application-createrole"],
        "app",
        "CREATEROLE",
        &["ALTER ROLE app CREATEROLE"],
        &["ALTER ROLE app NOCREATEROLE"],
    ),
    of_server(
        &["application-createdb"],
        "app",
        "CREATEDB",
        &["ALTER ROLE app CREATEDB"],
        &["ALTER ROLE app NOCREATEDB"],
    ),
    of_server(
        &["application-bypassrls"],
        "app",
        "BYPASSRLS",
        &["ALTER ROLE app BYPASSRLS"],
        &["ALTER ROLE app NOBYPASSRLS"],
    ),
    of_server(
        &["application-replication"],
        "app",
        "REPLICATION",
        &["ALTER ROLE app REPLICATION"],
        &["ALTER ROLE app NOREPLICATION"],
    ),
    of_server(
        &["application-cloudsqlsuperuser"],
        "cloudsqlsuperuser",
        "app is a member of cloudsqlsuperuser",
        &["CREATE ROLE cloudsqlsuperuser", "GRANT cloudsqlsuperuser TO app"],
        &["DROP ROLE cloudsqlsuperuser"],
    ),
    of_server(
        &["application-server-files"],
        "pg_execute_server_program",
        "app is a member of pg_execute_server_program",
        &["GRANT pg_execute_server_program TO app"],
        &["REVOKE pg_execute_server_program FROM app"],
    ),
    of_server(
        &["application-all-data"],
        "pg_write_all_data",
        "app is a member of pg_write_all_data",
        &["GRANT pg_write_all_data TO app"],
        &["REVOKE pg_write_all_data FROM app"],
    ),
    of_server(
        &["role-without-connection-limit"],
        "app",
        "app has no CONNECTION LIMIT",
        &["ALTER ROLE app CONNECTION LIMIT -1"],
        &["ALTER ROLE app CONNECTION LIMIT 10"],
    ),
    of_server(
        &["statement-timeout-unset"],
        "app",
        "statement_timeout is not set for app",
        &["ALTER ROLE app RESET statement_timeout"],
        &["ALTER ROLE app SET statement_timeout = '10s'"],
    ),
    of_server(
        &["idle-in-transaction-timeout-unset"],
        "app",
        "idle_in_transaction_session_timeout is not set for app",
        &["ALTER ROLE app SET idle_in_transaction_session_timeout = 0"],
        &["ALTER ROLE app SET idle_in_transaction_session_timeout = '10s'"],
    ),
    of_server(
        &["lock-timeout-unset"],
        "app",
        "lock_timeout is not set for app",
        &["ALTER ROLE app RESET lock_timeout"],
        &["ALTER ROLE app SET lock_timeout = '5s'"],
    ),
    of_server(
        &["idle-session-timeout-unset"],
        "app",
        "idle_session_timeout is not set for app",
        &["ALTER ROLE app RESET idle_session_timeout"],
        &["ALTER ROLE app SET idle_session_timeout = '1h'"],
    ),
];

pub(super) const SETTINGS: &[Fault] = &[
    of_server(
        &["password-encryption-md5"],
        "password_encryption",
        "password_encryption is md5",
        &["ALTER SYSTEM SET password_encryption = 'md5'"],
        &["ALTER SYSTEM RESET password_encryption"],
    ),
    of_server(
        &["log-connections-off"],
        "log_connections",
        "log_connections is",
        &["ALTER SYSTEM SET log_connections = 'off'"],
        &["ALTER SYSTEM RESET log_connections"],
    ),
    of_server(
        &["log-disconnections-off"],
        "log_disconnections",
        "log_disconnections is off",
        &["ALTER SYSTEM SET log_disconnections = 'off'"],
        &["ALTER SYSTEM RESET log_disconnections"],
    ),
    of_server(
        &["ddl-not-logged"],
        "log_statement",
        "log_statement is none",
        &["ALTER SYSTEM SET log_statement = 'none'"],
        &["ALTER SYSTEM RESET log_statement"],
    ),
    of_server(
        &["log-every-statement"],
        "log_min_duration_statement",
        "log_min_duration_statement is 0",
        &["ALTER SYSTEM SET log_min_duration_statement = 0"],
        &["ALTER SYSTEM RESET log_min_duration_statement"],
    ),
    of_server(
        &["log-parameters-on-error"],
        "log_parameter_max_length_on_error",
        "log_parameter_max_length_on_error is -1",
        &["ALTER SYSTEM SET log_parameter_max_length_on_error = -1"],
        &["ALTER SYSTEM RESET log_parameter_max_length_on_error"],
    ),
    of_server(
        &["log-line-anonymous"],
        "log_line_prefix",
        "log_line_prefix is %m [%p]",
        &["ALTER SYSTEM SET log_line_prefix = '%m [%p] '"],
        &["ALTER SYSTEM RESET log_line_prefix"],
    ),
    of_server(
        &["fsync-off"],
        "fsync",
        "fsync is off",
        &["ALTER SYSTEM SET fsync = 'off'"],
        &["ALTER SYSTEM RESET fsync"],
    ),
    of_server(
        &["full-page-writes-off"],
        "full_page_writes",
        "full_page_writes is off",
        &["ALTER SYSTEM SET full_page_writes = 'off'"],
        &["ALTER SYSTEM RESET full_page_writes"],
    ),
];

pub(super) const OTHERS: &[Fault] = &[
    Fault {
        ids: &["hba-trust"],
        object: "local all all trust",
        seen: "has the method trust",
        hba: Some("local all all trust"),
        ..NOTHING
    },
    Fault {
        ids: &["hba-cleartext-password"],
        object: "local all all password",
        seen: "has the method password",
        hba: Some("local all all password"),
        ..NOTHING
    },
    Fault {
        ids: &["password-hash-md5"],
        object: "old",
        seen: "the password of old is stored by MD5",
        plant: &["SET password_encryption = 'md5'", "CREATE ROLE old LOGIN PASSWORD 's3cret-old'"],
        undo: &["DROP ROLE old"],
        ..NOTHING
    },
    Fault {
        ids: &["superuser-password-never-expires"],
        object: "loist",
        seen: "the superuser loist has no date",
        plant: &["ALTER ROLE loist VALID UNTIL 'infinity'"],
        undo: &["ALTER ROLE loist VALID UNTIL '2099-01-01'"],
        ..NOTHING
    },
    Fault {
        ids: &["slot-inactive"],
        object: "forgotten",
        seen: "the physical slot forgotten is not active",
        plant: &["SELECT pg_create_physical_replication_slot('forgotten')"],
        undo: &["SELECT pg_drop_replication_slot('forgotten')"],
        ..NOTHING
    },
    Fault {
        ids: &["connection-budget"],
        object: "max_connections",
        seen: "100 instances of 10 connections may open 1000; max_connections is 300",
        options: "--instances 100 --pool-max 10",
        ..NOTHING
    },
];
