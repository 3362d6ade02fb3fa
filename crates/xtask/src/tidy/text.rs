//! Words that do not belong in the project, and the end of each file.

use super::{Finding, sources::Source};

/// Broken in two, so that this file does not find itself.
const UNFINISHED: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Each with what must follow for it to be somebody's directory.
const MACHINE_PATHS: [&str; 3] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// Type names that say nothing of what the type is.
const EMPTY_NAMES: [&str; 4] = ["Manager", "Helper", "Util", "Processor"];

const DEFINITIONS: [&str; 6] = ["struct", "enum", "trait", "type", "class", "interface"];

pub(crate) fn check(file: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(Finding::new(&file.path, 0, "does not end with a newline"));
    }
    if file.is_lock() {
        return findings;
    }
    let is_code = matches!(file.extension(), "rs" | "ts" | "tsx");
    for (index, line) in file.text.lines().enumerate() {
        let mut found =
            |message: String| findings.push(Finding::new(&file.path, index + 1, message));
        if let Some(word) = words(line).find(|word| UNFINISHED.contains(word)) {
            found(format!("{word}: finish it, or write it down elsewhere"));
        }
        if let Some(path) = machine_path(line) {
            found(format!("{path}…: a path of one machine"));
        }
        if is_code && let Some(name) = empty_name(line) {
            found(format!("type {name}: name what it is"));
        }
    }
    findings
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_PATHS.into_iter().find(|path| {
        line.match_indices(path).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + path.len()..]);
            let inside_a_longer_path =
                before.ends_with(|c: char| c.is_alphanumeric() || "._-}*".contains(c));
            !inside_a_longer_path
                && after.starts_with(|c: char| c.is_alphanumeric() || c == '.' || c == '_')
        })
    })
}

fn empty_name(line: &str) -> Option<&str> {
    let mut defines = false;
    for word in words(line).filter(|word| !word.is_empty()) {
        if defines && EMPTY_NAMES.into_iter().any(|name| word.ends_with(name)) {
            return Some(word);
        }
        defines = DEFINITIONS.contains(&word);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{super::sources::source, *};

    fn findings(path: &str, text: &str) -> usize {
        check(&source(path, text)).len()
    }

    #[test]
    fn a_missing_last_newline_is_found() {
        assert_eq!(findings("a.md", "a"), 1);
        assert_eq!(findings("a.md", "a\n"), 0);
        assert_eq!(findings("a.md", ""), 0);
    }

    #[test]
    fn unfinished_work_is_found() {
        for word in UNFINISHED {
            assert_eq!(
                findings("a.rs", &format!("// {word}: later\n")),
                1,
                "{word}"
            );
            assert_eq!(
                findings("a.rs", &format!("let NOT_{word}S = 1;\n")),
                0,
                "{word}"
            );
        }
        assert_eq!(findings("a.rs", "clippy::todo\n"), 0);
    }

    #[test]
    fn machine_paths_are_found() {
        for path in MACHINE_PATHS {
            assert_eq!(
                findings("a.md", &format!("see {path}someone/x\n")),
                1,
                "{path}"
            );
            assert_eq!(
                findings("a.md", &format!("see src{path}someone/x\n")),
                0,
                "{path}"
            );
            assert_eq!(
                findings("a.md", &format!("see {path}<user>/x\n")),
                0,
                "{path}"
            );
        }
    }

    #[test]
    fn empty_type_names_are_found() {
        for name in EMPTY_NAMES {
            assert_eq!(findings("a.rs", &format!("pub struct Order{name} {{\n")), 1);
            assert_eq!(
                findings("a.tsx", &format!("export interface Order{name} {{\n")),
                1
            );
            assert_eq!(findings("a.rs", &format!("use tauri::{name};\n")), 0);
            assert_eq!(findings("a.rs", &format!("pub enum {name}isation {{\n")), 0);
            assert_eq!(
                findings("a.md", &format!("a struct Order{name} is refused\n")),
                0
            );
        }
    }

    #[test]
    fn lock_files_may_hold_any_hash() {
        assert_eq!(
            findings("package-lock.json", &format!("a+{}/\n", UNFINISHED[0])),
            0
        );
    }
}
