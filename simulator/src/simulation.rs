//! The loop: the next event, what it does to a node, and what becomes of the node's effects.
use std::mem::ManuallyDrop;

use synod_protocol::{
    Answer, Caller, Effect, Effects, Input, Loss, Node, NodeId, Nodes, Observer, PacketId, Place, Step, Time,
    Violation, What,
};

use crate::assertion::{inside_node, install_hook};
use crate::client::Clients;
use crate::config::{Config, ConfigError};
use crate::draw::{Draws, Site, Span, nanos};
use crate::keyed::Script;
use crate::nemesis::{Falls, Nemesis, Striker};
use crate::network::{Cuts, End, Lane, Weather};
use crate::outcome::{ClientCall, Counts, Liveness, Outcome};
use crate::phase::Phase;
use crate::queue::{Queue, QueueKind};
use crate::scenario::Predicates;
use crate::server::{Content, Output, Server};
use crate::sometimes::Tally;
use crate::stream::Stream;
use crate::traffic::Traffic;

/// What clients ask.
pub trait Workload<N: Node> {
    /// The call number `nth` (1, 2, 3, …) of this client. It is a function of its arguments alone;
    /// `draws` belong to this call.
    fn next(&mut self, client: synod_protocol::ClientId, nth: u64, draws: &mut Draws) -> N::Request;
}

impl<N: Node, F: FnMut(synod_protocol::ClientId, u64, &mut Draws) -> N::Request> Workload<N> for F {
    fn next(&mut self, client: synod_protocol::ClientId, nth: u64, draws: &mut Draws) -> N::Request {
        self(client, nth, draws)
    }
}

/// A cluster of nodes and its clients in virtual time.
#[derive(Clone)]
pub struct Simulation<N: Node, W, O> {
    pub(crate) config: Config,
    node_config: N::Config,
    pub(crate) workload: W,
    pub(crate) favourite: fn(&N) -> bool,
    pub(crate) is_whole: fn(&N) -> bool,
    pub(crate) now: Time,
    /// How many events had this same time.
    standstill: u64,
    pub(crate) queue: Queue<Event<N>>,
    pub(crate) stream: Stream<O>,
    /// `None`: down.
    pub(crate) nodes: Vec<Option<N>>,
    pub(crate) servers: Vec<Server<N>>,
    effects: Effects<N>,
    /// From each node to each.
    pub(crate) lanes: Vec<Lane>,
    pub(crate) cuts: Cuts,
    pub(crate) weather: Weather,
    pub(crate) traffic: Option<Box<Traffic<N>>>,
    pub(crate) next_packet: u64,
    pub(crate) sync: Span,
    pub(crate) slow_sync: Span,
    pub(crate) clients: Clients,
    pub(crate) calls: Vec<ClientCall<N>>,
    pub(crate) nemesis: Nemesis,
    pub(crate) predicates: Predicates<N>,
    /// How many nodes are paused or slow, and how often that was so.
    pub(crate) stalled: usize,
    pub(crate) stalls: u64,
    pub(crate) phase: Phase,
    pub(crate) liveness: Liveness,
    pub(crate) counts: Counts,
    /// What is noted of the draws, or told instead of them.
    pub(crate) script: Option<Box<Script>>,
}

/// What will happen. With a tag of a whole word, so that it is moved in whole words: what a processor stores in odd pieces it
/// cannot load again at once.
#[derive(Clone)]
#[repr(u64)]
pub(crate) enum Event<N: Node> {
    /// A packet reaches a node.
    Arrival(PacketId, NodeId, Input<N>),
    /// A packet reaches a client.
    Answer(PacketId, Caller, Answer<N::Response>),
    Timer(NodeId, N::Timer),
    /// The sync ends that was begun in this life.
    Synced(NodeId, u64),
    /// By its place among the clients.
    Client(u32),
    /// After that strike, if after one.
    Boot(NodeId, Option<Striker>),
    /// One that was doomed in this life, if it still lives.
    Crash(NodeId, u64),
    Strike(Striker),
    Relent(Striker),
    SafetyEnds,
    LivenessEnds,
    /// A slow node is ready for its next step, in that stall.
    Attends(NodeId, u64),
    /// A strike that comes in beats goes on.
    Tick(Striker),
    /// The packet of highest priority arrives.
    Deliver,
    /// As a scenario says.
    Heal,
}

/// A node that sets timers of no length for ever would hang a sweep.
const STANDSTILL: u64 = 1_000_000;

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    /// # Errors
    /// A knob that makes no sense.
    pub fn new(config: Config, node: N::Config, workload: W, observer: O) -> Result<Self, ConfigError> {
        let script = Script::told(&config);
        Simulation::with_script(config, node, workload, observer, script)
    }

    /// Its draws are noted.
    pub(crate) fn noting(
        config: Config,
        node: N::Config,
        workload: W,
        observer: O,
    ) -> Result<Self, ConfigError> {
        let script = Script::notes(&config);
        Simulation::with_script(config, node, workload, observer, Some(script))
    }

    fn with_script(
        config: Config,
        node: N::Config,
        workload: W,
        observer: O,
        script: Option<Box<Script>>,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        install_hook();
        let ids = || (1..=config.nodes).map(NodeId);
        let lane = |from, to| Lane::new(config.seed, End::Node(from), End::Node(to));
        let mut simulation = Simulation {
            node_config: node,
            workload,
            favourite: |_| false,
            is_whole: |_| true,
            now: Time::ZERO,
            standstill: 0,
            queue: Queue::new(QueueKind::default()),
            stream: Stream::new(config.seed, observer),
            nodes: ids().map(|_| None).collect(),
            servers: ids().map(|id| Server::new(&config, id)).collect(),
            effects: Effects::default(),
            lanes: ids().flat_map(|from| ids().map(move |to| lane(from, to))).collect(),
            cuts: Cuts::none(config.nodes),
            weather: Weather::new(&config),
            traffic: match script {
                Some(_) => Some(Traffic::whatever(&config)),
                None => Traffic::new(&config),
            },
            next_packet: 0,
            sync: Span::new(&config.disk.sync),
            slow_sync: Span::new(&config.disk.slow_sync),
            clients: Clients::new(&config),
            calls: Vec::new(),
            nemesis: Nemesis::new(),
            predicates: Predicates::default(),
            stalled: 0,
            stalls: 0,
            phase: Phase::Safety,
            liveness: Liveness::NotJudged,
            counts: Counts::default(),
            script,
            config,
        };
        for id in (1..=simulation.config.nodes).map(NodeId) {
            simulation.queue.push(Time::ZERO, Event::Boot(id, None));
        }
        simulation.queue.push(Time(nanos(simulation.config.safety)), Event::SafetyEnds);
        simulation.start_clients();
        simulation.start_nemesis();
        Ok(simulation)
    }

    /// Nodes that half of the strikes are aimed at: leaders, say.
    #[must_use]
    pub fn favourite(mut self, favourite: fn(&N) -> bool) -> Self {
        self.favourite = favourite;
        self
    }

    /// Which nodes have joined, where nodes that lose their disks join anew: no disk is taken while a node is down or
    /// has not joined, so that never more is lost than one node has.
    #[must_use]
    pub fn whole(mut self, is_whole: fn(&N) -> bool) -> Self {
        self.is_whole = is_whole;
        self
    }

    /// Lets the events wait in a queue of this kind. The run stays the same: that is what it is for.
    #[must_use]
    pub fn on(mut self, kind: QueueKind) -> Self {
        let (clients, servers) = (&mut self.clients, &mut self.servers);
        self.queue = self.queue.moved_to(kind, |event, ticket| {
            let alarm = match *event {
                Event::Client(slot) => Some(clients.alarm(slot)),
                Event::Timer(id, timer) => servers[place(id)].timers.alarm(timer),
                _ => None,
            };
            alarm.into_iter().for_each(|alarm| alarm.moved(ticket));
        });
        self
    }

    pub fn run(mut self) -> Outcome<N> {
        while self.step() {}
        self.outcome()
    }

    /// The next event with all that follows from it at once; `false` when the run is over.
    pub fn step(&mut self) -> bool {
        if self.stream.has_failed() || matches!(self.phase, Phase::Over) {
            return false;
        }
        let (at, event) = self.queue.pop();
        let Some(event) = &event else { return false };
        self.standstill = if at == self.now { self.standstill + 1 } else { 0 };
        self.now = at;
        if self.standstill > STANDSTILL {
            let story = format!("{STANDSTILL} events in a row happened at {at}");
            self.stream.fail(Violation::new("Time goes on", story));
            return false;
        }
        self.happen(event);
        if self.nemesis.lookouts > 0 {
            self.look_out();
        }
        !self.stream.has_failed() && !matches!(self.phase, Phase::Over)
    }

    /// By reference: to take an event apart would copy it once more, and piece by piece. Most are arrivals; what others do is
    /// not inlined, so that these need no large frame.
    #[inline(always)]
    fn happen(&mut self, event: &Event<N>) {
        match *event {
            Event::Arrival(packet, to, ref input) => self.arrive(packet, to, input),
            Event::Answer(packet, caller, ref answer) => self.answered(packet, caller, answer),
            Event::Timer(id, timer) => self.ring(id, timer),
            Event::Synced(id, life) => self.synced(id, life),
            Event::Client(slot) => self.client_wakes(slot),
            Event::Boot(id, by) => self.boot_after_strike(id, by),
            Event::Crash(id, life) => self.crash_if_doomed(id, life),
            Event::Strike(of) => self.strike(of),
            Event::Relent(of) => self.relent(of),
            Event::SafetyEnds => self.end_safety(),
            Event::LivenessEnds => self.end_liveness(),
            Event::Attends(id, stall) => self.attends(id, stall),
            Event::Tick(of) => self.tick(of),
            Event::Deliver => self.deliver(),
            Event::Heal => self.heal(),
        }
    }

    pub fn now(&self) -> Time {
        self.now
    }

    pub fn nodes(&self) -> Nodes<'_, N> {
        Nodes::new(&self.nodes)
    }

    /// Of the run so far: where two runs first differ can be found by bisection.
    pub fn trace_hash(&self) -> u64 {
        self.stream.hash_so_far()
    }

    pub fn observer(&self) -> &O {
        self.stream.observer()
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// As if the run ended here.
    pub fn outcome(mut self) -> Outcome<N> {
        let is_packet = |event: &&Event<N>| matches!(event, Event::Arrival(..) | Event::Answer(..));
        let held = self.servers.iter().filter_map(|server| server.stall.as_ref());
        let held = held.flat_map(|stall| &stall.inbox);
        let held = held.chain(self.traffic.iter().flat_map(|traffic| traffic.pooled()));
        self.counts.in_flight = self.queue.iter().chain(held).filter(is_packet).count() as u64;
        self.counts.steps = self.stream.steps();
        self.settle_open_calls();
        let (violation, trace_hash) = self.stream.finish(&self.nodes);
        Outcome {
            violation,
            liveness: self.liveness,
            counts: self.counts,
            calls: self.calls,
            sometimes: Tally::default(),
            trace_hash,
            end: self.now,
        }
    }
}

/// Nodes and what they do.
impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    #[inline]
    fn arrive(&mut self, packet: PacketId, to: NodeId, input: &Input<N>) {
        if self.stalled > 0 && self.does_not_attend(to) {
            return self.hold(to, Event::Arrival(packet, to, input.clone()));
        }
        let is_up = self.nodes[place(to)].is_some();
        match *input {
            Input::Message(from, _) if self.cuts.is_any() && self.cuts.is_cut(from, to) => {
                return self.dropped(packet, Loss::Partitioned);
            }
            Input::Request(caller, _) => self.request_arrived(caller, is_up),
            _ => {}
        }
        if is_up {
            self.counts.delivered += 1;
            self.handle(to, Some(packet), input);
        } else {
            self.dropped(packet, Loss::Down);
        }
    }

    #[inline(never)]
    fn ring(&mut self, id: NodeId, timer: N::Timer) {
        if self.stalled > 0 && self.does_not_attend(id) {
            return self.hold_timer(id, timer);
        }
        let Some(alarm) = self.servers[place(id)].timers.alarm(timer) else { return };
        if alarm.ring(self.now, &mut self.queue, || Event::Timer(id, timer)) {
            self.counts.timers += 1;
            self.handle(id, None, &Input::Timer(timer));
        }
    }

    /// One step of a node that is up.
    #[inline]
    fn handle(&mut self, id: NodeId, packet: Option<PacketId>, input: &Input<N>) {
        let Some(node) = &mut self.nodes[place(id)] else { return };
        let clock = self.servers[place(id)].clock.read(self.now);
        let effects = &mut self.effects;
        let view = inside_node(|| {
            effects.step(clock, node, input);
            node.view()
        });
        let view = match view {
            Ok(view) => view,
            Err(assertion) => return self.assertion_failed(id, &format!("handed {input:?}"), &assertion),
        };
        // All of it is borrowed; to find that out at run time, in order to drop it, would cost.
        let step = ManuallyDrop::new(Step {
            number: self.stream.number(),
            at: self.now,
            place: Place::Node(id),
            what: What::Handled {
                clock,
                packet,
                input: std::borrow::Cow::Borrowed(input),
                effects: self.effects.as_slice().into(),
                view,
            },
        });
        let cause = self.stream.emit_step(&step, &self.nodes);
        if self.servers[place(id)].is_new {
            self.look_whether_whole(id);
        }
        self.carry_out(id, cause, clock);
    }

    /// Boots a node that is down, from what its disk holds.
    pub(crate) fn boot(&mut self, id: NodeId) {
        if !self.read_back(id) {
            return;
        }
        let server = &mut self.servers[place(id)];
        server.begin_life(&self.config, id);
        self.counts.restarts += u64::from(server.life > 1);
        self.set_told_clock(id);
        let server = &mut self.servers[place(id)];
        let clock = server.clock.read(self.now);
        let effects = &mut self.effects;
        let booted = inside_node(|| {
            let durable = server.disk.durable().clone();
            let node = effects.boot(clock, id, &self.node_config, durable);
            let view = node.view();
            (node, view)
        });
        let (node, view) = match booted {
            Ok(booted) => booted,
            Err(assertion) => return self.assertion_failed(id, "booting", &assertion),
        };
        self.nodes[place(id)] = Some(node);
        let disk = &mut self.servers[place(id)].disk;
        let effects = self.effects.as_slice().into();
        let what = What::Booted { clock, records: disk.synced, effects, view, durable: Some(disk.durable()) };
        let cause = self.stream.emit(self.now, Place::Node(id), what, &self.nodes);
        self.look_whether_whole(id);
        self.carry_out(id, cause, clock);
    }

    #[cold]
    fn assertion_failed(&mut self, id: NodeId, doing: &str, assertion: &str) {
        let doing: String = doing.chars().take(400).collect();
        let story = format!("{id} at {}, {doing}: {assertion}", self.now);
        self.stream.fail(Violation::new("An assertion of the node", story));
    }

    /// The effects of a step, in order.
    #[inline]
    fn carry_out(&mut self, id: NodeId, cause: u64, clock: Time) {
        let mut effects = std::mem::take(&mut self.effects);
        let crash = self.crash_within(id, &effects);
        let mut waits = self.servers[place(id)].must_wait();
        let (mut outputs, mut number) = (0, 0);
        for effect in effects.drain() {
            match effect {
                Effect::Send(to, message) => {
                    self.stream.hash().sends(to, &message);
                    waits |= crash == Some(outputs);
                    if waits {
                        self.hold_back(id, cause, number, Content::Message(to, message));
                    } else {
                        self.send_message(id, cause, number, to, message);
                    }
                    outputs += 1;
                }
                Effect::Reply(caller, answer) => {
                    self.stream.hash().replies(caller, &answer);
                    waits |= crash == Some(outputs);
                    if waits {
                        self.hold_back(id, cause, number, Content::Answer(caller, answer));
                    } else {
                        self.send_answer(id, cause, number, caller, answer);
                    }
                    outputs += 1;
                }
                Effect::Persist(record) => {
                    self.stream.hash().persists(&record);
                    self.counts.records += 1;
                    self.servers[place(id)].disk.write(record);
                    waits = true;
                }
                Effect::SetTimer(timer, after) => {
                    self.stream.hash().sets_timer(timer, &after);
                    let server = &mut self.servers[place(id)];
                    let mut takes = Span::new(&after).drawn(server.keys.timer, server.timers_set);
                    if let Some(script) = &mut self.script {
                        takes = script.timer([id.0.into(), server.life, server.timers_set], &after, takes);
                    }
                    server.timers_set += 1;
                    let due = server.clock.when(Time(clock.0.saturating_add(takes))).max(self.now);
                    server.timers.arm(timer, due, &mut self.queue, || Event::Timer(id, timer));
                }
                Effect::CancelTimer(timer) => {
                    self.stream.hash().cancels_timer(timer);
                    self.servers[place(id)].timers.cancel(timer, &mut self.queue);
                }
                Effect::Event(event) => self.stream.hash().notes(&event),
            }
            number += 1;
        }
        // What stands there is empty; to find that out, in order to drop it, would cost.
        std::mem::forget(std::mem::replace(&mut self.effects, effects));
        match crash {
            Some(_) => self.crash_in_step(id),
            None => self.begin_sync(id),
        }
    }

    /// If the node is to crash in this step: after how many of its outputs? A step that writes no record is
    /// let pass, for the crash is to fall between writing and syncing.
    #[inline]
    fn crash_within(&mut self, id: NodeId, effects: &Effects<N>) -> Option<u64> {
        let server = &self.servers[place(id)];
        let is_doomed = server.doomed.is_some_and(|doom| doom.falls == Falls::InAStep);
        if !is_doomed && server.disk.full_until.is_none() {
            return None;
        }
        let list = effects.as_slice();
        list.iter().any(|effect| matches!(effect, Effect::Persist(_))).then(|| {
            let outputs = list.iter().filter(|effect| effect.is_output()).count() as u64;
            let (node, life) = (id.0.into(), server.life);
            let drawn = Draws::new(self.config.seed, Site::Crash, node, life).below(outputs + 1);
            self.script.as_mut().map_or(drawn, |script| script.crash([node, life, 0], drawn, outputs))
        })
    }

    /// It waits: for records, or for a crash that is to come first.
    fn hold_back(&mut self, id: NodeId, cause: u64, effect: u32, content: Content<N>) {
        let server = &mut self.servers[place(id)];
        let after_records = server.disk.written();
        server.outputs.extend(std::iter::once_with(|| Output { cause, effect, after_records, content }));
    }
}

/// Where a node of the run stands in the lists.
#[inline]
pub(crate) fn place(id: NodeId) -> usize {
    id.0 as usize - 1
}
