//! `synod spec`: the TLA+ specs, checked.
use clap::Args;

use crate::exit::{self, Exit};

#[cfg(feature = "spec")]
mod check;
#[cfg(feature = "spec")]
pub(crate) use check::complain;

const EXAMPLES: &str = "\
Examples:
  synod spec                                  every model that takes a second or so
  synod spec raft                             those of Raft
  synod spec raft --cfg small --engine tlc    one of them, with Lamport's TLC (Java; scripts/tlc fetches it)
  synod spec paxos --cfg wit_overruled --story
                                              how a second ballot overrules the first, state by state

A model named wit_… or bug_… must break: a witness that something can happen, or a spec with a mistake put in.
What must come out stands in tla/expected.toml.";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct SpecArgs {
    /// Whose specs: an algorithm's, or all of a folder's (raft, paxos, atomic-commit) [default: all]
    #[arg(value_name = "ALGORITHM")]
    pub algorithm: Option<String>,

    /// Only the models of this name: small, live, wit_two_leaders
    #[arg(long, value_name = "NAME")]
    pub cfg: Vec<String>,

    /// Who explores: tla-checker is built in; tlc needs Java, and tla2tools.jar in TLA2TOOLS_JAR
    #[arg(long, value_name = "ENGINE", default_value = "tla-checker", value_parser = ["tla-checker", "tlc"])]
    pub engine: String,

    /// How long a model may take: test (about a second), ci (a minute or two), asked (longer)
    #[arg(long, value_name = "HOW", default_value = "test", value_parser = ["test", "ci", "asked"])]
    pub up_to: String,

    /// Tell how what breaks breaks, state by state
    #[arg(long)]
    pub story: bool,

    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Checks the specs, and prints what came of it.
#[cfg(feature = "spec")]
pub fn spec(args: &SpecArgs) -> Exit {
    check::check(args)
}

/// The engine is heavy, so it is built only where it is asked for.
#[cfg(not(feature = "spec"))]
pub fn spec(_: &SpecArgs) -> Exit {
    without("spec")
}

/// This verb is not in this build.
#[cfg(not(feature = "spec"))]
pub(crate) fn without(verb: &str) -> Exit {
    anstream::eprintln!(
        "error: this synod was built without a TLA+ engine; in a checkout:\n  cargo run --features spec -- {verb} …"
    );
    Exit::Environment
}
