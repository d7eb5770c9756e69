//! `synod conform`: is a recorded run a behaviour of its TLA+ spec?
use std::path::PathBuf;

use clap::Args;

use crate::exit::{self, Exit};

#[cfg(feature = "spec")]
pub mod check;
#[cfg(feature = "spec")]
pub mod raft;

const EXAMPLES: &str = "\
Examples:
  synod run raft --seed 7 --ops 100 --faults none     records synod-out/raft-seed-7/trace.jsonl
  synod conform raft synod-out/raft-seed-7/trace.jsonl

Each action that the code says it took must be enabled in the spec, handle a message that the spec has sent, and leave
its node as it was seen.";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct ConformArgs {
    /// Whose spec
    #[arg(value_parser = ["raft"])]
    pub algorithm: String,

    /// The recorded run
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,

    /// Only the first so many steps of the run [default: all; the time goes with the square]
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
}

/// Follows the trace, and prints what came of it.
#[cfg(feature = "spec")]
pub fn conform(args: &ConformArgs) -> Exit {
    check::conform(args)
}

/// As of `synod spec`.
#[cfg(not(feature = "spec"))]
pub fn conform(_: &ConformArgs) -> Exit {
    crate::spec::without("conform")
}
