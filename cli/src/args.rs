//! The command line.
use std::{path::PathBuf, time::Duration};

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use synod_linearizability::{DataType, Format};
use synod_simulator::Fault;

use crate::{conform, exit, registry, spec};

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
    /// Judge recorded histories: is there an order that explains what clients saw?
    Lin(LinArgs),
    /// Check the TLA+ specs
    Spec(spec::SpecArgs),
    /// Hold a recorded run to its TLA+ spec, action by action
    Conform(conform::ConformArgs),
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

const LIN_EXAMPLES: &str = "\
Examples:
  synod lin synod-out/raft-seed-7/history.jsonl   what `synod run` wrote
  synod lin etcd_*.log                            Porcupine's logs, and Jepsen's, as they are
  synod lin --model queue --timeout 10s h.jsonl   say what the objects are, and how long it may take
  synod lin --json *.jsonl                        one JSON document
  synod lin h.jsonl --html h.html                 see it: lanes, intervals, where it got stuck

A history is one JSON object a line, times in any unit, `return` null if no answer was ever seen:
  {\"client\":2,\"call\":79,\"return\":2067,\"op\":{\"f\":\"cas\",\"key\":1,\"from\":3,\"to\":4},\"output\":false}";

#[derive(Debug, Args)]
#[command(after_help = format!("{LIN_EXAMPLES}\n\n{}", exit::HELP))]
pub struct LinArgs {
    /// Histories
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// What the objects are [default: what the operations say]: register, cas-register, kv, queue, stack, set,
    /// priority-queue, counter, bank, append-log
    #[arg(long, value_name = "MODEL")]
    pub model: Option<DataType>,

    /// How the files are written [default: what they look like]: jsonl, jepsen, etcd, porcupine-kv
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// What an object holds at first; of a bank, what each account holds (10 unless given)
    #[arg(long, value_name = "VALUE")]
    pub initial: Option<String>,

    /// How long a file may take; a verdict that is not reached by then is unknown
    #[arg(long, value_name = "D", value_parser = patience)]
    pub timeout: Option<Duration>,

    /// How much memory a search may take: 512MB, 4GiB
    #[arg(long, value_name = "B", default_value = "8GiB", value_parser = bytes)]
    pub memory: usize,

    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,

    /// Also write a page that shows the history, for one FILE: a page by itself, for any browser
    #[arg(long, value_name = "OUT")]
    pub html: Option<PathBuf>,
}

fn bytes(text: &str) -> Result<usize, String> {
    let size: bytesize::ByteSize = text.parse().map_err(|error| format!("{error}; write 512MB or 4GiB"))?;
    usize::try_from(size.as_u64()).map_err(|_| "more than this machine can address".into())
}

fn patience(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; write 10s or 5m"))
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
