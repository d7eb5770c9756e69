//! Simulated messages per second of CPU time, for a loaded five-node Raft.
//!
//! `cd bench && cargo run --release -p synod-bench-simulator`
//!
//! One thread, nothing recorded; the trace hash is on, as always. With and without the invariants, since
//! checking them after each step is work of its own.
use std::time::Duration;

use cpu_time::ProcessTime;
use synod_cli::{algorithm::Algorithm, raft::Raft, run::RunOptions};
use synod_protocol::Observer;
use synod_simulator::{Config, Fault, Outcome, Simulation};

/// Sixty-four clients that ask again as soon as they are answered.
fn loaded(seed: u64, faults: &[Fault]) -> Config {
    let options = RunOptions { faults: Some(faults.to_vec()), clients: 64, operations: 8_000, ..RunOptions::new(seed) };
    let mut config = options.config();
    config.safety = Duration::from_secs(600);
    config.client.think = Duration::ZERO..Duration::ZERO;
    config
}

fn run<O: Observer<<Raft as Algorithm>::Node>>(config: Config, observer: O) -> Outcome<<Raft as Algorithm>::Node> {
    Simulation::new(config, Raft::config(5), Raft::request, observer)
        .expect("the knobs make sense")
        .favourite(Raft::is_favourite)
        .run()
}

fn measure(name: &str, one: impl Fn(u64) -> Outcome<<Raft as Algorithm>::Node>) {
    const RUNS: u64 = 7;
    let mut rates: Vec<(f64, u64, u64)> = (0..RUNS)
        .map(|seed| {
            let before = ProcessTime::now();
            let outcome = one(seed);
            let took = before.elapsed().as_secs_f64();
            assert_eq!(outcome.violation, None, "seed {seed}");
            (outcome.counts.delivered as f64 / took, outcome.counts.delivered, outcome.counts.ok)
        })
        .collect();
    rates.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (median, delivered, ok) = rates[rates.len() / 2];
    println!(
        "{name:<44} {:.2} M messages per CPU second, median of {RUNS} [{:.2}..{:.2}]; {delivered} delivered, {ok} calls",
        median / 1e6,
        rates[0].0 / 1e6,
        rates[rates.len() - 1].0 / 1e6
    );
}

fn main() {
    type Watch = <Raft as Algorithm>::Watch;
    measure("loaded", |seed| run(loaded(seed, &[]), ()));
    measure("loaded, invariants at each step", |seed| run(loaded(seed, &[]), Watch::default()));
    measure("loaded, all faults", |seed| run(loaded(seed, &Fault::ALL), ()));
    measure("loaded, all faults, invariants at each step", |seed| run(loaded(seed, &Fault::ALL), Watch::default()));
}
