//! A world for the toy: links that lose, repeat and delay; disks that take their time; crashes,
//! partitions; clients that try again. It keeps the contract, and `contract::Checker` looks.
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use synod_protocol::{
    Answer, Caller, ClientId, Durable, Effect, Effects, Input, Loss, Node, NodeId, Nodes, Observer, PacketId,
    Place, Step, Time, Violation, What,
};

use super::node::{Add, Ballot, Disk, Message, Timer};

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) nodes: u32,
    pub(crate) length: Duration,
    /// Of a hundred packets.
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    /// Crashes and partitions, one of them every second.
    pub(crate) faults: bool,
}

/// Runs it and shows every step to the observer, until one of them finds something.
pub(crate) fn run(plan: &Plan, observer: &mut impl Observer<Ballot>) -> Result<(), Violation> {
    let mut world = World::new(plan, observer);
    for node in 1..=plan.nodes {
        world.boot(NodeId(node))?;
    }
    for client in [ClientId(1), ClientId(2)] {
        world.due(100, Due::Call(client));
    }
    if plan.faults {
        world.due(1000, Due::Fault);
    }
    while let Some(((at, _), due)) = world.queue.pop_first() {
        if at > Time::ZERO.after(plan.length) {
            break;
        }
        world.now = at;
        world.happen(due)?;
    }
    Ok(())
}

#[derive(Clone, Debug)]
enum Due {
    Arrival(PacketId),
    Timer(NodeId, Timer, u64),
    Sync(NodeId, u64),
    Boot(NodeId),
    Call(ClientId),
    Again(Caller),
    GiveUp(Caller),
    Fault,
    Heal,
}

#[derive(Clone, Debug)]
enum Content {
    Message(NodeId, Message),
    Request(Caller, Add),
    Answer(Caller, Answer<u64>),
}

#[derive(Debug, Default)]
struct Server {
    /// Counts boots and crashes.
    life: u64,
    disk: Disk,
    synced: u64,
    unsynced: Vec<Disk>,
    outputs: VecDeque<Output>,
    armed: BTreeMap<Timer, u64>,
}

#[derive(Debug)]
struct Output {
    after_records: u64,
    cause: u64,
    effect: u32,
    to: Place,
    content: Content,
}

struct World<'a, O> {
    plan: &'a Plan,
    observer: &'a mut O,
    random: u64,
    now: Time,
    steps: u64,
    packets: u64,
    order: u64,
    queue: BTreeMap<(Time, u64), Due>,
    on_their_way: BTreeMap<PacketId, (Place, Content)>,
    nodes: Vec<Option<Ballot>>,
    servers: Vec<Server>,
    /// Alone on its side of a partition.
    cut_off: Option<NodeId>,
    /// The open call of each client, and the number of its last one.
    calls: BTreeMap<ClientId, (u64, Option<Caller>)>,
    effects: Effects<Ballot>,
}

impl<'a, O: Observer<Ballot>> World<'a, O> {
    fn new(plan: &'a Plan, observer: &'a mut O) -> Self {
        World {
            plan,
            observer,
            random: plan.seed,
            now: Time::ZERO,
            steps: 0,
            packets: 0,
            order: 0,
            queue: BTreeMap::new(),
            on_their_way: BTreeMap::new(),
            nodes: (0..plan.nodes).map(|_| None).collect(),
            servers: (0..plan.nodes).map(|_| Server::default()).collect(),
            cut_off: None,
            calls: BTreeMap::new(),
            effects: Effects::default(),
        }
    }

    fn happen(&mut self, due: Due) -> Result<(), Violation> {
        match due {
            Due::Arrival(packet) => self.arrive(packet),
            Due::Timer(node, timer, setting) => {
                if self.server(node).armed.get(&timer) != Some(&setting) {
                    return Ok(());
                }
                self.server(node).armed.remove(&timer);
                self.handle(node, None, Input::Timer(timer))
            }
            Due::Sync(node, life) if self.server(node).life == life => self.sync(node),
            Due::Sync(..) => Ok(()),
            Due::Boot(node) => self.boot(node),
            Due::Call(client) => {
                let number = self.calls.get(&client).map_or(0, |(number, _)| *number) + 1;
                let caller = Caller { client, number, via: self.any_node() };
                self.due(700, Due::GiveUp(caller));
                self.call(caller)
            }
            Due::Again(caller) => match self.open_call(caller) {
                Some(_) => self.call(caller),
                None => Ok(()),
            },
            Due::GiveUp(caller) => match self.open_call(caller) {
                Some(open) => {
                    self.calls.insert(caller.client, (caller.number, None));
                    self.due(30, Due::Call(caller.client));
                    self.emit(Place::Client(caller.client), What::GaveUp { caller: open })
                }
                None => Ok(()),
            },
            Due::Fault => self.fault(),
            Due::Heal => {
                self.cut_off = None;
                self.emit(Place::Network, What::Fault { what: "healed".into() })
            }
        }
    }

    fn fault(&mut self) -> Result<(), Violation> {
        self.due(1000, Due::Fault);
        let node = self.any_node();
        if self.draw(2) == 0 {
            self.cut_off = Some(node);
            self.due(500, Due::Heal);
            return self.emit(Place::Network, What::Fault { what: format!("cut {node} off").into() });
        }
        if self.nodes[index(node)].is_none() {
            return Ok(());
        }
        let unsynced = self.server(node).unsynced.len() as u64;
        let kept = usize::try_from(self.draw(unsynced + 1)).expect("a few records");
        let server = self.server(node);
        for record in server.unsynced.drain(..).take(kept) {
            server.disk.apply(&record);
            server.synced += 1;
        }
        server.life += 1;
        server.outputs.clear();
        server.armed.clear();
        let records = server.synced;
        self.nodes[index(node)] = None;
        self.due(400, Due::Boot(node));
        self.emit(Place::Node(node), What::Crashed { records })
    }

    fn boot(&mut self, node: NodeId) -> Result<(), Violation> {
        let (disk, records) = (self.server(node).disk.clone(), self.server(node).synced);
        let mut effects = std::mem::take(&mut self.effects);
        let booted = effects.boot(self.now, node, &self.plan.nodes, disk.clone());
        let view = booted.view();
        self.nodes[index(node)] = Some(booted);
        let what = What::Booted {
            clock: self.now,
            records,
            effects: effects.as_slice().into(),
            view,
            durable: Some(&disk),
        };
        self.emit(Place::Node(node), what)?;
        self.take(node, effects)
    }

    fn handle(
        &mut self,
        node: NodeId,
        packet: Option<PacketId>,
        input: Input<Ballot>,
    ) -> Result<(), Violation> {
        let mut effects = std::mem::take(&mut self.effects);
        let server = self.nodes[index(node)].as_mut().expect("only nodes that are up are handed anything");
        effects.step(self.now, server, &input);
        let view = server.view();
        let input = std::borrow::Cow::Borrowed(&input);
        let what = What::Handled { clock: self.now, packet, input, effects: effects.as_slice().into(), view };
        self.emit(Place::Node(node), what)?;
        self.take(node, effects)
    }

    fn take(&mut self, node: NodeId, mut effects: Effects<Ballot>) -> Result<(), Violation> {
        let cause = self.steps - 1;
        for (effect, number) in effects.drain().zip(0..) {
            let (to, content) = match effect {
                Effect::Send(to, message) => (Place::Node(to), Content::Message(node, message)),
                Effect::Reply(to, answer) => (Place::Client(to.client), Content::Answer(to, answer)),
                Effect::Persist(record) => {
                    let life = self.server(node).life;
                    if self.server(node).unsynced.is_empty() {
                        let delay = 1 + self.draw(20);
                        self.due(delay, Due::Sync(node, life));
                    }
                    self.server(node).unsynced.push(record);
                    continue;
                }
                Effect::SetTimer(timer, range) => {
                    let width = u64::try_from((range.end - range.start).as_micros()).expect("short");
                    let at = self.now.after(range.start + Duration::from_micros(self.draw(width + 1)));
                    self.order += 1;
                    let setting = self.order;
                    self.server(node).armed.insert(timer, setting);
                    self.queue.insert((at, setting), Due::Timer(node, timer, setting));
                    continue;
                }
                Effect::CancelTimer(timer) => {
                    self.server(node).armed.remove(&timer);
                    continue;
                }
                Effect::Event(_) => continue,
            };
            let server = self.server(node);
            let after_records = server.synced + server.unsynced.len() as u64;
            server.outputs.push_back(Output { after_records, cause, effect: number, to, content });
        }
        self.effects = effects;
        self.let_out(node)
    }

    fn sync(&mut self, node: NodeId) -> Result<(), Violation> {
        let server = self.server(node);
        for record in server.unsynced.drain(..) {
            server.disk.apply(&record);
            server.synced += 1;
        }
        let records = server.synced;
        self.emit(Place::Node(node), What::Synced { records })?;
        self.let_out(node)
    }

    fn let_out(&mut self, node: NodeId) -> Result<(), Violation> {
        loop {
            let server = self.server(node);
            let synced = server.synced;
            let Some(output) = server.outputs.pop_front_if(|output| output.after_records <= synced) else {
                return Ok(());
            };
            let Output { cause, effect, to, content, .. } = output;
            let packet = self.new_packet(to, content);
            self.emit(Place::Node(node), What::Sent { packet, to, cause, effect })?;
            self.route(node, packet, to)?;
        }
    }

    fn new_packet(&mut self, to: Place, content: Content) -> PacketId {
        self.packets += 1;
        self.on_their_way.insert(PacketId(self.packets), (to, content));
        PacketId(self.packets)
    }

    /// Messages are subject to faults, requests and answers to loss alone.
    fn route(&mut self, from: NodeId, packet: PacketId, to: Place) -> Result<(), Violation> {
        if let Place::Node(to) = to
            && (self.cut_off == Some(from)) != (self.cut_off == Some(to))
        {
            return self.drop(packet, Loss::Partitioned);
        }
        if self.draw(100) < self.plan.lost {
            return self.drop(packet, Loss::Lost);
        }
        if self.draw(100) < self.plan.repeated {
            let (to, content) = self.on_their_way[&packet].clone();
            let twin = self.new_packet(to, content);
            self.emit(Place::Network, What::Duplicated { packet, twin })?;
            self.set_out(twin);
        }
        self.set_out(packet);
        Ok(())
    }

    fn set_out(&mut self, packet: PacketId) {
        let delay = 1 + self.draw(9);
        self.due(delay, Due::Arrival(packet));
    }

    fn drop(&mut self, packet: PacketId, why: Loss) -> Result<(), Violation> {
        self.on_their_way.remove(&packet);
        self.emit(Place::Network, What::Dropped { packet, why })
    }

    fn arrive(&mut self, packet: PacketId) -> Result<(), Violation> {
        let Some((to, content)) = self.on_their_way.remove(&packet) else { return Ok(()) };
        let input = match content {
            Content::Message(from, message) => Input::Message(from, message),
            Content::Request(caller, request) => Input::Request(caller, request),
            Content::Answer(caller, answer) => return self.answered(packet, caller, answer),
        };
        match to {
            Place::Node(node) if self.nodes[index(node)].is_some() => self.handle(node, Some(packet), input),
            _ => self.drop(packet, Loss::Down),
        }
    }

    fn call(&mut self, caller: Caller) -> Result<(), Violation> {
        let request = Add(caller.number);
        self.calls.insert(caller.client, (caller.number, Some(caller)));
        let packet = self.new_packet(Place::Node(caller.via), Content::Request(caller, request.clone()));
        let request = std::borrow::Cow::Owned(request);
        self.emit(Place::Client(caller.client), What::Called { packet, caller, request })?;
        if self.draw(100) < self.plan.lost {
            return self.drop(packet, Loss::Lost);
        }
        self.set_out(packet);
        Ok(())
    }

    /// As it was last tried, if the client still waits for it.
    fn open_call(&self, caller: Caller) -> Option<Caller> {
        let (number, open) = self.calls.get(&caller.client)?;
        open.filter(|_| *number == caller.number)
    }

    fn answered(&mut self, packet: PacketId, caller: Caller, answer: Answer<u64>) -> Result<(), Violation> {
        if self.open_call(caller).is_none() {
            return self.drop(packet, Loss::Down);
        }
        match answer {
            Answer::Done(_) => {
                self.calls.insert(caller.client, (caller.number, None));
                self.due(30, Due::Call(caller.client));
            }
            Answer::Elsewhere(hint) => {
                let via = hint.unwrap_or_else(|| self.any_node());
                self.due(20, Due::Again(Caller { via, ..caller }));
            }
        }
        let answer = std::borrow::Cow::Owned(answer);
        self.emit(Place::Client(caller.client), What::Returned { packet, caller, answer })
    }

    fn emit(&mut self, place: Place, what: What<'_, Ballot>) -> Result<(), Violation> {
        let step = Step { number: self.steps, at: self.now, place, what };
        self.steps += 1;
        self.observer.observe(&step, Nodes::new(&self.nodes))
    }

    fn due(&mut self, milliseconds: u64, due: Due) {
        self.order += 1;
        self.queue.insert((self.now.after(Duration::from_millis(milliseconds)), self.order), due);
    }

    fn server(&mut self, node: NodeId) -> &mut Server {
        &mut self.servers[index(node)]
    }

    fn any_node(&mut self) -> NodeId {
        let nodes = u64::from(self.plan.nodes);
        NodeId(1 + u32::try_from(self.draw(nodes)).expect("a few nodes"))
    }

    /// SplitMix64, below a bound.
    fn draw(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ bits >> 31) % below
    }
}

fn index(node: NodeId) -> usize {
    node.0 as usize - 1
}
