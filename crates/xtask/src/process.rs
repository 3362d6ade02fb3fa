//! Child processes: bounded, in a group of their own, and ended with us.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsStr,
    io::Read as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    failure::{Interrupted, Setup},
    system,
};

/// Longer than any step takes on two cores from a cold cache.
const STEP_LIMIT: Duration = Duration::from_secs(40 * 60);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

static LIVE: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
static STOPPING: AtomicBool = AtomicBool::new(false);

/// A command, not yet started.
#[derive(Debug)]
pub(crate) struct Cmd {
    pub(crate) inner: Command,
    limit: Duration,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>, dir: &Path) -> Self {
        let mut inner = Command::new(program);
        inner.current_dir(dir).stdin(Stdio::null());
        // Cargo describes xtask itself in these; build scripts that watch them would run again for nothing.
        for (name, _) in env::vars_os() {
            let described = name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
            });
            if described {
                inner.env_remove(name);
            }
        }
        let direct = system::with_loopback(system::variable("NO_PROXY").as_deref());
        inner.env("NO_PROXY", &direct).env("no_proxy", &direct);
        system::own_group(&mut inner);
        Self {
            inner,
            limit: STEP_LIMIT,
        }
    }

    pub(crate) fn cargo(dir: &Path) -> Self {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self::new(cargo, dir)
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.inner.args(args);
        self
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.inner.arg(arg);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }

    pub(crate) fn no_limit(mut self) -> Self {
        self.limit = Duration::MAX;
        self
    }

    /// The command as a user would type it.
    pub(crate) fn shown(&self) -> String {
        let program = Path::new(self.inner.get_program());
        let mut words = vec![program.file_name().unwrap_or_default().to_string_lossy()];
        words.extend(self.inner.get_args().map(OsStr::to_string_lossy));
        words.join(" ")
    }

    pub(crate) fn spawn(&mut self) -> Result<Child> {
        if STOPPING.load(Ordering::SeqCst) {
            return Err(Interrupted.into());
        }
        let child = self.inner.spawn().map_err(|error| {
            let program = self.inner.get_program().to_string_lossy();
            Setup(format!(
                "cannot start `{program}` ({error}): is it installed and on the PATH?"
            ))
        })?;
        live().insert(child.id());
        Ok(child)
    }

    /// Runs to the end with its output shown, whatever its result.
    pub(crate) fn status(mut self) -> Result<ExitStatus> {
        let mut child = self.spawn()?;
        wait(&mut child, self.limit, &self.shown())
    }

    /// Runs to the end with its output shown; fails if it fails.
    pub(crate) fn run(self) -> Result<()> {
        let shown = self.shown();
        let status = self.status()?;
        if !status.success() {
            bail!("`{shown}` failed ({status})");
        }
        Ok(())
    }

    /// Runs to the end; its standard output is the answer.
    pub(crate) fn stdout(mut self) -> Result<String> {
        self.inner.stdout(Stdio::piped());
        let mut child = self.spawn()?;
        let pipe = child.stdout.take();
        let reader = thread::spawn(move || {
            let mut text = Vec::new();
            pipe.map(|mut pipe| pipe.read_to_end(&mut text))
                .transpose()?;
            std::io::Result::Ok(text)
        });
        let status = wait(&mut child, self.limit, &self.shown())?;
        let text = reader
            .join()
            .ok()
            .context("its output could not be read")??;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown());
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// As `stdout`, for a command whose complaints are expected.
    pub(crate) fn quiet_stdout(mut self) -> Result<String> {
        self.inner.stderr(Stdio::null());
        self.stdout()
    }

    /// Whether it starts and succeeds, without any output.
    pub(crate) fn succeeds(mut self) -> Result<bool> {
        self.inner.stdout(Stdio::null()).stderr(Stdio::null());
        match self.status() {
            Ok(status) => Ok(status.success()),
            Err(error) if error.is::<Setup>() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn live() -> std::sync::MutexGuard<'static, BTreeSet<u32>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "bounds and reports wall time of processes"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) fn wait(child: &mut Child, limit: Duration, shown: &str) -> Result<ExitStatus> {
    let start = now();
    loop {
        if let Some(status) = child.try_wait()? {
            live().remove(&child.id());
            if STOPPING.load(Ordering::SeqCst) && !status.success() {
                return Err(Interrupted.into());
            }
            return Ok(status);
        }
        if start.elapsed() > limit {
            stop(child);
            bail!(
                "`{shown}` took longer than {} minutes and was stopped",
                limit.as_secs() / 60
            );
        }
        thread::sleep(POLL);
    }
}

pub(crate) fn stop(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        system::signal_group(child.id(), "TERM");
        let start = now();
        while start.elapsed() < STOP_LIMIT && matches!(child.try_wait(), Ok(None)) {
            thread::sleep(POLL);
        }
    }
    // What its own children left behind, and itself if it did not listen.
    system::signal_group(child.id(), "KILL");
    let _ = child.wait();
    live().remove(&child.id());
}

/// Passes each stop signal on to every child; a second one kills them.
pub(crate) fn forward_signals() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot watch for signals")?;
    let (ready, watching) = mpsc::sync_channel(1);
    thread::spawn(move || {
        runtime.block_on(async move {
            let Ok(mut signals) = system::Signals::new() else {
                return;
            };
            let _ = ready.send(());
            loop {
                let name = signals.next().await;
                let name = if STOPPING.swap(true, Ordering::SeqCst) {
                    "KILL"
                } else {
                    name
                };
                for id in live().iter() {
                    system::signal_group(*id, name);
                }
            }
        });
    });
    watching.recv().context("cannot watch for signals")
}

/// Nothing that we started outlives us.
pub(crate) fn end_all() {
    for id in std::mem::take(&mut *live()) {
        system::signal_group(id, "KILL");
    }
}
