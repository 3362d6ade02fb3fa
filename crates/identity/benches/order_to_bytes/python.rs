//! Hyperliquid's Python SDK, in a process that lives as long as the benchmark.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/python-sdk/sign_orders.py"
);

pub(crate) struct Client {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Client {
    /// Starts it, has it sign the same orders, and compares: every body with its signature is the same. `None` where there is no SDK.
    pub(crate) fn start(bodies: &[String]) -> Option<Self> {
        let python = std::env::var_os("HYPERSENTRY_PYTHON_SDK")?;
        let mut child = Command::new(python)
            .arg(SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter starts");
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut client = Self {
            child,
            stdin,
            stdout,
        };
        client.tell(&bodies.len().to_string());
        for body in bodies {
            client.tell(body);
        }
        for (i, body) in bodies.iter().enumerate() {
            let theirs = client.hear();
            assert_eq!(padded(&theirs), *body, "order {i}");
        }
        Some(client)
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        assert!(self.stdout.read_line(&mut line).unwrap() > 0, "it ended");
        line.trim_end().to_owned()
    }

    /// Microseconds of an order, by its own thread's CPU time.
    pub(crate) fn run(&mut self) -> f64 {
        self.tell("run");
        self.hear().parse().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The SDK writes the numbers of a signature without leading zeros, we with all 64 digits; nothing else may differ.
fn padded(body: &str) -> String {
    let read: Value = serde_json::from_str(body).unwrap();
    ["r", "s"].iter().fold(body.to_owned(), |body, name| {
        let digits = read["signature"][name].as_str().unwrap();
        let short = format!(r#""{name}":"{digits}""#);
        let full = format!(r#""{name}":"0x{:0>64}""#, &digits[2..]);
        body.replacen(&short, &full, 1)
    })
}

pub(crate) fn said(there: bool, orders: usize) -> String {
    match there {
        true => {
            format!("{orders} orders: the Python SDK gives the same bytes, signatures included")
        }
        false => "without the Python SDK: `cargo xtask bench order_to_bytes` has it".to_owned(),
    }
}
