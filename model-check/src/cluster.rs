//! The model: which actions there are in a state, and where each leads.
use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use stateright::Model;
use synod_protocol::{Answer, Caller, ClientId, Digest, Input, Node, NodeId, Place, Shared, Violation};

use crate::{
    Action, Opening, Promise, Scope, State, Symmetry, Watch,
    assertion::install_hook,
    bag::{Bag, Content, Flight, Packet},
    history::{Client, History},
    memo::Memo,
    properties,
    server::Server,
    step::{Stepped, Watched},
};

/// A node broke an invariant that it asserts.
pub const ASSERTION: &str = "An assertion of the node";
/// A node read a clock that there is not (rule 4 of the contract): it cannot be checked.
pub const READS_THE_CLOCK: &str = "No node reads a clock";

/// What the bridge itself sees come about.
pub(crate) mod happened {
    pub(crate) const NAMES: &[&str] = &[
        "a node crashed",
        "a crash lost a record",
        "a node came back",
        "a message was lost",
        "a message came twice",
        "a call was tried again",
        "a call returned",
    ];
    pub(crate) const CRASHED: u64 = 1;
    pub(crate) const LOST_A_RECORD: u64 = 1 << 1;
    pub(crate) const CAME_BACK: u64 = 1 << 2;
    pub(crate) const LOST: u64 = 1 << 3;
    pub(crate) const TWICE: u64 = 1 << 4;
    pub(crate) const TRIED_AGAIN: u64 = 1 << 5;
    pub(crate) const RETURNED: u64 = 1 << 6;
}

/// A cluster of `N`, its clients and its network, as a model for stateright.
#[derive(Debug)]
pub struct Cluster<N: Node, W> {
    pub(crate) scope: Scope<N>,
    pub(crate) promise: Option<Promise<N>>,
    /// The actions of the opening.
    pub(crate) opening: Vec<Action<N>>,
    pub(crate) start: State<N, W>,
    /// What came about anywhere, whichever engine looked.
    pub(crate) seen: Arc<AtomicU64>,
    /// What a disk is that nobody will boot from.
    pub(crate) no_disk: Shared<N::Durable>,
    /// Steps that were taken before.
    pub(crate) steps: Memo<Arc<Stepped<N>>>,
    /// What the watch made of them, by its memory and the other nodes.
    pub(crate) watched: Memo<Watched<W>>,
    /// Servers and how many of their records were synced, with what becomes of them.
    pub(crate) synced: Memo<Shared<Server<N>>>,
    /// How nodes are renamed, if they are alike.
    pub(crate) symmetry: Option<Symmetry<N, W>>,
}

impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// Boots all nodes and carries out the opening.
    pub fn new(scope: Scope<N>, promise: Option<Promise<N>>) -> Self {
        install_hook();
        let no_disk = Shared::new(N::Durable::default());
        let server = || Shared::new(Server::down(no_disk.clone()));
        let clients = vec![Client { id: None, made: 0, is_open: false }; scope.scripts.len()];
        let start = State {
            servers: (0..scope.nodes).map(|_| server()).collect(),
            bag: Bag::default(),
            clients,
            history: Shared::new(History::default()),
            left: scope.budget,
            watch: Shared::new(W::default()),
            broken: None,
            seen: 0,
        };
        let seen = Arc::new(AtomicU64::new(0));
        let (steps, watched, synced) = (Memo::new(), Memo::new(), Memo::new());
        let mut cluster = Cluster {
            scope,
            promise,
            opening: Vec::new(),
            start,
            seen,
            no_disk,
            steps,
            watched,
            synced,
            symmetry: None,
        };
        let mut start = cluster.start.clone();
        (1..=cluster.scope.nodes).map(NodeId).for_each(|id| cluster.boot(&mut start, id));
        cluster.start = start;
        cluster.open();
        cluster
    }

    pub fn scope(&self) -> &Scope<N> {
        &self.scope
    }

    /// What happened before the first state.
    pub fn opening(&self) -> &[Action<N>] {
        &self.opening
    }

    /// What a client asks in this call of its script.
    pub fn request(&self, script: u8, call: u8) -> Option<&N::Request> {
        self.scope.scripts.get(usize::from(script))?.get(usize::from(call))
    }

    fn open(&mut self) {
        for part in self.scope.opening.clone() {
            match part {
                Opening::Fire(node, timer) => self.opens_with(Action::Fire { node, timer }),
                Opening::Call(script, via) => self.opens_with(Action::Call { script, via }),
                Opening::Deliver(kind, to) => {
                    self.round(|packet| packet.kind() == kind && packet.to == Place::Node(to));
                }
                Opening::Settle => {
                    while !self.start.bag.is_empty() && self.start.broken.is_none() {
                        self.round(|_| true);
                    }
                }
            }
        }
        self.start.seen = 0;
    }

    /// All that is on its way arrives, in an order that no digest decides, so that it stays as the code changes.
    fn round(&mut self, is_meant: impl Fn(&Packet<N>) -> bool) {
        let packets = self.start.bag.iter().map(|flight| flight.packet.clone());
        let mut round: Vec<_> = packets.filter(|packet| is_meant(packet)).collect();
        round.sort_by_key(|packet| (packet.from, packet.to, packet.kind()));
        for packet in round {
            self.opens_with(Action::Deliver { packet, again: false });
        }
    }

    /// Unless something is broken already.
    fn opens_with(&mut self, action: Action<N>) {
        if self.start.broken.is_some() {
            return;
        }
        let mut before = self.start.clone();
        let budget = before.left;
        // Free of charge.
        (before.left.timers, before.left.requests) = (1, 1);
        if let Some(mut after) = self.next_state(&before, action.clone()) {
            after.left = budget;
            self.start = after;
            self.opening.push(action);
        }
    }
}

impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// In a synchronous network, a timer does not come before what is on its way, nor before one that is due earlier.
    fn keep_those_due(&self, state: &State<N, W>, actions: &mut Vec<Action<N>>) {
        let Some(due) = self.scope.due else { return };
        let is_to_come = state.bag.distinct().any(|flight| match flight.packet.to {
            Place::Node(to) => state.node(to).is_some(),
            _ => false,
        });
        let when = |action: &Action<N>| match action {
            Action::Fire { node, timer } => Some(due(*node, timer)),
            _ => None,
        };
        let first = actions.iter().filter_map(when).min();
        actions.retain(|action| when(action).is_none_or(|at| !is_to_come && Some(at) == first));
    }
}

impl<N: Node, W: Watch<N>> Model for Cluster<N, W> {
    type State = State<N, W>;
    type Action = Action<N>;

    fn init_states(&self) -> Vec<Self::State> {
        vec![self.start.clone()]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Action<N>>) {
        if state.broken.is_some() {
            return;
        }
        let left = state.left;
        let up = || (1..).map(NodeId).zip(&state.servers).filter(|(_, server)| server.is_up());
        for flight in state.bag.distinct() {
            let packet = &flight.packet;
            let (arrives, is_input) = match packet.to {
                Place::Node(to) => (state.node(to).is_some(), true),
                _ => (true, false),
            };
            if arrives {
                actions.push(Action::Deliver { packet: packet.clone(), again: false });
            }
            if arrives && is_input && left.duplicates > 0 {
                actions.push(Action::Deliver { packet: packet.clone(), again: true });
            }
            // An answer that is lost is one that never arrives: a client may try again whenever it likes.
            if is_input && left.drops > 0 {
                actions.push(Action::Drop { packet: packet.clone() });
            }
        }
        if left.timers > 0 {
            for (node, server) in up() {
                let may = server.timers.iter().filter(|timer| (self.scope.fires)(timer));
                actions.extend(may.map(|&timer| Action::Fire { node, timer }));
            }
            self.keep_those_due(state, actions);
        }
        for (client, script) in state.clients.iter().zip(0_u8..) {
            let length = self.scope.scripts[usize::from(script)].len();
            if client.is_open && left.retries > 0 {
                actions.extend(up().map(|(via, _)| Action::Retry { script, via }));
            }
            if !client.is_open && left.requests > 0 && usize::from(client.made) < length {
                actions.extend(up().map(|(via, _)| Action::Call { script, via }));
            }
        }
        for (node, server) in (1..).map(NodeId).zip(&state.servers) {
            if !server.is_up() {
                actions.push(Action::Boot { node });
            } else if left.crashes > 0 {
                self.crashes(state, node, server, actions);
            }
        }
    }

    fn next_state(&self, before: &Self::State, action: Action<N>) -> Option<Self::State> {
        let mut state = before.clone();
        state.seen = 0;
        let counts = match action {
            Action::Deliver { packet, again } => self.deliver(&mut state, &packet, again),
            Action::Drop { packet } => {
                state.left.drops -= 1;
                state.seen |= happened::LOST;
                self.take(&mut state, &packet).is_some()
            }
            Action::Fire { node, timer } => {
                state.left.timers = state.left.timers.checked_sub(1)?;
                self.handle(&mut state, node, &Input::Timer(timer))
            }
            Action::Call { script, via } => self.call(&mut state, script, via),
            Action::Retry { script, via } => {
                state.left.retries = state.left.retries.checked_sub(1)?;
                state.seen |= happened::TRIED_AGAIN;
                self.try_at(&mut state, script, via)
            }
            Action::Crash { node, lose, unsent } => self.crash(&mut state, node, lose, unsent),
            Action::Boot { node } => {
                state.seen |= happened::CAME_BACK;
                self.boot(&mut state, node);
                true
            }
        };
        if !counts {
            return None;
        }
        self.settled(&mut state);
        if state.seen & !self.seen.load(Ordering::Relaxed) != 0 {
            self.seen.fetch_or(state.seen, Ordering::Relaxed);
        }
        Some(state)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        properties::all(self)
    }

    fn format_action(&self, action: &Action<N>) -> String {
        action.to_string()
    }
}

/// The network and the clients.
impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// Takes a packet from the network: it left its sender, so what it waited for is durable, and what was to leave
    /// before it did.
    fn take(&self, state: &mut State<N, W>, packet: &Packet<N>) -> Option<Flight<N>> {
        let flight = state.bag.take(packet)?;
        if let Place::Node(sender) = packet.from {
            state.bag.left(sender, flight.relies, flight.order);
            if flight.relies > 0 {
                let server = &mut state.servers[sender.0 as usize - 1];
                let mut key = Digest::new(7);
                (&*server, flight.relies).hash(&mut key);
                let synced = self.synced.get(key.finish(), || {
                    let mut synced = Server::clone(server);
                    synced.sync(flight.relies as usize);
                    Shared::new(synced)
                });
                *server = synced;
            }
        }
        Some(flight)
    }

    fn deliver(&self, state: &mut State<N, W>, packet: &Arc<Packet<N>>, again: bool) -> bool {
        let Some(flight) = self.take(state, packet) else { return false };
        if again {
            state.left.duplicates -= 1;
            state.seen |= happened::TWICE;
            state.bag.add(Flight { relies: 0, order: 0, copies: 1, ..flight });
        }
        match (&packet.content, packet.to) {
            (Content::Input(input), Place::Node(to)) => {
                // Also what changes nothing is a delivery: the packet is gone, and what it waited for is durable.
                self.step(state, to, Some(input), packet.digest());
            }
            (Content::Answer(caller, Answer::Done(response)), _) => self.returned(state, *caller, response),
            _ => {}
        }
        true
    }

    fn call(&self, state: &mut State<N, W>, script: u8, via: NodeId) -> bool {
        let given = state.clients.iter().filter(|client| client.id.is_some()).count();
        let client = &mut state.clients[usize::from(script)];
        client.id.get_or_insert(ClientId(given as u32 + 1));
        client.made += 1;
        client.is_open = true;
        state.left.requests -= 1;
        state.history = Shared::new(state.history.called(script));
        self.try_at(state, script, via)
    }

    fn try_at(&self, state: &mut State<N, W>, script: u8, via: NodeId) -> bool {
        let client = state.clients[usize::from(script)];
        let (Some(id), Some(request)) = (client.id, self.request(script, client.made - 1)) else {
            return false;
        };
        let caller = Caller { client: id, number: u64::from(client.made), via };
        let input = Input::Request(caller, request.clone());
        if !self.scope.requests_travel {
            return self.handle(state, via, &input);
        }
        let packet = Packet::new(Place::Client(id), Place::Node(via), Content::Input(input));
        state.bag.add(Flight { packet, relies: 0, order: 0, copies: 1 });
        true
    }

    /// Which script awaits an answer to this call?
    pub(crate) fn awaits(state: &State<N, W>, caller: Caller) -> Option<usize> {
        state.clients.iter().position(|client| {
            client.is_open && client.id == Some(caller.client) && u64::from(client.made) == caller.number
        })
    }

    fn returned(&self, state: &mut State<N, W>, caller: Caller, response: &N::Response) {
        let Some(script) = Self::awaits(state, caller) else { return };
        state.clients[script].is_open = false;
        state.history = Shared::new(state.history.returned(script as u8, response.clone()));
        state.seen |= happened::RETURNED;
        // Nobody waits for another answer.
        state.bag.retain(|flight| flight.packet.to != Place::Client(caller.client));
        let Some(promise) = &self.promise else { return };
        let calls = state.history.calls(&self.scope.scripts, &state.clients);
        if let Some(violation) = (promise.judge)(&calls) {
            state.broken.get_or_insert_with(|| Arc::new(violation));
        }
    }
}

/// When nothing is under way.
impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// If nothing is on its way, nothing was lost by the network and all nodes are up, the watch may ask whether
    /// everything that was to be said was heard.
    fn settled(&self, state: &mut State<N, W>) {
        let is_quiet = state.bag.is_empty() && state.left.drops == self.scope.budget.drops;
        if state.broken.is_none() && is_quiet && state.servers.iter().all(|server| server.is_up()) {
            let mut nodes = state.servers.iter().filter_map(|server| server.node());
            if let Err(violation) = state.watch.settled(&mut nodes) {
                state.broken = Some(Arc::new(violation));
            }
        }
    }
}

pub(crate) fn broken(property: &'static str, story: String) -> Option<Arc<Violation>> {
    Some(Arc::new(Violation::new(property, story)))
}
