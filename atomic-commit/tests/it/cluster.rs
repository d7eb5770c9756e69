//! A cluster in the hand: nothing happens unless the test says so, and AC1 to AC4 are checked after each step.
use std::collections::{BTreeMap, BTreeSet};

use synod_atomic_commit::{
    CommitEvent, Config, Key, MicroOp, Protocol, Response, Run, Transaction, TxnId, Watch, invariants,
};
use synod_protocol::{
    Answer, Caller, ClientId, Durable, Effect, Effects, Input, Message, Node, NodeId, Nodes, Observer, Place,
    Step, Time, Violation, What,
};

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<P: Node> {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) message: P::Message,
}

/// What one step did, for those who tell it.
#[derive(Clone, Debug)]
pub(crate) struct Done<P: Node> {
    pub(crate) node: NodeId,
    pub(crate) input: Option<Input<P>>,
    pub(crate) effects: Vec<Effect<P>>,
}

#[derive(Clone, Default)]
struct Disk<D> {
    durable: D,
    records: u64,
}

pub(crate) struct Cluster<P: Protocol> {
    pub(crate) config: Config,
    nodes: Vec<Option<P>>,
    disks: Vec<Disk<P::Durable>>,
    pub(crate) network: Vec<Envelope<P>>,
    pub(crate) answers: Vec<(Caller, Answer<Response>)>,
    armed: BTreeMap<NodeId, BTreeSet<P::Timer>>,
    /// Links on which everything is lost, in this direction.
    cut: BTreeSet<(NodeId, NodeId)>,
    watch: Watch<P>,
    /// Everything that happened, for those who hold it to a spec.
    pub(crate) steps: Vec<Step<'static, P>>,
    pub(crate) told: Vec<Done<P>>,
    /// What was found, by a cluster that goes on after it.
    pub(crate) violations: Vec<Violation>,
    may_be_violated: bool,
}

pub(crate) fn n(id: u32) -> NodeId {
    NodeId(id)
}

/// The run of call `number` of client `client` in this life of its coordinator; in three-phase commit, in life 0.
pub(crate) fn txn(client: u32, number: u64, life: u32) -> TxnId {
    TxnId { client: ClientId(client), number, run: Run::in_life(life) }
}

/// What call `number` of client `client` is in Paxos Commit.
pub(crate) fn asked(client: u32, number: u64, ops: &[MicroOp]) -> TxnId {
    TxnId { client: ClientId(client), number, run: Run::asking(&Transaction(ops.to_vec())) }
}

pub(crate) fn append(key: u64, value: i64) -> MicroOp {
    MicroOp::Append { key: Key(key), value }
}

pub(crate) fn read(key: u64) -> MicroOp {
    MicroOp::Read { key: Key(key) }
}

impl<P: Protocol> Cluster<P> {
    /// Key k is held by node k mod n + 1, and so is client c at home.
    pub(crate) fn new(nodes: u32) -> Self {
        let config = Config::new((1..=nodes).map(NodeId));
        config.validate().expect("the configuration makes sense");
        let mut cluster = Cluster {
            nodes: (0..nodes).map(|_| None).collect(),
            disks: (0..nodes).map(|_| Disk::default()).collect(),
            config,
            network: Vec::new(),
            answers: Vec::new(),
            armed: BTreeMap::new(),
            cut: BTreeSet::new(),
            watch: Watch::default(),
            steps: Vec::new(),
            told: Vec::new(),
            violations: Vec::new(),
            may_be_violated: false,
        };
        (1..=nodes).for_each(|id| cluster.restart(id));
        cluster.told.clear();
        cluster
    }

    /// From now on violations are kept, and do not end the test.
    pub(crate) fn expect_violations(&mut self) {
        self.may_be_violated = true;
    }

    pub(crate) fn node(&self, id: u32) -> &P {
        self.nodes[id as usize - 1].as_ref().expect("the node is up")
    }

    pub(crate) fn is_up(&self, id: u32) -> bool {
        self.nodes[id as usize - 1].is_some()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> + use<P> {
        1..=self.nodes.len() as u32
    }

    /// The list under a key, at the node that holds it.
    pub(crate) fn list(&self, key: u64) -> Vec<i64> {
        self.node(self.config.owner(Key(key)).0).branches().list(Key(key)).to_vec()
    }

    pub(crate) fn is_prepared(&self, id: u32, txn: TxnId) -> bool {
        self.node(id).branches().branch(txn).is_some()
    }

    /// A timer of this name and about this transaction.
    fn timer(&self, id: u32, name: &str, txn: TxnId) -> Option<P::Timer> {
        let mut armed = self.armed.get(&n(id))?.iter();
        armed.find(|timer| P::txn_of_timer(**timer) == txn && format!("{timer:?}").starts_with(name)).copied()
    }

    pub(crate) fn is_armed(&self, id: u32, name: &str, txn: TxnId) -> bool {
        self.timer(id, name, txn).is_some()
    }

    /// The runs of a call that some timer is armed for.
    pub(crate) fn runs_of(&self, client: u32, number: u64) -> BTreeSet<TxnId> {
        let is_it = |txn: &TxnId| (txn.client, txn.number) == (ClientId(client), number);
        self.armed.values().flatten().map(|timer| P::txn_of_timer(*timer)).filter(is_it).collect()
    }

    /// The answers to a call so far.
    pub(crate) fn said(&self, client: u32, number: u64) -> Vec<&Answer<Response>> {
        let is_it = |caller: &Caller| caller.client == ClientId(client) && caller.number == number;
        self.answers.iter().filter(|(caller, _)| is_it(caller)).map(|(_, answer)| answer).collect()
    }

    pub(crate) fn has_committed(&self, client: u32, number: u64) -> bool {
        let answers = self.said(client, number);
        answers.iter().any(|answer| matches!(answer, Answer::Done(Response::Committed { .. })))
    }

    pub(crate) fn has_aborted(&self, client: u32, number: u64) -> bool {
        let answers = self.said(client, number);
        answers.iter().any(|answer| matches!(answer, Answer::Done(Response::Aborted { .. })))
    }

    /// The events of all steps so far, with their nodes.
    pub(crate) fn events(&self) -> Vec<(u32, CommitEvent)> {
        let of = |done: &Done<P>| {
            let node = done.node.0;
            let event = move |effect: &Effect<P>| match effect {
                Effect::Event(event) => Some((node, event.clone())),
                _ => None,
            };
            done.effects.iter().filter_map(event).collect::<Vec<_>>()
        };
        self.told.iter().flat_map(of).collect()
    }

    pub(crate) fn noted(&self, id: u32, event: &CommitEvent) -> bool {
        self.events().iter().any(|(node, noted)| *node == id && noted == event)
    }
}

/// What a test can make happen.
impl<P: Protocol> Cluster<P> {
    pub(crate) fn fire(&mut self, id: u32, name: &str, txn: TxnId) {
        let timer = self.timer(id, name, txn);
        let timer = timer.unwrap_or_else(|| panic!("{name} of n{id} for {txn} is not armed"));
        self.armed.entry(n(id)).or_default().remove(&timer);
        self.step(n(id), Input::Timer(timer));
    }

    pub(crate) fn call(&mut self, via: u32, client: u32, number: u64, ops: &[MicroOp]) {
        let caller = Caller { client: ClientId(client), number, via: n(via) };
        self.step(n(via), Input::Request(caller, Transaction(ops.to_vec())));
    }

    /// Hands a node a message, whoever sent it.
    pub(crate) fn hand(&mut self, from: u32, to: u32, message: P::Message) {
        self.step(n(to), Input::Message(n(from), message));
    }

    /// Delivers the oldest messages that `pick` likes, and those that they cause, until there is none.
    pub(crate) fn deliver_if(&mut self, pick: impl Fn(&Envelope<P>) -> bool) -> usize {
        let mut delivered = 0;
        while let Some(position) = self.network.iter().position(&pick) {
            let Envelope { from, to, message } = self.network.remove(position);
            if !self.cut.contains(&(from, to)) && self.is_up(to.0) {
                delivered += 1;
                self.step(to, Input::Message(from, message));
            }
        }
        delivered
    }

    pub(crate) fn deliver(&mut self) -> usize {
        self.deliver_if(|_| true)
    }

    /// Delivers those of this kind that are on their way now.
    pub(crate) fn deliver_kind(&mut self, kind: &str) -> usize {
        self.deliver_if(|envelope| envelope.message.kind() == kind)
    }

    pub(crate) fn deliver_kind_to(&mut self, kind: &str, to: u32) -> usize {
        self.deliver_if(|envelope| envelope.message.kind() == kind && envelope.to == n(to))
    }

    pub(crate) fn lose_if(&mut self, pick: impl Fn(&Envelope<P>) -> bool) {
        self.network.retain(|envelope| !pick(envelope));
    }

    pub(crate) fn lose_kind_to(&mut self, kind: &str, to: u32) {
        self.lose_if(|envelope| envelope.message.kind() == kind && envelope.to == n(to));
    }

    /// Nothing goes between the two sides any more.
    pub(crate) fn part(&mut self, side: &[u32]) {
        for a in self.ids() {
            for b in self.ids().filter(|b| side.contains(&a) != side.contains(b)) {
                self.cut.insert((n(a), n(b)));
            }
        }
    }

    pub(crate) fn heal(&mut self) {
        self.cut.clear();
    }

    /// The node goes down; what it wrote stays.
    pub(crate) fn crash(&mut self, id: u32) {
        assert!(self.is_up(id), "n{id} is down");
        self.nodes[id as usize - 1] = None;
        self.armed.remove(&n(id));
        let records = self.disks[id as usize - 1].records;
        self.watch_step(n(id), What::Crashed { records });
    }

    pub(crate) fn restart(&mut self, id: u32) {
        assert!(!self.is_up(id), "n{id} is up");
        let mut out = Effects::default();
        let Disk { durable, records } = self.disks[id as usize - 1].clone();
        let node: P = out.boot(Time::ZERO, n(id), &self.config, durable);
        assert!(out.is_cut_clean(), "an action writes one record, before its outputs: {:?}", out.as_slice());
        let effects = out.as_slice().to_vec();
        let view = node.view();
        self.nodes[id as usize - 1] = Some(node);
        let what = What::Booted { clock: Time::ZERO, records, effects: effects.into(), view, durable: None };
        self.watch_step(n(id), what);
        self.take_effects(n(id), None, out);
    }

    fn step(&mut self, id: NodeId, input: Input<P>) {
        let Some(node) = &mut self.nodes[id.0 as usize - 1] else { panic!("{id} is down") };
        let mut out = Effects::default();
        out.step(Time::ZERO, node, &input);
        assert!(out.is_cut_clean(), "an action writes one record, before its outputs: {:?}", out.as_slice());
        assert!(!out.clock_was_read(), "atomic commit needs no clock");
        let what = What::Handled {
            clock: Time::ZERO,
            packet: None,
            input: std::borrow::Cow::Owned(input.clone()),
            effects: out.as_slice().to_vec().into(),
            view: node.view(),
        };
        self.watch_step(id, what);
        self.take_effects(id, Some(input), out);
    }

    fn watch_step(&mut self, id: NodeId, what: What<'_, P>) {
        let step = Step { number: self.steps.len() as u64, at: Time::ZERO, place: Place::Node(id), what };
        let nodes = Nodes::new(&self.nodes);
        let found = self.watch.observe(&step, nodes).and_then(|()| invariants::check(nodes));
        match found {
            Err(violation) if self.may_be_violated => self.violations.push(violation),
            found => found.unwrap_or_else(|violation| panic!("{violation}")),
        }
        self.steps.push(step.into_owned());
    }

    fn take_effects(&mut self, id: NodeId, input: Option<Input<P>>, mut out: Effects<P>) {
        self.told.push(Done { node: id, input, effects: out.as_slice().to_vec() });
        let armed = self.armed.entry(id).or_default();
        for effect in out.drain() {
            match effect {
                Effect::SetTimer(timer, _) => drop(armed.insert(timer)),
                Effect::CancelTimer(timer) => drop(armed.remove(&timer)),
                Effect::Event(_) => {}
                Effect::Persist(record) => {
                    let disk = &mut self.disks[id.0 as usize - 1];
                    disk.durable.apply(&record);
                    disk.records += 1;
                }
                Effect::Send(to, message) => self.network.push(Envelope { from: id, to, message }),
                Effect::Reply(caller, answer) => self.answers.push((caller, answer)),
            }
        }
    }
}
