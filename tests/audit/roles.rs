//! Roles, rights, owners and code.

use crate::fixture::{application, clean, grant, judged, now, only, read, role, wanted};
use loist_bench::{
    audit::{self, Policy, Severity, Wanted},
    observe::security::{
        DefaultPrivilege, DefinerFunction, EventTrigger, Extension, ForeignServer, Grant, Language,
        Membership, ObjectKind, Part, Password, ReplicationSlot, Role, SecurityEvidence, StoredAs,
        UserMapping,
    },
};

fn member(evidence: &mut SecurityEvidence, member: &str, role: &str) {
    let (member, role) = (member.to_owned(), role.to_owned());
    read(&mut evidence.memberships).push(Membership { member, role });
}

#[test]
fn attributes_of_the_application() {
    type Change = fn(&mut Role);
    let cases: [(&str, &str, Change); 4] = [
        ("application-createrole", "CREATEROLE", |role| role.create_role = true),
        ("application-createdb", "CREATEDB", |role| role.create_database = true),
        ("application-bypassrls", "BYPASSRLS", |role| role.bypass_rls = true),
        ("application-replication", "REPLICATION", |role| role.replication = true),
    ];
    for (id, attribute, change) in cases {
        let finding = only(id, |evidence| change(application(evidence)));
        assert_eq!(finding.remedy.sql, [format!("ALTER ROLE \"app\" NO{attribute};")]);
    }
}

#[test]
fn superusers() {
    let finding = only("application-superuser", |evidence| {
        (application(evidence).superuser, application(evidence).expires) = (true, true);
    });
    assert_eq!((finding.severity, finding.object.as_str()), (Severity::Critical, "app"));
    assert_eq!(finding.remedy.sql, ["ALTER ROLE \"app\" NOSUPERUSER;"]);
    let finding = only("application-superuser", |evidence| {
        evidence.role = "admin".to_owned();
        read(&mut evidence.role_settings).iter_mut().for_each(|one| one.role = Some("admin".to_owned()));
    });
    assert!(!finding.remedy.is_automatic(), "nobody else would be left");
    let second = || Role { superuser: true, expires: true, ..role("second") };
    let finding = only("superuser-login", |evidence| read(&mut evidence.roles).push(second()));
    assert_eq!(finding.object, "second");
    let finding = only("application-becomes-superuser", |evidence| {
        read(&mut evidence.roles).push(Role { login: false, ..second() });
        member(evidence, "readers", "second");
    });
    assert_eq!(finding.remedy.sql, ["REVOKE \"second\" FROM \"app\";"]);
    let finding = only("superuser-password-never-expires", |evidence| {
        read(&mut evidence.roles)[0].expires = false;
        evidence.passwords =
            Part::Read(vec![Password { role: "admin".to_owned(), stored_as: StoredAs::Scram }]);
    });
    assert_eq!((finding.object.as_str(), finding.severity), ("admin", Severity::Low));
    let mut evidence = clean();
    read(&mut evidence.roles)[0].expires = false;
    assert_eq!(judged(evidence).findings, [], "without a password nothing can leak");
}

#[test]
fn memberships_of_the_application() {
    for (of, id) in [
        ("cloudsqlsuperuser", "application-cloudsqlsuperuser"),
        ("pg_read_server_files", "application-server-files"),
        ("pg_write_server_files", "application-server-files"),
        ("pg_execute_server_program", "application-server-files"),
        ("pg_read_all_data", "application-all-data"),
        ("pg_write_all_data", "application-all-data"),
    ] {
        let by_another = only(id, |evidence| member(evidence, "readers", of));
        assert_eq!(by_another.object, of);
        assert_eq!(only(id, |evidence| member(evidence, "app", of)), by_another);
    }
}

#[test]
fn circles_of_memberships_end() {
    let mut evidence = clean();
    member(&mut evidence, "readers", "app");
    assert_eq!(judged(evidence).findings, []);
}

#[test]
fn the_connection_limit() {
    let finding =
        only("role-without-connection-limit", |evidence| application(evidence).connection_limit = -1);
    assert_eq!(finding.remedy.sql, ["ALTER ROLE \"app\" CONNECTION LIMIT 40;"]);
}

#[test]
fn old_hashes() {
    let finding =
        only("password-hash-md5", |evidence| read(&mut evidence.passwords)[0].stored_as = StoredAs::Md5);
    assert_eq!(finding.object, "app");
}

#[test]
fn rights_of_everybody() {
    let public = |kind, object: &str, privilege: &str| grant(kind, object, None, privilege);
    for (right, id, severity, command) in [
        (
            public(ObjectKind::Schema, "music", "CREATE"),
            "schema-create-public",
            Severity::High,
            "REVOKE CREATE ON SCHEMA music FROM PUBLIC;",
        ),
        (
            public(ObjectKind::Table, "music.a", "SELECT"),
            "table-granted-to-public",
            Severity::Medium,
            "REVOKE SELECT ON TABLE music.a FROM PUBLIC;",
        ),
        (
            public(ObjectKind::Table, "music.a", "SELECT (email)"),
            "table-granted-to-public",
            Severity::Medium,
            "REVOKE SELECT (email) ON TABLE music.a FROM PUBLIC;",
        ),
        (
            public(ObjectKind::Table, "music.a", "DELETE"),
            "table-granted-to-public",
            Severity::High,
            "REVOKE DELETE ON TABLE music.a FROM PUBLIC;",
        ),
        (
            public(ObjectKind::Sequence, "music.s", "USAGE"),
            "table-granted-to-public",
            Severity::Medium,
            "REVOKE USAGE ON SEQUENCE music.s FROM PUBLIC;",
        ),
        (
            public(ObjectKind::Database, "music", "TEMPORARY"),
            "database-temporary-public",
            Severity::Low,
            "REVOKE TEMPORARY ON DATABASE music FROM PUBLIC;",
        ),
    ] {
        let finding = only(id, |evidence| read(&mut evidence.grants).push(right));
        assert_eq!(
            (finding.severity, finding.remedy.sql.as_slice()),
            (severity, [command.to_owned()].as_slice())
        );
    }
    let finding = only("database-connect-public", |evidence| {
        read(&mut evidence.grants).push(public(ObjectKind::Database, "music", "CONNECT"));
    });
    assert_eq!(finding.remedy.sql[0], "GRANT CONNECT ON DATABASE music TO \"app\";");
    assert_eq!(finding.remedy.sql[1], "REVOKE CONNECT ON DATABASE music FROM PUBLIC;");
}

#[test]
fn rights_that_are_handed_on() {
    let finding = only("grant-option", |evidence| {
        for privilege in ["INSERT", "SELECT"] {
            let right = grant(ObjectKind::Table, "music.a", Some("app"), privilege);
            read(&mut evidence.grants).push(Grant { grantable: true, ..right });
        }
    });
    let command = "REVOKE GRANT OPTION FOR INSERT, SELECT ON TABLE music.a FROM \"app\" CASCADE;";
    assert_eq!(finding.remedy.sql, [command]);
}

#[test]
fn rights_on_what_is_to_come() {
    for (schema, place) in [(None, ""), (Some("music".to_owned()), " IN SCHEMA music")] {
        let finding = only("default-privileges-public", |evidence| {
            read(&mut evidence.default_privileges).push(DefaultPrivilege {
                role: "music_owner".to_owned(),
                schema,
                objects: "TABLES".to_owned(),
                privilege: "SELECT".to_owned(),
            });
        });
        let command = format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE \"music_owner\"{place} REVOKE SELECT ON TABLES FROM PUBLIC;"
        );
        assert_eq!(finding.remedy.sql, [command]);
    }
}

#[test]
fn owners() {
    let finding = only("application-owns-tables", |evidence| {
        read(&mut evidence.tables)[0].owner = "app".to_owned();
    });
    assert_eq!(finding.remedy.sql[0], "ALTER TABLE music.audio_tracks OWNER TO \"music_owner\";");
    let finding = only("application-owns-tables", |evidence| {
        read(&mut evidence.tables)[0].owner = "readers".to_owned();
    });
    assert!(finding.seen.starts_with("app is a member of readers, which owns"), "{}", finding.seen);
    assert!(!finding.remedy.is_automatic());
    let finding = only("application-owns-database", |evidence| evidence.server.owner = "app".to_owned());
    assert!(!finding.remedy.is_automatic());
    let finding = only("data-in-public-schema", |evidence| {
        read(&mut evidence.tables)[0].schema = "public".to_owned();
    });
    assert_eq!(finding.severity, Severity::Info);
    let finding = only("table-unlogged", |evidence| read(&mut evidence.tables)[0].unlogged = true);
    assert_eq!(finding.remedy.sql, ["ALTER TABLE music.audio_tracks SET LOGGED;"]);
}

#[test]
fn row_level_security() {
    let finding = only("rls-without-policies", |evidence| read(&mut evidence.tables)[0].row_security = true);
    assert_eq!(finding.severity, Severity::Low);
    let mut evidence = clean();
    let table = &mut read(&mut evidence.tables)[0];
    (table.row_security, table.policies, table.owner) = (true, 1, "readers".to_owned());
    let found = audit::audit(evidence, &wanted(), &Policy::default(), now()).findings;
    let ids: Vec<&str> = found.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids, ["rls-owner-bypass", "application-owns-tables"], "{found:#?}");
    assert_eq!(found[0].remedy.sql, ["ALTER TABLE music.audio_tracks FORCE ROW LEVEL SECURITY;"]);
    for name in ["audio_tracks", "music.audio_tracks"] {
        let wanted = Wanted { row_security: vec![name.to_owned(), "nowhere".to_owned()], ..wanted() };
        let audit = audit::audit(clean(), &wanted, &Policy::default(), now());
        let seen: Vec<&str> = audit.findings.iter().map(|finding| finding.seen.as_str()).collect();
        assert_eq!(audit.findings[0].id, "rls-missing");
        assert_eq!(seen[0], "row-level security of music.audio_tracks is off");
        assert!(seen[1].starts_with("there is no table nowhere"), "{}", seen[1]);
        let mut evidence = clean();
        let secured = &mut read(&mut evidence.tables)[0];
        (secured.row_security, secured.policies) = (true, 1);
        let audit = audit::audit(evidence, &wanted, &Policy::default(), now());
        assert_eq!(audit.findings.len(), 1, "only the one that is not there");
    }
}

#[test]
fn functions_with_their_owners_rights() {
    let function = |search_path: Option<&str>, is_public| DefinerFunction {
        name: "music.promote(integer)".to_owned(),
        kind: "FUNCTION".to_owned(),
        schema: "music".to_owned(),
        owner: "music_owner".to_owned(),
        search_path: search_path.map(str::to_owned),
        is_public,
    };
    let finding = only("definer-search-path", |evidence| {
        read(&mut evidence.definer_functions).push(function(None, false));
    });
    let command = "ALTER FUNCTION music.promote(integer) SET search_path = pg_catalog, music, pg_temp;";
    assert_eq!(finding.remedy.sql, [command]);
    let finding = only("definer-function-public", |evidence| {
        read(&mut evidence.definer_functions).push(function(Some("music, pg_temp"), true));
    });
    assert_eq!(finding.remedy.sql[1], "REVOKE EXECUTE ON FUNCTION music.promote(integer) FROM PUBLIC;");
    let mut evidence = clean();
    read(&mut evidence.definer_functions).push(function(Some("music, pg_temp"), false));
    assert_eq!(judged(evidence).findings, []);
}

#[test]
fn what_else_runs_in_the_server() {
    let finding = only("language-untrusted", |evidence| {
        read(&mut evidence.languages).push(Language { name: "plpython3u".to_owned() });
    });
    assert_eq!(finding.object, "plpython3u");
    let extension = |name: &str, installed: &str| Extension {
        name: name.to_owned(),
        installed: installed.to_owned(),
        available: Some("1.2".to_owned()),
    };
    let finding =
        only("extension-risky", |evidence| read(&mut evidence.extensions).push(extension("dblink", "1.2")));
    assert_eq!(finding.object, "dblink");
    let finding = only("extension-outdated", |evidence| {
        read(&mut evidence.extensions).push(extension("uuid-ossp", "1.0"));
    });
    assert_eq!(finding.remedy.sql, ["ALTER EXTENSION \"uuid-ossp\" UPDATE;"]);
    let finding = only("foreign-server-public", |evidence| {
        read(&mut evidence.foreign_servers).push(ForeignServer {
            name: "far".to_owned(),
            wrapper: "postgres_fdw".to_owned(),
            owner: "admin".to_owned(),
            is_public: true,
        });
    });
    assert_eq!(finding.remedy.sql, ["REVOKE USAGE ON FOREIGN SERVER \"far\" FROM PUBLIC;"]);
    let finding = only("event-trigger", |evidence| {
        let (name, event, owner) = ("watch".to_owned(), "ddl_command_end".to_owned(), "admin".to_owned());
        read(&mut evidence.event_triggers).push(EventTrigger { name, event, owner });
    });
    assert_eq!(finding.object, "watch");
    let finding = only("slot-inactive", |evidence| {
        let (name, kind) = ("gone".to_owned(), "physical".to_owned());
        read(&mut evidence.slots).push(ReplicationSlot { name, kind, active: false });
    });
    assert_eq!(finding.object, "gone");
}

#[test]
fn passwords_for_other_servers() {
    let mapping =
        |has_password| UserMapping { server: "far".to_owned(), role: Some("app".to_owned()), has_password };
    let finding = only("user-mapping-password", |evidence| {
        read(&mut evidence.user_mappings).push(mapping(Some(true)));
    });
    assert_eq!(finding.object, "app at far");
    let mut evidence = clean();
    read(&mut evidence.user_mappings).push(mapping(None));
    assert_eq!(judged(evidence.clone()).findings, [], "it has no options");
    evidence.session.role = "app".to_owned();
    let audit = judged(evidence);
    assert_eq!(audit.unchecked[0].id, "user-mapping-password");
}

/// Names are whatever somebody called them.
#[test]
fn names_are_quoted() {
    let evil = "app\"; DROP TABLE x; --";
    let mut evidence = clean();
    application(&mut evidence).create_database = true;
    application(&mut evidence).name = evil.to_owned();
    evidence.role = evil.to_owned();
    let audit = judged(evidence);
    let finding = audit.findings.iter().find(|finding| finding.id == "application-createdb").unwrap();
    assert_eq!(finding.remedy.sql, ["ALTER ROLE \"app\"\"; DROP TABLE x; --\" NOCREATEDB;"]);
}
