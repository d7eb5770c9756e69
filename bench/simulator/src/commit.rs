//! Two-phase commit: transactions that append at each of three nodes.
use std::{collections::VecDeque, time::Duration};

use synod_atomic_commit::{Config as Commit, Key, MicroOp, Response, Transaction, two_phase::TwoPhase};
use synod_protocol::{Answer, Caller, ClientId, Effect, Effects, Input, NodeId, Time};
use synod_simulator::{Config, Draws, Outcome, Simulation};

const NODES: u32 = 3;

/// Each client has three lists of its own, one at each node, so that nobody is refused.
fn config(clients: u32) -> Commit {
    let keys = u64::from(NODES * (clients + 1));
    Commit { keys, ..Commit::new((1..=NODES).map(NodeId)) }
}

fn transaction(client: ClientId, nth: u64, _: &mut Draws) -> Transaction {
    appends(client, nth)
}

fn appends(client: ClientId, nth: u64) -> Transaction {
    let first = u64::from(NODES * client.0);
    let append = |key| MicroOp::Append { key: Key(key), value: nth as i64 };
    Transaction((first..first + u64::from(NODES)).map(append).collect())
}

/// So many clients that ask again as soon as they are answered, without faults.
pub fn run(seed: u64, clients: u32) -> Outcome<TwoPhase> {
    let mut simulator = Config::new(seed);
    simulator.nodes = NODES;
    simulator.clients = clients;
    simulator.operations = 20_000;
    simulator.safety = Duration::from_secs(600);
    simulator.client.think = Duration::ZERO..Duration::ZERO;
    let simulation = Simulation::new(simulator, config(clients), transaction, ());
    let outcome = simulation.expect("the knobs make sense").run();
    assert_eq!(outcome.violation, None, "two-phase commit is sound");
    outcome
}

/// The nodes alone, one message after the other: what their handlers cost, and nothing else. Says how many committed.
pub fn handlers_alone(transactions: u64) -> f64 {
    let config = config(64);
    let mut out = Effects::default();
    let mut nodes: Vec<TwoPhase> =
        (1..=NODES).map(|id| out.boot(Time::ZERO, NodeId(id), &config, Default::default())).collect();
    let _ = out.drain().count();
    let mut on_the_way = VecDeque::new();
    let mut committed = 0_u64;
    for number in 1..=transactions / 64 {
        for client in (1..=64).map(ClientId) {
            let via = config.home(client);
            let caller = Caller { client, number, via };
            on_the_way.push_back((via, Input::Request(caller, appends(client, number))));
        }
        while let Some((to, input)) = on_the_way.pop_front() {
            out.step(Time::ZERO, &mut nodes[to.0 as usize - 1], &input);
            for effect in out.drain() {
                match effect {
                    Effect::Send(other, message) => on_the_way.push_back((other, Input::Message(to, message))),
                    Effect::Reply(_, Answer::Done(Response::Committed { .. })) => committed += 1,
                    _ => {}
                }
            }
        }
    }
    committed as f64
}
