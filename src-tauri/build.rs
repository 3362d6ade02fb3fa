//! Permissions of the commands, and the UI's files that the binary embeds.

use std::error::Error;
use std::path::Path;
use std::{fs, io};
use tauri_build::{AppManifest, Attributes};

include!("src/command_names.rs");

const DIST: &str = "src-ui/dist";

/// Stands in for the UI in a checkout where it was not built yet, so that everything else can be checked without Node.
const NOT_BUILT: &str = "<!doctype html>
<title>HyperSentry</title>
<p>The interface is not built: <code>npm ci && npm run build</code>, then build the terminal again.</p>
";

fn main() -> Result<(), Box<dyn Error>> {
    stand_in_for_ui()?;
    // Also when only the UI changed the binary must be built anew.
    println!("cargo:rerun-if-changed={DIST}");
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/src/command_names.rs");
    let attributes = Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(AppManifest::new().commands(COMMANDS));
    // The alternate form names all causes.
    tauri_build::try_build(attributes).map_err(|error| format!("{error:#}"))?;
    Ok(())
}

fn stand_in_for_ui() -> io::Result<()> {
    let index = Path::new(DIST).join("index.html");
    if index.exists() {
        return Ok(());
    }
    println!("cargo:warning=the UI is not built: `npm ci && npm run build`");
    fs::create_dir_all(DIST)?;
    fs::write(index, NOT_BUILT)
}
