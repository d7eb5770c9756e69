//! What CI checks, step by step. Nothing here changes a file of the repository.
use std::{
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use crate::{
    command::{Missing, cargo, must_hold, root},
    determinism, licences,
};

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) asks: &'static str,
    run: fn() -> Result<()>,
}

/// The quick ones first, and what needs more than Rust last.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", asks: "is everything formatted?", run: fmt },
    Step { name: "lock", asks: "does Cargo.lock fit the manifests?", run: lock },
    Step { name: "clippy", asks: "is clippy silent, for all targets?", run: clippy },
    Step { name: "test", asks: "does `cargo test` pass?", run: test },
    Step {
        name: "alone",
        asks: "do the crates of the waist build without the others' features?",
        run: alone,
    },
    Step { name: "doc", asks: "does the documentation build, with all its links?", run: doc },
    Step { name: "determinism", asks: "do debug and release write the same bytes?", run: determinism::run },
    Step { name: "check", asks: "do the medium scopes of the model checker hold? (minutes)", run: check },
    Step { name: "jaeger", asks: "does a real Jaeger show what we export? (needs Go)", run: jaeger },
    Step { name: "tlc", asks: "does TLC find the numbers of tla/expected.toml? (needs Java)", run: tlc },
    Step {
        name: "deny",
        asks: "are licences, sources and advisories in order? (needs cargo-deny)",
        run: licences::run,
    },
];

/// Up to the first step that does not hold.
pub(crate) fn run(steps: &[&Step]) -> Result<()> {
    let began = Instant::now();
    for (step, number) in steps.iter().zip(1..) {
        eprintln!("[{number}/{}] {}: {}", steps.len(), step.name, step.asks);
        let began = Instant::now();
        (step.run)().with_context(|| format!("{} does not hold", step.name))?;
        eprintln!("[{number}/{}] {} holds ({:.1} s)", steps.len(), step.name, began.elapsed().as_secs_f32());
    }
    eprintln!("all of it holds ({:.1} s)", began.elapsed().as_secs_f32());
    Ok(())
}

fn fmt() -> Result<()> {
    must_hold(&mut cargo("fmt --all --check"))
}

fn lock() -> Result<()> {
    must_hold(cargo("metadata --locked --format-version 1").stdout(Stdio::null()))
}

fn clippy() -> Result<()> {
    must_hold(&mut cargo("clippy --locked --workspace --all-targets -- -D warnings"))
}

fn test() -> Result<()> {
    must_hold(&mut cargo("test"))
}

fn alone() -> Result<()> {
    must_hold(&mut cargo("check --locked --package synod-protocol --package synod-raft"))
}

fn doc() -> Result<()> {
    must_hold(cargo("doc --locked --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}

/// The small scopes are among the tests, and the large ones have a script of their own.
fn check() -> Result<()> {
    for scope in ["medium", "medium-votes", "medium-sessions", "medium-reads"] {
        let line = "run --locked --release --package synod-cli -- check raft --threads 2 --scope";
        must_hold(cargo(line).arg(scope))?;
    }
    Ok(())
}

fn jaeger() -> Result<()> {
    let has_go = Command::new("go").arg("version").stdout(Stdio::null()).status();
    ensure!(has_go.is_ok(), Missing("go, which builds Jaeger (https://go.dev); or use --skip jaeger"));
    must_hold(Command::new(root().join("scripts/jaeger-e2e")).current_dir(root()))
}

fn tlc() -> Result<()> {
    let has_java = Command::new("java").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    ensure!(has_java.is_ok(), Missing("java, which runs TLC (any JDK from 11 on); or use --skip tlc"));
    must_hold(Command::new(root().join("scripts/tlc")).current_dir(root()))
}
