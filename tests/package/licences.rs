//! The licence of every dependency is one that `deny.toml` allows; each comes from the registry.

use crate::{cargo, printed, text};
use serde::Deserialize;
use spdx::{Expression, ParseMode};
use std::collections::{BTreeMap, BTreeSet};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What cargo knows of the packages.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    root: String,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Metadata {
    /// Of this platform: what others take may not be on this machine.
    fn read() -> Self {
        let version = printed("rustc", &["-vV"]);
        let platform = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let text = cargo(&["metadata", "--format-version", "1", "--filter-platform", platform]);
        serde_json::from_str(&text).unwrap()
    }

    /// Ids of what is built into the program, or builds it: not what the tests alone use.
    fn built_in(&self) -> BTreeSet<&str> {
        let nodes: BTreeMap<&str, &Node> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut found = BTreeSet::new();
        let mut next = vec![self.resolve.root.as_str()];
        while let Some(id) = next.pop() {
            if found.insert(id) {
                let is_built_in = |dependency: &&Dependency| {
                    dependency.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))
                };
                let dependencies = nodes[id].deps.iter().filter(is_built_in);
                next.extend(dependencies.map(|dependency| dependency.pkg.as_str()));
            }
        }
        found
    }
}

/// The part of `deny.toml` that matters here.
#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

fn rules() -> Licences {
    toml::from_str::<Deny>(&text("deny.toml")).unwrap().licenses
}

/// Whether a licence expression can be met with the licences that are allowed. Some are written in the way of old,
/// `MIT/Apache-2.0`.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let expression = Expression::parse_mode(expression, ParseMode::LAX).unwrap();
    expression.evaluate(|wanted| allowed.contains(&wanted.to_string()))
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let (metadata, rules) = (Metadata::read(), rules());
    assert!(metadata.packages.len() > 200, "{} packages were found", metadata.packages.len());
    for package in &metadata.packages {
        let Package { name, version, license, .. } = package;
        let expression = license.as_ref().unwrap_or_else(|| panic!("{name} {version} names no licence"));
        let own = rules.exceptions.iter().filter(|exception| exception.name == *name);
        let allowed: Vec<String> =
            rules.allow.iter().chain(own.flat_map(|exception| &exception.allow)).cloned().collect();
        assert!(is_met(expression, &allowed), "{name} {version} is under {expression}: see deny.toml");
    }
}

#[test]
fn what_is_excepted_is_not_built_in() {
    let (metadata, rules) = (Metadata::read(), rules());
    let built_in = metadata.built_in();
    assert!(built_in.len() > 100, "{} packages are built in", built_in.len());
    for exception in &rules.exceptions {
        let found = metadata.packages.iter().filter(|package| package.name == exception.name);
        let found: Vec<&Package> = found.collect();
        assert!(!found.is_empty(), "{} is no dependency: take it out of deny.toml", exception.name);
        assert!(found.iter().all(|package| !built_in.contains(package.id.as_str())), "{}", exception.name);
    }
}

/// No licence is allowed that nothing asks for, and none of the allowed ones can be done without.
#[test]
fn every_licence_that_is_allowed_is_used() {
    let (metadata, rules) = (Metadata::read(), rules());
    for licence in &rules.allow {
        let others: Vec<String> = rules.allow.iter().filter(|other| *other != licence).cloned().collect();
        let needs_it = |package: &Package| {
            package.license.as_ref().is_some_and(|all| is_met(all, &rules.allow) && !is_met(all, &others))
        };
        assert!(metadata.packages.iter().any(needs_it), "{licence} is not needed: take it out of deny.toml");
    }
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let metadata = Metadata::read();
    let own = |package: &&Package| package.id != metadata.resolve.root;
    for package in metadata.packages.iter().filter(own) {
        assert_eq!(package.source.as_deref(), Some(REGISTRY), "{}", package.name);
    }
}

#[test]
fn expressions_are_met_as_they_say() {
    let allowed = ["MIT", "ISC"].map(str::to_owned);
    for (expression, met) in [
        ("MIT", true),
        ("Apache-2.0/MIT", true),
        ("Apache-2.0 OR MIT", true),
        ("Apache-2.0 AND ISC", false),
        ("(MIT OR Apache-2.0) AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}
