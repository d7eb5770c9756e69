//! Running other programs, from the root of the repository.
use std::{fmt, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

/// A program that this machine does not have, and where it comes from.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) &'static str);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "missing on this machine: {}", self.0)
    }
}

impl std::error::Error for Missing {}

pub(crate) fn cargo(line: &str) -> Command {
    // The very cargo that runs this, and not through rustup's choice again.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(line.split(' ')).current_dir(root());
    command
}

/// Shows what the program prints, and fails if the program does.
pub(crate) fn must_hold(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
