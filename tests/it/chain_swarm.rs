//! The composition of a chain and masters that run Raft under all faults, seed by seed: the invariants of both, liveness
//! after the heal, and clients who saw one store. `synod sweep chain-raft` draws more than this.
use std::time::Duration;

use synod_cli::{
    algorithm::Algorithm,
    chain_raft::ChainRaft,
    promise::{Judged, Promise},
    run::{RunOptions, simulate},
};
use synod_protocol::contract::Checker;
use synod_simulator::{Fault, Liveness};

fn options(seed: u64) -> RunOptions {
    RunOptions {
        nodes: [6, 7, 8, 4][seed as usize % 4],
        swarm: true,
        operations: 300,
        sim_time: Duration::from_secs(10),
        ..RunOptions::new(seed)
    }
}

/// What is wrong with a run, in a line.
fn wrong(seed: u64) -> Option<String> {
    let config = options(seed).config_of::<ChainRaft>().expect("the knobs make sense");
    let outcome =
        simulate::<ChainRaft>(&config, &mut (), false).unwrap_or_else(|failure| panic!("{}", failure.error));
    let what = if let Some(violation) = &outcome.violation {
        violation.to_string()
    } else if !matches!(outcome.liveness, Liveness::Live { .. }) {
        format!("{:?}", outcome.liveness)
    } else {
        type Kept = <ChainRaft as Algorithm>::Promise;
        let history =
            <Kept as Promise<ChainRaft>>::history(&outcome.calls).expect("clients call one after the other");
        match <Kept as Promise<ChainRaft>>::judge(&history, 50_000_000) {
            Judged::Kept(_) => return None,
            Judged::Broken(what) | Judged::Undecided(what) => what,
        }
    };
    Some(format!("seed {seed}: {what}"))
}

#[test]
fn a_chain_and_its_masters_under_all_faults() {
    let seeds = std::env::var("SYNOD_SEEDS").map_or(40, |seeds| seeds.parse().expect("a number of seeds"));
    let wrong: Vec<String> = (0..seeds).filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The harness keeps the contract with the composition, and it keeps its own (rules 7 and 8).
#[test]
fn the_contract_holds_between_the_composition_and_the_simulator() {
    for seed in 0..8 {
        let options = RunOptions {
            nodes: [2, 4, 6, 7][seed as usize % 4],
            operations: 150,
            sim_time: Duration::from_secs(6),
            faults: Some(if seed == 0 { Vec::new() } else { Fault::ALL.to_vec() }),
            swarm: false,
            ..RunOptions::new(seed)
        };
        let mut checker = Checker::new(ChainRaft::config(options.nodes));
        let config = options.config_of::<ChainRaft>().expect("the knobs make sense");
        let outcome = simulate::<ChainRaft>(&config, &mut checker, false).expect("the knobs make sense");
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert!(outcome.counts.ok > 30, "seed {seed}: {} calls", outcome.counts.ok);
    }
}
