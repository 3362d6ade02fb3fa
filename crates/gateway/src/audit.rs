//! `audit`: checks the log of orders offline, and proves one order's records.

use crate::Refused;
use hypersentry_store::audit::{AuditError, PublicKey, Rollback, Verified, prove, verify};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Check the chain and its checkpoints. Exit code 1 names the first record that is not proven.
    Verify(Verify),
    /// Print the records of one order with their proof, as JSON.
    Prove(Prove),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The log's directory, or a copy of it.
    dir: PathBuf,
    /// The verifier key of who signs the log.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// A checkpoint of the log that was kept elsewhere; without one a missing end cannot be seen.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Prove {
    /// The log's directory, or a copy of it.
    dir: PathBuf,
    /// The verifier key of who signs the log.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The client order id.
    #[arg(long, value_name = "ID")]
    order: String,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match command {
        Command::Verify(arguments) => {
            let key = key(&arguments.key)?;
            let kept = arguments
                .checkpoint
                .as_deref()
                .map(|path| read("--checkpoint", path));
            let kept = kept.transpose()?;
            match verify(&arguments.dir, &key, kept.as_deref()) {
                Ok(verified) => print(&mut out, &verified)?,
                Err(error) => return damaged(error),
            }
        }
        Command::Prove(arguments) => {
            let key = key(&arguments.key)?;
            let proof = match prove(&arguments.dir, &key, &arguments.order) {
                Ok(proof) => proof,
                Err(error) => return damaged(error),
            };
            if proof.records.is_empty() {
                let unknown = format!("the log has no record of order {}", arguments.order);
                return Err(Refused::because("audit_order_unknown", unknown));
            }
            serde_json::to_writer_pretty(&mut out, &proof.to_json())?;
            writeln!(out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut dyn Write, verified: &Verified) -> std::io::Result<()> {
    writeln!(out, "records: {}", verified.head.size)?;
    writeln!(out, "checkpoints: {}", verified.checkpoints)?;
    write!(out, "root: ")?;
    for byte in verified.head.root {
        write!(out, "{byte:02x}")?;
    }
    writeln!(out)?;
    match verified.rollback {
        Rollback::NotChecked => writeln!(out, "rollback: not checked"),
        Rollback::Excluded { up_to } => writeln!(out, "rollback: none up to record {up_to}"),
    }
}

/// What is not as it was written is the finding of this command; everything else keeps it from looking.
#[expect(clippy::print_stderr, reason = "the one line that names the record")]
fn damaged(error: AuditError) -> anyhow::Result<ExitCode> {
    match error {
        AuditError::Damaged { damage } => {
            eprintln!(
                "record {}: {} [{}] (byte {} of segment {})",
                damage.index, damage.detail, damage.code, damage.offset, damage.segment
            );
            Ok(ExitCode::from(1))
        }
        other => Err(Refused::because(other.code(), other)),
    }
}

fn read(flag: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        let message = format!("{flag} {}: {error}", path.display());
        Refused::because("file_unreadable", message)
    })
}

fn key(path: &Path) -> anyhow::Result<PublicKey> {
    let text = read("--key", path)?;
    PublicKey::parse(&String::from_utf8_lossy(&text)).map_err(|error| {
        let message = format!("--key {}: {error}", path.display());
        Refused::because("audit_key", message)
    })
}
