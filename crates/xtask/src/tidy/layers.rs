//! Which room may depend on which.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::Finding;

/// Every room with the rooms that it may use. `None`: any.
const ROOMS: &[(&str, Option<&[&str]>)] = &[
    ("hypersentry-model", Some(&[])),
    ("hypersentry-venues", Some(&["hypersentry-model"])),
    (
        "hypersentry-store",
        Some(&["hypersentry-model", "hypersentry-execution"]),
    ),
    (
        "hypersentry-identity",
        Some(&[
            "hypersentry-model",
            // In its benchmark and tests alone: what its keys sign, and how it comes about.
            "hypersentry-venues",
            "hypersentry-execution",
            "hypersentry-trading",
        ]),
    ),
    ("hypersentry-market", Some(&["hypersentry-model"])),
    ("hypersentry-alpha", Some(&["hypersentry-model"])),
    ("hypersentry-execution", Some(&["hypersentry-model"])),
    (
        "hypersentry-engine",
        Some(&[
            "hypersentry-model",
            "hypersentry-venues",
            "hypersentry-market",
            "hypersentry-alpha",
            "hypersentry-store",
            "hypersentry-execution",
            "hypersentry-trading",
        ]),
    ),
    (
        "hypersentry-trading",
        Some(&[
            "hypersentry-model",
            "hypersentry-venues",
            "hypersentry-execution",
            "hypersentry-store",
            // In its tests alone: the venue that it trades at.
            "hypersentry-sim",
        ]),
    ),
    (
        "hypersentry-paper",
        Some(&[
            "hypersentry-model",
            "hypersentry-venues",
            "hypersentry-trading",
            // The exchange that keeps the accounts.
            "hypersentry-sim",
            // In its tests alone: states and limits of orders.
            "hypersentry-execution",
        ]),
    ),
    (
        "hypersentry-api",
        Some(&[
            "hypersentry-model",
            "hypersentry-alpha",
            "hypersentry-venues",
            "hypersentry-identity",
            "hypersentry-trading",
            "hypersentry-paper",
            "hypersentry-engine",
        ]),
    ),
    (
        "hypersentry-gateway",
        Some(&[
            "hypersentry-model",
            "hypersentry-alpha",
            "hypersentry-venues",
            "hypersentry-engine",
            "hypersentry-api",
            "hypersentry-identity",
            "hypersentry-trading",
            "hypersentry-sim",
            // The audit log's verifier, which needs no engine.
            "hypersentry-store",
        ]),
    ),
    (
        "hypersentry",
        Some(&[
            "hypersentry-model",
            "hypersentry-identity",
            "hypersentry-api",
            "hypersentry-engine",
            "hypersentry-sim",
            // In its tests alone: the server that it connects to, and the verifier of what it signs.
            "hypersentry-gateway",
            "hypersentry-store",
        ]),
    ),
    // Shares no code with the engine, so that one checks the other.
    ("hypersentry-sim", Some(&[])),
    ("hypersentry-tests", None),
    ("xtask", Some(&[])),
];

/// Rooms whose output is a function of their input alone.
const DETERMINISTIC: &[&str] = &[
    "hypersentry-model",
    "hypersentry-venues",
    "hypersentry-market",
    "hypersentry-alpha",
    "hypersentry-execution",
];

/// Clocks, chance, sockets, files and threads, by crate or by the family's beginning.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "chrono",
    "crossbeam",
    "curl",
    "fastrand",
    "getrandom",
    "hyper",
    "isahc",
    "mio",
    "notify",
    "oorandom",
    "rand",
    "rayon",
    "redis",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tauri",
    "tempfile",
    "time",
    "tokio",
    "tower",
    "tungstenite",
    "ureq",
    "wry",
];

/// What tidy needs to know of the dependency graph.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Members with their direct dependencies of every kind.
    members: BTreeMap<String, BTreeSet<String>>,
    /// Members with all that is linked into them, through normal dependencies.
    linked: BTreeMap<String, BTreeSet<String>>,
}

pub(crate) fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (member, dependencies) in &graph.members {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| name == member) else {
            findings.push(Finding::new(
                member,
                0,
                "is not in the table of rooms of `xtask tidy`",
            ));
            continue;
        };
        let Some(allowed) = allowed else { continue };
        for dependency in dependencies
            .iter()
            .filter(|name| graph.members.contains_key(*name))
        {
            // A package may appear in its own development dependencies.
            if dependency != member && !allowed.contains(&dependency.as_str()) {
                findings.push(Finding::new(
                    member,
                    0,
                    format!("may not depend on {dependency}"),
                ));
            }
        }
    }
    for room in DETERMINISTIC {
        for name in graph.linked.get(*room).into_iter().flatten() {
            if is_impure(name) {
                let message = format!(
                    "is deterministic and may not link {name} (see `cargo tree -i {name}`)"
                );
                findings.push(Finding::new(*room, 0, message));
            }
        }
    }
    findings
}

fn is_impure(name: &str) -> bool {
    IMPURE.iter().any(|impure| {
        name.strip_prefix(impure)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Option<Resolve>,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDep>,
}

#[derive(Debug, Deserialize)]
struct NodeDep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Debug, Deserialize)]
struct DepKind {
    kind: Option<String>,
}

fn parse(metadata: &str) -> Result<Metadata> {
    serde_json::from_str(metadata).context("cargo metadata gave an unknown answer")
}

/// The workspace's packages by name.
pub(crate) fn members(metadata: &str) -> Result<BTreeSet<String>> {
    let metadata = parse(metadata)?;
    let is_member = |package: &Package| metadata.workspace_members.contains(&package.id);
    Ok(metadata
        .packages
        .iter()
        .filter(|package| is_member(package))
        .map(|package| package.name.clone())
        .collect())
}

pub(crate) fn graph(metadata: &str) -> Result<Graph> {
    let metadata = parse(metadata)?;
    let names: BTreeMap<&str, &str> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package.name.as_str()))
        .collect();
    let nodes: BTreeMap<&str, &Node> = metadata
        .resolve
        .iter()
        .flat_map(|resolve| &resolve.nodes)
        .map(|node| (node.id.as_str(), node))
        .collect();
    let mut graph = Graph::default();
    for package in &metadata.packages {
        if !metadata.workspace_members.contains(&package.id) {
            continue;
        }
        let direct = package
            .dependencies
            .iter()
            .map(|dependency| dependency.name.clone());
        graph.members.insert(package.name.clone(), direct.collect());
        let mut seen = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            let normal = |dep: &&NodeDep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none());
            for dep in nodes
                .get(id)
                .into_iter()
                .flat_map(|node| &node.deps)
                .filter(normal)
            {
                if seen.insert(dep.pkg.as_str()) {
                    open.push(&dep.pkg);
                }
            }
        }
        let linked = seen
            .iter()
            .filter_map(|id| names.get(id))
            .map(|name| (*name).to_owned());
        graph.linked.insert(package.name.clone(), linked.collect());
    }
    Ok(graph)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three packages: `a`, which normally depends on `b`, which depends on `c` as given.
    fn metadata(a: &str, b: &str, c: &str, kind: &str) -> String {
        format!(
            r#"{{"packages":[
                {{"id":"a","name":"{a}","dependencies":[{{"name":"{b}"}}]}},
                {{"id":"b","name":"{b}","dependencies":[{{"name":"{c}"}}]}},
                {{"id":"c","name":"{c}","dependencies":[]}}],
              "workspace_members":["a","b"],
              "resolve":{{"nodes":[
                {{"id":"a","deps":[{{"pkg":"b","dep_kinds":[{{"kind":null}}]}}]}},
                {{"id":"b","deps":[{{"pkg":"c","dep_kinds":[{{"kind":{kind}}}]}}]}},
                {{"id":"c","deps":[]}}]}}}}"#
        )
    }

    fn findings(a: &str, b: &str, c: &str, kind: &str) -> Result<Vec<String>> {
        let graph = graph(&metadata(a, b, c, kind))?;
        Ok(check(&graph).iter().map(ToString::to_string).collect())
    }

    #[test]
    fn imports_run_downwards_only() -> Result<()> {
        assert!(findings("hypersentry-venues", "hypersentry-model", "serde", "null")?.is_empty());
        let upwards = findings("hypersentry-model", "hypersentry-venues", "serde", "null")?;
        assert_eq!(
            upwards,
            ["hypersentry-model: may not depend on hypersentry-venues"]
        );
        let shared = findings("hypersentry-sim", "hypersentry-model", "serde", "null")?;
        assert_eq!(
            shared,
            ["hypersentry-sim: may not depend on hypersentry-model"]
        );
        Ok(())
    }

    #[test]
    fn a_room_that_is_not_in_the_table_is_found() -> Result<()> {
        let findings = findings("hypersentry-new", "hypersentry-model", "serde", "null")?;
        assert_eq!(
            findings,
            ["hypersentry-new: is not in the table of rooms of `xtask tidy`"]
        );
        Ok(())
    }

    #[test]
    fn deterministic_rooms_link_nothing_impure() -> Result<()> {
        for name in [
            "tokio",
            "tokio-util",
            "rand_core",
            "reqwest",
            "tauri-plugin-fs",
        ] {
            let found = findings("hypersentry-market", "hypersentry-model", name, "null")?;
            assert_eq!(found.len(), 2, "{name}: {found:?}");
            assert!(
                findings("hypersentry-market", "hypersentry-model", name, r#""dev""#)?.is_empty()
            );
        }
        assert!(
            findings(
                "hypersentry-market",
                "hypersentry-model",
                "random-name",
                "null"
            )?
            .is_empty()
        );
        Ok(())
    }

    #[test]
    fn members_are_the_workspaces_packages() -> Result<()> {
        let members = members(&metadata("x", "y", "z", "null"))?;
        assert_eq!(members.into_iter().collect::<Vec<_>>(), ["x", "y"]);
        Ok(())
    }
}
