//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! Each rule is a function from text to findings, so that its tests can show it failing.

mod documents;
mod layers;
mod seams;
mod size;
mod sources;
mod text;

use std::{fmt, fs};

use anyhow::{Context as _, Result, bail};

use crate::{process::Cmd, workspace::Workspace};

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// A path from the root, or a package's name.
    place: String,
    /// 0 where the whole place is meant.
    line: usize,
    message: String,
}

impl Finding {
    fn new(place: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.place, self.message),
            line => write!(f, "{}:{line}: {}", self.place, self.message),
        }
    }
}

pub(crate) fn tidy(workspace: &Workspace) -> Result<()> {
    let files = sources::files(workspace)?;
    let mut findings = Vec::new();
    let mut notes = Vec::new();
    for file in &files {
        findings.extend(text::check(file));
        findings.extend(seams::check(file));
        let sized = size::check(file);
        findings.extend(sized.broken);
        notes.extend(sized.near);
    }
    let metadata = Cmd::cargo(&workspace.root)
        .args(["metadata", "--format-version", "1", "--locked"])
        .stdout()?;
    findings.extend(layers::check(&layers::graph(&metadata)?));
    findings.extend(documented(workspace, &metadata)?);
    findings.sort();
    for note in &notes {
        println!("note: {note}");
    }
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings in {} files", findings.len(), files.len());
    }
    println!("{} files, nothing found", files.len());
    Ok(())
}

fn documented(workspace: &Workspace, metadata: &str) -> Result<Vec<Finding>> {
    let read = |name: &str| {
        fs::read_to_string(workspace.root.join(name)).with_context(|| format!("cannot read {name}"))
    };
    let Ok(page) = read(documents::PAGE) else {
        return Ok(vec![Finding::new(documents::PAGE, 0, "is missing")]);
    };
    let mut dependencies = documents::workspace_dependencies(&read("Cargo.toml")?);
    dependencies.extend(documents::npm_dependencies(&read("package.json")?)?);
    let members = layers::members(metadata)?;
    Ok(documents::check(&page, &members, &dependencies))
}
