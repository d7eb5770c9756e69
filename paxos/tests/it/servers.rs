//! The two kinds of servers in the hand, and what tests say of them.
use synod_kv::{Command, Output, Store, Value};
use synod_paxos::{
    Ballot, QuorumSizes,
    multi::{self, MultiPaxos, MultiPaxosMessage},
    single::{self, Paxos, PaxosMessage},
};

use crate::cluster::{Cluster, n};

/// Servers that choose one number.
pub(crate) type Synod = Cluster<Paxos<u32>, single::Watch<u32>>;
pub(crate) type Word = PaxosMessage<u32>;

/// Servers that replicate a store.
pub(crate) type Replicas = Cluster<MultiPaxos<Store>, multi::Watch<Store>>;
pub(crate) type Wire = MultiPaxosMessage<Store>;

pub(crate) fn b(round: u64, proposer: u32) -> Ballot {
    Ballot { round, proposer: n(proposer) }
}

pub(crate) fn put(key: u64, value: i64) -> Command {
    Command::Put { key, value: Value::Number(value) }
}

pub(crate) fn get(key: u64) -> Command {
    Command::Get { key }
}

/// What a get of a number answers.
pub(crate) fn holds(value: i64) -> Output {
    Output::Value(Some(Value::Number(value)))
}

pub(crate) fn synod(nodes: u32) -> Synod {
    let config = single::Config::new((1..=nodes).map(n));
    config.validate().expect("the configuration makes sense");
    Cluster::with(config, nodes, single::invariants::check)
}

pub(crate) fn synod_of(nodes: u32, phase_1: usize, phase_2: usize) -> Synod {
    let quorums = QuorumSizes { phase_1, phase_2 };
    let config = single::Config { quorums, ..single::Config::new((1..=nodes).map(n)) };
    config.validate().expect("the configuration makes sense");
    Cluster::with(config, nodes, single::invariants::check)
}

pub(crate) fn replicas(nodes: u32) -> Replicas {
    replicas_with(multi::Config::new((1..=nodes).map(n)))
}

pub(crate) fn replicas_with(config: multi::Config) -> Replicas {
    config.validate().expect("the configuration makes sense");
    let nodes = config.members.len() as u32;
    Cluster::with(config, nodes, multi::invariants::check)
}

/// Replicas of which node 1 leads, as all know.
pub(crate) fn led(nodes: u32) -> Replicas {
    let mut replicas = replicas(nodes);
    replicas.elect(1);
    replicas.settle(1);
    replicas
}

impl Replicas {
    /// Makes the node a candidate, and delivers what it takes: everyone else has lost their leader by then.
    pub(crate) fn elect(&mut self, id: u32) {
        for voter in self.ids() {
            if self.is_up(voter) && self.is_armed(voter, multi::Timer::LeaderContact) {
                self.fire(voter, multi::Timer::LeaderContact);
            }
        }
        self.fire(id, multi::Timer::Election);
        self.deliver();
    }

    /// Heartbeats until everybody who can be reached knows what the leader knows.
    pub(crate) fn settle(&mut self, leader: u32) {
        for _ in 0..3 {
            self.fire(leader, multi::Timer::Heartbeat);
            self.deliver();
        }
    }

    pub(crate) fn chosen(&self) -> Vec<u64> {
        self.ids().map(|id| if self.is_up(id) { self.node(id).chosen().0 } else { 0 }).collect()
    }
}
