//! The database that is backed up: an embedded server that is made for the drill, or somebody's, which is only read.

use super::{contents, context::Context, error::DrillError, manifest::SourceFacts, options::Method};
use crate::{
    catalog::{self, CatalogSpec},
    lab::Event,
    target::{Programs, Route, Target, TargetOptions, locate, open},
};
use std::{path::PathBuf, time::Instant};
use tokio_postgres::{Client, Error};

/// Settings that archive an embedded server's log; the user's own come after them, but for these.
const OF_ARCHIVE: [&str; 2] = ["archive_mode", "archive_command"];
/// The longest that a file of the log is left open, where the user does not say otherwise.
const ARCHIVE_TIMEOUT: &str = "60s";

/// A database, and the programs that back it up.
pub(super) struct Source {
    pub(super) target: Target,
    /// To the very host that answers; what is dumped must be what is looked at.
    pub(super) route: Route,
    pub(super) facts: SourceFacts,
    /// Where an embedded server's log is archived.
    pub(super) archive: Option<PathBuf>,
}

impl Source {
    /// Reaches a database that is there already, for reading alone.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn existing(
        options: &TargetOptions,
        runtime: &tokio::runtime::Runtime,
    ) -> Result<Self, DrillError> {
        let options = TargetOptions { use_existing: true, ..options.clone() };
        let target = Target::open(&options)?;
        runtime.block_on(Self::of(target, None))
    }

    /// Starts an embedded server, and makes a library of so many tracks in it.
    ///
    /// # Errors
    /// When it cannot be started or filled, or the user asks for the end.
    pub(super) fn embedded(context: &Context<'_>, tracks: u64, archives: bool) -> Result<Self, DrillError> {
        let options = context.options;
        let archive = archives.then(|| -> Result<PathBuf, DrillError> {
            let archive = context.workshop.new_directory(&format!("archive-{tracks}"))?;
            context.workshop.give(&archive)?;
            Ok(archive)
        });
        let archive = archive.transpose()?;
        let mut target = TargetOptions { embedded: true, keep_server: false, ..options.target.clone() };
        if let Some(archive) = &archive {
            target.settings = archiving(archive)?.into_iter().chain(target.settings).collect();
        }
        let began = Instant::now();
        let target = Target::open(&target)?;
        (context.listen)(Event::StepEnded { name: "start the server".to_owned(), took: began.elapsed() });
        let spec = CatalogSpec { seed: options.catalog.seed, tracks };
        let mut progress = |rows| (context.listen)(Event::Loaded { rows, of: tracks });
        context.step(&format!("make {tracks} tracks"), || {
            let (route, state) = (target.route(), options.catalog.state);
            context.ask(async {
                let (_, hold) = catalog::ensure(route, target.schema(), spec, state, &mut progress).await?;
                hold.release().await;
                Ok::<_, DrillError>(())
            })
        })?;
        context.ask(Self::of(target, archive))
    }

    async fn of(target: Target, archive: Option<PathBuf>) -> Result<Self, DrillError> {
        let opened = open(target.route()).await?;
        let route = target.route().to_host(&opened.session.host);
        let facts = facts(&opened.client, route.address()).await.map_err(DrillError::of("looked at"))?;
        Ok(Self { target, route, facts, archive })
    }

    /// A session in which every row has the same text as elsewhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn session(&self) -> Result<Client, DrillError> {
        session(&self.route).await
    }

    /// The programs that back it up and restore it: of its own major version, or of a later one.
    ///
    /// # Errors
    /// When there are none that can.
    pub(super) fn programs(
        options: &TargetOptions,
        facts: &SourceFacts,
        methods: &[Method],
    ) -> Result<Programs, DrillError> {
        let chosen = options.pg_bin.as_deref();
        let wanted = options.pg_version.or_else(|| chosen.is_none().then_some(facts.major()));
        let found = match locate(chosen, wanted) {
            Err(_) if options.pg_version.is_none() && chosen.is_none() => locate(None, None)?,
            found => found?,
        };
        let physical = methods.iter().find(|method| method.is_physical());
        if found.major < facts.major() || (physical.is_some() && found.major != facts.major()) {
            return Err(DrillError::Environment(format!(
                "the database is of PostgreSQL {}, and the programs in {} are of {}, which cannot {}: name those of version {} by --pg-bin or --pg-version",
                facts.version,
                found.directory.display(),
                found.version,
                physical.map_or("dump it", |_| "copy or serve its files"),
                facts.major()
            )));
        }
        Ok(found)
    }
}

/// That the programs are older than the server, of the same major version: they do, and may have faults that it has not.
pub(super) fn caution(programs: &Programs, facts: &SourceFacts) -> Option<String> {
    let numbers =
        |version: &str| -> Vec<u32> { version.split('.').map_while(|part| part.parse().ok()).collect() };
    (numbers(&programs.version) < numbers(&facts.version)).then(|| {
        format!(
            "the programs that dump and restore are of PostgreSQL {}, older than the server's {}",
            programs.version, facts.version
        )
    })
}

/// A session in which every row has the same text as elsewhere.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn session(route: &Route) -> Result<Client, DrillError> {
    let client = open(route).await?.client;
    client.batch_execute(contents::SESSION).await.map_err(DrillError::of("looked at"))?;
    Ok(client)
}

/// Settings by which a server archives its log into a directory.
fn archiving(directory: &std::path::Path) -> Result<Vec<(String, String)>, DrillError> {
    let directory = directory.to_string_lossy();
    let quoted = shlex::try_quote(&directory).map_err(|error| {
        DrillError::Environment(format!("{directory}: no shell takes this name: {error}"))
    })?;
    let quoted = quoted.replace('%', "%%");
    // Under another name first: a file that is there under its own is whole.
    let command =
        format!("test ! -f {quoted}/%f && cp %p {quoted}/%f.part && mv {quoted}/%f.part {quoted}/%f");
    let settings =
        [("archive_mode", "on"), ("archive_command", &command), ("archive_timeout", ARCHIVE_TIMEOUT)];
    Ok(settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
}

/// The first of the settings that are this program's own where the log is archived.
pub(super) fn in_the_way(settings: &[(String, String)]) -> Option<&str> {
    let mut names = settings.iter().map(|(name, _)| name.as_str());
    names.find(|name| OF_ARCHIVE.iter().any(|own| own.eq_ignore_ascii_case(name)))
}

async fn facts(client: &Client, address: String) -> Result<SourceFacts, Error> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int,
                    current_database()::text, pg_database_size(current_database()),
                    (SELECT sum(pg_database_size(oid))::bigint FROM pg_database
                     WHERE has_database_privilege(oid, 'CONNECT')),
                    pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text,
                    CASE to_jsonb(d)->>'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END,
                    coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'),
                    current_setting('data_checksums') = 'on',
                    (SELECT rolname::text FROM pg_roles WHERE rolsuper AND rolcanlogin ORDER BY oid LIMIT 1),
                    (SELECT coalesce(array_agg(rolname::text ORDER BY oid), '{}') FROM pg_roles WHERE rolname !~ '^pg_')
             FROM pg_database d WHERE datname = current_database()",
            &[],
        )
        .await?;
    let number: i32 = row.get(1);
    let (database_bytes, server_bytes): (i64, i64) = (row.get(3), row.get(4));
    let version: String = row.get(0);
    Ok(SourceFacts {
        address,
        version: version.split_whitespace().next().unwrap_or_default().to_owned(),
        version_number: number.cast_unsigned(),
        database: row.get(2),
        database_bytes: database_bytes.cast_unsigned(),
        server_bytes: server_bytes.cast_unsigned(),
        encoding: row.get(5),
        collate: row.get(6),
        ctype: row.get(7),
        provider: row.get(8),
        locale: row.get(9),
        checksums: row.get(10),
        superuser: row.get(11),
        roles: row.get(12),
    })
}

/// A table or sequence that a dump holds, and that this role cannot read.
pub(super) struct Closed {
    /// Its name, with its schema.
    pub(super) name: String,
    /// Whether it is row-level security that hides rows of it.
    pub(super) is_by_policy: bool,
}

/// What this role cannot read of what a dump holds; of extensions the tables that are dumped because they say so.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn unreadable(client: &Client) -> Result<Vec<Closed>, Error> {
    let sql = format!(
        "SELECT name, may FROM (
             SELECT format('%I.%I', n.nspname, c.relname) AS name,
                    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may,
                    c.relrowsecurity AND row_security_active(c.oid) AS is_hidden
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'S') AND {} AND ({} OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)))
         ) AS all_of_them
         WHERE NOT may OR is_hidden ORDER BY may, name",
        contents::OF_USERS,
        contents::OF_NO_EXTENSION
    );
    let rows = client.query(&sql, &[]).await?;
    Ok(rows.iter().map(|row| Closed { name: row.get(0), is_by_policy: row.get(1) }).collect())
}

/// Whether this role may copy the server's files.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn may_replicate(client: &Client) -> Result<bool, Error> {
    let sql = "SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user";
    Ok(client.query_one(sql, &[]).await?.get(0))
}

/// Tablespaces that somebody made.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn tablespaces(client: &Client) -> Result<Vec<String>, Error> {
    let sql =
        "SELECT spcname::text FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY 1";
    Ok(client.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn programs_that_are_older_are_named() {
        let facts = SourceFacts::of_version;
        let programs = Programs { directory: "/x".into(), version: "15.9".to_owned(), major: 15 };
        let told = caution(&programs, &facts("15.18")).unwrap();
        assert!(told.contains("of PostgreSQL 15.9, older than the server's 15.18"), "{told}");
        assert_eq!(caution(&programs, &facts("15.9")), None);
        assert_eq!(caution(&programs, &facts("15.2")), None);
        assert_eq!(facts("15.18").major(), 15);
    }

    #[test]
    fn the_archive_s_command_takes_any_directory() {
        let settings = archiving(Path::new("/var/tmp/my base 100%/archive")).unwrap();
        assert_eq!(settings[0], ("archive_mode".to_owned(), "on".to_owned()));
        assert!(
            settings[1].1.starts_with("test ! -f '/var/tmp/my base 100%%/archive'/%f && cp %p"),
            "{settings:?}"
        );
        let given =
            |name: &str| vec![("work_mem".to_owned(), "1MB".to_owned()), (name.to_owned(), "x".to_owned())];
        assert_eq!(in_the_way(&given("Archive_Mode")), Some("Archive_Mode"));
        assert_eq!(in_the_way(&given("archive_timeout")), None);
    }
}
