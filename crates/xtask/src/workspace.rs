//! Where things are: the checkout, the cache, cargo's target directory.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::{failure::Setup, process::Cmd};

#[derive(Debug)]
pub(crate) struct Workspace {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// What survives between runs and clones: tools, the Python environment.
    pub(crate) cache: PathBuf,
    /// Cargo's target directory, as cargo itself sees it.
    pub(crate) target: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Located {
    target_directory: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that environment and configuration are respected.
    pub(crate) fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("xtask is not inside a checkout")?
            .to_path_buf();
        let text = Cmd::cargo(&root)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stdout()?;
        let located: Located =
            serde_json::from_str(&text).context("cargo metadata gave an unknown answer")?;
        Ok(Self {
            cache: cache_dir(|name| env::var_os(name).filter(|value| !value.is_empty()))?,
            root,
            target: located.target_directory,
        })
    }

    /// Command output and screenshots of the latest run, for reading after a failure.
    pub(crate) fn reports(&self) -> Result<PathBuf> {
        let dir = self.target.join("reports");
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        Ok(dir)
    }

    pub(crate) fn ui_dist(&self) -> PathBuf {
        self.root.join("src-ui").join("dist")
    }
}

fn cache_dir(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Result<PathBuf> {
    let base = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("LOCALAPPDATA").map(PathBuf::from))
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .ok_or_else(|| Setup("set HOME or XDG_CACHE_HOME: there is no place for a cache".into()))?;
    Ok(base.join("hypersentry"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_follows_xdg_then_home() -> Result<()> {
        let both = |name: &str| match name {
            "XDG_CACHE_HOME" => Some("/xdg".into()),
            "HOME" => Some("/me".into()),
            _ => None,
        };
        assert_eq!(cache_dir(both)?, Path::new("/xdg/hypersentry"));
        let home = |name: &str| (name == "HOME").then(|| "/me".into());
        assert_eq!(cache_dir(home)?, Path::new("/me/.cache/hypersentry"));
        assert!(cache_dir(|_| None).is_err());
        Ok(())
    }
}
