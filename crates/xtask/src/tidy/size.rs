//! How long a file may be.

use super::{Finding, sources::Source};

const RUST_NOTE: usize = 400;
const RUST_LIMIT: usize = 500;
const UI_LIMIT: usize = 320;

#[derive(Debug, Default)]
pub(crate) struct Sized {
    pub(crate) broken: Option<Finding>,
    pub(crate) near: Option<Finding>,
}

pub(crate) fn check(file: &Source) -> Sized {
    let (note, limit) = match file.extension() {
        "rs" => (RUST_NOTE, RUST_LIMIT),
        "ts" | "tsx" => (UI_LIMIT, UI_LIMIT),
        _ => return Sized::default(),
    };
    if file.is_test() || file.is_generated() {
        return Sized::default();
    }
    let lines = if file.extension() == "rs" {
        product_lines(&file.text)
    } else {
        file.text.lines().count()
    };
    let found = |message| Some(Finding::new(&file.path, 0, message));
    if lines > limit {
        Sized {
            broken: found(format!("{lines} lines, the limit is {limit}: split it")),
            near: None,
        }
    } else if lines > note {
        Sized {
            broken: None,
            near: found(format!("{lines} lines of at most {limit}")),
        }
    } else {
        Sized::default()
    }
}

/// Lines outside `#[cfg(test)]` modules; a module's end is the first closing brace in its own column.
fn product_lines(text: &str) -> usize {
    let mut count = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let starts_tests = line == "#[cfg(test)]"
            && lines
                .peek()
                .is_some_and(|next| next.contains("mod ") && next.ends_with('{'));
        if starts_tests {
            lines.by_ref().find(|line| *line == "}");
        } else {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{super::sources::source, *};

    fn sized(path: &str, lines: usize) -> (bool, bool) {
        let sized = check(&source(path, &"x\n".repeat(lines)));
        (sized.broken.is_some(), sized.near.is_some())
    }

    #[test]
    fn long_files_are_found() {
        assert_eq!(sized("crates/a/src/lib.rs", 400), (false, false));
        assert_eq!(sized("crates/a/src/lib.rs", 401), (false, true));
        assert_eq!(sized("crates/a/src/lib.rs", 501), (true, false));
        assert_eq!(sized("src-ui/src/app.tsx", 320), (false, false));
        assert_eq!(sized("src-ui/src/app.tsx", 321), (true, false));
    }

    #[test]
    fn tests_generated_files_and_documents_are_exempt() {
        for path in [
            "tests/tests/a.rs",
            "src-ui/src/transport/bindings.gen.ts",
            "src-ui/src/a.test.tsx",
            "docs/a.md",
        ] {
            assert_eq!(sized(path, 2000), (false, false), "{path}");
        }
    }

    #[test]
    fn test_modules_do_not_count() {
        let text =
            "a\n#[cfg(test)]\nmod tests {\n    fn t() {\n    }\n}\nb\n#[cfg(test)]\nfn c() {}\n";
        assert_eq!(product_lines(text), 4);
    }
}
