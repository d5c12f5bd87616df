//! A backup that is kept is proved again, and every kind of damage to it is found: by what was written down when it was made,
//! and by PostgreSQL itself where that was lost or changed, too.

use super::{check, copied, drill, ended, from, says};
use crate::common::Bench;
use loist_bench::drill::{Manifest, Outcome};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn a_kept_backup_is_proved_again_and_damage_is_found() {
    let bench = Bench::new();
    let made = drill(&bench, 0, "--method custom,directory,base,pitr --grow 0 --until lsn --keep kept");
    assert!(check(&made.backups[3], "point in time").evidence.contains("replayed to lsn 0/"));
    let kept = bench.path("kept");
    let again = from(&bench, 0, &kept.join("directory"), "");
    assert_eq!(ended(&again.backups[0], Outcome::Failed), Vec::<&str>::new());
    assert_eq!(check(&again.backups[0], "contents").outcome, Outcome::Passed);
    bench.expect(2, "drill backup --from kept").one_sentence("name one of them, as in kept/custom");
    bench.expect(2, "drill backup --keep kept").one_sentence("it holds something, which is left as it is");
    dumps(&bench, &kept);
    copies(&bench, &kept);
    index(&bench, &kept);
    leads_elsewhere(&bench, &kept);
    logs(&bench, &kept);
    others(&bench, &kept);
}

/// The largest file below a directory: in a dump, the rows of the table of tracks.
fn largest(directory: &Path) -> PathBuf {
    let inner = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = inner.map(|path| if path.is_dir() { largest(&path) } else { path });
    files.max_by_key(|path| path.metadata().unwrap().len()).unwrap()
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 0x20;
    fs::write(file, bytes).unwrap();
}

/// Has the manifest say of a file what it is by now, or that it never was there.
pub(super) fn forge(backup: &Path, path: &str) {
    let name = backup.join("manifest.json");
    let mut manifest: Manifest = serde_json::from_str(&fs::read_to_string(&name).unwrap()).unwrap();
    match fs::read(backup.join(path)) {
        Err(_) => manifest.files.retain(|file| file.path != path),
        Ok(bytes) => {
            let file = manifest.files.iter_mut().find(|file| file.path == path).unwrap();
            file.bytes = bytes.len() as u64;
            file.sha256 = loist_bench::text::sha256(&bytes);
        }
    }
    fs::write(name, serde_json::to_string(&manifest).unwrap()).unwrap();
}

fn relative(backup: &Path, file: &Path) -> String {
    file.strip_prefix(backup).unwrap().to_string_lossy().into_owned()
}

fn dumps(bench: &Bench, kept: &Path) {
    let backup = copied(bench, &kept.join("directory"), "flipped");
    let file = largest(&backup.join("database"));
    flip(&file, fs::metadata(&file).unwrap().len() as usize / 2);
    let path = relative(&backup, &file);
    let found = from(bench, 1, &backup, "");
    assert!(says(&found, &format!("the file {path} is damaged")), "{found:?}");
    assert_eq!(check(&found.backups[0], "restore").outcome, Outcome::Unproven, "it is not even tried");
    forge(&backup, &path);
    let found = from(bench, 1, &backup, "");
    assert_eq!(check(&found.backups[0], "files").outcome, Outcome::Passed);
    assert_eq!(
        check(&found.backups[0], "restore").outcome,
        Outcome::Failed,
        "pg_restore finds it: {found:?}"
    );
    assert!(says(&found, "the table loist_bench.audio_tracks has 0 rows"), "{found:?}");

    let backup = copied(bench, &kept.join("custom"), "cut");
    let file = backup.join("database.dump");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let found = from(bench, 1, &backup, "");
    assert!(says(&found, "the file database.dump has "), "{found:?}");
    // Without the manifest it is somebody's dump.
    let found = from(bench, 1, &file, "");
    assert_eq!(check(&found.backups[0], "restore").outcome, Outcome::Failed, "{found:?}");
}

fn copies(bench: &Bench, kept: &Path) {
    let backup = copied(bench, &kept.join("base"), "page");
    let file = largest(&backup.join("base/base"));
    flip(&file, 8_192 + 4_000);
    let path = relative(&backup, &file);
    let found = from(bench, 1, &backup, "");
    assert!(says(&found, &format!("the file {path} is damaged")), "{found:?}");
    let found = from(bench, 1, &backup.join("base"), "");
    assert!(
        says(&found, "pg_verifybackup failed") && says(&found, "checksum mismatch for file"),
        "{found:?}"
    );

    let backup = copied(bench, &kept.join("base"), "without-log");
    for entry in fs::read_dir(backup.join("base/pg_wal")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::remove_file(path).unwrap();
        }
    }
    let found = from(bench, 1, &backup.join("base"), "");
    assert!(says(&found, "WAL parsing failed"), "{found:?}");
    assert!(says(&found, "the server does not come up from it"), "{found:?}");
}

/// Bytes of a page, and where the first one of a btree has which number.
const PAGE: usize = 8_192;
const BTREE: (std::ops::Range<usize>, u32) = (24..28, 0x0005_3162);

/// The largest btree of the users' among the files of a server: theirs have numbers from 16,384 on.
fn btree(files: &Path) -> PathBuf {
    let (place, number) = BTREE;
    let inner = fs::read_dir(files).unwrap().map(|entry| entry.unwrap().path());
    let files = inner
        .filter(|path| path.is_dir())
        .flat_map(|path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>());
    let is_of_users = |path: &PathBuf| {
        path.file_name().unwrap().to_str().unwrap().parse::<u32>().is_ok_and(|number| number >= 16_384)
    };
    let is_btree = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        bytes.len() >= 2 * PAGE && bytes[place.clone()] == number.to_ne_bytes()
    };
    let found = files.filter(is_of_users).filter(is_btree);
    found.max_by_key(|path| path.metadata().unwrap().len()).unwrap()
}

/// Where nobody wrote down what the files were, what is in them tells.
fn index(bench: &Bench, kept: &Path) {
    let backup = copied(bench, &kept.join("base/base"), "index");
    fs::remove_file(backup.join("backup_manifest")).unwrap();
    let file = btree(&backup.join("base"));
    let mut bytes = fs::read(&file).unwrap();
    bytes[PAGE..2 * PAGE].fill(0);
    fs::write(&file, bytes).unwrap();
    let found = from(bench, 1, &backup, "");
    assert_eq!(check(&found.backups[0], "pg_verifybackup").outcome, Outcome::Unproven);
    assert_eq!(check(&found.backups[0], "btree indexes").outcome, Outcome::Failed, "{found:?}");
}

/// A copy that leads out of its directory is not served: the server would write there.
fn leads_elsewhere(bench: &Bench, kept: &Path) {
    let backup = copied(bench, &kept.join("base/base"), "elsewhere");
    let mine = bench.path("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("gold"), "").unwrap();
    std::os::unix::fs::symlink(&mine, backup.join("base/99999")).unwrap();
    let found = from(bench, 1, &backup, "");
    assert!(says(&found, "the backup has a link base/99999"), "{found:?}");
    fs::write(backup.join("tablespace_map"), format!("99999 {}\n", mine.display())).unwrap();
    bench.expect(3, "drill backup --quiet --from elsewhere").one_sentence("the copy has tablespaces");
    assert_eq!(fs::read_dir(&mine).unwrap().count(), 1, "nothing of mine was touched");
}

/// A log that ends before the point is no success, wherever the piece is missing.
fn logs(bench: &Bench, kept: &Path) {
    let backup = copied(bench, &kept.join("pitr"), "log");
    let mut segments: Vec<PathBuf> =
        fs::read_dir(backup.join("wal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.retain(|path| path.file_name().unwrap().len() == 24);
    segments.sort();
    let last = segments.last().unwrap();
    fs::remove_file(last).unwrap();
    let path = relative(&backup, last);
    let found = from(bench, 1, &backup, "");
    assert!(says(&found, &format!("the file {path} is missing")), "{found:?}");
    forge(&backup, &path);
    let found = from(bench, 1, &backup, "");
    assert!(says(&found, "recovery ended before configured recovery target was reached"), "{found:?}");
    assert_eq!(found.backups[0].recovery_time_seconds, None);
}

/// What is whole, and not what was backed up.
fn others(bench: &Bench, kept: &Path) {
    let backup = copied(bench, &kept.join("custom"), "other");
    let name = backup.join("manifest.json");
    let text = fs::read_to_string(&name).unwrap();
    let mut manifest: Manifest = serde_json::from_str(&text).unwrap();
    let tracks = manifest.contents.tables.iter_mut().find(|table| table.name == "loist_bench.audio_tracks");
    tracks.unwrap().digest.push('1');
    manifest.contents.definitions.retain(|one| one.name != "loist_bench.idx_audio_tracks_title");
    fs::write(&name, serde_json::to_string(&manifest).unwrap()).unwrap();
    let found = from(bench, 1, &backup, "");
    assert!(
        says(&found, "the table loist_bench.audio_tracks holds other rows than were backed up"),
        "{found:?}"
    );
    assert!(says(&found, "index loist_bench.idx_audio_tracks_title is not in the source"), "{found:?}");
    assert_eq!(check(&found.backups[0], "rows").outcome, Outcome::Passed);

    // Somebody's dump has no manifest: it can be restored, and is compared with nothing.
    let bare = from(bench, 0, &kept.join("custom/database.dump"), "");
    assert_eq!(check(&bare.backups[0], "contents").outcome, Outcome::Unproven);
    assert_eq!(check(&bare.backups[0], "unique keys").outcome, Outcome::Passed);
    let bare = from(bench, 0, &kept.join("base/base"), "");
    assert_eq!(check(&bare.backups[0], "pg_verifybackup").outcome, Outcome::Passed);
    assert_eq!(check(&bare.backups[0], "workload").outcome, Outcome::Passed);
}
