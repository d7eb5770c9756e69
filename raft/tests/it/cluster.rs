//! Raft in the hand: nothing happens unless the test says so, and Figure 3 is checked after each step.
use std::ops::{Deref, DerefMut};

use synod_kv::{Command, Output, Store, Value};
use synod_protocol::{NodeId, by_hand};
use synod_raft::{Body, Config, Index, Raft, RaftMessage, Term, Timer, Watch, invariants};

pub(crate) type Server = Raft<Store>;
pub(crate) type Wire = RaftMessage<Command>;
pub(crate) type Envelope = by_hand::Envelope<Wire>;

pub(crate) struct Cluster(by_hand::Cluster<Server, Watch<Store>>);

impl Deref for Cluster {
    type Target = by_hand::Cluster<Server, Watch<Store>>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Cluster {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        assert!(std::thread::panicking() || !self.clock_was_read(), "Raft needs no clock");
    }
}

pub(crate) fn n(id: u32) -> NodeId {
    NodeId(id)
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

impl Cluster {
    pub(crate) fn new(nodes: u32) -> Cluster {
        Cluster::with(Config::new((1..=nodes).map(NodeId)))
    }

    pub(crate) fn with(config: Config) -> Cluster {
        config.validate().expect("the configuration makes sense");
        let nodes = config.members.len() as u32;
        Cluster(by_hand::Cluster::with(config, nodes, invariants::check))
    }

    /// A cluster whose node 1 leads term 1 and has committed its first entry, as all know.
    pub(crate) fn led(nodes: u32) -> Cluster {
        let mut cluster = Cluster::new(nodes);
        cluster.elect(1);
        cluster.settle(1);
        cluster
    }

    pub(crate) fn leader(&self) -> Option<u32> {
        self.ids().find(|&id| self.is_up(id) && self.node(id).is_leader())
    }

    /// The terms of the node's entries, the first first.
    pub(crate) fn terms(&self, id: u32) -> Vec<u64> {
        self.node(id).log().iter().map(|(_, entry)| entry.term.0).collect()
    }

    pub(crate) fn commit_indexes(&self) -> Vec<Index> {
        self.ids().map(|id| self.node(id).commit_index()).collect()
    }

    /// Hands a node a message that nobody sent.
    pub(crate) fn hand(&mut self, from: u32, to: u32, term: u64, body: Body<Command>) {
        self.0.hand(from, to, RaftMessage { term: Term(term), body });
    }

    /// What is on its way from one node to another.
    pub(crate) fn on_the_way(&self, from: u32, to: u32) -> Vec<&Body<Command>> {
        let on_link = |envelope: &&Envelope| envelope.from == n(from) && envelope.to == n(to);
        self.network.iter().filter(on_link).map(|envelope| &envelope.message.body).collect()
    }

    /// Makes the node campaign, and delivers what it takes: everyone else has lost their leader by then.
    pub(crate) fn elect(&mut self, id: u32) {
        for voter in self.ids() {
            if self.is_up(voter) && self.is_armed(voter, Timer::LeaderContact) {
                self.fire(voter, Timer::LeaderContact);
            }
        }
        self.fire(id, Timer::Election);
        self.deliver();
    }

    /// Heartbeats until everybody who can be reached knows the leader's commit index.
    pub(crate) fn settle(&mut self, leader: u32) {
        for _ in 0..3 {
            self.fire(leader, Timer::Heartbeat);
            self.deliver();
        }
    }
}
