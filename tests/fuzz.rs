//! The seeds of the fuzz targets, through the same doors and past the same assertions, without libFuzzer.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

use bodies::TARGETS;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Names of what is in a directory, without what stands behind their last point.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// The seeds of a target: file names and bytes.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(fuzz().join("corpus").join(target)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Gives bytes to a target, and says which they were should it panic.
fn run(target: &str, bytes: &[u8], file: &Path) -> bool {
    let taken = std::panic::catch_unwind(|| bodies::run(target, bytes));
    taken.unwrap_or_else(|_| panic!("{target} panics at {}: {}", file.display(), bytes.escape_ascii()))
}

/// A seed that nothing accepts any more says that a format changed: then the seed has to.
#[test]
fn every_target_takes_its_seeds_and_accepts_one() {
    for (target, _) in TARGETS {
        let seeds = seeds(target);
        let accepted = seeds.iter().filter(|(file, bytes)| run(target, bytes, file));
        assert!(accepted.count() > 0, "{target} accepts none of {} seeds", seeds.len());
    }
}

/// What is cut off anywhere, or has a byte that is another one, is refused or accepted, and that is all.
#[test]
fn every_target_takes_damaged_seeds() {
    for (target, _) in TARGETS {
        for (file, bytes) in seeds(target) {
            // Some ten places of each, whatever its length.
            let step = bytes.len() / 10 + 1;
            for at in (0..bytes.len()).step_by(step) {
                run(target, &bytes[..at], &file);
                let mut damaged = bytes.clone();
                damaged[at] = damaged[at].wrapping_add(1);
                run(target, &damaged, &file);
            }
        }
    }
}

/// `scripts/fuzz TARGET keep` names what libFuzzer made up by its SHA-1, and leaves few.
#[test]
fn the_corpus_is_small() {
    for (target, _) in TARGETS {
        let made_up = |file: &Path| file.file_name().unwrap().len() == 40;
        let (made_up, named): (Vec<_>, Vec<_>) =
            seeds(target).into_iter().partition(|(file, _)| made_up(file));
        assert!(!named.is_empty(), "{target} has a seed that says what it is");
        assert!((1..=64).contains(&made_up.len()), "{target} has {} inputs that were made up", made_up.len());
        assert!(made_up.iter().all(|(_, bytes)| bytes.len() <= 2048), "{target} has long ones");
    }
}

#[test]
fn every_target_has_its_files() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), targets);
    assert_eq!(names(&fuzz().join("corpus")), targets);
    assert!(names(&fuzz().join("dictionaries")).is_subset(&targets));
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let readme = fs::read_to_string(fuzz().join("README.md")).unwrap();
    for target in &targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target} is built");
        assert!(readme.contains(&format!("| `{target}` |")), "{target} is explained");
        let file = fs::read_to_string(fuzz().join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(file.contains(&format!("bodies::run(\"{target}\", data)")), "{target} runs itself");
    }
}
