//! What differs between operating systems.

use std::{env, process::Command};

/// The environment is read here and nowhere else.
#[expect(
    clippy::disallowed_methods,
    reason = "a shell of the project may read its environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Servers under test are local; no proxy may stand before them.
pub(crate) fn with_loopback(no_proxy: Option<&str>) -> String {
    let mut hosts: Vec<&str> = no_proxy
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .collect();
    for host in ["127.0.0.1", "localhost"] {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.join(",")
}

/// On Linux and the BSDs a window needs a display server; elsewhere there always is one.
pub(crate) fn has_display() -> bool {
    cfg!(any(windows, target_os = "macos"))
        || variable("DISPLAY").is_some()
        || variable("WAYLAND_DISPLAY").is_some()
}

#[cfg(unix)]
pub(crate) fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
pub(crate) fn own_group(_command: &mut Command) {}

/// Signals a child together with everything that it started. One that is gone already is no error.
#[cfg(unix)]
pub(crate) fn signal_group(id: u32, name: &str) {
    let _ = Command::new("sh")
        .args([
            "-c",
            r#"kill -s "$0" -- "-$1" 2>/dev/null"#,
            name,
            &id.to_string(),
        ])
        .status();
}

#[cfg(not(unix))]
pub(crate) fn signal_group(id: u32, _name: &str) {
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &id.to_string()])
        .output();
}

/// How a process ended, as a shell would put it.
pub(crate) fn shell_code(status: std::process::ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return u8::try_from(128 + signal).unwrap_or(1);
        }
    }
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}

/// The signals by which a user or a supervisor asks us to stop.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "INT",
            _ = self.terminate.recv() => "TERM",
            _ = self.hangup.recv() => "HUP",
        }
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Signals(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    pub(crate) async fn next(&mut self) -> &'static str {
        self.0.recv().await;
        "INT"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_added_once() {
        assert_eq!(with_loopback(None), "127.0.0.1,localhost");
        assert_eq!(
            with_loopback(Some("corp.example, localhost")),
            "corp.example,localhost,127.0.0.1"
        );
    }
}
