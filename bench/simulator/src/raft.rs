//! The five-node Raft of `synod run raft`, with its store and its clients.
use std::time::Duration;

use synod_cli::{algorithm::Algorithm, raft::Raft, run::RunOptions};
use synod_protocol::Observer;
use synod_simulator::{Config, Fault, LivenessGoal, Outcome, Simulation};

pub type Server = <Raft as Algorithm>::Node;
pub type Watch = <Raft as Algorithm>::Watch;

/// So many clients that ask again as soon as they are answered.
pub fn loaded(seed: u64, clients: u32, faults: &[Fault]) -> Config {
    let options = RunOptions { faults: Some(faults.to_vec()), clients, operations: 8_000, ..RunOptions::new(seed) };
    let mut config = options.config();
    config.safety = Duration::from_secs(600);
    config.client.think = Duration::ZERO..Duration::ZERO;
    config
}

/// A leader, and heartbeats every 50 ms; nobody asks anything.
pub fn idle(seed: u64) -> Config {
    let mut config = Config::new(seed);
    config.clients = 0;
    config.safety = Duration::from_secs(2_000);
    config.liveness = LivenessGoal { operations: 0, within: Duration::ZERO };
    config
}

/// What a sweep runs for each seed: ten simulated seconds of a swarm of all faults, eight clients with pauses
/// that make about so many calls, and then the liveness phase.
pub fn chaos(seed: u64, calls: u64) -> Config {
    let options = RunOptions {
        faults: Some(Vec::new()),
        sim_time: Duration::from_secs(10),
        operations: calls,
        ..RunOptions::new(seed)
    };
    let mut config = options.config().swarm(&Fault::ALL);
    // So that it is time, not work, that ends it.
    config.operations = u64::MAX;
    config
}

pub fn run<O: Observer<Server>>(config: Config, observer: O) -> Outcome<Server> {
    run_of::<Raft, O>(config, observer)
}

/// The same with five nodes of another algorithm, which its clients ask the same.
pub fn run_of<A: Algorithm, O: Observer<A::Node>>(config: Config, observer: O) -> Outcome<A::Node> {
    let outcome = Simulation::new(config, A::config(5), A::request, observer)
        .expect("the knobs make sense")
        .favourite(A::is_favourite)
        .run();
    assert_eq!(outcome.violation, None, "{} is sound", A::NAME);
    outcome
}
