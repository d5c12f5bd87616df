//! What loist-bench made in a database: listed, and removed with nothing else.

use super::{CatalogError, ensure::locked};
use crate::{
    target::{LEDGER, Named, Note, OWN_SCHEMA, Present, Route, connect, noted, present},
    text::sql,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::{Client, Error, Transaction, error::SqlState};

/// What `format` says in every inventory.
const FORMAT: &str = "loist-bench/inventory";
/// Version of the format.
const VERSION: u32 = 1;
/// Somebody's lock must not be waited for without end, and others wait behind whoever waits to drop a table.
const LOCK_LIMIT: &str = "SET LOCAL lock_timeout = '10s'";

/// What loist-bench made in a database, by the ledger that it keeps there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench inventory")]
pub struct Inventory {
    /// Always `loist-bench/inventory`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Whether what is listed was removed.
    pub removed: bool,
    /// What it made and is still there.
    pub objects: Vec<Made>,
    /// What else stands in its schema, or is a part of its tables: of somebody else's, or of a loist-bench that did not yet
    /// note what it made.
    pub others: Vec<String>,
}

/// Something that loist-bench made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Made {
    /// As in `schema`, `table`, `function`, `extension`.
    pub kind: String,
    /// Its name, with its schema if it is in one.
    pub name: String,
    /// Its size, with its indexes; of tables and their like alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The role that made it.
    pub created_by: String,
    /// When, UTC.
    pub created_at: DateTime<Utc>,
}

/// The JSON Schema of an inventory (draft 2020-12).
#[must_use]
pub fn inventory_schema() -> serde_json::Value {
    schemars::schema_for!(Inventory).to_value()
}

/// Lists what loist-bench made in a database.
///
/// # Errors
/// When the database does not answer, or this role may not read the ledger.
pub async fn list(route: &Route) -> Result<Inventory, CatalogError> {
    let client = connect(route).await?;
    Contents::read(&client).await?.inventory(&client).await
}

/// Removes what loist-bench made in a database, all of it or nothing, and gives what that was. `listen` hears what it will be.
///
/// # Errors
/// When something of somebody else's would go with it or stands in the way, another loist-bench is at work, or the server
/// refuses.
pub async fn remove(route: &Route, listen: &dyn Fn(&Inventory)) -> Result<Inventory, CatalogError> {
    let mut client = locked(route).await?;
    let contents = Contents::read(&client).await?;
    let inventory = contents.inventory(&client).await?;
    if inventory.objects.is_empty() {
        return Ok(inventory);
    }
    let strangers = contents.strangers();
    if !strangers.is_empty() {
        return Err(CatalogError::Strangers { what: strangers.join(", ") });
    }
    listen(&inventory);
    drop_all(&mut client, contents.drops()).await?;
    Ok(Inventory { removed: true, ..inventory })
}

/// What is there, and what of it is ours.
struct Contents {
    present: Present,
    noted: BTreeMap<Named, Note>,
}

impl Contents {
    async fn read(client: &Client) -> Result<Self, CatalogError> {
        let refused = CatalogError::of("listed");
        let noted = noted(client).await.map_err(&refused)?;
        Ok(Self { present: present(client).await.map_err(&refused)?, noted })
    }

    /// What is ours and there, parts of tables not.
    fn ours(&self) -> impl Iterator<Item = (&Named, &Note)> {
        let is_whole = |made: &&Named| self.present.get(*made).is_some_and(Option::is_none);
        self.noted.iter().filter(move |(made, _)| is_whole(made))
    }

    fn is_ours(&self, kind: &str, name: &str) -> bool {
        self.ours().any(|(made, _)| made.kind == kind && made.name == name)
    }

    /// What is there and not noted: in the schema, or a part of a table in it.
    fn others(&self) -> impl Iterator<Item = (&Named, Option<&String>)> {
        let is_inside = |made: &Named| !["schema", "extension"].contains(&made.kind.as_str());
        let unknown =
            self.present.iter().filter(move |(made, _)| is_inside(made) && !self.noted.contains_key(*made));
        unknown.map(|(made, whole)| (made, whole.as_ref()))
    }

    /// What of others' would go with ours: all that is in the schema, where that is ours, and parts of our tables.
    fn strangers(&self) -> Vec<String> {
        let goes = |whole: Option<&String>| {
            self.is_ours("schema", OWN_SCHEMA) || whole.is_some_and(|table| self.is_ours("table", table))
        };
        let others = self.others().filter(|(_, whole)| goes(*whole));
        others.map(|(made, _)| format!("{} {}", made.kind, made.name)).collect()
    }

    /// The commands that drop what is ours, in stages: tables and their like, the extensions that they need, the ledger,
    /// the schema. Every name is the server's own.
    fn drops(&self) -> Vec<Vec<String>> {
        let stage = |made: &Named| match made.kind.as_str() {
            "extension" => 1,
            "schema" => 3,
            _ if made.name == LEDGER => 2,
            _ => 0,
        };
        let mut stages = vec![Vec::new(); 4];
        for (made, _) in self.ours() {
            stages[stage(made)].push(made);
        }
        // What hangs on a table says most of what is in the way.
        stages[0].sort_by_key(|made| made.kind != "table");
        stages.into_iter().map(|stage| stage.into_iter().map(dropping).collect()).collect()
    }

    async fn inventory(&self, client: &Client) -> Result<Inventory, CatalogError> {
        let sizes = self.sizes(client).await.map_err(CatalogError::of("listed"))?;
        let made = |(made, note): (&Named, &Note)| Made {
            kind: made.kind.clone(),
            name: made.name.clone(),
            bytes: sizes.get(&made.name).copied(),
            created_by: note.by.clone(),
            created_at: note.at,
        };
        Ok(Inventory {
            format: FORMAT.to_owned(),
            version: VERSION,
            removed: false,
            objects: self.ours().map(made).collect(),
            others: self.others().map(|(made, _)| format!("{} {}", made.kind, made.name)).collect(),
        })
    }

    /// Sizes of what has files.
    async fn sizes(&self, client: &Client) -> Result<BTreeMap<String, u64>, Error> {
        let has_files = ["table", "materialized view", "sequence"];
        let names: BTreeSet<&str> = self
            .ours()
            .filter(|(made, _)| has_files.contains(&made.kind.as_str()))
            .map(|(made, _)| made.name.as_str())
            .collect();
        let names: Vec<&str> = names.into_iter().collect();
        let sql = "SELECT name, pg_total_relation_size(to_regclass(name)) FROM unnest($1::text[]) AS name";
        let rows = client.query(sql, &[&names]).await?;
        let size = |row: &tokio_postgres::Row| {
            Some((row.get(0), u64::try_from(row.get::<_, Option<i64>>(1)?).unwrap_or_default()))
        };
        Ok(rows.iter().filter_map(size).collect())
    }
}

fn dropping(made: &Named) -> String {
    let (kind, name) = (made.kind.to_uppercase(), &made.name);
    // The server gives the names of all others quoted where they must be.
    let is_bare = ["extension", "schema"].contains(&made.kind.as_str());
    if is_bare { format!("DROP {kind} {}", sql::name(name)) } else { format!("DROP {kind} {name}") }
}

/// Drops everything, stage by stage, or nothing: what stands in the way of one may be another of its stage, and what is left
/// when none of them can go any more hangs on something of somebody else's.
async fn drop_all(client: &mut Client, stages: Vec<Vec<String>>) -> Result<(), CatalogError> {
    let refused = CatalogError::of("removed");
    let mut transaction = client.transaction().await.map_err(&refused)?;
    transaction.batch_execute(LOCK_LIMIT).await.map_err(&refused)?;
    for mut drops in stages {
        while !drops.is_empty() {
            let (left, in_the_way) = attempt(&mut transaction, &drops).await.map_err(&refused)?;
            if left.len() == drops.len() {
                return Err(CatalogError::Strangers { what: in_the_way.unwrap_or_default() });
            }
            drops = left;
        }
    }
    transaction.commit().await.map_err(&refused)
}

/// Drops what can be dropped; gives what cannot, and what the server says that hangs on the first of them.
async fn attempt(
    transaction: &mut Transaction<'_>,
    drops: &[String],
) -> Result<(Vec<String>, Option<String>), Error> {
    let (mut left, mut in_the_way) = (Vec::new(), None);
    for drop in drops {
        let point = transaction.savepoint("remove").await?;
        match point.batch_execute(drop).await {
            Ok(()) => point.commit().await?,
            Err(error) if error.code() == Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) => {
                point.rollback().await?;
                let detail = error.as_db_error().and_then(|refusal| refusal.detail());
                in_the_way = in_the_way.or(detail.map(|detail| detail.replace('\n', ", ")));
                left.push(drop.clone());
            }
            Err(error) => return Err(error),
        }
    }
    Ok((left, in_the_way))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(kind: &str, name: &str) -> Named {
        Named { kind: kind.to_owned(), name: name.to_owned() }
    }

    /// Things that are there, each with the table that it is a part of, and those of them that are noted.
    fn contents(present: &[(&str, &str, Option<&str>)], noted: &[(&str, &str)]) -> Contents {
        let note = Note { by: "me".to_owned(), at: DateTime::UNIX_EPOCH };
        Contents {
            present: present
                .iter()
                .map(|(kind, name, whole)| (named(kind, name), whole.map(str::to_owned)))
                .collect(),
            noted: noted.iter().map(|(kind, name)| (named(kind, name), note.clone())).collect(),
        }
    }

    const THERE: [(&str, &str, Option<&str>); 6] = [
        ("schema", "loist_bench", None),
        ("extension", "pg_trgm", None),
        ("table", "loist_bench.audio_tracks", None),
        ("table", LEDGER, None),
        ("index", "loist_bench.idx", Some("loist_bench.audio_tracks")),
        ("extension", "hstore", None),
    ];
    const NOTED: [(&str, &str); 6] = [
        ("schema", "loist_bench"),
        ("extension", "pg_trgm"),
        ("table", "loist_bench.audio_tracks"),
        ("table", LEDGER),
        ("index", "loist_bench.idx"),
        ("table", "loist_bench.gone"),
    ];

    #[test]
    fn what_is_noted_and_there_goes_the_schema_last() {
        let all = contents(&THERE, &NOTED);
        assert!(all.strangers().is_empty());
        assert_eq!(
            all.drops().concat(),
            [
                "DROP TABLE loist_bench.audio_tracks",
                "DROP EXTENSION \"pg_trgm\"",
                "DROP TABLE loist_bench.created",
                "DROP SCHEMA \"loist_bench\"",
            ]
        );
    }

    #[test]
    fn what_is_not_noted_is_not_ours() {
        let mut there = THERE.to_vec();
        there.push(("table", "loist_bench.mine", None));
        there.push(("index", "loist_bench.mine_too", Some("loist_bench.audio_tracks")));
        let strangers = contents(&there, &NOTED).strangers();
        assert_eq!(strangers, ["index loist_bench.mine_too", "table loist_bench.mine"]);
        // A schema that was there before stays, and so may what is in it.
        let without_schema = contents(&there, &NOTED[1..]);
        assert_eq!(without_schema.strangers(), ["index loist_bench.mine_too"]);
        assert!(!without_schema.drops().concat().iter().any(|drop| drop.contains("SCHEMA")));
        // An older ledger knows of nothing.
        let older = contents(&there, &[]);
        assert!(older.drops().concat().is_empty() && older.strangers().is_empty());
        assert_eq!(older.others().count(), 5);
    }
}
