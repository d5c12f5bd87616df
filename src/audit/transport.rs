//! What travels between clients and server, and who may send.

use super::{
    case::{Case, RELOAD},
    check::{Check, Judged, Seen, manual},
    finding::Severity,
};
use crate::observe::security::{HbaLine, Way};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "tls-off",
        severity: Severity::High,
        title: "the server speaks no TLS",
        why: "whoever is on the way between a client and the server reads and changes everything, passwords and rows",
        reference: concat!(manual!("ssl-tcp.html"), "; CIS PostgreSQL Benchmark, chapter 6"),
        judge: tls_off,
    },
    Check {
        id: "tls-not-enforced",
        severity: Severity::High,
        title: "clients from elsewhere are let in without TLS",
        why: "a client that does not insist on TLS sends its statements and rows in the clear, and nobody notices",
        reference: concat!(manual!("auth-pg-hba-conf.html"), "; CIS PostgreSQL Benchmark, chapter 5"),
        judge: tls_not_enforced,
    },
    Check {
        id: "tls-old-protocol",
        severity: Severity::Medium,
        title: "TLS before 1.2 is accepted",
        why: "TLS 1.0 and 1.1 have known weaknesses, and were withdrawn by RFC 8996",
        reference: concat!(
            manual!("runtime-config-connection.html#GUC-SSL-MIN-PROTOCOL-VERSION"),
            "; RFC 8996; CIS PostgreSQL Benchmark, chapter 6"
        ),
        judge: old_protocol,
    },
    Check {
        id: "session-without-tls",
        severity: Severity::High,
        title: "this session is not encrypted",
        why: "what this program reads, and the password that it sends, can be read on the way",
        reference: manual!("libpq-ssl.html"),
        judge: session_without_tls,
    },
    Check {
        id: "listens-everywhere",
        severity: Severity::Low,
        title: "the server listens on every address of its machine",
        why: "a network that is added to the machine later can reach the server, too; pg_hba.conf alone keeps it out",
        reference: concat!(
            manual!("runtime-config-connection.html#GUC-LISTEN-ADDRESSES"),
            "; CIS PostgreSQL Benchmark, chapter 5"
        ),
        judge: listens_everywhere,
    },
];

fn tls_off(case: &Case) -> Judged {
    if case.value("ssl")? == "on" || !case.takes_tcp()? || case.is_cloud_sql() {
        return Ok(Vec::new());
    }
    let addresses = case.value("listen_addresses")?;
    let is_within =
        addresses.split(',').all(|address| ["localhost", "127.0.0.1", "::1"].contains(&address.trim()));
    let seen = Seen::new("ssl", format!("ssl is off; the server listens on {addresses}"))
        .by_hand(format!(
            "put a certificate and its key where ssl_cert_file and ssl_key_file say, then: ALTER SYSTEM SET ssl = on; {RELOAD}"
        ));
    Ok(vec![if is_within { seen.severity(Severity::Low) } else { seen }])
}

fn tls_not_enforced(case: &Case) -> Judged {
    let lines = case.evidence.hba.get().map_err(|reason| {
        if case.is_cloud_sql() {
            format!("{reason}; of an instance of Cloud SQL, --instance tells it")
        } else {
            reason
        }
    })?;
    if !case.takes_tcp()? {
        return Ok(Vec::new());
    }
    let open = |(at, line): (usize, &HbaLine)| {
        let is_open = ["host", "hostnossl", "hostnogssenc"].contains(&line.kind.as_str())
            && line.method != "reject"
            && !is_within(line);
        // The first line that fits a client decides.
        is_open && !lines[..at].iter().any(|earlier| turns_away(earlier, line))
    };
    let seen = |line: &HbaLine| {
        Seen::new(words(line), format!("line {} of pg_hba.conf asks for no TLS", line.line))
            .by_hand(format!("in line {} write hostssl instead of {}, then: {RELOAD}", line.line, line.kind))
    };
    Ok(lines.iter().enumerate().filter(|line| open(*line)).map(|(_, line)| seen(line)).collect())
}

/// Whether an earlier line turns everybody away who would come without TLS by `line`.
fn turns_away(earlier: &HbaLine, line: &HbaLine) -> bool {
    let all = |names: &[String]| names == ["all"];
    // A word of its own, that `all` does not stand for.
    let is_of_replication = line.databases.iter().any(|name| name == "replication");
    let is_of_family = |sign: char| line.address.as_ref().is_some_and(|address| address.contains(sign));
    let covers = match (earlier.address.as_deref(), earlier.netmask.as_deref()) {
        (Some("all"), _) => true,
        (Some("0.0.0.0"), Some("0.0.0.0")) => {
            is_of_family('.') && line.netmask.as_ref().is_some_and(|mask| mask.contains('.'))
        }
        (Some("::"), Some("::")) => is_of_family(':'),
        _ => false,
    };
    let is_without_tls = ["host", "hostnossl"].contains(&earlier.kind.as_str());
    is_without_tls
        && earlier.method == "reject"
        && !is_of_replication
        && all(&earlier.databases)
        && all(&earlier.users)
        && covers
}

/// A line without what can stand behind it.
pub(super) fn words(line: &HbaLine) -> String {
    let address = match (&line.address, &line.netmask) {
        (Some(address), Some(netmask)) => Some(format!("{address}/{netmask}")),
        (address, _) => address.clone(),
    };
    let parts =
        [Some(line.kind.clone()), Some(line.databases.join(",")), Some(line.users.join(",")), address];
    let parts = parts.into_iter().flatten().chain([line.method.clone()]);
    parts.collect::<Vec<_>>().join(" ")
}

/// Whether a line is for clients on the server's own machine.
pub(super) fn is_within(line: &HbaLine) -> bool {
    let mask = line.netmask.as_deref().unwrap_or_default();
    match line.address.as_deref() {
        None => line.kind == "local",
        Some("samehost" | "localhost") => true,
        Some("::1") => mask.chars().all(|c| matches!(c, 'f' | ':')),
        Some(address) => address.starts_with("127.") && mask.starts_with("255."),
    }
}

fn old_protocol(case: &Case) -> Judged {
    let least = case.value("ssl_min_protocol_version")?;
    if case.value("ssl")? != "on" || ["TLSv1.2", "TLSv1.3"].contains(&least) {
        return Ok(Vec::new());
    }
    let least = if least.is_empty() { "not set" } else { least };
    let seen = Seen::new("ssl_min_protocol_version", format!("ssl_min_protocol_version is {least}"));
    Ok(vec![seen.remedy(case.set("ssl_min_protocol_version", "TLSv1.2"))])
}

fn session_without_tls(case: &Case) -> Judged {
    let session = &case.evidence.session;
    // A socket never leaves the machine, and no TLS is spoken over it.
    if session.tls || session.way == Way::Socket {
        return Ok(Vec::new());
    }
    let is_within = session.way == Way::Loopback;
    let way = if is_within { "within the server's machine" } else { "over a network" };
    let severity = if is_within { Severity::Info } else { Severity::High };
    let seen =
        Seen::new(&session.role, format!("pg_stat_ssl shows no TLS for this session, which came {way}"));
    Ok(vec![seen.severity(severity).by_hand(
        "connect with sslmode=verify-full and sslrootcert, or through the Auth Proxy, which encrypts",
    )])
}

fn listens_everywhere(case: &Case) -> Judged {
    // Where an instance of Cloud SQL listens is not its user's to choose.
    if case.is_cloud_sql() {
        return Ok(Vec::new());
    }
    let addresses = case.value("listen_addresses")?;
    let is_all = |address: &str| ["*", "0.0.0.0", "::"].contains(&address.trim());
    if !addresses.split(',').any(is_all) {
        return Ok(Vec::new());
    }
    let seen = Seen::new("listen_addresses", format!("listen_addresses is {addresses}"));
    Ok(vec![seen.by_hand(
        "set listen_addresses to the addresses that clients use, as in ALTER SYSTEM SET listen_addresses = 'localhost,10.0.0.5'; then restart the server",
    )])
}
