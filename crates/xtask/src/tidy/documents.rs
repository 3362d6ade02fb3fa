//! ARCHITECTURE.md names every room and justifies every dependency.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::Finding;

pub(crate) const PAGE: &str = "ARCHITECTURE.md";
const TABLE: &str = "## Dependencies";

pub(crate) fn check(
    page: &str,
    members: &BTreeSet<String>,
    dependencies: &BTreeSet<String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let everywhere = quoted(page);
    for member in members {
        if !places(member)
            .iter()
            .any(|place| everywhere.contains(place.as_str()))
        {
            findings.push(Finding::new(
                PAGE,
                0,
                format!("does not mention the room `{member}`"),
            ));
        }
    }
    let listed = quoted(section(page, TABLE));
    if listed.is_empty() {
        findings.push(Finding::new(
            PAGE,
            0,
            format!("has no table under `{TABLE}`"),
        ));
        return findings;
    }
    for dependency in dependencies {
        if !listed.contains(dependency.as_str()) {
            let message = format!("the table under `{TABLE}` does not name `{dependency}`");
            findings.push(Finding::new(PAGE, 0, message));
        }
    }
    findings
}

/// The names by which a page may call a package.
fn places(member: &str) -> Vec<String> {
    let short = member.strip_prefix("hypersentry-").unwrap_or(member);
    let place = match member {
        "hypersentry" => "src-tauri".to_owned(),
        "hypersentry-tests" => "tests".to_owned(),
        _ => format!("crates/{short}"),
    };
    vec![member.to_owned(), format!("{place}/"), place]
}

/// What stands in backticks; inside fenced blocks each word.
fn quoted(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.extend(line.split_whitespace());
        } else {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

/// The text from a heading to the next one of its level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let Some(start) = page.lines().position(|line| line.trim_end() == heading) else {
        return "";
    };
    let offset = |lines: usize| {
        page.split_inclusive('\n')
            .take(lines)
            .map(str::len)
            .sum::<usize>()
    };
    let rest = &page[offset(start + 1)..];
    rest.find("\n## ").map_or(rest, |end| &rest[..end])
}

/// The keys of `[workspace.dependencies]` that are not our own packages.
pub(crate) fn workspace_dependencies(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            inside = table.starts_with("workspace.dependencies]");
            let name = table
                .strip_prefix("workspace.dependencies.")
                .and_then(|rest| rest.strip_suffix(']'));
            names.extend(name.map(str::to_owned));
        } else if inside && let Some((name, _)) = line.split_once('=') {
            // A key may be written dotted: `name.version = "1"`.
            let name = name.split('.').next().unwrap_or_default().trim();
            if !name.is_empty() && !name.starts_with('#') {
                names.insert(name.to_owned());
            }
        }
    }
    names.retain(|name| !name.starts_with("hypersentry"));
    names
}

#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    #[serde(default, rename = "devDependencies")]
    dev_dependencies: BTreeMap<String, String>,
}

pub(crate) fn npm_dependencies(manifest: &str) -> Result<BTreeSet<String>> {
    let manifest: Manifest = serde_json::from_str(manifest).context("cannot read package.json")?;
    Ok(manifest
        .dependencies
        .into_keys()
        .chain(manifest.dev_dependencies.into_keys())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "# A\n`crates/model` and\n```\ncrates/sim/  a\n```\n## Dependencies\n\n| `serde` | x |\n## Next\n`axum`\n";

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn rooms_must_be_mentioned() {
        assert!(
            check(
                EXAMPLE,
                &set(&["hypersentry-model", "hypersentry-sim"]),
                &set(&[])
            )
            .is_empty()
        );
        let findings = check(EXAMPLE, &set(&["hypersentry-api"]), &set(&[]));
        assert_eq!(findings.len(), 1, "{findings:?}");
    }

    #[test]
    fn dependencies_must_be_in_their_table() {
        assert!(check(EXAMPLE, &set(&[]), &set(&["serde"])).is_empty());
        // It stands in the page, but not in the table.
        assert_eq!(check(EXAMPLE, &set(&[]), &set(&["axum"])).len(), 1);
        assert_eq!(check("# A\n", &set(&[]), &set(&["serde"])).len(), 1);
    }

    #[test]
    fn dependencies_are_read_from_the_manifests() -> Result<()> {
        let cargo = "[workspace.dependencies]\n# one\nserde = \"1\"\nhypersentry-model = { path = \"m\" }\ntime.version = \"1\"\n\n[workspace.dependencies.axum]\nversion = \"1\"\n[lints]\nworkspace = true\n";
        assert_eq!(
            workspace_dependencies(cargo),
            set(&["axum", "serde", "time"])
        );
        let npm = r#"{"name":"x","dependencies":{"react":"1"},"devDependencies":{"vite":"2"}}"#;
        assert_eq!(npm_dependencies(npm)?, set(&["react", "vite"]));
        assert!(npm_dependencies("[").is_err());
        Ok(())
    }
}
