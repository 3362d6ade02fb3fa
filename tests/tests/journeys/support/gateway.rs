//! The gateway as a process.

use super::PATIENCE;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

/// The gateway's executable, built if need be.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        // nextest gives each test a process: the first of a run asks cargo, the others read what it said.
        let note = std::env::var_os("NEXTEST_RUN_ID").map(|run| {
            let mut name = std::ffi::OsString::from("gateway-of-");
            name.push(run);
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
        });
        let noted = note
            .as_ref()
            .and_then(|note| std::fs::read_to_string(note).ok())
            .map(PathBuf::from)
            .filter(|path| path.is_file());
        noted.unwrap_or_else(|| {
            let path = build();
            if let Some(note) = note {
                forget_old_notes();
                // Renamed when it is whole: another test may be looking for it.
                let draft = note.with_extension(std::process::id().to_string());
                std::fs::write(&draft, path.to_str().unwrap()).unwrap();
                std::fs::rename(draft, note).unwrap();
            }
            path
        })
    })
}

fn forget_old_notes() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("gateway-of-")
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--quiet", "--package", "hypersentry-gateway"])
        .args(["--bin", "hypersentry-gateway", "--message-format=json"])
        .stderr(Stdio::inherit());
    // Cargo describes these tests in them, and a build script that watches them would run again, and with it the build of what hangs on it.
    for (name, _) in std::env::vars_os() {
        let name_str = name.to_string_lossy();
        if name_str.starts_with("CARGO_PKG_") || name_str.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let built = command.output().expect("cargo runs");
    assert!(built.status.success(), "the gateway does not build");
    built
        .stdout
        .split(|b| *b == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .expect("cargo names the executable")
}

/// What became of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command of the gateway to its end.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ended {
    run_with_input(arguments, b"")
}

/// As [`run`], with something on stdin.
pub(crate) fn run_with_input<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    input: &[u8],
) -> Ended {
    let mut child = Command::new(binary())
        .args(arguments)
        .env_remove("HYPERSENTRY_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the gateway starts");
    let mut stdin = child.stdin.take().unwrap();
    // A command that is over before it has read everything is no failure of the test.
    let _ = stdin.write_all(input);
    drop(stdin);
    let mut process = Process(child);
    let stdout = read_all(process.0.stdout.take().unwrap());
    let stderr = read_all(process.0.stderr.take().unwrap());
    let status = process.wait(Duration::from_secs(100));
    Ended {
        code: status.code(),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}

fn read_all(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = from.read_to_string(&mut text);
        text
    })
}

/// A process that does not outlive its test.
#[derive(Debug)]
struct Process(Child);

impl Process {
    fn wait(&mut self, longest: Duration) -> ExitStatus {
        let step = Duration::from_millis(10);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(waited < longest, "the process does not end");
            std::thread::sleep(step);
            waited += step;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // By its own id; both fail only when it has ended and been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A gateway that serves.
#[derive(Debug)]
pub(crate) struct Gateway {
    process: Process,
    pub(crate) address: SocketAddr,
    log: tempfile::NamedTempFile,
}

impl Gateway {
    /// Over the simulator, on a free port.
    pub(crate) fn simulated(data: &Path) -> Self {
        Self::start(["--venues", "sim", "--data-dir"].map(OsStr::new), data)
    }

    /// `serve --listen 127.0.0.1:0 ARGUMENTS LAST`.
    pub(crate) fn start<'a>(arguments: impl IntoIterator<Item = &'a OsStr>, last: &Path) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .arg(last)
            .env_remove("HYPERSENTRY_LOG")
            // For the desktop's owner alone: on a server it lets nobody's account trade.
            .env("RISK_AUTO_MODE_ENABLED", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(File::create(log.path()).unwrap()))
            .spawn()
            .expect("the gateway starts");
        let mut process = Process(child);
        let stdout = process.0.stdout.take().unwrap();
        let (sender, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let line = said.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let log = std::fs::read_to_string(log.path()).unwrap_or_default();
            panic!("the gateway does not say where it listens; its log:\n{log}")
        });
        let address = line
            .strip_prefix("listening on ")
            .and_then(|url| url.split_once("://"))
            .and_then(|(_, address)| address.parse().ok())
            .unwrap_or_else(|| panic!("no address in `{line}`"));
        Self {
            process,
            address,
            log,
        }
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Asks it to stop, as a service manager does, and waits until it has.
    pub(crate) fn terminate(mut self) {
        let id = self.process.0.id();
        let asked = Command::new("sh")
            .args(["-c", &format!("kill -TERM {id}")])
            .status()
            .unwrap();
        assert!(asked.success());
        let status = self.process.wait(PATIENCE);
        assert_eq!(
            status.code(),
            Some(0),
            "it did not stop in order: {}",
            self.log()
        );
    }

    /// Ends it without a warning.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the gateway's log:\n{}", self.log());
        }
    }
}
