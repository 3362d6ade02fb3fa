//! The UI's seams: one transport, and features that do not know each other.

use super::{Finding, sources::Source};

const UI: &str = "src-ui/src/";
const FEATURES: &str = "src-ui/src/features/";

pub(crate) fn check(file: &Source) -> Vec<Finding> {
    if !file.path.starts_with("src-ui/") || !matches!(file.extension(), "ts" | "tsx") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for module in modules(line) {
            if module.starts_with("@tauri-apps/") && !may_know_tauri(&file.path) {
                let message = format!("imports {module}: only the desktop transport may");
                findings.push(Finding::new(&file.path, index + 1, message));
            }
            if let (Some(own), Some(other)) =
                (feature(&file.path), feature(&resolve(&file.path, module)))
                && own != other
            {
                let message = format!(
                    "feature {own} imports feature {other}: move what they share to shared"
                );
                findings.push(Finding::new(&file.path, index + 1, message));
            }
        }
    }
    findings
}

fn may_know_tauri(path: &str) -> bool {
    path == "src-ui/src/transport/bindings.gen.ts"
        || path.starts_with("src-ui/src/transport/desktop")
}

/// The modules that a line names after `from`, `import` or `import(`.
fn modules(line: &str) -> impl Iterator<Item = &str> {
    let mut parts = line.split(['"', '\'']);
    let mut before = parts.next().unwrap_or_default();
    std::iter::from_fn(move || {
        let quoted = parts.next()?;
        let keyword = std::mem::replace(&mut before, parts.next().unwrap_or_default());
        Some((keyword.trim_end().trim_end_matches('(').trim_end(), quoted))
    })
    .filter(|(keyword, _)| {
        let last = keyword
            .rsplit(|c: char| !c.is_alphanumeric() && c != '.')
            .next();
        matches!(last, Some("from" | "import" | "require" | "vi.mock"))
    })
    .map(|(_, quoted)| quoted)
}

/// A module's path from the root; itself where it is a package.
fn resolve(importer: &str, module: &str) -> String {
    if let Some(rest) = ["@/", "~/"]
        .iter()
        .find_map(|alias| module.strip_prefix(alias))
    {
        return format!("{UI}{rest}");
    }
    if !module.starts_with('.') {
        return module.to_owned();
    }
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in module.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The feature that a path belongs to: a folder, or a file directly in the features' folder.
fn feature(path: &str) -> Option<&str> {
    let name = path.strip_prefix(FEATURES)?.split('/').next()?;
    Some(name.split('.').next().unwrap_or(name)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{super::sources::source, *};

    fn findings(path: &str, text: &str) -> usize {
        check(&source(path, text)).len()
    }

    #[test]
    fn tauri_is_imported_by_the_desktop_transport_only() {
        let line = "import { invoke } from \"@tauri-apps/api/core\";\n";
        assert_eq!(findings("src-ui/src/app/shell.tsx", line), 1);
        assert_eq!(findings("src-ui/src/transport/gateway.ts", line), 1);
        assert_eq!(
            findings(
                "src-ui/src/app/shell.tsx",
                "await import('@tauri-apps/api/core')\n"
            ),
            1
        );
        assert_eq!(findings("src-ui/src/transport/desktop.ts", line), 0);
        assert_eq!(findings("src-ui/src/transport/desktop.test.ts", line), 0);
        assert_eq!(findings("src-ui/src/transport/bindings.gen.ts", line), 0);
    }

    #[test]
    fn features_do_not_import_each_other() {
        let path = "src-ui/src/features/book/panel.tsx";
        for module in [
            "../tape/rows",
            "../../features/tape",
            "@/features/tape/rows",
            "~/features/tape/rows",
        ] {
            assert_eq!(
                findings(path, &format!("import {{ a }} from '{module}';\n")),
                1,
                "{module}"
            );
        }
        for module in [
            "./rows",
            "../book/rows",
            "../../shared/number",
            "@/stores/hot",
            "react",
        ] {
            assert_eq!(
                findings(path, &format!("import {{ a }} from '{module}';\n")),
                0,
                "{module}"
            );
        }
        assert_eq!(
            findings("src-ui/src/app/shell.tsx", "import '@/features/tape';\n"),
            0
        );
    }

    #[test]
    fn quoted_text_is_no_import() {
        let path = "src-ui/src/features/book/panel.tsx";
        assert_eq!(findings(path, "const text = '../tape/rows';\n"), 0);
    }
}
