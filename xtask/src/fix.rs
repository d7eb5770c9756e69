//! What can be mended by a program.
use anyhow::Result;

use crate::command::{cargo, must_hold};

pub(crate) fn run() -> Result<()> {
    must_hold(&mut cargo("clippy --fix --allow-dirty --allow-staged --workspace --all-targets"))?;
    must_hold(&mut cargo("fmt --all"))
}
