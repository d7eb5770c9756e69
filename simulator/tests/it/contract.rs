//! Every run keeps the contract: the protocol crate's checker re-executes it from its steps.
use synod_protocol::contract::Checker;
use synod_simulator::{Config, Counts, Fault, Liveness};

use crate::toys::{Rules, Survival, run, short};

fn check(config: Config) -> Counts {
    let seed = config.seed;
    let checker = Checker::new(Rules::sound(&config));
    let outcome = run(config, (checker, Survival::default()));
    assert_eq!(outcome.violation, None, "seed {seed}");
    assert!(matches!(outcome.liveness, Liveness::Live { .. }), "seed {seed}: {:?}", outcome.liveness);
    let Counts { sent, duplicated, delivered, lost, partitioned, down, in_flight, .. } = outcome.counts;
    assert_eq!(sent + duplicated, delivered + lost + partitioned + down + in_flight, "seed {seed}");
    let Counts { ok, failed, unknown, .. } = outcome.counts;
    assert_eq!(ok + failed + unknown, outcome.calls.len() as u64, "seed {seed}");
    outcome.counts
}

#[test]
fn without_faults() {
    for seed in 0..10 {
        let counts = check(short(seed));
        assert_eq!((counts.lost, counts.duplicated, counts.crashes), (0, 0, 0));
    }
}

#[test]
fn with_all_faults() {
    let mut sum = Counts::default();
    for seed in 0..150 {
        let counts = check(short(seed).with_faults(&Fault::ALL));
        sum.crashes += counts.crashes;
        sum.records_lost += counts.records_lost;
        sum.partitions += counts.partitions;
        sum.one_way_cuts += counts.one_way_cuts;
        sum.slow_disks += counts.slow_disks;
        sum.lost += counts.lost;
        sum.partitioned += counts.partitioned;
        sum.duplicated += counts.duplicated;
        sum.unknown += counts.unknown;
        sum.redirects += counts.redirects;
    }
    let Counts { crashes, records_lost, partitions, one_way_cuts, slow_disks, .. } = sum;
    let Counts { lost, partitioned, duplicated, unknown, redirects, .. } = sum;
    let struck = [crashes, records_lost, partitions, one_way_cuts, slow_disks];
    let suffered = [lost, partitioned, duplicated, unknown, redirects];
    assert!(struck.into_iter().chain(suffered).all(|count| count > 20), "too tame: {sum:?}");
}

#[test]
fn with_drawn_faults_and_other_clusters() {
    for seed in 0..150 {
        let nodes = [1, 2, 3, 4, 5, 7][seed as usize % 6];
        check(Config { nodes, ..short(seed) }.swarm(&Fault::ALL));
    }
}

#[test]
fn with_each_fault_alone() {
    for fault in Fault::ALL {
        for seed in 0..6 {
            check(short(seed).with_faults(&[fault]));
        }
    }
}
