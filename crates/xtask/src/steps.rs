//! A row of named steps with their wall times.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{failure::Setup, process::now};

#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// Beginnings of the names of steps to do; empty for all.
    only: Vec<String>,
    names: Vec<&'static str>,
    done: Vec<Done>,
}

#[derive(Debug)]
struct Done {
    name: &'static str,
    took: Duration,
    passed: bool,
}

impl Steps {
    pub(crate) fn only(names: &[String]) -> Self {
        Self {
            only: names.iter().map(|name| name.to_lowercase()).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        self.names.push(name);
        let lower = name.to_lowercase();
        if !self.only.is_empty() && !self.only.iter().any(|only| lower.starts_with(only)) {
            return Ok(());
        }
        println!("\n==> {name}");
        let start = now();
        let outcome = work();
        self.done.push(Done {
            name,
            took: start.elapsed(),
            passed: outcome.is_ok(),
        });
        outcome.context(name)
    }

    /// Fails if no step has such a name.
    pub(crate) fn check_names(&self) -> Result<()> {
        if self.done.is_empty() {
            return Err(Setup(format!(
                "no such step; there are: {}",
                self.names.join(", ")
            ))
            .into());
        }
        Ok(())
    }

    /// The table, and one line that says it all.
    pub(crate) fn summary(&self) -> String {
        let width = self
            .done
            .iter()
            .map(|step| step.name.len())
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        for Done { name, took, passed } in &self.done {
            let verdict = if *passed { "ok" } else { "FAILED" };
            text += &format!("{name:width$}  {:>7.1} s  {verdict}\n", took.as_secs_f64());
        }
        let passed = self.done.iter().filter(|step| step.passed).count();
        let failed = self.done.len() - passed;
        let total: Duration = self.done.iter().map(|step| step.took).sum();
        text + &format!(
            "{passed} passed, {failed} failed in {:.0} s",
            total.as_secs_f64()
        )
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn the_summary_counts_and_names_the_failure() {
        let mut steps = Steps::default();
        assert!(steps.step("fmt", || Ok(())).is_ok());
        let failure = steps.step("clippy", || bail!("a lint"));
        assert_eq!(
            failure.err().map(|error| format!("{error:#}")),
            Some("clippy: a lint".to_owned())
        );
        let summary = steps.summary();
        assert!(summary.contains("fmt  "), "{summary}");
        assert!(summary.contains("FAILED"), "{summary}");
        assert!(summary.contains("1 passed, 1 failed"), "{summary}");
    }
    #[test]
    fn steps_are_chosen_by_the_beginnings_of_their_names() {
        let mut steps = Steps::only(&["UI".to_owned(), "python".to_owned()]);
        for name in ["Rust format", "UI lint", "Python SDK"] {
            assert!(steps.step(name, || Ok(())).is_ok());
        }
        assert!(steps.summary().contains("2 passed"));
        assert!(steps.check_names().is_ok());
        let mut none = Steps::only(&["soak".to_owned()]);
        assert!(none.step("UI lint", || bail!("never run")).is_ok());
        assert!(none.check_names().is_err());
    }
}
