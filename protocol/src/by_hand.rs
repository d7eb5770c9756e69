//! A cluster in the hand: nothing happens unless the test says so. For tests of algorithms.
//!
//! It keeps the contract in the simplest way there is: records become durable at once, or when the test says so on a
//! [slow disk](Cluster::slow_disk); outputs wait for them; a crash loses what is not durable. After each step an observer
//! and a check of all nodes look at it, and it panics with what they found, as tests do.
use alloc::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::mem;

use crate::{
    Answer, Caller, ClientId, Durable, Effect, Effects, Input, Message, Node, NodeId, Nodes, Observer,
    PacketId, Place, Step, Time, Violation, What,
};

pub mod alone;
pub mod dialogue;

/// A message on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<M> {
    pub from: NodeId,
    pub to: NodeId,
    pub message: M,
}

/// What one step did, for those who tell it.
#[derive(Clone, Debug)]
pub struct Done<N: Node> {
    pub node: NodeId,
    pub input: Option<Input<N>>,
    pub effects: Vec<Effect<N>>,
}

struct Disk<N: Node> {
    synced: N::Durable,
    records: u64,
    /// Records and outputs in their order, with their step and place; outputs wait for the records before them.
    queue: Vec<(u64, u32, Effect<N>)>,
    slow: bool,
}

impl<N: Node> Disk<N> {
    fn empty() -> Self {
        Disk { synced: N::Durable::default(), records: 0, queue: Vec::new(), slow: false }
    }
}

/// Nodes, their disks, and what is under way between them.
pub struct Cluster<N: Node, W> {
    config: N::Config,
    nodes: Vec<Option<N>>,
    disks: Vec<Disk<N>>,
    /// What was sent and neither delivered nor dropped, the oldest first.
    pub network: Vec<Envelope<N::Message>>,
    /// What clients were told, the oldest first.
    pub answers: Vec<(Caller, Answer<N::Response>)>,
    /// What the nodes' clocks show.
    pub now: Time,
    clock_was_read: bool,
    armed: BTreeMap<NodeId, BTreeSet<N::Timer>>,
    isolated: BTreeSet<NodeId>,
    watch: W,
    /// What every moment must show.
    moment: fn(Nodes<'_, N>) -> Result<(), Violation>,
    /// Everything that happened, for those who hold it to a spec.
    pub steps: Vec<Step<'static, N>>,
    /// What was done, step by step.
    pub told: Vec<Done<N>>,
}

impl<N: Node, W: Observer<N> + Default> Cluster<N, W> {
    /// Nodes 1, 2, …, all up. `moment` is what must hold after each step.
    ///
    /// # Panics
    /// As all that makes a step does: with what `moment` or the observer found, with an action that is not cut clean
    /// (rule 8), or with what the test got wrong.
    pub fn with(config: N::Config, nodes: u32, moment: fn(Nodes<'_, N>) -> Result<(), Violation>) -> Self {
        let mut cluster = Cluster {
            nodes: (0..nodes).map(|_| None).collect(),
            disks: (0..nodes).map(|_| Disk::empty()).collect(),
            config,
            network: Vec::new(),
            answers: Vec::new(),
            now: Time::ZERO,
            clock_was_read: false,
            armed: BTreeMap::new(),
            isolated: BTreeSet::new(),
            watch: W::default(),
            moment,
            steps: Vec::new(),
            told: Vec::new(),
        };
        for id in 1..=nodes {
            cluster.restart(id);
        }
        cluster.told.clear();
        cluster
    }

    /// A node that is up.
    pub fn node(&self, id: u32) -> &N {
        self.nodes[id as usize - 1].as_ref().expect("the node is up")
    }

    pub fn is_up(&self, id: u32) -> bool {
        self.nodes[id as usize - 1].is_some()
    }

    pub fn ids(&self) -> impl Iterator<Item = u32> + use<N, W> {
        1..=self.nodes.len() as u32
    }

    /// What is durable on the node's disk.
    pub fn disk(&self, id: u32) -> &N::Durable {
        &self.disks[id as usize - 1].synced
    }

    pub fn is_armed(&self, id: u32, timer: N::Timer) -> bool {
        self.armed.get(&NodeId(id)).is_some_and(|armed| armed.contains(&timer))
    }
}

/// What a test can make happen.
impl<N: Node, W: Observer<N> + Default> Cluster<N, W> {
    /// An armed timer fires.
    pub fn fire(&mut self, id: u32, timer: N::Timer) {
        let was_armed = self.armed.get_mut(&NodeId(id)).is_some_and(|armed| armed.remove(&timer));
        assert!(was_armed, "{timer:?} of n{id} is not armed, so it cannot fire");
        self.step(NodeId(id), Input::Timer(timer));
    }

    /// A client asks a node; its answers are found by what is returned.
    pub fn call(&mut self, via: u32, client: u32, number: u64, request: N::Request) -> Caller {
        let caller = Caller { client: ClientId(client), number, via: NodeId(via) };
        self.step(NodeId(via), Input::Request(caller, request));
        caller
    }

    /// Hands a node a message that nobody sent.
    pub fn hand(&mut self, from: u32, to: u32, message: N::Message) {
        self.step(NodeId(to), Input::Message(NodeId(from), message));
    }

    /// Delivers the oldest messages that `pick` likes, and those that they cause, until there is none.
    pub fn deliver_if(&mut self, pick: impl Fn(&Envelope<N::Message>) -> bool) -> usize {
        let mut delivered = 0;
        while let Some(position) = self.network.iter().position(&pick) {
            delivered += self.deliver_at(position);
        }
        delivered
    }

    /// The oldest message that `pick` likes, alone.
    pub fn deliver_one(&mut self, pick: impl Fn(&Envelope<N::Message>) -> bool) {
        let position = self.network.iter().position(&pick).expect("such a message is on its way");
        self.deliver_at(position);
    }

    fn deliver_at(&mut self, position: usize) -> usize {
        let Envelope { from, to, message } = self.network.remove(position);
        let cut = self.isolated.contains(&from) || self.isolated.contains(&to);
        if cut || !self.is_up(to.0) {
            return 0;
        }
        self.step(to, Input::Message(from, message));
        1
    }

    /// Until nothing is under way.
    pub fn deliver(&mut self) -> usize {
        self.deliver_if(|_| true)
    }

    /// What is under way from one node to another, and what that causes on the same link.
    pub fn deliver_link(&mut self, from: u32, to: u32) -> usize {
        self.deliver_if(|envelope| envelope.from == NodeId(from) && envelope.to == NodeId(to))
    }

    /// The network loses it.
    pub fn drop_if(&mut self, pick: impl Fn(&Envelope<N::Message>) -> bool) {
        self.network.retain(|envelope| !pick(envelope));
    }

    /// From whom, to whom, and what.
    pub fn kinds_on_the_way(&self) -> Vec<(u32, u32, &'static str)> {
        self.network.iter().map(|it| (it.from.0, it.to.0, it.message.kind())).collect()
    }

    /// What the node sends and receives from now on is lost.
    pub fn isolate(&mut self, id: u32) {
        self.isolated.insert(NodeId(id));
    }

    /// Nobody is isolated any more.
    pub fn heal(&mut self) {
        self.isolated.clear();
    }

    /// The node goes down; only what is durable on its disk stays.
    pub fn crash(&mut self, id: u32) {
        self.nodes[id as usize - 1] = None;
        self.disks[id as usize - 1].queue.clear();
        self.armed.remove(&NodeId(id));
        let records = self.disks[id as usize - 1].records;
        self.watch_step(NodeId(id), What::Crashed { records });
    }

    /// A node that is down loses its disk: it will boot from an empty one.
    pub fn wipe(&mut self, id: u32) {
        assert!(!self.is_up(id), "n{id} is up");
        self.disks[id as usize - 1] = Disk::empty();
        self.watch_step(NodeId(id), What::Wiped);
    }

    /// The node comes up, from what is durable.
    pub fn restart(&mut self, id: u32) {
        assert!(!self.is_up(id), "n{id} is up");
        let mut out = Effects::default();
        let node: N = out.boot(self.now, NodeId(id), &self.config, self.disk(id).clone());
        let what = What::Booted {
            clock: self.now,
            records: self.disks[id as usize - 1].records,
            effects: out.as_slice().into(),
            view: node.view(),
            durable: None,
        };
        self.nodes[id as usize - 1] = Some(node);
        let number = self.watch_step(NodeId(id), what);
        self.take_effects(number, NodeId(id), None, out);
    }

    /// From now on the node's records become durable only by [`Cluster::sync`].
    pub fn slow_disk(&mut self, id: u32) {
        self.disks[id as usize - 1].slow = true;
    }

    /// What is not durable becomes so, and what waits for it leaves.
    pub fn sync(&mut self, id: u32) {
        for (cause, place, effect) in mem::take(&mut self.disks[id as usize - 1].queue) {
            let disk = &mut self.disks[id as usize - 1];
            let to = match effect {
                Effect::Persist(record) => {
                    disk.synced.apply(&record);
                    disk.records += 1;
                    let records = disk.records;
                    self.watch_step(NodeId(id), What::Synced { records });
                    continue;
                }
                Effect::Send(to, message) => {
                    self.network.push(Envelope { from: NodeId(id), to, message });
                    Place::Node(to)
                }
                Effect::Reply(caller, answer) => {
                    self.answers.push((caller, answer));
                    Place::Client(caller.client)
                }
                _ => continue,
            };
            self.watch_step(NodeId(id), What::Sent { packet: PacketId(0), to, cause, effect: place });
        }
    }
}

impl<N: Node, W: Observer<N> + Default> Cluster<N, W> {
    fn step(&mut self, id: NodeId, input: Input<N>) {
        let Some(node) = &mut self.nodes[id.0 as usize - 1] else { panic!("{id} is down") };
        let mut out = Effects::default();
        out.step(self.now, node, &input);
        assert!(out.is_cut_clean(), "an action writes one record, before its outputs: {:?}", out.as_slice());
        self.clock_was_read |= out.clock_was_read();
        let what = What::Handled {
            clock: self.now,
            packet: None,
            input: Cow::Borrowed(&input),
            effects: out.as_slice().into(),
            view: node.view(),
        };
        let number = self.watch_step(id, what);
        self.take_effects(number, id, Some(input), out);
    }

    fn watch_step(&mut self, id: NodeId, what: What<'_, N>) -> u64 {
        let step = Step { number: self.steps.len() as u64, at: self.now, place: Place::Node(id), what };
        let nodes = Nodes::new(&self.nodes);
        let watched = self.watch.observe(&step, nodes).and_then(|()| (self.moment)(nodes));
        watched.unwrap_or_else(|violation| panic!("{violation}"));
        let number = step.number;
        self.steps.push(step.into_owned());
        number
    }

    fn take_effects(&mut self, number: u64, id: NodeId, input: Option<Input<N>>, mut out: Effects<N>) {
        self.told.push(Done { node: id, input, effects: out.as_slice().to_vec() });
        let armed = self.armed.entry(id).or_default();
        for (effect, place) in out.drain().zip(0..) {
            match effect {
                Effect::SetTimer(timer, _) => {
                    armed.insert(timer);
                }
                Effect::CancelTimer(timer) => {
                    armed.remove(&timer);
                }
                Effect::Event(_) => {}
                effect => self.disks[id.0 as usize - 1].queue.push((number, place, effect)),
            }
        }
        if !self.disks[id.0 as usize - 1].slow {
            self.sync(id.0);
        }
    }

    /// Has a node looked at its clock?
    pub fn clock_was_read(&self) -> bool {
        self.clock_was_read
    }

    /// The events of all steps so far, with their nodes.
    pub fn events(&self) -> Vec<(u32, N::Event)> {
        let of = |done: &Done<N>| {
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
    pub fn records(&self, id: u32) -> Vec<N::Record> {
        let effects = self.told.iter().filter(|done| done.node == NodeId(id)).flat_map(|done| &done.effects);
        effects
            .filter_map(|effect| match effect {
                Effect::Persist(record) => Some(record.clone()),
                _ => None,
            })
            .collect()
    }

    /// The answers to this call so far.
    pub fn answers_to(&self, caller: Caller) -> Vec<&Answer<N::Response>> {
        self.answers.iter().filter(|(to, _)| *to == caller).map(|(_, answer)| answer).collect()
    }
}
