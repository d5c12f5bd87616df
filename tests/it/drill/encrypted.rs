//! Backups that are encrypted: nothing in them can be read, and they are proved all the same.

use super::{check, copied, damage::forge, drill, from, read, says};
use crate::common::{Answer, Bench, texts_below};
use loist_bench::drill::Outcome;
use std::{fs, path::Path, process::Command};

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A key of age's, and for whom it opens.
fn key(path: &Path) -> String {
    run(Command::new("age-keygen").arg("-o").arg(path));
    run(Command::new("age-keygen").arg("-y").arg(path)).trim().to_owned()
}

/// What every dump and every copy of the library has in it.
fn has_plain_text(directory: &Path) -> bool {
    let texts = texts_below(directory);
    texts.contains("CREATE TABLE") || texts.contains("gs://") || texts.contains("PGDMP")
}

#[test]
fn age_encrypts_what_it_is_given_and_opens_it_again() {
    let bench = Bench::new();
    let recipient = key(&bench.path("key"));
    let made = drill(
        &bench,
        0,
        &format!(
            "--method custom,pitr --until xid --grow 0 --keep kept --encrypt age:{recipient} --identity key"
        ),
    );
    let expected =
        [&["database.dump.age", "manifest.json"][..], &["base.tar.age", "manifest.json", "wal.tar.age"]];
    for (backup, files) in made.backups.iter().zip(expected) {
        assert_eq!(backup.encryption.as_deref(), Some("age"));
        let entries = fs::read_dir(bench.path("kept").join(backup.method.name())).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, files);
    }
    assert!(check(&made.backups[1], "point in time").evidence.contains("replayed to xid "));
    assert!(!has_plain_text(&bench.path("kept")));
    let again = from(&bench, 0, &bench.path("kept/pitr"), "--identity key");
    assert_eq!(check(&again.backups[0], "pg_verifybackup").outcome, Outcome::Passed);
    bench
        .expect(2, "drill backup --from kept/pitr --quiet")
        .one_sentence("name the identity that opens it by --identity");
    key(&bench.path("other"));
    let closed = from(&bench, 1, &bench.path("kept/custom"), "--identity other");
    assert!(says(&closed, "age failed"), "{closed:?}");
    let cut = copied(&bench, &bench.path("kept/custom"), "cut");
    let file = cut.join("database.dump.age");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    forge(&cut, "database.dump.age");
    let found = from(&bench, 1, &cut, "--identity key");
    assert!(says(&found, "age failed"), "{found:?}");
    assert_eq!(found.backups[0].recovery_time_seconds, None);
}

#[test]
fn gpg_encrypts_for_a_key_of_its_keyring() {
    let bench = Bench::new();
    let home = bench.path("keys");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let gpg = |arguments: &[&str]| run(Command::new("gpg").args(arguments).env("GNUPGHOME", &home));
    gpg(&[
        "--batch",
        "--passphrase",
        "",
        "--quick-generate-key",
        "drill@example.org",
        "default",
        "default",
        "never",
    ]);
    let mut command = bench.command(
        "drill backup --tracks 100 --grow 0 --duration 200ms --quiet --format json --keep kept --encrypt gpg:drill@example.org",
    );
    command.env("GNUPGHOME", &home);
    read(command, 0, "for a key of gpg's");
    assert!(bench.path("kept/database.tar.gpg").is_file() && !has_plain_text(&bench.path("kept")));
    run(Command::new("gpgconf").args(["--kill", "gpg-agent"]).env("GNUPGHOME", &home));
}

#[test]
fn a_program_that_is_missing_is_named_with_what_installs_it() {
    let bench = Bench::new();
    bench.write("key", "AGE-SECRET-KEY-1");
    let mut command = bench.command("drill backup --quiet --encrypt age:age1x --identity key");
    let output = command.env("PATH", "/nowhere").output().unwrap();
    let answer = Answer::of(output, 3, "without age");
    answer.one_sentence(
        "the program age is needed and is not installed: install it (Debian: apt-get install age",
    );
    bench.expect(2, "drill backup --encrypt age:age1x").one_sentence("needs --identity");
    bench.expect(2, "drill backup --encrypt zip:x").one_sentence("write age:RECIPIENT");
}
