//! Servers: started until they say where they listen, stopped when dropped.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::process::{Cmd, stop, wait};

const START_LIMIT: Duration = Duration::from_secs(60);

/// A running server; stopped when dropped.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) url: String,
    shown: String,
    child: Child,
    log: Option<PathBuf>,
}

impl Service {
    /// Starts a server and waits for the address in its line `listening on URL`. Its messages go to `log`, or are shown.
    pub(crate) fn start(mut command: Cmd, log: Option<&Path>) -> Result<Self> {
        command.inner.stdout(Stdio::piped());
        if let Some(log) = log {
            let file =
                File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
            command.inner.stderr(file);
        }
        let child = command.spawn()?;
        let mut service = Self {
            shown: command.shown(),
            url: String::new(),
            child,
            log: log.map(Path::to_path_buf),
        };
        let stdout = service.child.stdout.take().context("it has no output")?;
        let (found, address) = mpsc::sync_channel(1);
        // Reads on after the address: a full pipe would stop the server.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("listening on ") {
                    // A second address has no reader.
                    let _ = found.try_send(url.trim().to_owned());
                }
            }
        });
        match address.recv_timeout(START_LIMIT) {
            Ok(url) => service.url = url,
            Err(_) => bail!(
                "`{}` did not say where it listens{}",
                service.shown,
                service.log_end()
            ),
        }
        Ok(service)
    }

    /// Waits until it ends by itself or is interrupted.
    pub(crate) fn wait(mut self) -> Result<ExitStatus> {
        wait(&mut self.child, Duration::MAX, &self.shown)
    }

    /// Fails if it ended before it was asked to.
    pub(crate) fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("`{}` ended early ({status}){}", self.shown, self.log_end());
        }
        Ok(())
    }

    /// The last lines of its messages, for a failure's report.
    pub(crate) fn log_end(&self) -> String {
        let Some(log) = &self.log else {
            return String::new();
        };
        let text = fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default();
        format!("; the end of {}:\n{}", log.display(), last.join("\n"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Cmd {
        Cmd::new("sh", Path::new("/")).args(["-c", script])
    }

    #[test]
    fn a_server_says_where_it_listens_and_ends_with_its_children() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let script = "sleep 300 & echo $! > \"$0\"; echo starting; echo listening on http://127.0.0.1:1; wait";
        let children = dir.path().join("children");
        let mut service = Service::start(shell(script).arg(&children), None)?;
        assert_eq!(service.url, "http://127.0.0.1:1");
        service.check()?;
        let child = fs::read_to_string(children)?;
        drop(service);
        let gone = format!(
            "for i in 1 2 3 4 5; do kill -0 {} 2>/dev/null || exit 0; sleep 1; done; exit 1",
            child.trim()
        );
        assert!(shell(&gone).succeeds()?);
        Ok(())
    }

    #[test]
    fn a_server_that_fails_shows_the_end_of_its_log() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let log = dir.path().join("log");
        let failed = Service::start(shell("echo no port >&2; exit 3"), Some(&log)).err();
        let message = failed.map(|error| error.to_string()).unwrap_or_default();
        assert!(
            message.contains("did not say where it listens"),
            "{message}"
        );
        assert!(message.ends_with("no port"), "{message}");
        Ok(())
    }

    #[test]
    fn a_server_that_ends_early_is_found() -> Result<()> {
        let mut service = Service::start(shell("echo listening on http://a; exit 4"), None)?;
        // Its group leader is gone once the wait is over.
        let _ = wait(&mut service.child, Duration::from_secs(10), "sh")?;
        assert!(service.check().is_err());
        Ok(())
    }
}
