//! Whose code comes with ours, on what terms, and with which known holes (`deny.toml`).
use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::command::{Missing, cargo, must_hold};

pub(crate) fn run() -> Result<()> {
    let version = cargo("deny --version").stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(
        version.success(),
        Missing("cargo-deny; `cargo install --locked cargo-deny`, or use --skip deny")
    );
    // The advisories come from a repository of their own, which a machine that reaches only the package
    // registry does not reach. Everything else is known from the packages themselves.
    let reaches_advisories = cargo("deny fetch db").stderr(Stdio::null()).status()?.success();
    if reaches_advisories {
        must_hold(&mut cargo("deny --locked check"))
    } else {
        eprintln!("the advisory database is out of reach: advisories are NOT checked on this machine");
        must_hold(&mut cargo("deny --locked check bans licenses sources"))
    }
}
