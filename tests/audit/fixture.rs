//! The evidence of a server on which everything is as it should be, and changes to it.

use chrono::{DateTime, Utc};
use loist_bench::{
    audit::{self, Audit, Budget, Finding, Policy, Severity, Wanted},
    flags::{
        Setting,
        instance::{Backups, CloudInstance},
    },
    observe::security::{
        Extension, Grant, HbaLine, Membership, ObjectKind, Part, Password, Role, RoleSetting,
        SecurityEvidence, Server, Session, StoredAs, Table, Way,
    },
};

pub(super) fn now() -> DateTime<Utc> {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

pub(super) fn wanted() -> Wanted {
    Wanted {
        row_security: Vec::new(),
        budget: Some(Budget { instances: 4, pool: 10 }),
        fail_on: Severity::Medium,
        today: now().date_naive(),
    }
}

/// The audit of this evidence, without a policy.
pub(super) fn judged(evidence: SecurityEvidence) -> Audit {
    audit::audit(evidence, &wanted(), &Policy::default(), now())
}

/// The one finding of the clean evidence with a change made to it.
#[track_caller]
pub(super) fn only(id: &str, change: impl FnOnce(&mut SecurityEvidence)) -> Finding {
    let mut evidence = clean();
    change(&mut evidence);
    let mut found = judged(evidence).findings;
    let ids: Vec<&str> = found.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids, [id], "{found:#?}");
    let finding = found.remove(0);
    assert!(!finding.seen.is_empty() && !finding.object.is_empty());
    let remedy = &finding.remedy;
    assert!(remedy.is_automatic() || !remedy.by_hand.is_empty(), "{id} has a remedy");
    finding
}

pub(super) fn set(evidence: &mut SecurityEvidence, name: &str, value: &str) {
    evidence.settings.iter_mut().find(|setting| setting.name == name).unwrap().value = value.to_owned();
}

/// What was read of a part.
pub(super) fn read<T>(part: &mut Part<T>) -> &mut T {
    match part {
        Part::Read(value) => value,
        Part::Unread(reason) => panic!("{reason}"),
    }
}

pub(super) fn role(name: &str) -> Role {
    Role {
        name: name.to_owned(),
        is_bootstrap: false,
        superuser: false,
        create_role: false,
        create_database: false,
        login: true,
        replication: false,
        bypass_rls: false,
        connection_limit: 40,
        expires: false,
    }
}

/// The application's role.
pub(super) fn application(evidence: &mut SecurityEvidence) -> &mut Role {
    read(&mut evidence.roles).iter_mut().find(|role| role.name == "app").unwrap()
}

fn table(name: &str) -> Table {
    Table {
        name: format!("music.{name}"),
        schema: "music".to_owned(),
        bare: name.to_owned(),
        owner: "music_owner".to_owned(),
        unlogged: false,
        row_security: false,
        forced: false,
        policies: 0,
    }
}

/// A right of PUBLIC, or of a role.
pub(super) fn grant(kind: ObjectKind, object: &str, grantee: Option<&str>, privilege: &str) -> Grant {
    Grant {
        kind,
        object: object.to_owned(),
        grantee: grantee.map(str::to_owned),
        privilege: privilege.to_owned(),
        grantable: false,
    }
}

/// `hostssl all app 10.0.0.0/255.0.0.0 scram-sha-256`, as words.
pub(super) fn hba(line: &str) -> HbaLine {
    let words: Vec<&str> = line.split(' ').collect();
    let (address, netmask) = match words[3..words.len() - 1] {
        [address] => match address.split_once('/') {
            Some((address, netmask)) => (Some(address.to_owned()), Some(netmask.to_owned())),
            None => (Some(address.to_owned()), None),
        },
        _ => (None, None),
    };
    HbaLine {
        line: 96,
        kind: words[0].to_owned(),
        databases: vec![words[1].to_owned()],
        users: vec![words[2].to_owned()],
        address,
        netmask,
        method: words[words.len() - 1].to_owned(),
    }
}

fn setting(name: &str, value: &str) -> Setting {
    let context = if ["max_connections", "superuser_reserved_connections"].contains(&name) {
        "postmaster"
    } else {
        "sighup"
    };
    Setting {
        name: name.to_owned(),
        value: value.to_owned(),
        source: "configuration file".to_owned(),
        context: context.to_owned(),
        default: Some("0".to_owned()),
        ..Setting::default()
    }
}

fn settings() -> Vec<Setting> {
    [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("idle_in_transaction_session_timeout", "0"),
        ("idle_session_timeout", "0"),
        ("listen_addresses", "10.0.0.5"),
        ("lock_timeout", "0"),
        ("log_connections", "on"),
        ("log_disconnections", "on"),
        ("log_line_prefix", "%m [%p] %q%u@%d "),
        ("log_min_duration_statement", "-1"),
        ("log_parameter_max_length_on_error", "0"),
        ("log_statement", "ddl"),
        ("max_connections", "100"),
        ("password_encryption", "scram-sha-256"),
        ("ssl", "on"),
        ("ssl_min_protocol_version", "TLSv1.2"),
        ("statement_timeout", "0"),
        ("superuser_reserved_connections", "3"),
    ]
    .map(|(name, value)| setting(name, value))
    .to_vec()
}

fn role_settings() -> Vec<RoleSetting> {
    ["statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout", "idle_session_timeout"]
        .map(|name| RoleSetting {
            role: Some("app".to_owned()),
            database: None,
            name: name.to_owned(),
            value: "10s".to_owned(),
        })
        .to_vec()
}

fn instance() -> CloudInstance {
    CloudInstance {
        name: "music-db".to_owned(),
        tier: Some("db-custom-1-3840".to_owned()),
        is_regional: true,
        has_public_address: false,
        networks: Vec::new(),
        ssl_mode: Some("ENCRYPTED_ONLY".to_owned()),
        requires_ssl: false,
        backups: Backups {
            enabled: true,
            start: Some("03:00".to_owned()),
            kept: Some(7),
            point_in_time: true,
            log_days: Some(7),
        },
        is_protected: true,
        disk_grows: true,
        disk_gb: Some(20),
        maintenance_day: Some(7),
        has_password_policy: true,
        flags: Vec::new(),
    }
}

pub(super) fn clean() -> SecurityEvidence {
    let admin =
        Role { is_bootstrap: true, superuser: true, expires: true, connection_limit: -1, ..role("admin") };
    SecurityEvidence {
        server: Server {
            address: "db.example:5432, database music, user admin".to_owned(),
            version: "18.6".to_owned(),
            version_number: 180_006,
            database: "music".to_owned(),
            owner: "music_owner".to_owned(),
            is_cloud_sql: false,
        },
        session: Session {
            role: "admin".to_owned(),
            way: Way::Network,
            tls: true,
            protocol: Some("TLSv1.3".to_owned()),
            cipher: Some("TLS_AES_256_GCM_SHA384".to_owned()),
        },
        role: "app".to_owned(),
        settings: settings(),
        role_settings: Part::Read(role_settings()),
        hba: Part::Read(vec![
            hba("local all all peer"),
            hba("host all all 127.0.0.1/255.255.255.255 scram-sha-256"),
            hba("hostssl music app 10.0.0.0/255.0.0.0 scram-sha-256"),
        ]),
        passwords: Part::Read(vec![Password { role: "app".to_owned(), stored_as: StoredAs::Scram }]),
        roles: Part::Read(vec![admin, role("app"), Role { login: false, ..role("music_owner") }]),
        memberships: Part::Read(vec![Membership { member: "app".to_owned(), role: "readers".to_owned() }]),
        grants: Part::Read(vec![
            grant(ObjectKind::Schema, "public", None, "USAGE"),
            grant(ObjectKind::Schema, "music", Some("app"), "USAGE"),
            grant(ObjectKind::Table, "music.audio_tracks", Some("app"), "SELECT"),
        ]),
        default_privileges: Part::Read(Vec::new()),
        tables: Part::Read(vec![table("audio_tracks")]),
        definer_functions: Part::Read(Vec::new()),
        extensions: Part::Read(vec![Extension {
            name: "pg_trgm".to_owned(),
            installed: "1.6".to_owned(),
            available: Some("1.6".to_owned()),
        }]),
        languages: Part::Read(Vec::new()),
        foreign_servers: Part::Read(Vec::new()),
        user_mappings: Part::Read(Vec::new()),
        event_triggers: Part::Read(Vec::new()),
        slots: Part::Read(Vec::new()),
        instance: Part::Read(instance()),
        tracked_secrets: Part::Read(Vec::new()),
    }
}
