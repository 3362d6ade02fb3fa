//! How a failure becomes an exit code.

use std::{error::Error, fmt, process::ExitCode};

/// The machine lacks something that only its user can provide. Exit code 2.
#[derive(Debug)]
pub(crate) struct Setup(pub(crate) String);

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Setup {}

/// The user asked to stop. Exit code 130, as shells have it.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl Error for Interrupted {}

/// 2 for a missing prerequisite, 130 for an interruption, 1 for all else.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let any = |found: fn(&(dyn Error + 'static)) -> bool| error.chain().any(found);
    if any(|cause| cause.is::<Interrupted>()) {
        ExitCode::from(130)
    } else if any(|cause| cause.is::<Setup>()) {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_cause_keeps_its_exit_code_under_context() {
        let setup = anyhow::Error::new(Setup("no Node".to_owned())).context("UI build");
        assert_eq!(exit_code(&setup), ExitCode::from(2));
        let interrupted: anyhow::Result<()> = Err(Interrupted).context("clippy");
        assert_eq!(
            interrupted.err().map(|error| exit_code(&error)),
            Some(ExitCode::from(130))
        );
        assert_eq!(exit_code(&anyhow::anyhow!("other")), ExitCode::FAILURE);
    }
}
