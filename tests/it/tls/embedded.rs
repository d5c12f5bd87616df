//! The throw-away server over TLS, and what `--require-tls` refuses.

use crate::common::{Answer, Bench, KeptServer};
use loist_bench::record::{ChannelBinding, Transport, Verification};
use std::{fs, os::unix::fs::MetadataExt};
use tokio_postgres::NoTls;

const QUICK: &str = "read --tracks 50 --warmup 0s --duration 300ms";

#[test]
fn a_server_over_tls_is_verified_and_bound_to() {
    let server = KeptServer::start("--transport tls");
    let key = fs::metadata(server.directory.join("server.key")).unwrap();
    assert_eq!(key.mode() & 0o777, 0o600);
    let data = fs::metadata(server.directory.join("data")).unwrap();
    assert_eq!(key.uid(), data.uid(), "its key is the server's own");
    let (plain, _) = server.url.split_once('?').unwrap();
    let runtime = crate::common::runtime();
    let refused = runtime.block_on(tokio_postgres::connect(plain, NoTls)).map(drop).unwrap_err();
    let refused = refused.as_db_error().unwrap().message().to_owned();
    assert!(refused.contains("no pg_hba.conf entry"), "{refused}");
    let bench = Bench::new();
    let mut command = bench.command(&format!("run {QUICK} --require-tls"));
    let output = command.env("DATABASE_URL", &server.url).output().unwrap();
    let answer = Answer::of(output, 0, "a run over TLS");
    assert!(answer.stdout.contains("\nconnection: TCP to 127.0.0.1:"), "{}", answer.stdout);
    let session = bench.record().server.session.unwrap();
    let encryption = session.encryption.unwrap();
    assert_eq!(session.transport, Transport::Tcp);
    assert_eq!(encryption.verification, Verification::Full);
    assert_eq!(encryption.channel_binding, ChannelBinding::Required);
    let seen = session.server_view.unwrap();
    assert!(seen.encrypted);
    assert_eq!(seen.protocol.as_deref(), Some(encryption.protocol.as_str()));
    assert_eq!(
        seen.cipher.as_deref(),
        Some(encryption.cipher.as_str()),
        "version 1.3 has the same names everywhere"
    );
    let directory = bench.run_directory();
    for file in ["report.html", "record.json"] {
        let text = fs::read_to_string(directory.join(file)).unwrap();
        assert!(text.contains("TLSv1.3"), "{file}");
    }
}

#[test]
fn what_is_less_than_encrypted_is_refused() {
    let bench = Bench::new();
    bench.expect(2, "seed --embedded --require-tls --transport tcp").one_sentence("use --transport tls");
    bench.expect(0, "seed --embedded --require-tls --tracks 10 --quiet");
    bench.expect(2, "run --transport tls --set ssl=off").one_sentence("would hide the embedded server");
    let server = KeptServer::start("--transport tcp");
    for (suffix, code, told) in [
        ("", 3, "does not speak TLS"),
        ("?sslmode=prefer", 3, "does not speak TLS"),
        ("?sslmode=disable", 2, "--require-tls"),
    ] {
        let url = format!("{}{suffix}", server.url);
        let mut command = bench.command(&format!("run {QUICK}"));
        let output =
            command.env("LOIST_BENCH_REQUIRE_TLS", "true").env("DATABASE_URL", url).output().unwrap();
        Answer::of(output, code, suffix).one_sentence(told);
    }
    assert!(bench.records().is_empty());
    let begun = "SELECT count(*) FROM pg_namespace WHERE nspname = 'loist_bench'";
    assert_eq!(server.sql(begun), ["0"], "nothing was begun");
}
