//! A cluster that does what a list says.
use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
};

use synod_protocol::{
    Answer, Caller, ClientId, Durable, Effect, Effects, Input, Loss, Message, Node, NodeId, Nodes, Observer,
    PacketId, Place, Step, Time, Violation, What,
};

use super::flights::{Content, Flight, Flights, digest};
use super::{Action, Address};
use crate::assertion::{inside_node, install_hook};
use crate::outcome::ClientCall;

/// Keeps the whole contract and emits the same steps as the simulator, so that the same observers watch it.
///
/// All nodes are up at first. After a violation nothing happens any more.
#[derive(Clone)]
pub struct World<N: Node, O> {
    config: N::Config,
    observer: O,
    violation: Option<Violation>,
    now: Time,
    next_step: u64,
    next_packet: u64,
    nodes: Vec<Option<N>>,
    stations: Vec<Station<N>>,
    flights: Flights<N>,
    /// By the name that the list has for it.
    clients: BTreeMap<ClientId, Client>,
    /// The name that the list has for each client.
    names: BTreeMap<ClientId, ClientId>,
    calls: Vec<ClientCall<N>>,
    effects: Effects<N>,
}

/// What a node has that it does not see.
#[derive(Clone)]
struct Station<N: Node> {
    /// The fold of the records that are durable, and how many they are.
    durable: N::Durable,
    synced: u64,
    unsynced: VecDeque<N::Record>,
    /// Outputs that wait for records, oldest first.
    waiting: VecDeque<Waiting>,
    /// Armed timers, and when each may fire at the earliest.
    timers: BTreeMap<N::Timer, Time>,
}

#[derive(Clone, Copy)]
struct Waiting {
    link: (Place, Place),
    ticket: u64,
    after_records: u64,
    cause: u64,
    effect: u32,
}

#[derive(Clone, Copy)]
struct Client {
    id: ClientId,
    number: u64,
    /// Its open call, by its place in the list of calls, and the node that it asked last.
    open: Option<(usize, NodeId)>,
}

impl<N: Node> Station<N> {
    fn written(&self) -> u64 {
        self.synced + self.unsynced.len() as u64
    }
}

impl<N: Node, O: Observer<N>> World<N, O> {
    pub fn new(nodes: u32, config: N::Config, observer: O) -> Self {
        install_hook();
        let station = || Station {
            durable: N::Durable::default(),
            synced: 0,
            unsynced: VecDeque::new(),
            waiting: VecDeque::new(),
            timers: BTreeMap::new(),
        };
        let mut world = World {
            config,
            observer,
            violation: None,
            now: Time::ZERO,
            next_step: 0,
            next_packet: 0,
            nodes: (0..nodes).map(|_| None).collect(),
            stations: (0..nodes).map(|_| station()).collect(),
            flights: Flights::new(),
            clients: BTreeMap::new(),
            names: BTreeMap::new(),
            calls: Vec::new(),
            effects: Effects::default(),
        };
        (1..=nodes).map(NodeId).for_each(|id| world.boot(id));
        world
    }

    /// Does it, if it can happen; says whether it could.
    pub fn act(&mut self, action: &Action<N>) -> bool {
        if self.violation.is_some() || !self.can(action) {
            return false;
        }
        self.now = Time(self.now.0 + 1_000_000);
        match action {
            Action::Deliver(address) => self.deliver(address),
            Action::Drop(address) => self.lose(address),
            Action::Fire { node, timer } => {
                let Some(timer) = self.armed(*node, timer) else { return false };
                if let Some(earliest) = self.stations[place(*node)].timers.remove(&timer) {
                    self.now = self.now.max(earliest);
                    self.handle(*node, None, &Input::Timer(timer));
                }
            }
            Action::Crash { node, lose } => self.crash(*node, *lose),
            Action::Boot { node } => self.boot(*node),
            Action::Request { client, via, request, arrives } => {
                self.call(*client, *via, request, *arrives);
            }
            Action::Retry { client, via, arrives } => self.try_at(*client, *via, *arrives),
        }
        true
    }

    fn can(&self, action: &Action<N>) -> bool {
        let is_up = |id: NodeId| self.nodes.get(place(id)).is_some_and(Option::is_some);
        let is_here = |id: NodeId| (1..=self.nodes.len()).contains(&(id.0 as usize));
        match action {
            Action::Deliver(address) => match (address.to, self.flights.find(address)) {
                (Place::Node(to), Some(_)) => is_up(to),
                (Place::Client(_), Some(flight)) => self.is_awaited(address, flight),
                _ => false,
            },
            Action::Drop(address) => self.flights.find(address).is_some(),
            Action::Fire { node, timer } => is_up(*node) && self.armed(*node, timer).is_some(),
            Action::Crash { node, .. } => is_up(*node),
            Action::Boot { node } => is_here(*node) && !is_up(*node),
            Action::Request { via, .. } => is_here(*via),
            Action::Retry { client, via, .. } => {
                is_here(*via) && self.clients.get(client).is_some_and(|client| client.open.is_some())
            }
        }
    }

    /// This timer, if it is armed; otherwise the latest of its name. A timer that is about a call bears its number,
    /// which is another one when calls before it are left out.
    fn armed(&self, node: NodeId, timer: &N::Timer) -> Option<N::Timer> {
        let armed = &self.stations[place(node)].timers;
        if armed.contains_key(timer) {
            return Some(*timer);
        }
        let name = |timer: &N::Timer| {
            let text = format!("{timer:?}");
            text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
        };
        armed.keys().rev().find(|other| name(other) == name(timer)).copied()
    }

    /// Only a result ends a call; where a client goes with a redirection, the list says anyhow.
    fn is_awaited(&self, address: &Address, flight: &Flight<N>) -> bool {
        let (Place::Client(name), Content::Answer(caller, Answer::Done(_))) = (address.to, &flight.content)
        else {
            return false;
        };
        self.clients.get(&name).is_some_and(|client| {
            client.open.is_some() && (client.id, client.number) == (caller.client, caller.number)
        })
    }

    /// What this address would mean now, in terms of age alone.
    pub fn age(&self, address: &Address) -> Option<u32> {
        self.flights.age(address)
    }

    /// What this node could be handed now, in the words in which an assertion would tell it.
    ///
    /// A node that does not survive its step leaves none: what it was handed is not among the steps of its
    /// run, only in the story of the violation.
    pub(super) fn possible_at(&self, node: NodeId) -> Vec<(Action<N>, String)> {
        let Some(station) = self.stations.get(place(node)) else { return Vec::new() };
        let mut possible = vec![(Action::Boot { node }, "booting".to_owned())];
        for &timer in station.timers.keys() {
            let input = Input::<N>::Timer(timer);
            possible.push((Action::Fire { node, timer }, format!("handed {input:?}")));
        }
        for (address, content) in self.flights.to(node) {
            let Content::Input(input) = content else { continue };
            possible.push((Action::Deliver(address), format!("handed {input:?}")));
        }
        possible
    }

    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    pub fn nodes(&self) -> Nodes<'_, N> {
        Nodes::new(&self.nodes)
    }

    /// What clients asked and were told so far.
    pub fn calls(&self) -> &[ClientCall<N>] {
        &self.calls
    }

    /// How many steps were emitted.
    pub fn steps(&self) -> u64 {
        self.next_step
    }

    pub fn now(&self) -> Time {
        self.now
    }

    pub fn observer(&self) -> &O {
        &self.observer
    }

    pub fn into_observer(self) -> O {
        self.observer
    }

    fn emit(&mut self, place: Place, what: What<'_, N>) -> u64 {
        let number = self.next_step;
        if self.violation.is_none() {
            self.next_step += 1;
            let step = Step { number, at: self.now, place, what };
            self.violation = self.observer.observe(&step, Nodes::new(&self.nodes)).err();
        }
        number
    }

    fn new_packet(&mut self) -> PacketId {
        self.next_packet += 1;
        PacketId(self.next_packet - 1)
    }
}

/// Nodes.
impl<N: Node, O: Observer<N>> World<N, O> {
    /// Takes from the network what is meant, and lets it leave its node first.
    fn take(&mut self, address: &Address) -> Option<Flight<N>> {
        let Flight { ticket, packet, .. } = self.flights.find(address)?;
        let ticket = *ticket;
        if let (None, Place::Node(sender)) = (packet, address.from) {
            self.let_out(sender, |waiting| waiting.ticket <= ticket);
        }
        self.flights.take((address.from, address.to), ticket)
    }

    fn lose(&mut self, address: &Address) {
        if let Some(packet) = self.take(address).and_then(|flight| flight.packet) {
            self.emit(Place::Network, What::Dropped { packet, why: Loss::Lost });
        }
    }

    fn deliver(&mut self, address: &Address) {
        let link = (address.from, address.to);
        let Some(mut flight) = self.take(address) else { return };
        let Some(packet) = flight.packet else { return };
        if address.again {
            let twin = self.new_packet();
            self.emit(Place::Network, What::Duplicated { packet, twin });
            flight.packet = Some(twin);
            self.flights.add(link, flight.kind, flight.digest, flight.packet, flight.content.clone());
        }
        match (address.to, flight.content) {
            (Place::Node(to), Content::Input(input)) => {
                self.reached(&input);
                self.handle(to, Some(packet), &input);
            }
            (Place::Client(name), Content::Answer(caller, Answer::Done(response))) => {
                self.returned(name, packet, caller, response);
            }
            _ => {}
        }
    }

    fn handle(&mut self, id: NodeId, packet: Option<PacketId>, input: &Input<N>) {
        let Some(node) = &mut self.nodes[place(id)] else { return };
        let (effects, clock) = (&mut self.effects, self.now);
        let view = inside_node(|| {
            effects.step(clock, node, input);
            node.view()
        });
        let view = match view {
            Ok(view) => view,
            Err(assertion) => return self.assertion_failed(id, &format!("handed {input:?}"), &assertion),
        };
        let mut effects = std::mem::take(&mut self.effects);
        let list = effects.as_slice().into();
        let what = What::Handled { clock, packet, input: Cow::Borrowed(input), effects: list, view };
        let cause = self.emit(Place::Node(id), what);
        self.carry_out(id, cause, &mut effects);
        self.effects = effects;
    }

    fn boot(&mut self, id: NodeId) {
        let station = &self.stations[place(id)];
        let (records, durable) = (station.synced, station.durable.clone());
        let (effects, config, clock) = (&mut self.effects, &self.config, self.now);
        let booted = inside_node(|| {
            let node = effects.boot(clock, id, config, durable.clone());
            let view = node.view();
            (node, view)
        });
        let (node, view) = match booted {
            Ok(booted) => booted,
            Err(assertion) => return self.assertion_failed(id, "booting", &assertion),
        };
        self.nodes[place(id)] = Some(node);
        let mut effects = std::mem::take(&mut self.effects);
        let list = effects.as_slice().into();
        let what = What::Booted { clock, records, effects: list, view, durable: Some(&durable) };
        let cause = self.emit(Place::Node(id), what);
        self.carry_out(id, cause, &mut effects);
        self.effects = effects;
    }

    fn assertion_failed(&mut self, id: NodeId, doing: &str, assertion: &str) {
        let doing = shortened(doing);
        let story = format!("{id} at {}, {doing}: {assertion}", self.now);
        self.violation.get_or_insert(Violation::new("An assertion of the node", story));
    }

    fn carry_out(&mut self, id: NodeId, cause: u64, effects: &mut Effects<N>) {
        for (effect, number) in effects.drain().zip(0..) {
            let station = &mut self.stations[place(id)];
            match effect {
                Effect::Send(to, message) => {
                    let kind = message.kind();
                    let input = Input::Message(id, message);
                    self.output(id, cause, number, Place::Node(to), kind, Content::Input(input));
                }
                Effect::Reply(caller, answer) => {
                    // Nodes that are clients of other nodes have no name in the list.
                    let name = self.names.get(&caller.client).copied().unwrap_or(caller.client);
                    let content = Content::Answer(caller, answer);
                    self.output(id, cause, number, Place::Client(name), Address::ANSWER, content);
                }
                Effect::Persist(record) => station.unsynced.push_back(record),
                Effect::SetTimer(timer, after) => {
                    station.timers.insert(timer, self.now.after(after.start));
                }
                Effect::CancelTimer(timer) => {
                    station.timers.remove(&timer);
                }
                Effect::Event(_) => {}
            }
        }
        // What waits for nothing leaves now.
        let synced = self.stations[place(id)].synced;
        self.let_out(id, |waiting| waiting.after_records <= synced);
    }

    fn output(
        &mut self,
        id: NodeId,
        cause: u64,
        effect: u32,
        to: Place,
        kind: &'static str,
        content: Content<N>,
    ) {
        let link = (Place::Node(id), to);
        let ticket = self.flights.add(link, kind, digest(&content), None, content);
        let station = &mut self.stations[place(id)];
        let after_records = station.written();
        station.waiting.push_back(Waiting { link, ticket, after_records, cause, effect });
    }

    /// Lets the outputs of a node out, oldest first, as long as they are to leave; syncs what they wait for.
    ///
    /// They keep their order, so whoever wants one let out wants those before it let out as well.
    fn let_out(&mut self, id: NodeId, leaves: impl Fn(&Waiting) -> bool) {
        while let Some(output) = self.stations[place(id)].waiting.pop_front_if(|waiting| leaves(waiting)) {
            self.sync(id, output.after_records);
            let packet = self.new_packet();
            let Waiting { link, ticket, cause, effect, .. } = output;
            if let Some(flight) = self.flights.get_mut(link, ticket) {
                flight.packet = Some(packet);
                // A client bears another name in the list than in the run.
                let to = match &flight.content {
                    Content::Answer(caller, _) => Place::Client(caller.client),
                    Content::Input(_) => link.1,
                };
                self.emit(Place::Node(id), What::Sent { packet, to, cause, effect });
            }
        }
    }

    /// Makes the first `records` records durable.
    fn sync(&mut self, id: NodeId, records: u64) {
        let station = &mut self.stations[place(id)];
        if records <= station.synced {
            return;
        }
        let count = (records - station.synced) as usize;
        for record in station.unsynced.drain(..count) {
            station.durable.apply(&record);
        }
        station.synced = records;
        self.emit(Place::Node(id), What::Synced { records });
    }

    /// What survives lets out all that waited for no more: what is not delivered then is lost. So one
    /// cursor is enough for both of rule 2.
    fn crash(&mut self, id: NodeId, lose: u64) {
        let station = &self.stations[place(id)];
        let records = station.written() - lose.min(station.unsynced.len() as u64);
        self.let_out(id, |waiting| waiting.after_records <= records);
        self.sync(id, records);
        let station = &mut self.stations[place(id)];
        station.unsynced.clear();
        station.timers.clear();
        for Waiting { link, ticket, .. } in std::mem::take(&mut station.waiting) {
            self.flights.take(link, ticket);
        }
        self.nodes[place(id)] = None;
        self.emit(Place::Node(id), What::Crashed { records });
    }
}

/// Clients.
impl<N: Node, O: Observer<N>> World<N, O> {
    fn call(&mut self, name: ClientId, via: NodeId, request: &N::Request, arrives: bool) {
        let client = match self.clients.get(&name).copied() {
            Some(Client { id, number, open: Some((_, via)) }) => {
                let caller = Caller { client: id, number, via };
                self.emit(Place::Client(id), What::GaveUp { caller });
                self.new_client(name)
            }
            Some(client) => client,
            None => self.new_client(name),
        };
        let Client { id, number, .. } = client;
        let open = Some((self.calls.len(), via));
        self.calls.push(ClientCall {
            client: id,
            number: number + 1,
            request: request.clone(),
            called: self.now,
            returned: None,
            reached: false,
        });
        self.clients.insert(name, Client { id, number: number + 1, open });
        self.try_at(name, via, arrives);
    }

    /// One that gives up goes on as the next of those whose numbers leave the same rest by the number of nodes: where
    /// each client has a node of its own, which its number says, it is the same one.
    fn new_client(&mut self, name: ClientId) -> Client {
        let is_free = |number: &u32| !self.names.contains_key(&ClientId(*number));
        let id = (name.0..=u32::MAX).step_by(self.nodes.len().max(1)).find(is_free).map_or(name, ClientId);
        self.names.insert(id, name);
        Client { id, number: 0, open: None }
    }

    fn try_at(&mut self, name: ClientId, via: NodeId, arrives: bool) {
        let Some(Client { id, number, open: Some((call, asked_last)) }) = self.clients.get_mut(&name) else {
            return;
        };
        *asked_last = via;
        let caller = Caller { client: *id, number: *number, via };
        let request = self.calls[*call].request.clone();
        let packet = self.new_packet();
        let what = What::Called { packet, caller, request: Cow::Borrowed(&request) };
        self.emit(Place::Client(caller.client), what);
        let input = Input::Request(caller, request);
        let is_up = self.nodes[place(via)].is_some();
        if arrives && is_up {
            self.reached(&input);
            self.handle(via, Some(packet), &input);
        } else {
            let digest = digest(&input);
            let link = (Place::Client(name), Place::Node(via));
            self.flights.add(link, Address::REQUEST, digest, Some(packet), Content::Input(input));
        }
    }

    /// A copy of a request is at a node: its call may take effect.
    fn reached(&mut self, input: &Input<N>) {
        let Input::Request(caller, _) = input else { return };
        let is_this =
            |call: &&mut ClientCall<N>| (call.client, call.number) == (caller.client, caller.number);
        if let Some(call) = self.calls.iter_mut().rev().find(is_this) {
            call.reached = true;
        }
    }

    fn returned(&mut self, name: ClientId, packet: PacketId, caller: Caller, response: N::Response) {
        let Some(client) = self.clients.get_mut(&name) else { return };
        let Some((call, _)) = client.open.take() else { return };
        self.calls[call].returned = Some((self.now, response.clone()));
        let answer = Cow::Owned(Answer::Done(response));
        self.emit(Place::Client(caller.client), What::Returned { packet, caller, answer });
    }
}

/// As the simulator tells it.
pub(super) fn shortened(doing: &str) -> String {
    doing.chars().take(400).collect()
}

fn place(id: NodeId) -> usize {
    (id.0 as usize).wrapping_sub(1)
}
