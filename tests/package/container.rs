//! The container file, as far as it can be told without building it.

use crate::{root, text};

/// The instructions of the file, continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let joined = text("Containerfile").replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(' ').unwrap())
        .map(|(instruction, rest)| (instruction.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// What the instruction of that name says, the last one.
fn last(name: &str) -> String {
    let all = instructions();
    all.into_iter().rev().find(|(instruction, _)| instruction == name).map(|(_, rest)| rest).unwrap()
}

fn argument(name: &str) -> String {
    let wanted = format!("{name}=");
    let mut all = instructions().into_iter().filter(|(instruction, _)| instruction == "ARG");
    all.find_map(|(_, rest)| rest.strip_prefix(&wanted).map(str::to_owned)).unwrap()
}

#[test]
fn the_compiler_is_the_one_that_is_asked_for() {
    let rust = env!("CARGO_PKG_RUST_VERSION");
    assert_eq!(argument("RUST"), rust);
    let image = format!("rust:{rust}-bookworm");
    assert!(
        text("examples/cloudbuild.yaml").contains(&image),
        "examples/cloudbuild.yaml builds with {image}"
    );
    let stages: Vec<String> = instructions()
        .into_iter()
        .filter(|(instruction, _)| instruction == "FROM")
        .map(|(_, image)| image)
        .collect();
    assert_eq!(
        stages,
        [
            "docker.io/library/rust:${RUST}-bookworm AS builder",
            "docker.io/library/postgres:${POSTGRES}-bookworm"
        ]
    );
}

#[test]
fn the_server_is_the_one_that_is_set_up_elsewhere() {
    let preferred = format!("\npreferred={}", argument("POSTGRES"));
    assert!(text("scripts/setup.sh").contains(&preferred), "scripts/setup.sh prefers it, too");
}

#[test]
fn the_program_runs_and_root_does_not() {
    let all = instructions();
    let place = |name: &str| all.iter().rposition(|(instruction, _)| instruction == name).unwrap();
    assert_eq!(last("USER"), "postgres");
    assert!(place("USER") > place("RUN") && place("USER") > place("FROM"));
    assert_eq!(last("ENTRYPOINT"), "[\"loist-bench\"]");
    assert!(last("COPY").ends_with("/target/release/loist-bench /usr/local/bin/loist-bench"));
    assert!(last("LABEL").contains(&format!("=\"{}\"", env!("CARGO_PKG_DESCRIPTION"))));
    assert!(last("LABEL").contains(&format!("image.licenses=\"{}\"", env!("CARGO_PKG_LICENSE"))));
    // Both belong to the user, and are on no layer.
    let volumes: Vec<String> = serde_json::from_str(&last("VOLUME")).unwrap();
    assert!(volumes.iter().all(|volume| last("RUN").contains(volume.as_str())), "{volumes:?}");
    assert!(volumes.contains(&last("ENV").split_once('=').unwrap().1.to_owned()));
    let page = text("docs/container.md");
    assert!(volumes.iter().all(|volume| page.contains(volume.as_str())));
}

/// Everything but what is named stays outside, and what is named is what cargo needs.
#[test]
fn the_builder_gets_what_building_takes() {
    let ignored = text(".dockerignore");
    let lines: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines[0], "*");
    let named: Vec<&str> = lines[1..].iter().map(|line| line.strip_prefix('!').unwrap()).collect();
    assert!(named.iter().all(|name| root().join(name).exists()), "{named:?}");
    let manifest: toml::Table = toml::from_str(&text("Cargo.toml")).unwrap();
    let packaged = manifest["package"]["include"].as_array().unwrap().iter();
    let directories = packaged.filter_map(|pattern| {
        pattern.as_str().unwrap().strip_prefix('/').filter(|path| root().join(path).is_dir())
    });
    // Cargo wants to see the benchmarks that it is told of.
    let needed = directories.chain(["Cargo.toml", "Cargo.lock", "benches"]);
    assert!(manifest.contains_key("bench"));
    let needed: Vec<&str> = needed.collect();
    assert_eq!(needed.len(), named.len(), "{needed:?} {named:?}");
    assert!(needed.iter().all(|name| named.contains(name)), "{needed:?} {named:?}");
}
