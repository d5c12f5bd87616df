//! Faults that are planted in a hardened server.

/// A fault, and what an audit is to say of it.
pub(super) struct Fault {
    /// Commands of the superuser that plant it.
    pub(super) plant: &'static [&'static str],
    /// Commands that take it back, where it is not the database's alone.
    pub(super) undo: &'static [&'static str],
    /// A line of pg_hba.conf that plants it.
    pub(super) hba: Option<&'static str>,
    /// Options of the audit that shows it.
    pub(super) options: &'static str,
    /// The checks that find it, and what it brings along.
    pub(super) ids: &'static [&'static str],
    /// The object that the first of them names.
    pub(super) object: &'static str,
    /// Part of what it saw.
    pub(super) seen: &'static str,
    /// Whether commands alone mend it.
    pub(super) is_mended: bool,
}

const NOTHING: Fault =
    Fault { plant: &[], undo: &[], hba: None, options: "", ids: &[], object: "", seen: "", is_mended: false };

/// A fault of a database, which commands alone mend.
const fn mended(
    ids: &'static [&'static str],
    object: &'static str,
    seen: &'static str,
    plant: &'static [&'static str],
) -> Fault {
    Fault { ids, object, seen, plant, is_mended: true, ..NOTHING }
}

/// A fault of a database, which people must mend.
const fn by_hand(
    ids: &'static [&'static str],
    object: &'static str,
    seen: &'static str,
    plant: &'static [&'static str],
) -> Fault {
    Fault { ids, object, seen, plant, ..NOTHING }
}

/// A fault of the whole server, which commands alone mend.
const fn of_server(
    ids: &'static [&'static str],
    object: &'static str,
    seen: &'static str,
    plant: &'static [&'static str],
    undo: &'static [&'static str],
) -> Fault {
    Fault { ids, object, seen, plant, undo, is_mended: true, ..NOTHING }
}

pub(super) const FAULTS: [&[Fault]; 5] = [RIGHTS, CODE, ROLES, SETTINGS, OTHERS];

const RIGHTS: &[Fault] = &[
    mended(
        &["schema-create-public"],
        "music",
        "PUBLIC has CREATE",
        &["GRANT CREATE ON SCHEMA music TO PUBLIC"],
    ),
    mended(
        &["table-granted-to-public"],
        "music.audio_tracks",
        "PUBLIC has INSERT, SELECT on music.audio_tracks",
        &["GRANT SELECT, INSERT ON music.audio_tracks TO PUBLIC"],
    ),
    mended(
        &["database-connect-public"],
        "fault",
        "PUBLIC has CONNECT",
        &["GRANT CONNECT ON DATABASE fault TO PUBLIC"],
    ),
    mended(
        &["database-temporary-public"],
        "fault",
        "PUBLIC has TEMPORARY",
        &["GRANT TEMPORARY ON DATABASE fault TO PUBLIC"],
    ),
    mended(
        &["default-privileges-public"],
        "SELECT on TABLES of music_owner in music",
        "PUBLIC gets SELECT on TABLES that music_owner makes in the schema music",
        &["ALTER DEFAULT PRIVILEGES FOR ROLE music_owner IN SCHEMA music GRANT SELECT ON TABLES TO PUBLIC"],
    ),
    mended(
        &["grant-option"],
        "music.audio_tracks to app",
        "app may hand on SELECT",
        &["GRANT SELECT ON music.audio_tracks TO app WITH GRANT OPTION"],
    ),
    mended(
        &["application-owns-tables"],
        "music.own",
        "app owns music.own",
        &["CREATE TABLE music.own (id int)", "ALTER TABLE music.own OWNER TO app"],
    ),
    by_hand(
        &["application-owns-database"],
        "fault",
        "app owns the database",
        &["ALTER DATABASE fault OWNER TO app"],
    ),
    by_hand(
        &["data-in-public-schema"],
        "public.stray",
        "stands in public",
        &["CREATE TABLE public.stray (id int)"],
    ),
    Fault {
        ids: &["rls-missing"],
        object: "music.audio_tracks",
        seen: "row-level security of music.audio_tracks is off",
        options: "--expect-rls music.audio_tracks",
        ..NOTHING
    },
    by_hand(
        &["rls-without-policies"],
        "music.audio_tracks",
        "there are no policies",
        &["ALTER TABLE music.audio_tracks ENABLE ROW LEVEL SECURITY"],
    ),
    mended(
        &["rls-owner-bypass", "application-owns-tables"],
        "music.rows",
        "music.rows belongs to app",
        &[
            "CREATE TABLE music.rows (id int)",
            "CREATE POLICY mine ON music.rows USING (id > 0)",
            "ALTER TABLE music.rows ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE music.rows OWNER TO app",
        ],
    ),
    mended(
        &["table-unlogged"],
        "music.scratch",
        "is UNLOGGED",
        &["CREATE UNLOGGED TABLE music.scratch (id int)"],
    ),
];

const CODE: &[Fault] = &[
    mended(
        &["definer-search-path"],
        "music.promote()",
        "has no search_path of its own",
        &[
            "CREATE FUNCTION music.promote() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "REVOKE EXECUTE ON FUNCTION music.promote() FROM PUBLIC",
        ],
    ),
    mended(
        &["definer-function-public"],
        "music.demote(integer)",
        "PUBLIC has EXECUTE on music.demote(integer), which runs as loist",
        &["CREATE FUNCTION music.demote(int) RETURNS int LANGUAGE sql SECURITY DEFINER \
           SET search_path = pg_catalog, pg_temp AS 'SELECT 1'"],
    ),
    by_hand(
        &["language-untrusted"],
        "unsafe",
        "the language unsafe is not trusted",
        &["CREATE LANGUAGE unsafe HANDLER plpgsql_call_handler"],
    ),
    by_hand(&["extension-risky"], "dblink", "the extension dblink", &["CREATE EXTENSION dblink"]),
    mended(
        &["extension-outdated"],
        "pg_trgm",
        "pg_trgm is 1.5, and the server has",
        &["CREATE EXTENSION pg_trgm VERSION '1.5'"],
    ),
    mended(
        &["foreign-server-public"],
        "far",
        "PUBLIC has USAGE on the foreign server far (postgres_fdw)",
        &[
            "CREATE EXTENSION postgres_fdw",
            "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw",
            "GRANT USAGE ON FOREIGN SERVER far TO PUBLIC",
        ],
    ),
    by_hand(
        &["user-mapping-password"],
        "app at far",
        "the user mapping of app for the foreign server far holds a password",
        &[
            "CREATE EXTENSION postgres_fdw",
            "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw",
            "CREATE USER MAPPING FOR app SERVER far OPTIONS (user 'x', password 's3cret-far')",
        ],
    ),
    by_hand(
        &["event-trigger"],
        "watch",
        "watch of loist fires at ddl_command_end",
        &[
            "CREATE FUNCTION music.look() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION music.look()",
        ],
    ),
];

const ROLES: &[Fault] = &[
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

const SETTINGS: &[Fault] = &[
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

const OTHERS: &[Fault] = &[
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
        options: "--instances 100 --pool 10",
        ..NOTHING
    },
];
