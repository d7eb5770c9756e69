//! A judge of harnesses: does one keep the contract that [`Node`](crate::Node) states?
//!
//! The [`Checker`] re-executes the whole run from its steps: it keeps a shadow of each node, of its
//! disk, of its armed timers and of every packet, and compares. So it proves as well that the stream of
//! steps is complete: a run can be told again from it alone. It costs about as much as the run itself;
//! the tests of every harness use it.
use alloc::{
    collections::{BTreeMap, VecDeque},
    format,
    string::String,
};

use crate::{
    Answer, Caller, ClientId, Durable, Effect, Effects, Input, Node, NodeId, Nodes, Observer, PacketId,
    Place, Step, Time, Violation, What,
};

/// Watches a run and reports the first breach, with the number of the rule.
#[derive(Debug)]
pub struct Checker<N: Node> {
    config: N::Config,
    next_step: u64,
    at: Time,
    servers: BTreeMap<NodeId, Server<N>>,
    packets: BTreeMap<PacketId, Packet<N>>,
    newest_packet: Option<PacketId>,
    calls: BTreeMap<ClientId, Call<N>>,
}

/// What the checker believes of one node.
#[derive(Debug)]
struct Server<N: Node> {
    /// `None`: down.
    node: Option<N>,
    ended: bool,
    /// The fold of the records that are durable for certain.
    disk: N::Durable,
    /// How many those are, over all lives.
    synced: u64,
    /// Written, and not known to be durable.
    unsynced: VecDeque<N::Record>,
    /// Asked for and not let out yet, oldest first.
    outputs: VecDeque<Output<N>>,
    /// When each armed timer may fire, on the node's own clock.
    armed: BTreeMap<N::Timer, Time>,
    clock: Time,
}

#[derive(Debug)]
struct Output<N: Node> {
    cause: u64,
    effect: u32,
    /// All records up to this one must be durable first.
    after_records: u64,
    to: Place,
    content: Content<N>,
}

#[derive(Clone, Debug)]
enum Content<N: Node> {
    Message(NodeId, N::Message),
    Request(Caller, N::Request),
    Answer(Caller, Answer<N::Response>),
}

#[derive(Clone, Debug)]
struct Packet<N: Node> {
    to: Place,
    content: Content<N>,
}

/// The newest call of a client.
#[derive(Debug)]
struct Call<N: Node> {
    number: u64,
    request: N::Request,
    /// Neither done nor given up.
    open: bool,
}

type Checked = Result<(), Violation>;

fn breach(rule: &'static str, story: String) -> Checked {
    Err(Violation::new(rule, story))
}

/// The rules, as a breach of them is reported.
mod rule {
    pub(super) const STREAM: &str = "Contract: the stream of steps is complete";
    pub(super) const OUTPUTS_WAIT: &str = "Contract rule 1: outputs wait for records";
    pub(super) const TWO_CURSORS: &str = "Contract rule 2: a crash keeps a prefix of the records";
    pub(super) const NEVER_LESS: &str = "Contract rule 3: a node never boots from less than it was promised";
    pub(super) const TIMERS: &str = "Contract rule 4: timers fire once per setting, and in time";
    pub(super) const LINKS: &str = "Contract rule 5: links lose, repeat, delay and reorder, and no more";
    pub(super) const CALLS: &str = "Contract rule 6: a call is tried again with its number";
    pub(super) const DETERMINISTIC: &str = "Contract rule 7: steps are deterministic";
    pub(super) const CUT_CLEAN: &str = "Contract rule 8: an action writes one record, before its outputs";
}

impl<N: Node> Default for Server<N> {
    fn default() -> Self {
        Server {
            node: None,
            ended: false,
            disk: N::Durable::default(),
            synced: 0,
            unsynced: VecDeque::new(),
            outputs: VecDeque::new(),
            armed: BTreeMap::new(),
            clock: Time::ZERO,
        }
    }
}

impl<N: Node> Server<N> {
    /// The harness says that all records up to this one are durable.
    fn sync(&mut self, records: u64) {
        while self.synced < records {
            let Some(record) = self.unsynced.pop_front() else { return };
            self.disk.apply(&record);
            self.synced += 1;
        }
    }

    /// Nothing in memory survives.
    fn go_down(&mut self) {
        self.node = None;
        self.unsynced.clear();
        self.outputs.clear();
        self.armed.clear();
    }

    fn written(&self) -> u64 {
        self.synced + self.unsynced.len() as u64
    }

    /// Timers and records at once; outputs into the queue, behind the records before them.
    fn take_effects(&mut self, me: NodeId, cause: u64, effects: &[Effect<N>]) {
        for (effect, number) in effects.iter().zip(0..) {
            let (to, content) = match effect.clone() {
                Effect::Send(to, message) => (Place::Node(to), Content::Message(me, message)),
                Effect::Reply(to, answer) => (Place::Client(to.client), Content::Answer(to, answer)),
                Effect::Persist(record) => {
                    self.unsynced.push_back(record);
                    continue;
                }
                Effect::SetTimer(timer, after) => {
                    self.armed.insert(timer, self.clock.after(after.start));
                    continue;
                }
                Effect::CancelTimer(timer) => {
                    self.armed.remove(&timer);
                    continue;
                }
                Effect::Event(_) => continue,
            };
            let after_records = self.written();
            self.outputs.push_back(Output { cause, effect: number, after_records, to, content });
        }
    }
}

impl<N: Node> Checker<N> {
    pub fn new(config: N::Config) -> Self {
        Checker {
            config,
            next_step: 0,
            at: Time::ZERO,
            servers: BTreeMap::new(),
            packets: BTreeMap::new(),
            newest_packet: None,
            calls: BTreeMap::new(),
        }
    }

    fn server(&mut self, step: &Step<'_, N>) -> Result<(NodeId, &mut Server<N>), Violation> {
        match step.place {
            Place::Node(id) => Ok((id, self.servers.entry(id).or_default())),
            place => Err(Violation::new(
                rule::STREAM,
                format!("step {} is something that a node does, at {place:?}", step.number),
            )),
        }
    }

    /// Whatever else observers make of a step, they make it at its place.
    fn stands_at(step: &Step<'_, N>, place: Place) -> Checked {
        if step.place != place {
            return breach(
                rule::STREAM,
                format!("step {} happens at {:?}, and not at {place:?}", step.number, step.place),
            );
        }
        Ok(())
    }

    fn new_packet(&mut self, id: PacketId, packet: Packet<N>) -> Checked {
        if self.newest_packet.is_some_and(|newest| id <= newest) {
            return breach(rule::STREAM, format!("packet {} was numbered before", id.0));
        }
        self.newest_packet = Some(id);
        self.packets.insert(id, packet);
        Ok(())
    }

    /// A packet arrives at most once, and only where it was sent.
    fn take_packet(&mut self, id: PacketId, at: Place) -> Result<Content<N>, Violation> {
        match self.packets.remove(&id) {
            Some(packet) if packet.to == at => Ok(packet.content),
            Some(packet) => Err(Violation::new(
                rule::LINKS,
                format!("packet {} to {:?} arrived at {at:?}", id.0, packet.to),
            )),
            None => Err(Violation::new(
                rule::LINKS,
                format!("packet {} arrived at {at:?} but is not on its way", id.0),
            )),
        }
    }

    fn booted(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Checked {
        let What::Booted { clock, records, effects, view, durable } = &step.what else { return Ok(()) };
        let config = self.config.clone();
        let (id, server) = self.server(step)?;
        if server.node.is_some() {
            return breach(rule::STREAM, format!("{id} booted while it was up"));
        }
        if server.ended {
            return breach(rule::NEVER_LESS, format!("{id} booted although its disk had failed"));
        }
        if *records != server.synced || durable.is_some_and(|durable| *durable != server.disk) {
            let kept = server.synced;
            return breach(
                rule::NEVER_LESS,
                format!("{id} booted from {records} records, or from others, where {kept} had survived"),
            );
        }
        let mut out = Effects::default();
        let node = out.boot(*clock, id, &config, server.disk.clone());
        server.clock = *clock;
        server.armed.clear();
        server.take_effects(id, step.number, out.as_slice());
        server.node = Some(node);
        self.compare(step, id, &out, (effects, view), nodes)
    }

    fn handled(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Checked {
        let What::Handled { clock, packet, input, effects, view } = &step.what else { return Ok(()) };
        let (id, server) = self.server(step)?;
        if server.node.is_none() {
            let rule = if matches!(**input, Input::Timer(_)) { rule::TIMERS } else { rule::LINKS };
            return breach(rule, format!("{id} was handed {input:?} while it was down"));
        }
        if *clock < server.clock {
            return breach(rule::TIMERS, format!("the clock of {id} went back to {clock}"));
        }
        server.clock = *clock;
        if let Input::Timer(timer) = &**input {
            match server.armed.remove(timer) {
                Some(from) if *clock >= from => {}
                Some(from) => {
                    return breach(
                        rule::TIMERS,
                        format!("{timer:?} of {id} fired at {clock}, before {from}"),
                    );
                }
                None => return breach(rule::TIMERS, format!("{timer:?} of {id} fired and was not armed")),
            }
        }
        let brought = packet.map(|packet| self.take_packet(packet, Place::Node(id))).transpose()?;
        let as_sent = match (&**input, &brought) {
            (Input::Timer(_), None) => true,
            (Input::Message(from, message), Some(Content::Message(sender, sent))) => {
                from == sender && message == sent
            }
            (Input::Request(caller, request), Some(Content::Request(client, sent))) => {
                caller == client && request == sent
            }
            _ => false,
        };
        if !as_sent {
            return breach(rule::LINKS, format!("{id} was handed {input:?}, but sent was {brought:?}"));
        }
        let (_, server) = self.server(step)?;
        let Some(node) = &mut server.node else { return Ok(()) };
        let mut out = Effects::default();
        out.step(*clock, node, input);
        server.take_effects(id, step.number, out.as_slice());
        self.compare(step, id, &out, (effects, view), nodes)
    }

    /// Equal nodes and inputs gave equal effects, and the harness holds and shows an equal node.
    fn compare(
        &self,
        step: &Step<'_, N>,
        id: NodeId,
        ours: &Effects<N>,
        (effects, view): (&[Effect<N>], &N::View),
        nodes: Nodes<'_, N>,
    ) -> Checked {
        let (number, ours_made) = (step.number, ours.as_slice());
        if ours_made != effects {
            return breach(
                rule::DETERMINISTIC,
                format!("step {number} of {id} had the effects {effects:?}; again, it has {ours_made:?}"),
            );
        }
        let Some(node) = self.servers.get(&id).and_then(|server| server.node.as_ref()) else { return Ok(()) };
        if nodes.get(id) != Some(node) {
            let theirs = nodes.get(id);
            return breach(
                rule::DETERMINISTIC,
                format!("step {number} of {id} left {theirs:?}; again, it leaves {node:?}"),
            );
        }
        if *view != node.view() {
            return breach(
                rule::STREAM,
                format!("step {number} shows {view:?} of {id}, which is at {:?}", node.view()),
            );
        }
        if !ours.is_cut_clean() {
            return breach(rule::CUT_CLEAN, format!("step {number} of {id} had the effects {ours_made:?}"));
        }
        Ok(())
    }

    fn sent(&mut self, step: &Step<'_, N>) -> Checked {
        let What::Sent { packet, to, cause, effect } = step.what else { return Ok(()) };
        let (id, server) = self.server(step)?;
        let place_in_line = server.outputs.iter().position(|o| (o.cause, o.effect) == (cause, effect));
        let output = match (place_in_line, server.outputs.pop_front()) {
            (Some(0), Some(output)) => output,
            (Some(_), Some(first)) => {
                return breach(
                    rule::OUTPUTS_WAIT,
                    format!(
                        "{id} let out effect {effect} of step {cause} before effect {} of step {}",
                        first.effect, first.cause
                    ),
                );
            }
            _ => {
                return breach(
                    rule::LINKS,
                    format!("effect {effect} of step {cause} is no output that {id} has yet to let out"),
                );
            }
        };
        if output.after_records > server.synced {
            return breach(
                rule::OUTPUTS_WAIT,
                format!(
                    "{id} let out effect {effect} of step {cause} when {} of the {} records before it were durable",
                    server.synced, output.after_records
                ),
            );
        }
        if output.to != to {
            return breach(
                rule::LINKS,
                format!("packet {} of {id} went to {to:?} and not to {:?}", packet.0, output.to),
            );
        }
        self.new_packet(packet, Packet { to, content: output.content })
    }

    fn crashed(&mut self, step: &Step<'_, N>, records: u64, nodes: Nodes<'_, N>) -> Checked {
        let (id, server) = self.server(step)?;
        if server.node.is_none() {
            return breach(rule::STREAM, format!("{id} crashed while it was down"));
        }
        if records < server.synced || records > server.written() {
            let (synced, written) = (server.synced, server.written());
            return breach(
                rule::TWO_CURSORS,
                format!("{id} kept {records} records; {synced} were durable and {written} written"),
            );
        }
        server.sync(records);
        server.go_down();
        Self::is_out_of_sight(id, nodes)
    }

    /// A failed disk ends a node that is up, or keeps one that is down from booting.
    fn ended(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Checked {
        let (id, server) = self.server(step)?;
        if server.ended {
            return breach(rule::STREAM, format!("{id} ended twice"));
        }
        server.ended = true;
        server.go_down();
        Self::is_out_of_sight(id, nodes)
    }

    fn is_out_of_sight(id: NodeId, nodes: Nodes<'_, N>) -> Checked {
        match nodes.get(id) {
            Some(node) => breach(rule::TWO_CURSORS, format!("{id} went down and is still there: {node:?}")),
            None => Ok(()),
        }
    }

    /// A client has one call open, numbers its calls 1, 2, 3, … and repeats itself to the letter.
    fn called(&mut self, packet: PacketId, caller: Caller, request: &N::Request) -> Checked {
        let Caller { client, number, via } = caller;
        let newest = self.calls.get(&client);
        match newest {
            Some(call) if call.number == number => {
                if call.request != *request {
                    return breach(
                        rule::CALLS,
                        format!("{client} tried call {number} again with another request"),
                    );
                }
                self.is_open(caller)?;
            }
            _ => {
                let due = newest.map_or(1, |call| call.number + 1);
                if number != due {
                    return breach(rule::CALLS, format!("{client} made call {number} where {due} is next"));
                }
                if newest.is_some_and(|call| call.open) {
                    return breach(
                        rule::CALLS,
                        format!("{client} made call {number} before the last was over"),
                    );
                }
                self.calls.insert(client, Call { number, request: request.clone(), open: true });
            }
        }
        let content = Content::Request(caller, request.clone());
        self.new_packet(packet, Packet { to: Place::Node(via), content })
    }

    fn returned(&mut self, packet: PacketId, caller: Caller, answer: &Answer<N::Response>) -> Checked {
        let client = caller.client;
        match self.take_packet(packet, Place::Client(client))? {
            Content::Answer(to, sent) if to == caller && sent == *answer => {}
            sent => {
                return breach(rule::LINKS, format!("{client} was told {answer:?}, but sent was {sent:?}"));
            }
        }
        self.is_open(caller)?;
        match answer {
            Answer::Done(_) => self.close(client),
            Answer::Elsewhere(_) => {}
        }
        Ok(())
    }

    fn is_open(&self, caller: Caller) -> Checked {
        match self.calls.get(&caller.client) {
            Some(call) if call.open && call.number == caller.number => Ok(()),
            _ => breach(
                rule::CALLS,
                format!(
                    "{} no longer waits, or does not yet wait, for call {}",
                    caller.client, caller.number
                ),
            ),
        }
    }

    fn close(&mut self, client: ClientId) {
        if let Some(call) = self.calls.get_mut(&client) {
            call.open = false;
        }
    }
}

impl<N: Node> Observer<N> for Checker<N> {
    fn observe(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Checked {
        if step.number != self.next_step || step.at < self.at {
            let (next, at) = (self.next_step, self.at);
            return breach(
                rule::STREAM,
                format!("step {} at {} where {next} at {at} or later is due", step.number, step.at),
            );
        }
        (self.next_step, self.at) = (step.number + 1, step.at);
        match &step.what {
            What::Booted { .. } => self.booted(step, nodes),
            What::Handled { .. } => self.handled(step, nodes),
            What::Sent { .. } => self.sent(step),
            What::Dropped { packet, .. } => {
                Self::stands_at(step, Place::Network)?;
                match self.packets.remove(packet) {
                    Some(_) => Ok(()),
                    None => {
                        breach(rule::LINKS, format!("packet {} was dropped and is not on its way", packet.0))
                    }
                }
            }
            What::Duplicated { packet, twin } => {
                Self::stands_at(step, Place::Network)?;
                match self.packets.get(packet).cloned() {
                    Some(original) => self.new_packet(*twin, original),
                    None => {
                        breach(rule::LINKS, format!("packet {} was repeated and is not on its way", packet.0))
                    }
                }
            }
            What::Synced { records } => {
                let (id, server) = self.server(step)?;
                if *records <= server.synced || *records > server.written() {
                    let (synced, written) = (server.synced, server.written());
                    return breach(
                        rule::STREAM,
                        format!("{id} synced to {records}, where {synced} were synced and {written} written"),
                    );
                }
                server.sync(*records);
                Ok(())
            }
            What::Crashed { records } => self.crashed(step, *records, nodes),
            What::Ended { .. } => self.ended(step, nodes),
            What::Called { packet, caller, request } => {
                Self::stands_at(step, Place::Client(caller.client))?;
                self.called(*packet, *caller, request)
            }
            What::Returned { packet, caller, answer } => {
                Self::stands_at(step, Place::Client(caller.client))?;
                self.returned(*packet, *caller, answer)
            }
            What::GaveUp { caller } => {
                Self::stands_at(step, Place::Client(caller.client))?;
                self.is_open(*caller)?;
                self.close(caller.client);
                Ok(())
            }
            What::Fault { .. } => Ok(()),
        }
    }
}
