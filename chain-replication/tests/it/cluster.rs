//! A chain in the hand: nothing happens unless the test says so, and the invariants are checked after each step.
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use synod_chain_replication::{
    Body, Chain, ChainEvent, ChainMessage, Config, Epoch, Index, Persistent, Reads, Timer, Watch, invariants,
};
use synod_kv::{Command, Output, Store, Value};
use synod_protocol::{
    Answer, Caller, ClientId, Durable, Effect, Effects, Input, Message, Node, NodeId, Nodes, Observer, Place,
    Step, Time, Violation, What,
};

pub(crate) type Server = Chain<Store>;
pub(crate) type Wire = ChainMessage<Store>;

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

/// On its way from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) message: Wire,
}

impl Envelope {
    pub(crate) fn is(&self, from: u32, to: u32, kind: &str) -> bool {
        (self.from, self.to) == (from, to) && self.message.kind() == kind
    }
}

/// What one step did.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) node: u32,
    pub(crate) input: Option<Input<Server>>,
    pub(crate) effects: Vec<Effect<Server>>,
}

pub(crate) struct Cluster {
    config: Config,
    nodes: Vec<Option<Server>>,
    disks: Vec<Persistent<Store>>,
    /// How many records are durable.
    records: Vec<u64>,
    pub(crate) network: Vec<Envelope>,
    pub(crate) answers: Vec<(Caller, Answer<Output>)>,
    armed: BTreeSet<(u32, Timer)>,
    /// Their records are not written, and what waits for them stays.
    slow: BTreeMap<u32, Vec<Effect<Server>>>,
    watch: Watch<Store>,
    steps: u64,
    pub(crate) told: Vec<Done>,
}

/// Servers 1 to `servers`, and the master behind them.
pub(crate) fn config(servers: u32) -> Config {
    Config::new((1..=servers).map(NodeId), n(servers + 1))
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
        let mut cluster = Cluster {
            nodes: (0..nodes).map(|_| None).collect(),
            disks: (0..nodes).map(|_| Persistent::default()).collect(),
            records: vec![0; nodes as usize],
            config,
            network: Vec::new(),
            answers: Vec::new(),
            armed: BTreeSet::new(),
            slow: BTreeMap::new(),
            watch: Watch::default(),
            steps: 0,
            told: Vec::new(),
        };
        (1..=nodes).for_each(|id| cluster.restart(id));
        cluster.deliver();
        // All are alive, and the master begins to listen anew.
        cluster.fire(cluster.master(), Timer::Detect);
        cluster.told.clear();
        cluster
    }

    pub(crate) fn master(&self) -> u32 {
        self.config.master.0
    }

    pub(crate) fn node(&self, id: u32) -> &Server {
        self.nodes[id as usize - 1].as_ref().expect("the node is up")
    }

    pub(crate) fn is_up(&self, id: u32) -> bool {
        self.nodes[id as usize - 1].is_some()
    }

    pub(crate) fn value(&self, id: u32, key: u64) -> Option<&Value> {
        self.node(id).state_machine().get(key)
    }

    /// The latest configuration: its epoch, chain, and whoever joins.
    pub(crate) fn decided(&self) -> (u64, Vec<u32>, Option<u32>) {
        let current = &self.node(self.master()).persistent().configurations.current;
        (current.epoch.0, current.chain.iter().map(|id| id.0).collect(), current.joining.map(|id| id.0))
    }
}

/// What a test can make happen.
impl Cluster {
    pub(crate) fn call(&mut self, via: u32, client: u32, number: u64, command: Command) -> Caller {
        let caller = Caller { client: ClientId(client), number, via: n(via) };
        self.step(via, Input::Request(caller, command));
        caller
    }

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
        self.answers_to(caller)
    }

    pub(crate) fn answers_to(&self, caller: Caller) -> Vec<Answer<Output>> {
        let same = |to: &Caller| (to.client, to.number) == (caller.client, caller.number);
        self.answers.iter().filter(|(to, _)| same(to)).map(|(_, answer)| answer.clone()).collect()
    }

    pub(crate) fn fire(&mut self, id: u32, timer: Timer) {
        assert!(self.armed.remove(&(id, timer)), "{timer:?} of n{id} is not armed, so it cannot fire");
        self.step(id, Input::Timer(timer));
    }

    /// Hands a node a message that nobody sent.
    pub(crate) fn hand(&mut self, from: u32, to: u32, epoch: u64, body: Body<Store>) {
        self.step(to, Input::Message(n(from), ChainMessage { epoch: Epoch(epoch), body }));
    }

    /// Delivers the oldest messages that `pick` likes, and those that they cause, until there is none. Those to
    /// nodes that are down are lost.
    pub(crate) fn deliver_if(&mut self, pick: impl Fn(&Envelope) -> bool) -> usize {
        let mut delivered = 0;
        while let Some(position) = self.network.iter().position(&pick) {
            let Envelope { from, to, message } = self.network.remove(position);
            if self.is_up(to) {
                delivered += 1;
                self.step(to, Input::Message(n(from), message));
            }
        }
        delivered
    }

    pub(crate) fn deliver(&mut self) -> usize {
        self.deliver_if(|_| true)
    }

    pub(crate) fn deliver_kind(&mut self, from: u32, to: u32, kind: &str) -> usize {
        self.deliver_if(|envelope| envelope.is(from, to, kind))
    }

    pub(crate) fn lose_if(&mut self, pick: impl Fn(&Envelope) -> bool) {
        self.network.retain(|envelope| !pick(envelope));
    }

    /// The kinds of the messages on their way, with their ends.
    pub(crate) fn on_the_way(&self) -> Vec<(u32, u32, &'static str)> {
        self.network.iter().map(|it| (it.from, it.to, it.message.kind())).collect()
    }

    /// The node goes down; only what is on its disk stays.
    pub(crate) fn crash(&mut self, id: u32) {
        self.nodes[id as usize - 1] = None;
        self.armed.retain(|(node, _)| *node != id);
        self.slow.remove(&id);
    }

    pub(crate) fn restart(&mut self, id: u32) {
        let mut out = Effects::default();
        let durable = self.disks[id as usize - 1].clone();
        let node: Server = out.boot(Time::ZERO, n(id), &self.config, durable.clone());
        assert!(out.is_cut_clean(), "an action writes one record, before its outputs: {:?}", out.as_slice());
        let view = node.view();
        self.nodes[id as usize - 1] = Some(node);
        let what = What::Booted {
            clock: Time::ZERO,
            records: self.records[id as usize - 1],
            effects: out.as_slice().into(),
            view,
            durable: Some(&durable),
        };
        self.observe(id, what).unwrap_or_else(|violation| panic!("{violation}"));
        self.take_effects(id, None, out);
    }

    /// From now on the node's records become durable only by [`Cluster::sync`].
    pub(crate) fn slow_disk(&mut self, id: u32) {
        self.slow.entry(id).or_default();
    }

    pub(crate) fn sync(&mut self, id: u32) {
        let queue = self.slow.insert(id, Vec::new()).unwrap_or_default();
        queue.into_iter().for_each(|effect| self.let_out(id, effect));
    }

    /// The master hears these and no others, and decides; everything that follows is delivered.
    pub(crate) fn detect(&mut self, alive: &[u32]) {
        for &id in alive {
            self.fire(id, Timer::Heartbeat);
        }
        self.deliver();
        self.fire(self.master(), Timer::Detect);
    }

    /// The same, and everything that follows.
    pub(crate) fn reconfigure(&mut self, alive: &[u32]) {
        self.detect(alive);
        self.deliver();
    }
}

impl Cluster {
    /// A step, judged.
    pub(crate) fn try_step(&mut self, id: u32, input: Input<Server>) -> Result<(), Violation> {
        let Some(node) = &mut self.nodes[id as usize - 1] else { panic!("n{id} is down") };
        let mut out = Effects::default();
        out.step(Time::ZERO, node, &input);
        assert!(out.is_cut_clean(), "an action writes one record, before its outputs: {:?}", out.as_slice());
        assert!(!out.clock_was_read(), "no clock is needed");
        let view = node.view();
        let what = What::Handled {
            clock: Time::ZERO,
            packet: None,
            input: Cow::Borrowed(&input),
            effects: out.as_slice().into(),
            view,
        };
        let judged = self.observe(id, what);
        self.take_effects(id, Some(input), out);
        judged
    }

    fn step(&mut self, id: u32, input: Input<Server>) {
        self.try_step(id, input).unwrap_or_else(|violation| panic!("{violation}"));
    }

    fn observe(&mut self, id: u32, what: What<'_, Server>) -> Result<(), Violation> {
        let step = Step { number: self.steps, at: Time::ZERO, place: Place::Node(n(id)), what };
        self.steps += 1;
        let nodes = Nodes::new(&self.nodes);
        self.watch.observe(&step, nodes)?;
        invariants::check(nodes)
    }

    fn take_effects(&mut self, id: u32, input: Option<Input<Server>>, mut out: Effects<Server>) {
        self.told.push(Done { node: id, input, effects: out.as_slice().to_vec() });
        for effect in out.drain() {
            match effect {
                Effect::SetTimer(timer, _) => {
                    self.armed.insert((id, timer));
                }
                Effect::CancelTimer(timer) => {
                    self.armed.remove(&(id, timer));
                }
                Effect::Event(_) => {}
                effect => match self.slow.get_mut(&id) {
                    Some(queue) => queue.push(effect),
                    None => self.let_out(id, effect),
                },
            }
        }
    }

    fn let_out(&mut self, id: u32, effect: Effect<Server>) {
        match effect {
            Effect::Persist(record) => {
                self.disks[id as usize - 1].apply(&record);
                self.records[id as usize - 1] += 1;
                let records = self.records[id as usize - 1];
                self.observe(id, What::Synced { records }).unwrap_or_else(|violation| panic!("{violation}"));
            }
            Effect::Send(to, message) => self.network.push(Envelope { from: id, to: to.0, message }),
            Effect::Reply(caller, answer) => self.answers.push((caller, answer)),
            _ => {}
        }
    }

    /// The events of all steps so far, with their nodes.
    pub(crate) fn events(&self) -> Vec<(u32, &ChainEvent)> {
        let of = |done: &'_ Done| done.node;
        let events = |done| {
            let Done { effects, .. }: &Done = done;
            effects.iter().filter_map(|effect| match effect {
                Effect::Event(event) => Some(event),
                _ => None,
            })
        };
        self.told.iter().flat_map(|done| events(done).map(move |event| (of(done), event))).collect()
    }

    pub(crate) fn ends(&self) -> Vec<(Index, Index)> {
        self.config.servers.iter().map(|id| (self.node(id.0).acked(), self.node(id.0).last())).collect()
    }
}
