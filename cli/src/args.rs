//! The command line.
use std::{path::PathBuf, time::Duration};

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use synod_simulator::Fault;

use crate::{exit, registry};

/// Run, watch and judge distributed algorithms under faults.
#[derive(Debug, Parser)]
#[command(name = "synod", version, after_help = exit::HELP, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Simulate a cluster under faults, tell what happened, and judge it
    Run(RunArgs),
}

const RUN_EXAMPLES: &str = "\
Examples:
  synod run raft                                  five nodes, all faults, a random seed
  synod run raft --seed 7 --faults all            the same run again, byte for byte
  synod run raft --faults crash,partition -v      only these faults; tell every candidacy
  synod run raft --faults none --nodes 3 --ops 50 a quiet and small one, for reading its trace
  synod run raft --otlp http://127.0.0.1:4317     and show it in Jaeger

Files: trace.jsonl (every step), history.jsonl (what clients saw), trace.otlp.jsonl and
trace.jaeger.json (every message as a span; Jaeger's page loads the latter by itself).";

#[derive(Debug, Args)]
#[command(after_help = format!("{RUN_EXAMPLES}\n\n{}", exit::HELP))]
pub struct RunArgs {
    /// Which algorithm
    #[arg(value_parser = algorithm())]
    pub algorithm: &'static registry::Entry,

    /// Servers in the cluster; an odd number, as a rule
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub nodes: u32,

    /// The seed decides everything that is left to chance [default: a random one, which is printed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Fault classes with commas between them, `none`, or `all`:
    /// loss, duplication, delay, partition, one-way, crash, disk, clock
    #[arg(long, value_name = "LIST", default_value = "all", value_parser = faults)]
    pub faults: Faults,

    /// Clients, each with one call open at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub clients: u32,

    /// Calls until the faults end
    #[arg(long, value_name = "N", default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub ops: u64,

    /// Virtual time until the faults end, if the calls are not done before: 60s, 5m, 1500ms
    #[arg(long, value_name = "D", default_value = "60s", value_parser = span)]
    pub sim_time: Duration,

    /// Where the files go [default: synod-out/ALGORITHM-seed-SEED]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Also send every message as a span to this OTLP/gRPC endpoint: http://127.0.0.1:4317
    #[arg(long, value_name = "ENDPOINT")]
    pub otlp: Option<String>,

    /// One JSON document on stdout instead of the story
    #[arg(long)]
    pub json: bool,

    /// Tell everything: all knobs, every candidacy and vote, the whole story
    #[arg(short, long)]
    pub verbose: bool,
}

/// A list of fault classes. (A type of its own, or clap would take each as a flag of its own.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

fn faults(list: &str) -> Result<Faults, String> {
    Fault::list(list).map(Faults).map_err(|error| error.to_string())
}

fn algorithm() -> impl TypedValueParser<Value = &'static registry::Entry> {
    PossibleValuesParser::new(
        registry::ALGORITHMS.map(|entry| clap::builder::PossibleValue::new(entry.name).help(entry.about)),
    )
    .try_map(|name| registry::find(&name).ok_or("no such algorithm"))
}

fn span(text: &str) -> Result<Duration, String> {
    let span =
        humantime::parse_duration(text).map_err(|error| format!("{error}; write 60s, 5m or 1500ms"))?;
    if (Duration::from_millis(1)..=Duration::from_secs(7 * 24 * 3600)).contains(&span) {
        Ok(span)
    } else {
        Err("it must lie between a millisecond and a week of virtual time".into())
    }
}
