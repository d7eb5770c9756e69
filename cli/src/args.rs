//! The command line.
use std::{path::PathBuf, time::Duration};

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use synod_linearizability::{DataType, Format};
use synod_protocol::NodeId;
use synod_simulator::{Config, Fault};

use crate::{
    compare::CompareArgs,
    conform, exit,
    lin::consistency::Asked,
    node_knobs, registry, spec,
    sweep::plan::{Seeds, Shard},
};

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
    /// Run many seeds, each with a cluster, a load and faults of its own, and shrink the first violation
    Sweep(SweepArgs),
    /// Tell a story again that a sweep found, up to any of its steps
    Replay(ReplayArgs),
    /// Shorten a story, or make one of the trace of a failing run
    Shrink(ShrinkArgs),
    /// Prove that a seed is one run
    Doctor(DoctorArgs),
    /// Explore every behaviour of a small cluster within a budget of faults
    Check(CheckArgs),
    /// Set the algorithms side by side that replicate the key–value store
    Compare(CompareArgs),
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
  synod run raft --swarm                          the seed draws faults, sizes and load; they are printed
  synod run raft --scenario scenarios/leader-hunt.toml  strikes as a file says
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
    /// loss, duplication, delay, partition, one-way, crash, disk, clock, torn, failed-sync, full-disk,
    /// bit-rot, latent-error, misdirection, crash-loop, pause, slow-node, clock-jump, clock-strobe,
    /// bandwidth, clog, filter, flapping, wipe
    /// [default: all that the algorithm is made for, or with --scenario those that it names]
    #[arg(long, value_name = "LIST", value_parser = faults)]
    pub faults: Option<Faults>,

    /// What strikes when, and whom: a file like scenarios/leader-hunt.toml (docs/scenarios.md)
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,

    /// Turn a knob of the simulator after all else: network.loss=10%, disk.checksums=false, client.think=0ms..5ms
    /// (docs/scenarios.md; --verbose prints them all), or one of the nodes: node.window=8, node.quorums.phase_2=2
    #[arg(long, value_name = "KNOB=VALUE", value_parser = knob_of_a_run)]
    pub set: Vec<Turned>,

    /// Let the seed draw which of the faults there are and how hard, how many nodes and clients, and the load
    #[arg(long, conflicts_with_all = ["scenario", "nodes", "clients"])]
    pub swarm: bool,

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

const SWEEP_EXAMPLES: &str = "\
Examples:
  synod sweep raft --seeds 0..1000                  stops at the first seed that fails, and tells its story
  synod sweep raft --seeds 0..1000 --keep-going     all of them; one story per property
  synod sweep raft --seeds 0..1000000 --shard 3/64 --out part   part 3 of 64: docs/sweeps.md
  synod sweep --merge part/sweep-*.json             the report of all parts

Files: ALGORITHM-seed-N.replay.jsonl for each story, ALGORITHM-seed-N.rs with a test made of it,
ALGORITHM-seed-N.knobs.txt with all that the seed drew, and with --out sweep.json, the tally.";

#[derive(Debug, Args)]
#[command(after_help = format!("{SWEEP_EXAMPLES}\n\n{}", exit::HELP))]
pub struct SweepArgs {
    /// Which algorithm
    #[arg(value_parser = algorithm(), required_unless_present = "merge")]
    pub algorithm: Option<&'static registry::Entry>,

    /// The seeds from A up to, and without, B
    #[arg(long, value_name = "A..B", default_value = "0..1000")]
    pub seeds: Seeds,

    /// Only part I of N of the seeds, counted from 0
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,

    /// Fault classes that the seeds draw from, as of `synod run` [default: all that the algorithm is made for]
    #[arg(long, value_name = "LIST", value_parser = faults)]
    pub faults: Option<Faults>,

    /// What strikes when, and whom, in each of the runs: docs/scenarios.md [default faults: those that it names]
    #[arg(long, value_name = "FILE", conflicts_with = "merge")]
    pub scenario: Option<PathBuf>,

    /// Turn a knob of the simulator in each of the runs, as of `synod run`
    #[arg(long, value_name = "KNOB=VALUE", value_parser = knob, conflicts_with = "merge")]
    pub set: Vec<Turned>,

    /// Threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,

    /// Go on after a violation, and tell one story per property
    #[arg(long)]
    pub keep_going: bool,

    /// Where stories and the tally go [default: synod-out/sweep-ALGORITHM, and no tally]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Instead of sweeping, merge the tallies of all shards into one
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["algorithm", "shard", "jobs", "keep_going", "out"])]
    pub merge: Vec<PathBuf>,

    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub struct ReplayArgs {
    /// A story: what `synod sweep` or `synod shrink` wrote
    pub file: PathBuf,

    /// Stop after this step of the diagram
    #[arg(long, value_name = "STEP")]
    pub until: Option<usize>,

    /// Show the whole state of this node, as it is then
    #[arg(long, value_name = "NODE", value_parser = node)]
    pub state: Option<NodeId>,

    /// Go through it step by step, forwards and backwards: commands are read from stdin
    #[arg(long, conflicts_with_all = ["until", "state", "json"])]
    pub walk: bool,

    /// The file was edited by hand: carry out what it says, and skip what cannot happen
    #[arg(long)]
    pub edited: bool,

    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub struct ShrinkArgs {
    /// A story, or the trace.jsonl of a run that failed
    pub file: PathBuf,

    /// Where the shorter story goes [default: beside FILE, with `.shrunk.replay.jsonl` for its ending]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// The file was edited by hand: carry out what it says, and skip what cannot happen
    #[arg(long)]
    pub edited: bool,

    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub struct DoctorArgs {
    /// Make each run four times (again, in a fresh process, over another queue) and compare
    #[arg(long, required = true)]
    pub determinism: bool,

    /// Of this algorithm [default: of all]
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithm())]
    pub algorithm: Option<&'static registry::Entry>,

    /// The seeds from A up to, and without, B
    #[arg(long, value_name = "A..B", default_value = "0..200")]
    pub seeds: Seeds,

    /// What the fresh process is asked for: the hash of each run
    #[arg(long, hide = true, requires = "algorithm")]
    pub hashes: bool,

    /// What the fresh process is asked for: all that happened in the first of these runs
    #[arg(long, hide = true, requires = "algorithm", conflicts_with = "hashes")]
    pub journal: bool,

    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  synod check raft                                    the first scope, in seconds
  synod check raft --scopes                           which scopes there are, and their budgets
  synod check raft --scope medium --threads 2         another one
  synod check raft --budget crashes=2,timers=3        with more faults than the scope has
  synod check raft --engine simulation --timeout 60s  random walks, deeper than one can exhaust
  synod check raft --explore 127.0.0.1:3000           click through the states in a browser

A budget says how often things may happen: crashes, drops, duplicates, timers, requests, retries.
A counterexample is a file for `synod replay`.";

#[derive(Debug, Args)]
#[command(after_help = format!("{CHECK_EXAMPLES}\n\n{}", exit::HELP))]
pub struct CheckArgs {
    /// Which algorithm
    #[arg(value_parser = algorithm())]
    pub algorithm: &'static registry::Entry,

    /// What is explored: see --scopes [default: the first]
    #[arg(long, value_name = "NAME")]
    pub scope: Option<String>,

    /// List the scopes
    #[arg(long)]
    pub scopes: bool,

    /// Servers in the cluster [default: as the scope says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=9))]
    pub nodes: Option<u32>,

    /// Parts of the scope's budget that are to be others: crashes=1,drops=1,duplicates=1,timers=4,requests=2,retries=1
    #[arg(long, value_name = "LIST")]
    pub budget: Option<String>,

    /// bfs finds the shortest counterexample; dfs and simulation are stateright's
    #[arg(long, value_name = "ENGINE", default_value = "bfs", value_parser = ["bfs", "dfs", "simulation"])]
    pub engine: String,

    /// Count states that differ by the names of nodes once; with --engine dfs
    #[arg(long, conflicts_with = "explore")]
    pub symmetry: bool,

    /// Of the random walks
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Threads
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,

    /// Stop after about so many states
    #[arg(long, value_name = "N")]
    pub max_states: Option<u64>,

    /// Look no further than so many actions from the first state
    #[arg(long, value_name = "N")]
    pub max_depth: Option<u64>,

    /// Stop after so long [default: never; simulation: 10s]
    #[arg(long, value_name = "D", value_parser = patience)]
    pub timeout: Option<Duration>,

    /// Serve stateright's Explorer there: 127.0.0.1:3000
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["scopes", "json", "max_states", "max_depth", "timeout"])]
    pub explore: Option<std::net::SocketAddr>,

    /// Where a counterexample goes [default: synod-out/check-ALGORITHM]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

fn node(text: &str) -> Result<NodeId, String> {
    let number = text.strip_prefix('n').unwrap_or(text);
    number.parse().map(NodeId).map_err(|_| "write 1 or n1".into())
}

const LIN_EXAMPLES: &str = "\
Examples:
  synod lin synod-out/raft-seed-7/history.jsonl   what `synod run` wrote
  synod lin etcd_*.log                            Porcupine's logs, and Jepsen's, as they are
  synod lin --model queue --timeout 10s h.jsonl   say what the objects are, and how long it may take
  synod lin --consistency causal h.jsonl          judge a weaker model
  synod lin --consistency read-committed t.jsonl  transactions that append to lists, as Elle has them
  synod lin --json *.jsonl                        one JSON document
  synod lin h.jsonl --html h.html                 see it: lanes, intervals, where it got stuck

A history is one JSON object a line, times in any unit, `return` null if no answer was ever seen:
  {\"client\":2,\"call\":79,\"return\":2067,\"op\":{\"f\":\"cas\",\"key\":1,\"from\":3,\"to\":4},\"output\":false}
or of transactions, `ok` true for committed, false for aborted, null if that is unknown; Jepsen's are read, too:
  {\"client\":1,\"call\":0,\"return\":5,\"txn\":[[\"append\",\"x\",1],[\"r\",\"y\",[2,3]]],\"ok\":true}";

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

    /// Judge this model alone [default: linearizable, and what a history that is not keeps all the same]:
    /// linearizable, sequential, causal, read-your-writes, monotonic-reads, monotonic-writes, writes-follow-reads;
    /// and of transactions [default: serializable]: read-uncommitted, read-committed, snapshot-isolation,
    /// serializable, strict-serializable, and with strong-session- or strong- before each of the first four
    #[arg(long, value_name = "C")]
    pub consistency: Option<Asked>,

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

/// `NAME=VALUE`. (A type of its own, as there are many.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned(pub synod_simulator::Turned);

fn knob(text: &str) -> Result<Turned, String> {
    let (name, value) = text.split_once('=').ok_or("write KNOB=VALUE: network.loss=10%")?;
    let (name, value) = (name.trim(), value.trim());
    Config::new(0).turn(name, value).map_err(|error| error.to_string())?;
    Ok(Turned((name.to_owned(), value.to_owned())))
}

/// Or of the nodes: which there are, the algorithm knows.
fn knob_of_a_run(text: &str) -> Result<Turned, String> {
    match text.split_once('=') {
        Some((name, value)) if name.trim().starts_with(node_knobs::PREFIX) => {
            Ok(Turned((name.trim().to_owned(), value.trim().to_owned())))
        }
        _ => knob(text),
    }
}

fn algorithm() -> impl TypedValueParser<Value = &'static registry::Entry> {
    algorithm_if(|_| true)
}

/// Only those with which a verb can do something.
pub(crate) fn algorithm_if(
    can: fn(&registry::Entry) -> bool,
) -> impl TypedValueParser<Value = &'static registry::Entry> {
    let able = registry::ALGORITHMS.iter().filter(|entry| can(entry));
    let names = able.map(|entry| clap::builder::PossibleValue::new(entry.name).help(entry.about));
    PossibleValuesParser::new(names.collect::<Vec<_>>())
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
