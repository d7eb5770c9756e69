//! A small harness for the [`Toy`]: virtual time, disks with explicit syncs, an output gate, links and
//! clients. It is honest, unless it is told to be [`Wrong`] in one way.
use std::{borrow::Cow, collections::BTreeMap, collections::VecDeque, time::Duration};

use synod_protocol::{contract::Checker, *};

use crate::{
    toy::{Config, Defect, Record, Request, Tally, Timer, Toy, ToyMessage},
    wrong::Wrong,
};

pub(crate) type Done<T = ()> = Result<T, Violation>;

const NODES: u64 = 3;
const CLIENTS: u64 = 2;

pub(crate) struct Harness<O> {
    wrong: Option<Wrong>,
    observer: O,
    config: Config,
    draws: u64,
    at: Time,
    number: u64,
    newest_packet: u64,
    nodes: Vec<Option<Toy>>,
    servers: Vec<Server>,
    on_their_way: Vec<(PacketId, Place, Cargo)>,
    clients: Vec<Client>,
}

#[derive(Default)]
struct Server {
    /// All that is on the disk or on its way there; the first `durable` are safe.
    records: Vec<Record>,
    durable: usize,
    outputs: VecDeque<Output>,
    /// On the node's clock: when the range begins, and when it fires.
    timers: BTreeMap<Timer, (Time, Time)>,
    /// Settings that must not fire any more; only wrong harnesses keep them.
    ghosts: Vec<(Timer, Time)>,
    clock: Time,
    ended: bool,
}

struct Output {
    cause: u64,
    effect: u32,
    after_records: usize,
    to: Place,
    cargo: Cargo,
}

#[derive(Clone)]
enum Cargo {
    Input(Input<Toy>),
    Answer(Caller, Answer<u64>),
}

#[derive(Default)]
struct Client {
    number: u64,
    put: u64,
    open: bool,
}

impl Harness<Checker<Toy>> {
    /// A run of that many turns, judged as it goes.
    pub(crate) fn judged(seed: u64, wrong: Option<Wrong>, turns: u32) -> Done {
        let defect = match wrong {
            Some(Wrong::NodeReadsAGlobal) => Some(Defect::ReadsAGlobal),
            Some(Wrong::NodeWritesTwoRecords) => Some(Defect::TwoRecordsInAnAction),
            Some(Wrong::NodeWritesAfterOutput) => Some(Defect::RecordAfterOutput),
            Some(Wrong::NodeWritesTwoRecordsAtBoot) => Some(Defect::TwoRecordsAtBoot),
            _ => None,
        };
        let config = Config { nodes: NODES as u32, defect };
        Harness::new(seed, wrong, config, Checker::new(config)).run(turns)
    }
}

impl<O: Observer<Toy>> Harness<O> {
    pub(crate) fn new(seed: u64, wrong: Option<Wrong>, config: Config, observer: O) -> Self {
        Harness {
            wrong,
            observer,
            config,
            draws: seed,
            at: Time::ZERO,
            number: 0,
            newest_packet: 0,
            nodes: (0..NODES).map(|_| None).collect(),
            servers: (0..NODES).map(|_| Server::default()).collect(),
            on_their_way: Vec::new(),
            clients: (0..CLIENTS).map(|_| Client::default()).collect(),
        }
    }

    pub(crate) fn run(&mut self, turns: u32) -> Done {
        for _ in 0..turns {
            self.at = self.at.after(Duration::from_micros(self.draw(400)));
            let server = self.draw(NODES) as usize;
            match self.draw(40) {
                0..13 => self.deliver()?,
                13..20 => self.let_out(server)?,
                20..24 => self.sync(server)?,
                24..30 => self.fire(server)?,
                30..34 => self.ask()?,
                34 => self.lose()?,
                35 => self.repeat()?,
                36 => self.crash(server)?,
                _ => self.boot(server)?,
            }
        }
        Ok(())
    }

    // Nodes and their disks.

    fn boot(&mut self, i: usize) -> Done {
        let may = self.nodes[i].is_none() || self.once_in(9, Wrong::BootsWhileUp);
        if !may || self.servers[i].ended && !self.is(Wrong::BootsAfterDiskFailed) {
            return Ok(());
        }
        let server = &self.servers[i];
        let (mut loaded, mut config) = (server.durable, self.config);
        if self.is(Wrong::BootsFromOlder) || self.is(Wrong::HidesOlderBoot) {
            loaded = loaded.saturating_sub(1);
        }
        if self.is(Wrong::BootsWithAnotherConfig) {
            config.nodes += 1;
        }
        let mut durable = Tally::default();
        server.records[..loaded].iter().for_each(|record| durable.apply(record));
        let records = match self.wrong {
            Some(Wrong::HidesOlderBoot) => server.durable,
            Some(Wrong::MiscountsAtBoot) => loaded + 1,
            _ => loaded,
        } as u64;

        let clock = self.at.after(Duration::from_millis(self.draw(50)));
        let mut out = Effects::default();
        let node: Toy = out.boot(clock, node_id(i), &config, durable.clone());
        let (view, effects) = (node.view(), out.drain().collect::<Vec<_>>());
        self.servers[i].clock = clock;
        self.nodes[i] = Some(node);
        self.absorb(i, &effects);
        let what =
            What::Booted { clock, records, effects: Cow::Owned(effects), view, durable: Some(&durable) };
        self.emit(Place::Node(node_id(i)), what)
    }

    fn step(&mut self, i: usize, packet: Option<PacketId>, input: Input<Toy>) -> Done {
        let clock = self.clock(i);
        if self.once_in(9, Wrong::TouchesMemory) {
            let value = ToyMessage::Copy(7);
            self.nodes[i]
                .iter_mut()
                .for_each(|node| node.on_message(node_id(i), &value, &mut Effects::default()));
        }
        let mut out = Effects::default();
        let Some(node) = &mut self.nodes[i] else {
            // Nobody is there to be handed anything: only a wrong harness says so.
            let view = Toy::boot(node_id(i), &self.config, Tally::default(), &mut out).view();
            let (input, effects) = (Cow::Owned(input), Cow::Owned(Vec::new()));
            return self.emit(Place::Node(node_id(i)), What::Handled { clock, packet, input, effects, view });
        };
        let mut view = node.view();
        out.step(clock, node, &input);
        if self.wrong != Some(Wrong::ShowsOldView) {
            view = node.view();
        }
        let mut effects = out.drain().collect::<Vec<_>>();
        if self.once_in(9, Wrong::DropsEffect) {
            effects.pop();
        }
        if self.once_in(9, Wrong::ReordersEffects) {
            effects.reverse();
        }
        self.servers[i].clock = clock;
        self.absorb(i, &effects);
        let (input, effects) = (Cow::Owned(input), Cow::Owned(effects));
        self.emit(Place::Node(node_id(i)), What::Handled { clock, packet, input, effects, view })
    }

    /// Timers and records at once; outputs get in line.
    fn absorb(&mut self, i: usize, effects: &[Effect<Toy>]) {
        let own_records = effects.iter().any(|effect| matches!(effect, Effect::Persist(_)));
        for (effect, number) in effects.iter().cloned().zip(0..) {
            let clock = self.servers[i].clock;
            let (to, cargo) = match effect {
                Effect::Send(to, message) => {
                    (Place::Node(to), Cargo::Input(Input::Message(node_id(i), message)))
                }
                Effect::Reply(to, answer) => (Place::Client(to.client), Cargo::Answer(to, answer)),
                Effect::Persist(record) => {
                    self.servers[i].records.push(record);
                    continue;
                }
                Effect::SetTimer(timer, after) => {
                    let width = (after.end - after.start).as_nanos() as u64;
                    let start = clock.after(after.start);
                    let fires = Time(start.0 + self.draw(width));
                    let old = self.servers[i].timers.insert(timer, (start, fires));
                    self.haunt(Wrong::FiresOldSetting, i, timer, old);
                    continue;
                }
                Effect::CancelTimer(timer) => {
                    let old = self.servers[i].timers.remove(&timer);
                    self.haunt(Wrong::FiresCancelled, i, timer, old);
                    continue;
                }
                Effect::Event(_) => continue,
            };
            let waits = match self.wrong {
                Some(Wrong::OutputsDoNotWait) => false,
                Some(Wrong::WaitsForOwnStepOnly) => own_records,
                _ => true,
            };
            let server = &mut self.servers[i];
            let after_records = if waits { server.records.len() } else { 0 };
            server.outputs.push_back(Output { cause: self.number, effect: number, after_records, to, cargo });
        }
    }

    fn sync(&mut self, i: usize) -> Done {
        let (durable, written) = (self.servers[i].durable, self.servers[i].records.len());
        let fails = i == 0 && !self.servers[i].ended && self.draw(15) == 0;
        if fails || self.servers[i].ended && self.is(Wrong::EndsTwice) {
            self.servers[i].ended = true;
            self.go_down(i);
            return self.emit(Place::Node(node_id(i)), What::Ended { why: "sync failed".into() });
        }
        let mut records = durable + self.draw((written - durable) as u64 + 1) as usize;
        if self.is(Wrong::SyncsUnwritten) {
            records = written + 1;
        }
        if self.nodes[i].is_none() || records == durable && !self.is(Wrong::SyncsNothing) {
            return Ok(());
        }
        self.servers[i].durable = records;
        self.emit(Place::Node(node_id(i)), What::Synced { records: records as u64 })
    }

    /// Lets out what no longer waits for a record.
    fn let_out(&mut self, i: usize) -> Done {
        let may_go = |server: &Server| {
            server.outputs.front().is_some_and(|output| output.after_records <= server.durable)
        };
        while may_go(&self.servers[i]) {
            self.let_out_first(i)?;
        }
        Ok(())
    }

    fn let_out_first(&mut self, i: usize) -> Done {
        let last = self.servers[i].outputs.len().saturating_sub(1);
        if self.is(Wrong::ReordersOutputs) {
            self.servers[i].outputs.swap(0, last);
        }
        let Some(Output { cause, mut effect, mut to, cargo, .. }) = self.servers[i].outputs.pop_front()
        else {
            return Ok(());
        };
        if self.is(Wrong::MisroutesOutput) {
            to = Place::Node(NodeId(9));
        }
        if self.is(Wrong::InventsOutput) {
            effect += 100;
        }
        for _ in 0..if self.is(Wrong::LetsOutTwice) { 2 } else { 1 } {
            let packet = self.post(to, cargo.clone());
            self.emit(Place::Node(node_id(i)), What::Sent { packet, to, cause, effect })?;
        }
        Ok(())
    }

    /// Some of the records on their way to the disk survive, and the outputs before the first lost one
    /// may still be let out.
    fn crash(&mut self, i: usize) -> Done {
        if self.nodes[i].is_none() && !self.is(Wrong::CrashesWhileDown) {
            return Ok(());
        }
        let (durable, written) = (self.servers[i].durable, self.servers[i].records.len());
        let mut kept = durable + self.draw((written - durable) as u64 + 1) as usize;
        if self.is(Wrong::OutputPastLostRecord) {
            while self.servers[i].outputs.front().is_some_and(|output| output.after_records <= kept + 1) {
                self.let_out_first(i)?;
            }
        }
        match self.wrong {
            Some(Wrong::CrashLosesSynced) => kept = durable.saturating_sub(1),
            Some(Wrong::CrashKeepsUnwritten) => kept = written + 1,
            Some(Wrong::CrashKeepsSuffix) => {
                self.servers[i].records.drain(durable..durable + written - kept);
            }
            Some(Wrong::CrashKeepsHole) if kept < written && kept > durable => {
                self.servers[i].records.remove(kept - 1);
            }
            _ => {}
        }
        self.servers[i].records.truncate(kept);
        self.servers[i].durable = kept;
        self.go_down(i);
        self.emit(Place::Node(node_id(i)), What::Crashed { records: kept as u64 })
    }

    fn go_down(&mut self, i: usize) {
        if !self.is(Wrong::MemorySurvives) {
            self.nodes[i] = None;
        }
        self.servers[i].outputs.clear();
        self.servers[i].ghosts.clear();
        let armed = std::mem::take(&mut self.servers[i].timers);
        for (timer, setting) in armed {
            self.haunt(Wrong::FiresAcrossCrash, i, timer, Some(setting));
            self.haunt(Wrong::FiresWhileDown, i, timer, Some(setting));
        }
    }

    // Timers and clocks.

    fn fire(&mut self, i: usize) -> Done {
        let (clock, up) = (self.clock(i), self.nodes[i].is_some());
        if up != self.is(Wrong::FiresWhileDown) {
            // A dead setting looks like a living one if the timer was armed anew, unless it is too early.
            let old_setting = self.is(Wrong::FiresOldSetting);
            let Server { ghosts, timers, .. } = &mut self.servers[i];
            ghosts.retain(|(timer, _)| old_setting || !timers.contains_key(timer));
            if let Some(nth) = ghosts.iter().position(|(_, fires)| clock >= *fires) {
                let (timer, _) = ghosts.swap_remove(nth);
                return self.step(i, None, Input::Timer(timer));
            }
        }
        let early = self.is(Wrong::FiresEarly);
        let timers = &self.servers[i].timers;
        let due =
            timers.iter().find(|(_, (start, fires))| if early { clock < *start } else { clock >= *fires });
        let Some((&timer, _)) = due else { return Ok(()) };
        let setting = self.servers[i].timers.remove(&timer);
        self.haunt(Wrong::FiresTwice, i, timer, setting);
        self.step(i, None, Input::Timer(timer))
    }

    fn haunt(&mut self, wrong: Wrong, i: usize, timer: Timer, setting: Option<(Time, Time)>) {
        if let (true, Some((_, fires))) = (self.is(wrong), setting) {
            self.servers[i].ghosts.push((timer, fires));
        }
    }

    /// Each node's clock runs at a rate of its own.
    fn clock(&self, i: usize) -> Time {
        let last = self.servers[i].clock;
        if self.is(Wrong::ClockGoesBack) {
            return Time(last.0.saturating_sub(1));
        }
        last.max(Time(self.at.0 + self.at.0 / 10 * i as u64))
    }

    // Links.

    fn post(&mut self, to: Place, cargo: Cargo) -> PacketId {
        if self.newest_packet == 0 || !self.once_in(9, Wrong::ReusesPacketNumber) {
            self.newest_packet += 1;
        }
        let packet = PacketId(self.newest_packet);
        self.on_their_way.push((packet, to, cargo));
        packet
    }

    fn deliver(&mut self) -> Done {
        if self.once_in(9, Wrong::InventsMessage) {
            let invented = Input::Message(NodeId(1), ToyMessage::Probe);
            let packet = PacketId(self.newest_packet + 1);
            return if self.nodes[1].is_some() { self.step(1, Some(packet), invented) } else { Ok(()) };
        }
        let Some(nth) = self.pick() else { return Ok(()) };
        let (packet, mut to, mut cargo) = self.on_their_way[nth].clone();
        if !self.is(Wrong::DeliversTwice) {
            self.on_their_way.swap_remove(nth);
        }
        match (&mut cargo, self.wrong) {
            (Cargo::Input(Input::Message(_, message)), Some(Wrong::AltersMessage)) => {
                *message = ToyMessage::Copy(77);
            }
            (Cargo::Input(Input::Message(from, _)), Some(Wrong::AltersSender)) => from.0 += 1,
            (Cargo::Input(Input::Request(_, request)), Some(Wrong::AltersRequest)) => {
                *request = Request::Put(77);
            }
            (Cargo::Answer(_, answer), Some(Wrong::AltersAnswer)) => *answer = Answer::Done(77_777),
            _ => {}
        }
        if let (Place::Node(NodeId(id)), Some(Wrong::MisroutesPacket)) = (to, self.wrong) {
            to = Place::Node(NodeId(id % NODES as u32 + 1));
        }
        match (to, cargo) {
            (Place::Node(NodeId(id)), Cargo::Input(input)) => {
                let i = id as usize - 1;
                if self.nodes[i].is_some() || self.is(Wrong::DeliversToDown) {
                    return self.step(i, Some(packet), input);
                }
            }
            (_, Cargo::Answer(caller, answer)) => {
                let client = &mut self.clients[caller.client.0 as usize - 1];
                let waits = client.open && client.number == caller.number;
                if waits || self.wrong == Some(Wrong::AnswersClosedCall) {
                    client.open &= matches!(answer, Answer::Elsewhere(_));
                    let mut client = caller.client;
                    if self.is(Wrong::ReturnsToAnotherClient) {
                        client.0 += 1;
                    }
                    let what = What::Returned { packet, caller, answer: Cow::Owned(answer) };
                    return self.emit(Place::Client(client), what);
                }
            }
            _ => {}
        }
        self.emit(Place::Network, What::Dropped { packet, why: Loss::Down })
    }

    fn lose(&mut self) -> Done {
        let Some(nth) = self.pick() else { return Ok(()) };
        let mut packet = self.on_their_way.swap_remove(nth).0;
        if self.is(Wrong::DropsWhatArrived) {
            packet.0 += 1000;
        }
        let place = if self.is(Wrong::DropsAtANode) { Place::Node(NodeId(1)) } else { Place::Network };
        self.emit(place, What::Dropped { packet, why: Loss::Lost })
    }

    fn repeat(&mut self) -> Done {
        let Some(nth) = self.pick() else { return Ok(()) };
        let (mut packet, to, cargo) = self.on_their_way[nth].clone();
        if self.is(Wrong::DuplicatesWhatArrived) {
            packet.0 += 1000;
        }
        let twin = self.post(to, cargo);
        self.emit(Place::Network, What::Duplicated { packet, twin })
    }

    fn pick(&mut self) -> Option<usize> {
        let packets = self.on_their_way.len() as u64;
        (packets > 0).then(|| self.draw(packets) as usize)
    }

    // Clients.

    /// A new call, a further try of the open one, or its end.
    fn ask(&mut self) -> Done {
        let i = self.draw(CLIENTS) as usize;
        let id = ClientId(i as u32 + 1);
        let (give_up, via) = (self.draw(8) == 0, NodeId(self.draw(NODES) as u32 + 1));
        let value = self.draw(3);
        let client = &mut self.clients[i];
        let was_open = client.open;
        if client.number > 0 && give_up && (was_open || self.wrong == Some(Wrong::GivesUpTwice)) {
            client.open = false;
            let caller = Caller { client: id, number: client.number, via };
            return self.emit(Place::Client(id), What::GaveUp { caller });
        }
        let keeps_number = match self.wrong {
            Some(Wrong::RetriesAfterDone) => client.number > 0,
            Some(Wrong::OpensSecondCall) => false,
            _ => was_open,
        };
        if !keeps_number {
            let skips = self.wrong == Some(Wrong::SkipsNumber);
            (client.number, client.put, client.open) = (client.number + 1 + u64::from(skips), value, true);
        }
        let (mut number, mut put) = (client.number, client.put);
        if was_open && self.wrong == Some(Wrong::RetriesWithAnotherRequest) {
            put += 1;
        }
        if was_open && self.wrong == Some(Wrong::RetriesSmallerNumber) {
            number -= 1;
        }
        let request = if put == 0 { Request::Read } else { Request::Put(put) };
        let caller = Caller { client: id, number, via };
        let packet = self.post(Place::Node(via), Cargo::Input(Input::Request(caller, request.clone())));
        self.emit(Place::Client(id), What::Called { packet, caller, request: Cow::Owned(request) })
    }

    // The stream, and chance.

    fn emit(&mut self, place: Place, what: What<'_, Toy>) -> Done {
        let mut step = Step { number: self.number, at: self.at, place, what };
        if self.once_in(9, Wrong::SkipsStepNumber) {
            step.number += 1;
        }
        if self.once_in(9, Wrong::TimeGoesBack) {
            step.at = Time::ZERO;
        }
        if self.is(Wrong::NamesClientForNode) && matches!(step.what, What::Synced { .. }) {
            step.place = Place::Client(ClientId(1));
        }
        self.number += 1;
        let seen = if self.is(Wrong::HidesNodes) { &[] } else { &self.nodes[..] };
        self.observer.observe(&step, Nodes::new(seen))
    }

    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    fn once_in(&mut self, times: u64, wrong: Wrong) -> bool {
        self.is(wrong) && self.draw(times) == 0
    }

    /// SplitMix64 (Steele, Lea & Flood 2014), below a bound.
    fn draw(&mut self, below: u64) -> u64 {
        self.draws = self.draws.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.draws;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % below
    }
}

fn node_id(i: usize) -> NodeId {
    NodeId(i as u32 + 1)
}
