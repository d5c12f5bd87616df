//! What is shipped: the package, what is built into it, the container, the list of changes.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

mod changes;
mod container;
mod contents;
mod licences;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// What a program prints, run in the repository.
fn printed(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What cargo prints; it builds nothing and asks nobody.
fn cargo(arguments: &[&str]) -> String {
    let program = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    printed(&program, &[arguments, &["--locked", "--offline"]].concat())
}
