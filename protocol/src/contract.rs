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
    Answer, Caller, Durable, Effect, Effects, Input, Node, NodeId, Nodes, Observer, PacketId, Place, Step,
    Time, Violation, What,
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
    calls: BTreeMap<crate::ClientId, (u64, N::Request)>,
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
        let What::Booted { clock, records, effects, durable, .. } = &step.what else { return Ok(()) };
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
        self.compare(step, id, &out, effects, nodes)
    }

    fn handled(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Checked {
        let What::Handled { clock, packet, input, effects, .. } = &step.what else { return Ok(()) };
        let (id, server) = self.server(step)?;
        if server.node.is_none() {
            return breach(rule::LINKS, format!("{id} was handed {input:?} while it was down"));
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
        if !out.is_cut_clean() {
            return breach(rule::CUT_CLEAN, format!("{id} made of {input:?}: {:?}", out.as_slice()));
        }
        self.compare(step, id, &out, effects, nodes)
    }

    /// Equal nodes and inputs gave equal effects, and the harness holds an equal node.
    fn compare(
        &self,
        step: &Step<'_, N>,
        id: NodeId,
        ours: &Effects<N>,
        theirs: &[Effect<N>],
        nodes: Nodes<'_, N>,
    ) -> Checked {
        let node = self.servers.get(&id).and_then(|server| server.node.as_ref());
        if ours.as_slice() != theirs || nodes.get(id) != node {
            let ours = ours.as_slice();
            return breach(
                rule::DETERMINISTIC,
                format!("step {} of {id} had the effects {theirs:?}; again, it has {ours:?}", step.number),
            );
        }
        Ok(())
    }

    fn sent(&mut self, step: &Step<'_, N>) -> Checked {
        let What::Sent { packet, to, cause, effect } = step.what else { return Ok(()) };
        let (id, server) = self.server(step)?;
        let Some(output) = server.outputs.pop_front() else {
            return breach(
                rule::OUTPUTS_WAIT,
                format!("{id} sent packet {} and has nothing to send", packet.0),
            );
        };
        if (output.cause, output.effect, output.to) != (cause, effect, to) {
            return breach(
                rule::OUTPUTS_WAIT,
                format!(
                    "{id} let out effect {effect} of step {cause} before effect {} of step {}",
                    output.effect, output.cause
                ),
            );
        }
        if output.after_records > server.synced {
            return breach(
                rule::OUTPUTS_WAIT,
                format!(
                    "{id} let out effect {effect} of step {cause} when {} of the {} records before it were durable",
                    server.synced, output.after_records
                ),
            );
        }
        self.new_packet(packet, Packet { to, content: output.content })
    }

    fn crashed(&mut self, step: &Step<'_, N>, records: u64) -> Checked {
        let (id, server) = self.server(step)?;
        if records < server.synced || records > server.written() {
            let (synced, written) = (server.synced, server.written());
            return breach(
                rule::TWO_CURSORS,
                format!("{id} kept {records} records; {synced} were durable and {written} written"),
            );
        }
        server.sync(records);
        server.unsynced.clear();
        server.outputs.clear();
        server.armed.clear();
        server.node = None;
        Ok(())
    }

    fn called(&mut self, packet: PacketId, caller: Caller, request: &N::Request) -> Checked {
        let first_try = match self.calls.get(&caller.client) {
            Some((number, asked)) if *number == caller.number => {
                if asked != request {
                    return breach(
                        rule::CALLS,
                        format!("{} tried call {number} again with another request", caller.client),
                    );
                }
                false
            }
            Some((number, _)) if *number > caller.number => {
                return breach(
                    rule::CALLS,
                    format!("{} went back from call {number} to {}", caller.client, caller.number),
                );
            }
            _ => true,
        };
        if first_try {
            self.calls.insert(caller.client, (caller.number, request.clone()));
        }
        let content = Content::Request(caller, request.clone());
        self.new_packet(packet, Packet { to: Place::Node(caller.via), content })
    }

    fn returned(&mut self, packet: PacketId, caller: Caller, answer: &Answer<N::Response>) -> Checked {
        match self.take_packet(packet, Place::Client(caller.client))? {
            Content::Answer(to, sent) if to == caller && sent == *answer => Ok(()),
            sent => {
                breach(rule::LINKS, format!("{} was told {answer:?}, but sent was {sent:?}", caller.client))
            }
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
            What::Dropped { packet, .. } => match self.packets.remove(packet) {
                Some(_) => Ok(()),
                None => breach(rule::LINKS, format!("packet {} was dropped and is not on its way", packet.0)),
            },
            What::Duplicated { packet, twin } => match self.packets.get(packet).cloned() {
                Some(original) => self.new_packet(*twin, original),
                None => {
                    breach(rule::LINKS, format!("packet {} was repeated and is not on its way", packet.0))
                }
            },
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
            What::Crashed { records } => self.crashed(step, *records),
            What::Ended { .. } => {
                let (_, server) = self.server(step)?;
                server.node = None;
                server.ended = true;
                server.outputs.clear();
                server.armed.clear();
                Ok(())
            }
            What::Called { packet, caller, request } => self.called(*packet, *caller, request),
            What::Returned { packet, caller, answer } => self.returned(*packet, *caller, answer),
            What::GaveUp { .. } | What::Fault { .. } => Ok(()),
        }
    }
}
