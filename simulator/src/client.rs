//! Clients: each has one call open, tries it at one node after the other under the same number, and
//! leaves it unknown in the end. It needs to know no algorithm.
use std::borrow::Cow;
use std::time::Duration;

use synod_protocol::{
    Answer, Caller, ClientId, Input, Loss, Node, NodeId, Observer, PacketId, Place, Time, What,
};

use crate::alarm::Alarm;
use crate::config::Config;
use crate::draw::{Draws, Site};
use crate::keyed::Call;
use crate::network::{End, Lane};
use crate::outcome::ClientCall;
use crate::phase::Phase;
use crate::simulation::{Event, Simulation, Workload};

#[derive(Clone)]
pub(crate) struct Clients {
    slots: Vec<Client>,
    /// Which client of them bears, or bore, this id; the id 1 comes first.
    slot_of: Vec<u32>,
    /// Calls that were begun, and that ended, in the safety phase.
    begun: u64,
    ended: u64,
}

#[derive(Clone)]
struct Client {
    id: ClientId,
    /// Of its newest call.
    number: u64,
    /// The node that it asks next.
    via: NodeId,
    open: Option<Open>,
    alarm: Alarm,
    /// What it draws for its newest call: first how long it thinks before it.
    draws: Draws,
    to_nodes: Lane,
    from_nodes: Lane,
}

#[derive(Clone)]
struct Open {
    /// Its place in the list of calls.
    call: usize,
    give_up_at: Time,
    /// Does it wait for an answer of `via`? Otherwise it backs off.
    waits: bool,
    /// Copies of requests on their way to nodes.
    in_flight: u32,
    /// Has a copy reached a node that was up?
    reached: bool,
}

impl Clients {
    pub(crate) fn new(config: &Config) -> Self {
        let ids = 1..=config.clients;
        Clients {
            slots: ids.clone().map(|id| Client::new(config, ClientId(id))).collect(),
            slot_of: ids.map(|id| id - 1).collect(),
            begun: 0,
            ended: 0,
        }
    }

    /// Who bears this id now; a client that gave up bears another.
    fn find(&mut self, id: ClientId) -> Option<&mut Client> {
        let slot = *self.slot_of.get((id.0 as usize).checked_sub(1)?)?;
        Some(&mut self.slots[slot as usize]).filter(|client| client.id == id)
    }

    pub(crate) fn alarm(&mut self, slot: u32) -> &mut Alarm {
        &mut self.slots[slot as usize].alarm
    }

    /// The call that this caller has open.
    fn open(&mut self, caller: Caller) -> Option<&mut Open> {
        let client = self.find(caller.client)?;
        client.open.as_mut().filter(|_| client.number == caller.number)
    }
}

impl Client {
    fn new(config: &Config, id: ClientId) -> Self {
        let mut draws = Draws::new(config.seed, Site::Client, id.0.into(), 0);
        Client {
            id,
            number: 0,
            via: NodeId(1 + draws.below(config.nodes.into()) as u32),
            open: None,
            alarm: Alarm::OFF,
            draws,
            to_nodes: Lane::new(config.seed, End::Client(id.0), End::AnyNode),
            from_nodes: Lane::new(config.seed, End::AnyNode, End::Client(id.0)),
        }
    }
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    pub(crate) fn start_clients(&mut self) {
        (0..self.config.clients).for_each(|slot| self.think(slot));
    }

    /// Those that had called enough for the safety phase go on.
    pub(crate) fn wake_idle_clients(&mut self) {
        for slot in 0..self.config.clients {
            if self.clients.slots[slot as usize].open.is_none() {
                self.think(slot);
            }
        }
    }

    fn set_alarm(&mut self, slot: u32, at: Time) {
        self.clients.slots[slot as usize].alarm.set(at, &mut self.queue, || Event::Client(slot));
    }

    fn think(&mut self, slot: u32) {
        let client = &mut self.clients.slots[slot as usize];
        client.draws = Draws::new(self.config.seed, Site::Client, client.id.0.into(), client.number + 1);
        let thinks = client.draws.within(&self.config.client.think);
        match self.script {
            Some(_) => self.think_by_script(slot, thinks),
            None => self.set_alarm(slot, self.now.after(thinks)),
        }
    }

    /// In the safety phase nobody calls who is not told to, and then at that time.
    #[cold]
    fn think_by_script(&mut self, slot: u32, thinks: Duration) {
        let (client, Some(script)) = (&mut self.clients.slots[slot as usize], &mut self.script) else {
            return;
        };
        let (id, number) = (client.id, client.number + 1);
        if self.phase != Phase::Safety {
            let thinks = script.pause([id.0.into(), number, 0], &self.config.client.think, thinks);
            return self.set_alarm(slot, self.now.after(thinks));
        }
        let drawn = Call { client: id, number, at: self.now.after(thinks), via: client.via };
        let Some(Call { number, at, via, .. }) = script.call(drawn) else { return };
        (client.number, client.via) = (number - 1, via);
        client.draws = Draws::new(self.config.seed, Site::Client, id.0.into(), number);
        // As if it had thought.
        client.draws.bits();
        self.set_alarm(slot, at.max(self.now));
    }

    #[inline(never)]
    pub(crate) fn client_wakes(&mut self, slot: u32) {
        let client = &mut self.clients.slots[slot as usize];
        if !client.alarm.ring(self.now, &mut self.queue, || Event::Client(slot)) {
            return;
        }
        match &client.open {
            None => self.call(slot),
            Some(open) if self.now >= open.give_up_at => self.give_up(slot),
            Some(_) => {
                let next = NodeId(client.via.0 % self.config.nodes + 1);
                self.try_at(slot, next);
            }
        }
    }

    /// A new call, unless enough were begun for this phase.
    fn call(&mut self, slot: u32) {
        if self.phase == Phase::Safety {
            if self.clients.begun >= self.config.operations {
                return;
            }
            self.clients.begun += 1;
        }
        let client = &mut self.clients.slots[slot as usize];
        client.number += 1;
        let (id, number, via) = (client.id, client.number, client.via);
        let give_up_at = self.now.after(self.config.client.give_up_after);
        let call = self.calls.len();
        client.open = Some(Open { call, give_up_at, waits: true, in_flight: 0, reached: false });
        let mut draws = Draws::new(self.config.seed, Site::Workload, id.0.into(), number);
        let request = self.workload.next(id, number, &mut draws);
        self.calls.push(ClientCall {
            client: id,
            number,
            request,
            called: self.now,
            returned: None,
            reached: true,
        });
        self.try_at(slot, via);
    }

    /// The first try of the open call, or a further one.
    fn try_at(&mut self, slot: u32, via: NodeId) {
        let packet = self.new_packet();
        let client = &mut self.clients.slots[slot as usize];
        let Some(open) = &mut client.open else { return };
        client.via = via;
        open.waits = true;
        let caller = Caller { client: client.id, number: client.number, via };
        let alarm = self.now.after(self.config.client.try_for).min(open.give_up_at);
        let request = self.calls[open.call].request.clone();
        let mut fate = self.weather.fate(&mut client.to_nodes);
        if let Some(script) = &mut self.script {
            fate = script.request(client.id, client.number, fate);
        }
        self.set_alarm(slot, alarm);
        self.counts.sent += 1;
        self.counts.tries += 1;
        let what = What::Called { packet, caller, request: Cow::Borrowed(&request) };
        self.stream.emit(self.now, Place::Client(caller.client), what, &self.nodes);
        let copies =
            self.carry(packet, fate, || Event::Arrival(packet, via, Input::Request(caller, request)));
        if let Some(open) = &mut self.clients.slots[slot as usize].open {
            open.in_flight += copies;
        }
    }

    /// A copy of a request is at its node, which is up or is not.
    pub(crate) fn request_arrived(&mut self, caller: Caller, is_up: bool) {
        if let Some(open) = self.clients.open(caller) {
            open.in_flight -= 1;
            open.reached |= is_up;
        }
    }

    /// A node answers.
    pub(crate) fn carry_answer(&mut self, packet: PacketId, caller: Caller, answer: Answer<N::Response>) {
        match self.clients.find(caller.client) {
            Some(client) => {
                let mut fate = self.weather.fate(&mut client.from_nodes);
                if let Some(script) = &mut self.script {
                    fate = script.answer(client.id, caller.number, fate);
                }
                self.carry(packet, fate, || Event::Answer(packet, caller, answer));
            }
            None => self.dropped(packet, Loss::Down),
        }
    }

    /// An answer is at its client, if that still waits for it. "Elsewhere" counts only from the node that was
    /// asked last; "done" is done, whoever says it.
    #[inline(never)]
    pub(crate) fn answered(&mut self, packet: PacketId, caller: Caller, answer: &Answer<N::Response>) {
        let slot = self.clients.slot_of.get(caller.client.0 as usize - 1).copied();
        let waits = self.clients.find(caller.client).is_some_and(|client| {
            let asked_last = client.via == caller.via && client.open.as_ref().is_some_and(|open| open.waits);
            client.open.is_some()
                && client.number == caller.number
                && (asked_last || matches!(answer, Answer::Done(_)))
        });
        let Some(slot) = slot.filter(|_| waits) else { return self.dropped(packet, Loss::Down) };
        self.counts.delivered += 1;
        let what = What::Returned { packet, caller, answer: Cow::Borrowed(answer) };
        self.stream.emit(self.now, Place::Client(caller.client), what, &self.nodes);
        match answer {
            Answer::Done(response) => self.returned(slot, caller.via, response.clone()),
            Answer::Elsewhere(hint) => self.redirected(slot, *hint),
        }
    }

    fn returned(&mut self, slot: u32, via: NodeId, response: N::Response) {
        let client = &mut self.clients.slots[slot as usize];
        let Some(open) = client.open.take() else { return };
        client.via = via;
        client.alarm.cancel(&mut self.queue);
        let call = &mut self.calls[open.call];
        call.returned = Some((self.now, response));
        let called = call.called;
        self.counts.ok += 1;
        self.ended();
        self.succeeded(called);
        self.think(slot);
    }

    fn redirected(&mut self, slot: u32, hint: Option<NodeId>) {
        self.counts.redirects += 1;
        let client = &mut self.clients.slots[slot as usize];
        match hint {
            Some(hint) if hint != client.via && (1..=self.config.nodes).contains(&hint.0) => {
                self.try_at(slot, hint)
            }
            _ => {
                let Some(open) = &mut client.open else { return };
                open.waits = false;
                let mut backs_off = client.draws.within(&self.config.client.back_off);
                if let Some(script) = &mut self.script {
                    let at = [client.id.0.into(), client.number, client.draws.made()];
                    backs_off = script.pause(at, &self.config.client.back_off, backs_off);
                }
                let alarm = self.now.after(backs_off).min(open.give_up_at);
                self.set_alarm(slot, alarm);
            }
        }
    }

    /// The call stays open for ever, so its client can make no other; another takes its place.
    fn give_up(&mut self, slot: u32) {
        let next = ClientId(self.clients.slot_of.len() as u32 + 1);
        let client = &mut self.clients.slots[slot as usize];
        let Some(open) = client.open.take() else { return };
        let caller = Caller { client: client.id, number: client.number, via: client.via };
        let alarm = client.alarm;
        *client = Client { alarm, ..Client::new(&self.config, next) };
        self.clients.slot_of.push(slot);
        self.stream.emit(self.now, Place::Client(caller.client), What::GaveUp { caller }, &self.nodes);
        self.settle(&open);
        self.ended();
        self.think(slot);
    }

    fn settle(&mut self, open: &Open) {
        let reached = open.reached || open.in_flight > 0;
        self.calls[open.call].reached = reached;
        if reached {
            self.counts.unknown += 1;
        } else {
            self.counts.failed += 1;
        }
    }

    /// The run is over.
    pub(crate) fn settle_open_calls(&mut self) {
        for slot in 0..self.clients.slots.len() {
            if let Some(open) = self.clients.slots[slot].open.take() {
                self.settle(&open);
            }
        }
    }

    fn ended(&mut self) {
        if self.phase == Phase::Safety {
            self.clients.ended += 1;
            if self.clients.ended >= self.config.operations {
                self.end_safety();
            }
        }
    }
}
