//! Several hosts, and what sessions are wanted for.

use super::{Outcome, Stage};
use crate::common::Bench;

#[test]
fn hosts_and_session_attributes_fare_as_with_psql() {
    let stage = Stage::set();
    let (port, password) = (&stage.port, &stage.password);
    stage.sql(&[
        &format!("CREATE ROLE reader LOGIN PASSWORD '{password}'"),
        "ALTER ROLE reader SET default_transaction_read_only = on",
    ]);
    let common = format!("dbname=postgres password={password} connect_timeout=5");
    let one = format!("host=127.0.0.1 port={port} {common}");
    let two = format!("host=127.0.0.1,127.0.0.1 port=1,{port} {common}");
    for (address, expected) in [
        (format!("{two} user=loist"), Outcome::Plain),
        (
            format!("{two} user=loist load_balance_hosts=disable target_session_attrs=read-write"),
            Outcome::Plain,
        ),
        (format!("{one} user=loist target_session_attrs=read-only"), Outcome::Refused),
        (format!("{one} user=reader target_session_attrs=read-only"), Outcome::Plain),
        (format!("{two} user=reader target_session_attrs=read-write"), Outcome::Refused),
        (format!("{one} user=reader target_session_attrs=primary"), Outcome::Plain),
        (format!("{one} user=reader target_session_attrs=standby"), Outcome::Refused),
        (format!("{two} user=reader target_session_attrs=prefer-standby"), Outcome::Plain),
        (format!("host=127.0.0.1,127.0.0.1 port=1,{port},3 user=loist {common}"), Outcome::Refused),
        // Who is not let in by the first host does not try the second.
        (
            format!("host=127.0.0.1,{} port={port} user=loist {common} password=wrong", stage.socket),
            Outcome::Refused,
        ),
    ] {
        let (ours, why) = stage.ours(&address);
        assert_eq!(ours, expected, "{address}: {why:?}");
        // Older clients do not know the keyword.
        let (psqls, said) = stage.psqls(&address.replace("load_balance_hosts=disable", ""));
        assert_eq!(psqls, expected, "{address}: {said}");
    }
    let (_, refused) = stage.ours(&format!("{two} user=reader target_session_attrs=read-write"));
    let reason = refused.unwrap_err();
    assert!(reason.contains("127.0.0.1:1: ") && reason.contains("it may only read"), "{reason}");
    let random = format!("{two} user=loist load_balance_hosts=random");
    assert!((0..8).all(|_| stage.ours(&random).0 == Outcome::Plain));
}

#[test]
fn a_host_that_says_nothing_is_given_up_after_its_time() {
    let stage = Stage::set();
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mute = silent.local_addr().unwrap().port();
    let common = format!("user=loist dbname=postgres password={} connect_timeout=1", stage.password);
    let (outcome, why) = stage.ours(&format!("host=127.0.0.1 port={mute} {common}"));
    assert_eq!(outcome, Outcome::Refused);
    assert!(why.unwrap_err().contains("no session within 1 s (connect_timeout)"));
    let both = format!("host=127.0.0.1,127.0.0.1 port={mute},{} {common}", stage.port);
    assert_eq!(stage.ours(&both).0, Outcome::Plain);
}

/// A production's connection string asks for sessions that may write; one that only reads takes those of the same server.
#[test]
fn a_reader_does_not_refuse_itself() {
    let stage = Stage::set();
    let bench = Bench::new();
    let seeded = bench.command("seed --tracks 50 --quiet").env("DATABASE_URL", &stage.server.url).output();
    assert!(seeded.unwrap().status.success());
    let url = format!(
        "{}?target_session_attrs=read-write&options=-csearch_path%3Dloist_bench,public",
        stage.server.url
    );
    let run = "run read --use-existing --warmup 0s --duration 300ms --quiet";
    let output = bench.command(run).env("DATABASE_URL", url).output().unwrap();
    crate::common::Answer::of(output, 0, run);
    let session = bench.record().server.session.unwrap();
    assert!(session.encryption.is_none() && session.host.starts_with("127.0.0.1:"), "{session:?}");
}
