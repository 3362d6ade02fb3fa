//! System packages: one table, and their installation on Debian and its relatives.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use crate::{failure::Setup, process::Cmd, workspace::Workspace};

/// A system package and why it is needed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    name: &'static str,
    reason: &'static str,
}

const fn package(name: &'static str, reason: &'static str) -> Package {
    Package { name, reason }
}

/// A C toolchain is not listed: without one, this program would not have been linked.
pub(crate) const DESKTOP: &[Package] = &[
    package(
        "pkg-config",
        "finds the libraries below for the desktop build",
    ),
    package(
        "libwebkit2gtk-4.1-dev",
        "the desktop's web view; brings GTK 3",
    ),
];

pub(crate) const JOURNEYS: &[Package] = &[
    package("chromium", "the browser of the journeys"),
    package(
        "python3-venv",
        "environments for Hyperliquid's Python SDK and schemathesis, which check simulator and gateway",
    ),
    package(
        "webkit2gtk-driver",
        "drives the desktop's web view in the smoke test",
    ),
    package("xvfb", "the display of the smoke test"),
];

/// Installs those that are absent; on other systems says what has to be there.
pub(crate) fn ensure(workspace: &Workspace, groups: &[&[Package]]) -> Result<()> {
    let wanted: Vec<Package> = groups
        .iter()
        .flat_map(|group| group.iter().copied())
        .collect();
    if !is_debian() {
        println!("not Debian or Ubuntu: install your system's counterparts of");
        for package in wanted {
            println!("  {:24} {}", package.name, package.reason);
        }
        return Ok(());
    }
    let absent = wanted
        .into_iter()
        .filter_map(|package| match is_installed(workspace, package.name) {
            Ok(true) => None,
            Ok(false) => Some(Ok(package)),
            Err(error) => Some(Err(error)),
        })
        .collect::<Result<Vec<_>>>()?;
    if absent.is_empty() {
        println!("all installed");
        return Ok(());
    }
    for package in &absent {
        println!("installing {}: {}", package.name, package.reason);
    }
    install(&workspace.root, &absent)
}

fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    cfg!(target_os = "linux") && describes_debian(&release)
}

fn describes_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
        })
        .flat_map(|value| value.trim_matches('"').split(' '))
        .any(|id| id == "debian" || id == "ubuntu")
}

fn is_installed(workspace: &Workspace, name: &str) -> Result<bool> {
    // dpkg-query fails for a package that it has never heard of.
    let status = Cmd::new("dpkg-query", &workspace.root)
        .args(["--show", "--showformat=${db:Status-Status}", name])
        .quiet_stdout();
    match status {
        Ok(status) => Ok(status == "installed"),
        Err(error) if error.is::<Setup>() => Err(error),
        Err(_) => Ok(false),
    }
}

fn install(root: &Path, absent: &[Package]) -> Result<()> {
    let names: Vec<&str> = absent.iter().map(|package| package.name).collect();
    let user = Cmd::new("id", root).arg("-u").stdout()?;
    let sudo = user.trim() != "0";
    if sudo && !Cmd::new("sudo", root).args(["-n", "true"]).succeeds()? {
        return Err(Setup(format!(
            "not root, and some are missing: run `sudo apt-get install --no-install-recommends {}`",
            names.join(" ")
        ))
        .into());
    }
    let apt = |args: &[&str]| {
        let command = if sudo {
            // sudo drops the environment, so it is set behind it.
            Cmd::new("sudo", root).args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        } else {
            Cmd::new("apt-get", root).env("DEBIAN_FRONTEND", "noninteractive")
        };
        command.args(args).run()
    };
    apt(&["update", "--quiet"])
        .and_then(|()| {
            let mut args = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
            args.extend(&names);
            apt(&args)
        })
        .with_context(|| format!("cannot install {}", names.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_relatives_are_recognised() {
        assert!(describes_debian("NAME=\"Debian\"\nID=debian\n"));
        assert!(describes_debian(
            "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"
        ));
        assert!(!describes_debian("ID=fedora\nVERSION_ID=44\n"));
        assert!(!describes_debian("VERSION=\"ID=debian\"\n"));
    }
}
