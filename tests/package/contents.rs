//! What `cargo package` takes: what building needs and what explains it, and no more.

use crate::{cargo, root};
use std::{collections::BTreeSet, fs, path::Path};

/// Files and directories at the top.
const TOP: [&str; 10] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "docs",
    "schema",
    "src",
    "templates",
    "workloads",
];
/// What cargo adds by itself.
const CARGOS: [&str; 2] = [".cargo_vcs_info.json", "Cargo.toml.orig"];

fn packaged() -> BTreeSet<String> {
    let list = cargo(&["package", "--list", "--allow-dirty"]);
    list.lines().map(str::to_owned).collect()
}

fn files_below(directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn the_package_holds_what_it_should_and_no_more() {
    let packaged = packaged();
    let top = packaged.iter().map(|path| path.split('/').next().unwrap());
    let top: BTreeSet<&str> = top.filter(|name| !CARGOS.contains(name)).collect();
    assert_eq!(top, BTreeSet::from(TOP));
    let stray = packaged.iter().find(|path| path.contains("/snapshots/") || path.contains("/images/"));
    assert_eq!(stray, None);
}

#[test]
fn everything_that_is_built_in_is_packaged() {
    let packaged = packaged();
    let mut files = Vec::new();
    for directory in ["schema", "src", "templates", "workloads"] {
        files_below(&root().join(directory), &mut files);
    }
    assert!(files.len() > 300, "{} files were found", files.len());
    for file in files.iter().filter(|file| !file.contains("/snapshots/")) {
        assert!(packaged.contains(file), "{file} is not packaged: see `include` in Cargo.toml");
    }
}
