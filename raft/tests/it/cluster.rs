//! A cluster in the hand: nothing happens unless the test says so, and Figure 3 is checked after each step.
use std::collections::{BTreeMap, BTreeSet};

use synod_kv::{Command, Output, Store, Value};
use synod_protocol::{
    Answer, Caller, ClientId, Durable, Effect, Effects, Input, Message, Node, NodeId, Nodes, Observer, Place,
    Step, Time, What,
};
use synod_raft::{
    Body, Config, Index, Persistent, Raft, RaftEvent, RaftMessage, Record, Term, Timer, Watch, invariants,
};

pub(crate) type Server = Raft<Store>;
pub(crate) type Wire = RaftMessage<Command>;

/// A message on its way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) message: Wire,
}

/// What one step did, for those who tell it.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) node: NodeId,
    pub(crate) input: Option<Input<Server>>,
    pub(crate) effects: Vec<Effect<Server>>,
}

#[derive(Default)]
struct Disk {
    synced: Persistent<Command>,
    /// Records and outputs in their order; the outputs wait for the records before them.
    queue: Vec<Effect<Server>>,
    slow: bool,
    /// How many records it has.
    records: u64,
}

pub(crate) struct Cluster {
    config: Config,
    nodes: Vec<Option<Server>>,
    disks: Vec<Disk>,
    pub(crate) network: Vec<Envelope>,
    pub(crate) answers: Vec<(Caller, Answer<Output>)>,
    armed: BTreeMap<NodeId, BTreeSet<Timer>>,
    isolated: BTreeSet<NodeId>,
    watch: Watch<Store>,
    pub(crate) told: Vec<Done>,
    /// All steps of the nodes, for those who hold them to a spec.
    pub(crate) steps: Vec<Step<'static, Server>>,
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
        let ids = config.members.clone();
        let mut cluster = Cluster {
            nodes: ids.iter().map(|_| None).collect(),
            disks: ids.iter().map(|_| Disk::default()).collect(),
            config,
            network: Vec::new(),
            answers: Vec::new(),
            armed: BTreeMap::new(),
            isolated: BTreeSet::new(),
            watch: Watch::default(),
            told: Vec::new(),
            steps: Vec::new(),
        };
        for id in ids {
            cluster.restart(id.0);
        }
        cluster.told.clear();
        cluster
    }

    /// A cluster whose node 1 leads term 1 and has committed its first entry, as all know.
    pub(crate) fn led(nodes: u32) -> Cluster {
        let mut cluster = Cluster::new(nodes);
        cluster.elect(1);
        cluster.settle(1);
        cluster
    }

    pub(crate) fn node(&self, id: u32) -> &Server {
        self.nodes[id as usize - 1].as_ref().expect("the node is up")
    }

    pub(crate) fn is_up(&self, id: u32) -> bool {
        self.nodes[id as usize - 1].is_some()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> + use<> {
        1..=self.nodes.len() as u32
    }

    /// What is durable on the node's disk.
    pub(crate) fn disk(&self, id: u32) -> &Persistent<Command> {
        &self.disks[id as usize - 1].synced
    }

    pub(crate) fn is_armed(&self, id: u32, timer: Timer) -> bool {
        self.armed.get(&n(id)).is_some_and(|armed| armed.contains(&timer))
    }

    pub(crate) fn leader(&self) -> Option<u32> {
        self.ids().find(|&id| self.is_up(id) && self.node(id).is_leader())
    }

    /// The terms of the node's entries, the first first.
    pub(crate) fn terms(&self, id: u32) -> Vec<u64> {
        self.node(id).log().iter().map(|(_, entry)| entry.term.0).collect()
    }
}

/// What a test can make happen.
impl Cluster {
    pub(crate) fn fire(&mut self, id: u32, timer: Timer) {
        let was_armed = self.armed.get_mut(&n(id)).is_some_and(|armed| armed.remove(&timer));
        assert!(was_armed, "{timer:?} of n{id} is not armed, so it cannot fire");
        self.step(n(id), Input::Timer(timer));
    }

    pub(crate) fn call(&mut self, via: u32, client: u32, number: u64, command: Command) -> Caller {
        let caller = Caller { client: ClientId(client), number, via: n(via) };
        self.step(n(via), Input::Request(caller, command));
        caller
    }

    /// Hands a node a message that nobody sent.
    pub(crate) fn hand(&mut self, from: u32, to: u32, term: u64, body: Body<Command>) {
        self.step(n(to), Input::Message(n(from), RaftMessage { term: Term(term), body }));
    }

    /// Delivers the oldest messages that `pick` likes, and those that they cause, until there is none.
    pub(crate) fn deliver_if(&mut self, pick: impl Fn(&Envelope) -> bool) -> usize {
        let mut delivered = 0;
        while let Some(position) = self.network.iter().position(&pick) {
            let Envelope { from, to, message } = self.network.remove(position);
            let cut = self.isolated.contains(&from) || self.isolated.contains(&to);
            if !cut && self.is_up(to.0) {
                delivered += 1;
                self.step(to, Input::Message(from, message));
            }
        }
        delivered
    }

    pub(crate) fn deliver(&mut self) -> usize {
        self.deliver_if(|_| true)
    }

    pub(crate) fn deliver_link(&mut self, from: u32, to: u32) -> usize {
        self.deliver_if(|envelope| envelope.from == n(from) && envelope.to == n(to))
    }

    pub(crate) fn drop_if(&mut self, pick: impl Fn(&Envelope) -> bool) {
        self.network.retain(|envelope| !pick(envelope));
    }

    /// What is on its way from one node to another.
    pub(crate) fn on_the_way(&self, from: u32, to: u32) -> Vec<&Body<Command>> {
        let on_link = |envelope: &&Envelope| envelope.from == n(from) && envelope.to == n(to);
        self.network.iter().filter(on_link).map(|envelope| &envelope.message.body).collect()
    }

    pub(crate) fn kinds_on_the_way(&self) -> Vec<(u32, u32, &'static str)> {
        self.network.iter().map(|it| (it.from.0, it.to.0, it.message.kind())).collect()
    }

    /// What the node sends and receives from now on is lost.
    pub(crate) fn isolate(&mut self, id: u32) {
        self.isolated.insert(n(id));
    }

    pub(crate) fn heal(&mut self) {
        self.isolated.clear();
    }

    /// The node goes down; only what is durable on its disk stays.
    pub(crate) fn crash(&mut self, id: u32) {
        self.nodes[id as usize - 1] = None;
        let disk = &mut self.disks[id as usize - 1];
        disk.queue.clear();
        let what = What::Crashed { records: disk.records };
        self.watch_step(n(id), what);
        self.armed.remove(&n(id));
    }

    pub(crate) fn restart(&mut self, id: u32) {
        assert!(!self.is_up(id), "n{id} is up");
        let mut out = Effects::default();
        let durable = self.disk(id).clone();
        let node: Server = out.boot(Time::ZERO, n(id), &self.config, durable);
        let what = What::Booted {
            clock: Time::ZERO,
            records: self.disks[id as usize - 1].records,
            effects: out.as_slice().into(),
            view: node.view(),
            durable: None,
        };
        self.nodes[id as usize - 1] = Some(node);
        self.watch_step(n(id), what);
        self.take_effects(n(id), None, out);
    }

    /// From now on the node's records become durable only by [`Cluster::sync`].
    pub(crate) fn slow_disk(&mut self, id: u32) {
        self.disks[id as usize - 1].slow = true;
    }

    pub(crate) fn sync(&mut self, id: u32) {
        let disk = &mut self.disks[id as usize - 1];
        for effect in std::mem::take(&mut disk.queue) {
            match effect {
                Effect::Persist(record) => {
                    disk.synced.apply(&record);
                    disk.records += 1;
                }
                Effect::Send(to, message) => self.network.push(Envelope { from: n(id), to, message }),
                Effect::Reply(caller, answer) => self.answers.push((caller, answer)),
                _ => {}
            }
        }
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

impl Cluster {
    fn step(&mut self, id: NodeId, input: Input<Server>) {
        let Some(node) = &mut self.nodes[id.0 as usize - 1] else { panic!("{id} is down") };
        let before = node.clone();
        let mut out = Effects::default();
        out.step(Time::ZERO, node, &input);
        assert!(out.is_cut_clean(), "an action writes one record, before its outputs: {:?}", out.as_slice());
        assert!(!out.clock_was_read(), "Raft needs no clock");
        invariants::leader_append_only(&before, node).unwrap_or_else(|violation| panic!("{violation}"));
        let what = What::Handled {
            clock: Time::ZERO,
            packet: None,
            input: std::borrow::Cow::Borrowed(&input),
            effects: out.as_slice().into(),
            view: node.view(),
        };
        self.watch_step(id, what);
        self.take_effects(id, Some(input), out);
    }

    fn watch_step(&mut self, id: NodeId, what: What<'_, Server>) {
        let step = Step { number: self.steps.len() as u64, at: Time::ZERO, place: Place::Node(id), what };
        let nodes = Nodes::new(&self.nodes);
        let moment = self.watch.observe(&step, nodes).and_then(|()| invariants::check(nodes));
        moment.unwrap_or_else(|violation| panic!("{violation}"));
        self.steps.push(step.into_owned());
    }

    fn take_effects(&mut self, id: NodeId, input: Option<Input<Server>>, mut out: Effects<Server>) {
        self.told.push(Done { node: id, input, effects: out.as_slice().to_vec() });
        let armed = self.armed.entry(id).or_default();
        for effect in out.drain() {
            match effect {
                Effect::SetTimer(timer, _) => {
                    armed.insert(timer);
                }
                Effect::CancelTimer(timer) => {
                    armed.remove(&timer);
                }
                Effect::Event(_) => {}
                effect => self.disks[id.0 as usize - 1].queue.push(effect),
            }
        }
        if !self.disks[id.0 as usize - 1].slow {
            self.sync(id.0);
        }
    }

    /// The events of all steps so far, with their nodes.
    pub(crate) fn events(&self) -> Vec<(u32, RaftEvent)> {
        let of = |done: &Done| {
            let node = done.node.0;
            let events = done.effects.iter().filter_map(|effect| match effect {
                Effect::Event(event) => Some(event.clone()),
                _ => None,
            });
            events.map(move |event| (node, event)).collect::<Vec<_>>()
        };
        self.told.iter().flat_map(of).collect()
    }

    /// The records that the node wrote so far.
    pub(crate) fn records(&self, id: u32) -> Vec<Record<Command>> {
        let effects = self.told.iter().filter(|done| done.node == n(id)).flat_map(|done| &done.effects);
        effects
            .filter_map(|effect| match effect {
                Effect::Persist(record) => Some(record.clone()),
                _ => None,
            })
            .collect()
    }

    /// The answers to this call so far.
    pub(crate) fn answers_to(&self, caller: Caller) -> Vec<&Answer<Output>> {
        self.answers.iter().filter(|(to, _)| *to == caller).map(|(_, answer)| answer).collect()
    }

    pub(crate) fn commit_indexes(&self) -> Vec<Index> {
        self.ids().map(|id| self.node(id).commit_index()).collect()
    }
}
