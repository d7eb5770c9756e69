//! Raft under the simulator, re-executed from its steps: does the harness keep the contract with a real
//! algorithm, and does Raft keep its side (rules 7 and 8)?
use synod_cli::{
    algorithm::Algorithm,
    raft::Raft,
    run::{RunOptions, simulate},
};
use synod_protocol::contract::Checker;
use synod_simulator::Fault;

#[test]
fn the_contract_holds_between_raft_and_the_simulator() {
    for seed in 0..12 {
        let options = RunOptions {
            nodes: [1, 3, 5, 5][seed as usize % 4],
            operations: 200,
            sim_time: std::time::Duration::from_secs(8),
            faults: Some(if seed == 0 { Vec::new() } else { Fault::ALL.to_vec() }),
            ..RunOptions::new(seed)
        };
        let mut checker = Checker::new(Raft::config(options.nodes));
        let outcome = simulate::<Raft>(&options.config(), &mut checker, false).expect("the knobs make sense");
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert!(outcome.counts.ok > 50, "seed {seed}: {} calls", outcome.counts.ok);
    }
}
