//! Raft on either queue of the simulator: the same run, seed by seed.
use std::time::Duration;

use synod_cli::{algorithm::Algorithm, raft::Raft, run::RunOptions};
use synod_simulator::{Fault, QueueKind, Simulation};

#[test]
fn raft_runs_alike_on_both_queues() {
    for seed in 0..16 {
        let options =
            RunOptions { operations: 150, sim_time: Duration::from_secs(6), ..RunOptions::new(seed) };
        let config = options.config().swarm(&Fault::ALL);
        let ran = QueueKind::ALL.map(|kind| {
            let simulation = Simulation::new(config.clone(), Raft::config(options.nodes), Raft::request, ())
                .expect("the knobs make sense");
            let outcome = simulation.favourite(Raft::is_favourite).on(kind).run();
            (outcome.trace_hash, outcome.counts, outcome.liveness, outcome.end)
        });
        assert_eq!(ran[0], ran[1], "seed {seed}");
        assert!(ran[0].1.ok > 10, "seed {seed}: {} calls", ran[0].1.ok);
    }
}
