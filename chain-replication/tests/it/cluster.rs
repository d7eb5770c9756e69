//! A chain in the hand: nothing happens unless the test says so, and the invariants are checked after each step.
use std::ops::{Deref, DerefMut};

use synod_chain_replication::{
    Body, Chain, ChainMessage, Config, Epoch, Index, Reads, Timer, Watch, invariants,
};
use synod_kv::{Command, Output, Store, Value};
use synod_protocol::{Answer, Caller, Message, NodeId, by_hand};

pub(crate) type Server = Chain<Store>;
pub(crate) type Wire = ChainMessage<Store>;
pub(crate) type Envelope = by_hand::Envelope<Wire>;

pub(crate) struct Cluster {
    by_hand: by_hand::Cluster<Server, Watch<Store>>,
    pub(crate) config: Config,
}

impl Deref for Cluster {
    type Target = by_hand::Cluster<Server, Watch<Store>>;
    fn deref(&self) -> &Self::Target {
        &self.by_hand
    }
}

impl DerefMut for Cluster {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.by_hand
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        assert!(std::thread::panicking() || !self.clock_was_read(), "no clock is needed");
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
pub(crate) fn holds(value: i64) -> Answer<Output> {
    Answer::Done(Output::Value(Some(Value::Number(value))))
}

pub(crate) fn done() -> Answer<Output> {
    Answer::Done(Output::Done)
}

/// Servers 1 to `servers`, and the master behind them.
pub(crate) fn config(servers: u32) -> Config {
    Config::new((1..=servers).map(NodeId), n(servers + 1))
}

pub(crate) fn is(envelope: &Envelope, from: u32, to: u32, kind: &str) -> bool {
    (envelope.from, envelope.to) == (n(from), n(to)) && envelope.message.kind() == kind
}

impl Cluster {
    pub(crate) fn new(servers: u32) -> Cluster {
        Cluster::with(config(servers))
    }

    pub(crate) fn craq(servers: u32) -> Cluster {
        Cluster::with(Config { reads: Reads::Apportioned, ..config(servers) })
    }

    pub(crate) fn with(config: Config) -> Cluster {
        config.validate().expect("the configuration makes sense");
        let nodes = config.master.0.max(config.servers.len() as u32);
        let by_hand = by_hand::Cluster::with(config.clone(), nodes, invariants::check);
        let mut cluster = Cluster { by_hand, config };
        cluster.deliver();
        // All are alive, and the master begins to listen anew.
        let master = cluster.master();
        cluster.fire(master, Timer::Detect);
        cluster.told.clear();
        cluster
    }

    pub(crate) fn master(&self) -> u32 {
        self.config.master.0
    }

    /// What is clean there.
    pub(crate) fn value(&self, id: u32, key: u64) -> Option<&Value> {
        self.node(id).state_machine().get(key)
    }

    /// How far each server knows the tail to be, and how far it is itself.
    pub(crate) fn ends(&self) -> Vec<(Index, Index)> {
        self.config.servers.iter().map(|id| (self.node(id.0).acked(), self.node(id.0).last())).collect()
    }

    /// The latest configuration: its epoch, chain, and whoever joins.
    pub(crate) fn decided(&self) -> (u64, Vec<u32>, Option<u32>) {
        let current = &self.node(self.master()).persistent().configurations.current;
        (current.epoch.0, current.chain.iter().map(|id| id.0).collect(), current.joining.map(|id| id.0))
    }

    /// What the client of this call was told, by whomever.
    pub(crate) fn told_to(&self, caller: Caller) -> Vec<Answer<Output>> {
        let same = |to: &Caller| (to.client, to.number) == (caller.client, caller.number);
        self.answers.iter().filter(|(to, _)| same(to)).map(|(_, answer)| answer.clone()).collect()
    }
}

/// What a test can make happen.
impl Cluster {
    /// A call, and everything that it leads to.
    pub(crate) fn ask(
        &mut self,
        via: u32,
        client: u32,
        number: u64,
        command: Command,
    ) -> Vec<Answer<Output>> {
        let caller = self.call(via, client, number, command);
        self.deliver();
        self.told_to(caller)
    }

    /// The same while no update and no word of one gets through.
    pub(crate) fn ask_without_acks(
        &mut self,
        via: u32,
        client: u32,
        number: u64,
        command: Command,
    ) -> Vec<Answer<Output>> {
        let caller = self.call(via, client, number, command);
        self.deliver_if(|envelope| matches!(envelope.message.kind(), "Confirm" | "Confirmed"));
        self.told_to(caller)
    }

    /// Hands a node a message that nobody sent.
    pub(crate) fn hand(&mut self, from: u32, to: u32, epoch: u64, body: Body<Store>) {
        self.by_hand.hand(from, to, ChainMessage { epoch: Epoch(epoch), body });
    }

    pub(crate) fn deliver_kind(&mut self, from: u32, to: u32, kind: &str) -> usize {
        self.deliver_if(|envelope| is(envelope, from, to, kind))
    }

    /// The master hears these and no others, and decides.
    pub(crate) fn detect(&mut self, alive: &[u32]) {
        let master = self.master();
        for &id in alive {
            self.fire(id, Timer::Heartbeat);
            self.deliver_kind(id, master, "Heartbeat");
        }
        self.fire(master, Timer::Detect);
    }

    /// The same, and everything that follows.
    pub(crate) fn reconfigure(&mut self, alive: &[u32]) {
        self.detect(alive);
        self.deliver();
    }
}
