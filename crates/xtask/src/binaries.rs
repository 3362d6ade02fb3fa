//! Builds a binary and asks cargo where it put it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::{process::Cmd, workspace::Workspace};

/// The desktop's feature that embeds the built UI instead of asking a development server for it.
pub(crate) const EMBED_UI: &str = "hypersentry/custom-protocol";

#[derive(Debug, Clone, Copy)]
pub(crate) enum Binary {
    Desktop,
    Gateway,
}

impl Binary {
    fn package(self) -> &'static str {
        match self {
            Self::Desktop => "hypersentry",
            Self::Gateway => "hypersentry-gateway",
        }
    }
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    target: Option<Target>,
    #[serde(default)]
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

pub(crate) fn build(workspace: &Workspace, binary: Binary, release: bool) -> Result<PathBuf> {
    let package = binary.package();
    let mut cargo = Cmd::cargo(&workspace.root).args([
        "build",
        "--package",
        package,
        "--bin",
        package,
        "--message-format",
        "json-render-diagnostics",
    ]);
    if matches!(binary, Binary::Desktop) {
        cargo = cargo.args(["--features", EMBED_UI]);
    }
    if release {
        cargo = cargo.arg("--release");
    }
    let messages = cargo
        .stdout()
        .with_context(|| format!("cannot build {package}"))?;
    executable(&messages, package)
        .with_context(|| format!("cargo did not say where it put {package}"))
}

fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| {
            message
                .target
                .as_ref()
                .is_some_and(|target| target.name == name)
        })
        .find_map(|message| message.executable)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_executable_is_found_among_other_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"app"},"executable":null}
{"reason":"build-script-executed","package_id":"x"}
not json
{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/t/other"}
{"reason":"compiler-artifact","target":{"name":"app"},"executable":"/t/app"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "app").as_deref(),
            Some(Path::new("/t/app"))
        );
        assert_eq!(executable(messages, "absent"), None);
    }
}
