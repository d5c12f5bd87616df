//! Faults of a database: rights and code.

use super::{Fault, NOTHING, by_hand, mended};

pub(super) const RIGHTS: &[Fault] = &[
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
        &["table-granted-to-public"],
        "music.audio_tracks",
        "PUBLIC has SELECT (title) on music.audio_tracks",
        &["GRANT SELECT (title) ON music.audio_tracks TO PUBLIC"],
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

pub(super) const CODE: &[Fault] = &[
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
