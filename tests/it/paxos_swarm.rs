//! Both kinds of Paxos under all faults, seed by seed: their invariants at every step, liveness after the heal, and
//! clients who were told nothing else than what they were promised. Every sweep draws more than this
//! (`synod sweep multipaxos`); here is what it cannot: quorums for which a majority is not enough.
use std::time::Duration;

use synod_cli::{
    algorithm::Algorithm,
    load::Load,
    multipaxos::MultiPaxos,
    paxos::Paxos,
    promise::{Judged, Promise},
    run::{RunOptions, simulate},
};
use synod_paxos::{
    QuorumSizes,
    multi::{self, Watch},
};
use synod_protocol::{Node, NodeId, contract::Checker};
use synod_simulator::{Config, Fault, Liveness, Outcome, Simulation, Tolerance};

fn options(seed: u64) -> RunOptions {
    RunOptions { swarm: true, operations: 500, sim_time: Duration::from_secs(15), ..RunOptions::new(seed) }
}

/// What is wrong with a run, in a line.
fn wrong<A: Algorithm>(seed: u64, outcome: &Outcome<A::Node>) -> Option<String> {
    let what = if let Some(violation) = &outcome.violation {
        violation.to_string()
    } else if !matches!(outcome.liveness, Liveness::Live { .. }) {
        format!("{:?}", outcome.liveness)
    } else {
        let history = A::Promise::history(&outcome.calls).expect("clients call one after the other");
        match A::Promise::judge(&history, 50_000_000) {
            Judged::Kept(_) => return None,
            Judged::Broken(what) | Judged::Undecided(what) => what,
        }
    };
    Some(format!("seed {seed}: {what}"))
}

/// What is wrong with any of so many seeds.
fn sweep<A: Algorithm>(seeds: u64) -> Vec<String> {
    let mut all = Vec::new();
    for seed in 0..seeds {
        let config = options(seed).config_of::<A>().expect("the knobs make sense");
        let outcome =
            simulate::<A>(&config, &mut (), false).unwrap_or_else(|failure| panic!("{}", failure.error));
        all.extend(wrong::<A>(seed, &outcome));
    }
    all
}

#[test]
fn one_decree_under_all_faults() {
    let wrong = sweep::<Paxos>(40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_log_under_all_faults() {
    let wrong = sweep::<MultiPaxos>(60);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Acceptors come and go while clients write: every run has churn, with a window small enough to run ahead of it.
#[test]
fn acceptors_change_under_all_faults() {
    let mut changed = 0;
    for seed in 0..30 {
        let mut options = options(seed);
        options.set = vec![("load.churn".into(), "5".into()), ("nodes".into(), "5".into())];
        let config = options.config_of::<MultiPaxos>().expect("the knobs make sense");
        let load = Load::<MultiPaxos>::of(&config);
        let node = multi::Config {
            window: [1, 2, 8, 64][seed as usize % 4],
            snapshot_every: 20,
            kept_behind_snapshot: 3,
            ..multi::Config::new((1..=5).map(NodeId))
        };
        let outcome = Simulation::new(config, node, load, Watch::default())
            .expect("the knobs make sense")
            .favourite(MultiPaxos::is_favourite)
            .run();
        assert_eq!(wrong::<MultiPaxos>(seed, &outcome), None);
        let is_change = |call: &&synod_simulator::ClientCall<_>| {
            matches!(call.returned, Some((_, multi::Response::Reconfigured { .. })))
        };
        changed += outcome.calls.iter().filter(is_change).count();
    }
    assert!(changed > 100, "{changed} changes of acceptors");
}

/// Of five, four must promise and two must vote, or the other way round: while four are whole, it serves.
#[test]
fn flexible_quorums_under_all_faults() {
    for (phase_1, phase_2) in [(4, 2), (2, 4)] {
        for seed in 0..20 {
            let faults = Fault::ALL.to_vec();
            let mut config: Config =
                RunOptions { swarm: false, faults: Some(faults), ..options(seed) }.config();
            config.tolerance = Tolerance { needed: Some(4), ..Tolerance::default() };
            let quorums = QuorumSizes { phase_1, phase_2 };
            let node = multi::Config {
                quorums,
                snapshot_every: 20,
                kept_behind_snapshot: 3,
                ..multi::Config::new((1..=5).map(NodeId))
            };
            let outcome = Simulation::new(config, node, MultiPaxos::request, Watch::default())
                .expect("the knobs make sense")
                .favourite(MultiPaxos::is_favourite)
                .run();
            assert_eq!(wrong::<MultiPaxos>(seed, &outcome), None, "of five: {phase_1} and {phase_2}");
        }
    }
}

/// The harness keeps the contract with these nodes, and they keep theirs (rules 7 and 8).
#[test]
fn the_contract_holds_between_paxos_and_the_simulator() {
    fn holds<A: Algorithm>()
    where
        A::Node: Node,
    {
        for seed in 0..8 {
            let options = RunOptions {
                nodes: [1, 3, 5, 5][seed as usize % 4],
                operations: 150,
                sim_time: Duration::from_secs(6),
                faults: Some(if seed == 0 { Vec::new() } else { Fault::ALL.to_vec() }),
                ..RunOptions::new(seed)
            };
            let mut checker = Checker::new(A::config(options.nodes));
            let outcome =
                simulate::<A>(&options.config(), &mut checker, false).expect("the knobs make sense");
            assert_eq!(outcome.violation, None, "seed {seed}");
            assert!(outcome.counts.ok > 30, "seed {seed}: {} calls", outcome.counts.ok);
        }
    }
    holds::<Paxos>();
    holds::<MultiPaxos>();
}
