//! The house stays in order: a module uses only what stands below it, files and floors stay small.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

use std::{fs, path::Path};

/// The floors from the top down; a module may use only those after its own.
const FLOORS: &[&str] = &[
    "cli", "report", "tune", "drill", "capacity", "gate", "merge", "lab", "compare", "history", "advise",
    "audit", "monitor", "observe", "engine", "catalog", "target", "record", "workload", "flags", "stats",
    "text",
];

/// A file longer than this is two ideas.
const MOST_LINES: usize = 400;

fn rust_files(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    below("src")
}

/// The Rust files below a directory of the project, each with its text.
fn below(directory: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    assert!(files.len() > 10, "the files in {directory} were found");
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Names of the modules that `text` reaches by `crate::`, braces included.
fn used_modules(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for part in text.split("crate::").skip(1) {
        let word =
            |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match part.strip_prefix('{') {
            None => used.push(word(part)),
            Some(list) => {
                let mut depth = 0;
                let mut start = true;
                for (at, character) in list.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && c.is_alphabetic() => {
                            used.push(word(&list[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    used
}

#[test]
fn nothing_points_up() {
    let floor = |module: &str| FLOORS.iter().position(|name| *name == module);
    for (file, text) in sources() {
        let own = file.split('/').next().unwrap();
        let Some(own_floor) = floor(own) else { continue };
        for used in used_modules(&text) {
            if let Some(used_floor) = floor(&used) {
                assert!(used_floor >= own_floor, "src/{file} uses crate::{used}, which stands above {own}");
            }
        }
    }
}

#[test]
fn every_module_has_a_floor() {
    let library = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for line in library.lines() {
        if let Some(module) = line.strip_prefix("pub mod ") {
            let module = module.trim_end_matches(';');
            assert!(FLOORS.contains(&module), "the module {module} has no floor in this test");
        }
    }
}

#[test]
fn files_hold_one_idea() {
    for directory in ["src", "tests", "benches", "fuzz/fuzz_targets"] {
        for (file, text) in below(directory) {
            let lines = text.lines().count();
            assert!(lines <= MOST_LINES, "{directory}/{file} has {lines} lines: split it");
            assert!(
                text.starts_with("//! ") || text.starts_with("#!["),
                "{directory}/{file} does not say what it is"
            );
        }
    }
}

/// Two purposes that drew from one stream of random numbers would do so alike.
#[test]
fn every_purpose_has_a_stream_of_its_own() {
    let mut purposes: Vec<(u64, String)> = Vec::new();
    for (file, text) in sources() {
        for line in text.lines() {
            let Some((before, number)) = line.trim().split_once(": u64 = ") else { continue };
            let is_purpose = before.ends_with("_STREAM") || before.ends_with("_STREAMS");
            if let Some(Ok(number)) = is_purpose.then(|| number.trim_end_matches(';').parse()) {
                purposes.push((number, format!("src/{file}")));
            }
        }
    }
    purposes.sort();
    assert!(purposes.len() > 10, "they were found");
    for pair in purposes.windows(2) {
        assert!(pair[0].0 != pair[1].0, "{} and {} have one number, {}", pair[0].1, pair[1].1, pair[0].0);
    }
}

#[test]
fn imports_are_read_right() {
    assert_eq!(used_modules("use crate::{a::{b, c}, d, e::f};\ncrate::g::h()"), ["a", "d", "e", "g"]);
}
