//! Connections, settings and versions.

use crate::fixture::{clean, hba, judged, only, read, set};
use loist_bench::{
    audit::Severity,
    observe::security::{Part, Way},
};

#[test]
fn tls() {
    let off = only("tls-off", |evidence| set(evidence, "ssl", "off"));
    assert_eq!(off.severity, Severity::High);
    assert!(off.seen.contains("the server listens on 10.0.0.5"));
    let near = only("tls-off", |evidence| {
        set(evidence, "ssl", "off");
        set(evidence, "listen_addresses", "localhost, ::1");
    });
    assert_eq!(near.severity, Severity::Low);
    let old = only("tls-old-protocol", |evidence| set(evidence, "ssl_min_protocol_version", "TLSv1"));
    assert!(old.remedy.sql[0].contains("SET ssl_min_protocol_version = 'TLSv1.2'"));
    assert_eq!(old.remedy.sql[1], "SELECT pg_reload_conf();");
}

#[test]
fn a_server_without_tcp_needs_no_tls() {
    let mut evidence = clean();
    set(&mut evidence, "ssl", "off");
    set(&mut evidence, "listen_addresses", "");
    (evidence.session.way, evidence.session.tls) = (Way::Socket, false);
    read(&mut evidence.hba).push(hba("host all all 0.0.0.0/0.0.0.0 trust"));
    assert_eq!(judged(evidence).findings, []);
}

#[test]
fn the_session() {
    let found = |way: Way| {
        only("session-without-tls", |evidence| (evidence.session.way, evidence.session.tls) = (way, false))
    };
    assert_eq!(found(Way::Network).severity, Severity::High);
    assert_eq!(found(Way::Loopback).severity, Severity::Info);
}

#[test]
fn lines_of_pg_hba() {
    for (line, id, severity) in [
        ("host all app 10.0.0.0/255.0.0.0 scram-sha-256", "tls-not-enforced", Severity::High),
        ("hostnossl all app 10.0.0.0/255.0.0.0 scram-sha-256", "tls-not-enforced", Severity::High),
        ("host all app samenet scram-sha-256", "tls-not-enforced", Severity::High),
        ("hostnogssenc all app 10.0.0.0/255.0.0.0 scram-sha-256", "tls-not-enforced", Severity::High),
        ("hostssl all app 10.0.0.0/255.0.0.0 trust", "hba-trust", Severity::Critical),
        ("local all all trust", "hba-trust", Severity::High),
        ("host all all ::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff trust", "hba-trust", Severity::High),
        ("hostssl all app 10.0.0.0/255.0.0.0 password", "hba-cleartext-password", Severity::Medium),
        ("hostssl all app 10.0.0.0/255.0.0.0 ident", "hba-ident", Severity::Medium),
        ("hostssl all app 0.0.0.0/0.0.0.0 scram-sha-256", "hba-any-address", Severity::Medium),
        ("hostssl all app ::/:: cert", "hba-any-address", Severity::Medium),
        ("hostssl all app all scram-sha-256", "hba-any-address", Severity::Medium),
    ] {
        let finding = only(id, |evidence| read(&mut evidence.hba).push(hba(line)));
        assert_eq!((finding.object.as_str(), finding.severity), (line, severity));
        assert!(finding.seen.starts_with("line 96 of pg_hba.conf"), "{}", finding.seen);
    }
    for line in [
        "host all all 0.0.0.0/0.0.0.0 reject",
        "host all all samehost scram-sha-256",
        "hostgssenc all all 10.0.0.0/255.0.0.0 gss",
    ] {
        let mut evidence = clean();
        read(&mut evidence.hba).push(hba(line));
        assert_eq!(judged(evidence).findings, [], "{line}");
    }
}

/// Whom an earlier line turns away comes by no later one.
#[test]
fn the_first_line_that_fits_decides() {
    for (earlier, is_enough) in [
        ("hostnossl all all all reject", true),
        ("host all all 0.0.0.0/0.0.0.0 reject", true),
        ("hostnossl all all ::/:: reject", false),
        ("hostnossl all other all reject", false),
        ("hostssl all all all reject", false),
    ] {
        let mut evidence = clean();
        let open = "host all app 10.0.0.0/255.0.0.0 scram-sha-256";
        read(&mut evidence.hba).extend([hba(earlier), hba(open)]);
        let is_found = judged(evidence).findings.iter().any(|finding| finding.id == "tls-not-enforced");
        assert_eq!(is_found, !is_enough, "{earlier}");
    }
    let mut evidence = clean();
    let replication = "host replication all 10.0.0.0/255.0.0.0 scram-sha-256";
    read(&mut evidence.hba).extend([hba("hostnossl all all all reject"), hba(replication)]);
    assert_eq!(judged(evidence).findings[0].object, replication, "`all` is no replication");
}

#[test]
fn where_it_listens() {
    for addresses in ["*", "0.0.0.0", "localhost, ::"] {
        let finding = only("listens-everywhere", |evidence| set(evidence, "listen_addresses", addresses));
        assert_eq!(finding.severity, Severity::Low);
    }
}

#[test]
fn settings_of_the_server() {
    for (name, value, id, to) in [
        ("password_encryption", "md5", "password-encryption-md5", "'scram-sha-256'"),
        ("fsync", "off", "fsync-off", "'on'"),
        ("full_page_writes", "off", "full-page-writes-off", "'on'"),
        ("log_connections", "off", "log-connections-off", "'on'"),
        ("log_connections", "", "log-connections-off", "'on'"),
        ("log_disconnections", "off", "log-disconnections-off", "'on'"),
        ("log_statement", "none", "ddl-not-logged", "'ddl'"),
        ("log_statement", "all", "log-every-statement", "'ddl'"),
        ("log_min_duration_statement", "0", "log-every-statement", "'-1'"),
        ("log_parameter_max_length_on_error", "-1", "log-parameters-on-error", "'0'"),
        ("log_line_prefix", "%m [%p] ", "log-line-anonymous", "%u@%d"),
        ("superuser_reserved_connections", "0", "no-reserved-connections", "'3'"),
    ] {
        let finding = only(id, |evidence| set(evidence, name, value));
        assert_eq!(finding.object, name);
        let command = &finding.remedy.sql[0];
        assert!(
            command.starts_with(&format!("ALTER SYSTEM SET {name} = ")) && command.contains(to),
            "{command}"
        );
        let needs_restart = name == "superuser_reserved_connections";
        assert_eq!(finding.remedy.by_hand.contains("restart"), needs_restart, "{name}");
    }
    let finding = only("checksums-off", |evidence| set(evidence, "data_checksums", "off"));
    assert!(!finding.remedy.is_automatic() && finding.severity == Severity::Info);
}

#[test]
fn a_setting_is_changed_where_it_stands() {
    for (source, command) in [
        ("database", "ALTER DATABASE \"music\" SET log_statement = 'ddl';"),
        ("user", "ALTER ROLE \"admin\" SET log_statement = 'ddl';"),
        ("database user", "ALTER ROLE \"admin\" IN DATABASE \"music\" SET log_statement = 'ddl';"),
    ] {
        let finding = only("ddl-not-logged", |evidence| {
            let setting = evidence.settings.iter_mut().find(|one| one.name == "log_statement").unwrap();
            (setting.value, setting.source) = ("none".to_owned(), source.to_owned());
        });
        assert_eq!(finding.remedy.sql, [command]);
    }
    let finding = only("ddl-not-logged", |evidence| {
        let setting = evidence.settings.iter_mut().find(|one| one.name == "log_statement").unwrap();
        (setting.value, setting.source) = ("none".to_owned(), "command line".to_owned());
    });
    assert!(!finding.remedy.is_automatic() && finding.remedy.by_hand.contains("command line"));
}

#[test]
fn pgaudit_traces_as_well() {
    let mut evidence = clean();
    set(&mut evidence, "log_statement", "none");
    let pgaudit = evidence.settings[0].clone();
    evidence.settings.push(loist_bench::flags::Setting {
        name: "pgaudit.log".to_owned(),
        value: "ddl, role".to_owned(),
        ..pgaudit
    });
    assert_eq!(judged(evidence).findings, []);
}

#[test]
fn timeouts_of_the_role() {
    for (name, id) in [
        ("statement_timeout", "statement-timeout-unset"),
        ("idle_in_transaction_session_timeout", "idle-in-transaction-timeout-unset"),
        ("lock_timeout", "lock-timeout-unset"),
        ("idle_session_timeout", "idle-session-timeout-unset"),
    ] {
        let finding = only(id, |evidence| read(&mut evidence.role_settings).retain(|one| one.name != name));
        assert!(finding.remedy.sql[0].starts_with(&format!("ALTER ROLE \"app\" SET {name} = ")));
        let finding = only(id, |evidence| {
            let mut own = read(&mut evidence.role_settings)[0].clone();
            (own.name, own.database, own.value) =
                (name.to_owned(), Some("music".to_owned()), "0ms".to_owned());
            read(&mut evidence.role_settings).push(own);
        });
        assert!(finding.remedy.sql[0].starts_with("ALTER ROLE \"app\" IN DATABASE \"music\" SET"));
    }
    let mut evidence = clean();
    read(&mut evidence.role_settings).clear();
    for name in
        ["statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout", "idle_session_timeout"]
    {
        set(&mut evidence, name, "30000");
    }
    assert_eq!(judged(evidence.clone()).findings, [], "the server's own are enough");
    evidence.settings.iter_mut().for_each(|setting| setting.source = "user".to_owned());
    let audit = judged(evidence.clone());
    assert_eq!(
        (audit.findings.len(), audit.unchecked.len()),
        (0, 4),
        "those of the role that looked hide them"
    );
    assert!(audit.unchecked[0].reason.contains("of its own (its role's)"), "{:?}", audit.unchecked);
    evidence.settings.iter_mut().for_each(|setting| setting.source = "client".to_owned());
    evidence.role = evidence.session.role.clone();
    let audit = judged(evidence);
    assert!(audit.unchecked.iter().any(|one| one.reason.contains("PGOPTIONS")), "{:?}", audit.unchecked);
}

#[test]
fn the_connection_budget() {
    let finding = only("connection-budget", |evidence| set(evidence, "max_connections", "42"));
    assert_eq!(
        finding.seen,
        "4 instances of 10 connections may open 40; max_connections is 42, 3 of them reserved"
    );
    assert_eq!(
        judged({
            let mut evidence = clean();
            set(&mut evidence, "max_connections", "43");
            evidence
        })
        .findings,
        []
    );
}

#[test]
fn versions() {
    for (version, number, id, words) in [
        ("18.5", 180_005, "version-outdated", "the newest is at least 18.6"),
        ("14.99", 140_099, "version-unsupported", "support ended on 2026-11-12"),
        ("15.99", 150_099, "version-ends-soon", "support ends on 2027-11-11"),
    ] {
        let finding = only(id, |evidence| {
            (evidence.server.version, evidence.server.version_number) = (version.to_owned(), number);
        });
        assert!(finding.seen.contains(words), "{}", finding.seen);
    }
    let mut evidence = clean();
    evidence.server.version_number = 990_001;
    let audit = judged(evidence);
    assert_eq!(audit.unchecked.len(), 3);
    assert!(audit.unchecked[0].reason.contains("does not know PostgreSQL 99"));
}

#[test]
fn cloud_sql_takes_flags_and_shows_no_hba() {
    let mut evidence = clean();
    evidence.server.is_cloud_sql = true;
    evidence.hba = Part::Unread("the session's role may not read pg_hba_file_rules".to_owned());
    set(&mut evidence, "log_connections", "off");
    set(&mut evidence, "full_page_writes", "off");
    set(&mut evidence, "listen_addresses", "*");
    let audit = judged(evidence);
    let ids: Vec<&str> = audit.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids, ["full-page-writes-off", "log-connections-off"]);
    assert!(!audit.findings[0].remedy.is_automatic(), "it is not offered");
    assert_eq!(audit.findings[1].remedy.flags, ["log_connections=on"]);
    assert!(
        audit.unchecked.iter().any(|one| one.id == "tls-not-enforced" && one.reason.contains("--instance"))
    );
}
