//! One step of one node, and what comes of it.
use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use synod_protocol::{Answer, Digest, Effect, Effects, Input, Node, NodeId, Place, Shared, Time, Violation};

use crate::{
    Cluster, Cursors, Moment, State, Watch,
    assertion::inside_node,
    bag::{Content, Flight, Packet},
    cluster::{ASSERTION, READS_THE_CLOCK, broken, happened},
    server::Server,
    watch::Seen,
};

/// What a step of a server comes to, wherever in the world it is taken.
#[derive(Debug)]
pub(crate) struct Stepped<N: Node> {
    /// `None`: the step broke something.
    after: Option<Shared<Server<N>>>,
    broken: Option<Arc<Violation>>,
    effects: Effects<N>,
    /// Each with the number of unsynced records that it waits for.
    outputs: Vec<(Arc<Packet<N>>, u32)>,
    wrote: bool,
    /// The node, or its timers beyond the one that fired.
    is_changed: bool,
}

/// What the watch made of a step.
#[derive(Clone, Debug)]
pub(crate) struct Watched<W> {
    watch: Shared<W>,
    seen: u64,
    broken: Option<Arc<Violation>>,
}

impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// Says whether it changed anything: the node, its timers beyond the one that fired, what is written or said.
    pub(crate) fn handle(&self, state: &mut State<N, W>, id: NodeId, input: &Input<N>) -> bool {
        let mut digest = Digest::new(5);
        input.hash(&mut digest);
        self.step(state, id, Some(input), digest.finish())
    }

    pub(crate) fn boot(&self, state: &mut State<N, W>, id: NodeId) {
        self.step(state, id, None, 0);
    }

    /// `what` is a digest of the input.
    pub(crate) fn step(
        &self,
        state: &mut State<N, W>,
        id: NodeId,
        input: Option<&Input<N>>,
        what: u64,
    ) -> bool {
        let here = id.0 as usize - 1;
        let before = state.servers[here].clone();
        if before.is_up() != input.is_some() {
            return false;
        }
        let may_crash = state.left.crashes > 0;
        let mut key = Digest::new(6);
        (id, &before, what, may_crash).hash(&mut key);
        let key = key.finish();
        let stepped = self.steps.get(key, || {
            Arc::new(match input {
                Some(input) => self.stepped(&before, id, input, may_crash),
                None => self.booted(&before, id, may_crash),
            })
        });
        if state.broken.is_none() {
            state.broken.clone_from(&stepped.broken);
        }
        let Some(after) = &stepped.after else { return true };
        let Some(node) = after.node() else { return true };
        let moment = Moment {
            node: id,
            input,
            before: before.node(),
            after: node,
            effects: stepped.effects.as_slice(),
            servers: &state.servers,
        };
        let watched = self.watched(state, key, moment);
        state.watch = watched.watch;
        state.seen |= watched.seen;
        if state.broken.is_none() {
            state.broken = watched.broken;
        }
        let said = self.carry_out(state, id, &stepped.outputs);
        state.servers[here] = after.clone();
        said || stepped.wrote || stepped.is_changed || state.broken.is_some()
    }

    fn stepped(&self, before: &Server<N>, id: NodeId, input: &Input<N>, may_crash: bool) -> Stepped<N> {
        let Some(mut node) = before.node().cloned() else { return Stepped::broke(None) };
        let mut effects = Effects::default();
        if let Err(assertion) = inside_node(|| effects.step(Time::ZERO, &mut node, input)) {
            return Stepped::broke(broken(ASSERTION, format!("{id}, handed {input:?}: {assertion}")));
        }
        if effects.clock_was_read() {
            return Stepped::broke(broken(READS_THE_CLOCK, format!("{id}, handed {input:?}, called now()")));
        }
        let mut after = Server::down(before.disk.clone());
        (after.timers, after.unsynced) = (before.timers.clone(), before.unsynced.clone());
        if let Input::Timer(timer) = input {
            after.disarm(timer);
        }
        let timers = after.timers.clone();
        after.set_node(node);
        let mut stepped = Stepped::of(after, id, effects, may_crash);
        if let Some(after) = &stepped.after {
            stepped.is_changed = after.digest() != before.digest()
                || (after.timers != timers && after.timers != before.timers);
        }
        stepped
    }

    fn booted(&self, before: &Server<N>, id: NodeId, may_crash: bool) -> Stepped<N> {
        let mut effects = Effects::default();
        let durable = N::Durable::clone(&before.disk);
        let node = match inside_node(|| effects.boot(Time::ZERO, id, &self.scope.config, durable)) {
            Ok(node) => node,
            Err(assertion) => {
                return Stepped::broke(broken(ASSERTION, format!("{id}, booting: {assertion}")));
            }
        };
        if effects.clock_was_read() {
            return Stepped::broke(broken(READS_THE_CLOCK, format!("{id}, booting, called now()")));
        }
        let mut after = Server::down(if may_crash { before.disk.clone() } else { self.no_disk.clone() });
        after.set_node(node);
        Stepped::of(after, id, effects, may_crash)
    }

    /// Hands the step to the watch, unless it saw the same one before: what it makes of it is a function of its
    /// memory, of the step, and of the other nodes.
    fn watched(&self, state: &State<N, W>, step: u64, moment: Moment<'_, N>) -> Watched<W> {
        let mut key = Digest::new(8);
        (&state.watch, step).hash(&mut key);
        state.servers.iter().for_each(|server| key.word(server.digest()));
        self.watched.get(key.finish(), || {
            let mut seen = Seen { names: W::SOMETIMES, from: happened::NAMES.len() as u32, bits: 0 };
            let mut watch = W::clone(&state.watch);
            let broken = watch.watch(&moment, &mut seen).err().map(Arc::new);
            let watch = if watch == *state.watch { state.watch.clone() } else { Shared::new(watch) };
            Watched { watch, seen: seen.bits, broken }
        })
    }

    /// Says whether anything was said to somebody who listens.
    fn carry_out(&self, state: &mut State<N, W>, id: NodeId, outputs: &[(Arc<Packet<N>>, u32)]) -> bool {
        let is_ordered = state.left.crashes > 0 && self.scope.cursors != Cursors::Records;
        let mut said = false;
        for (packet, relies) in outputs {
            match packet.to {
                Place::Node(to) if to.0 == 0 || to.0 > self.scope.nodes => continue,
                _ => {}
            }
            if let Content::Answer(caller, _) = &packet.content
                && Self::awaits(state, *caller).is_none()
            {
                continue;
            }
            said = true;
            let order = if is_ordered {
                let mine = state.bag.iter().filter(|flight| flight.packet.from == Place::Node(id));
                mine.map(|flight| flight.order).max().unwrap_or(0) + 1
            } else {
                0
            };
            state.bag.add(Flight { packet: packet.clone(), relies: *relies, order, copies: 1 });
        }
        said
    }
}

impl<N: Node> Stepped<N> {
    fn broke(broken: Option<Arc<Violation>>) -> Self {
        let effects = Effects::default();
        Stepped { after: None, broken, effects, outputs: Vec::new(), wrote: false, is_changed: true }
    }

    /// Records go to the disk, timers are armed, and what is said becomes packets.
    fn of(mut server: Server<N>, id: NodeId, effects: Effects<N>, may_crash: bool) -> Self {
        let (mut outputs, mut wrote) = (Vec::new(), false);
        for effect in effects.as_slice() {
            let (to, content) = match effect {
                Effect::Send(to, message) => {
                    (Place::Node(*to), Content::Input(Input::Message(id, message.clone())))
                }
                Effect::Reply(caller, answer @ Answer::Done(_)) => {
                    (Place::Client(caller.client), Content::Answer(*caller, answer.clone()))
                }
                Effect::Persist(record) => {
                    wrote = true;
                    if may_crash {
                        server.unsynced.push(record.clone());
                    }
                    continue;
                }
                Effect::SetTimer(timer, _) => {
                    server.arm(*timer);
                    continue;
                }
                Effect::CancelTimer(timer) => {
                    server.disarm(timer);
                    continue;
                }
                // Clients may go elsewhere whenever they like, so a redirection tells them nothing.
                Effect::Reply(_, Answer::Elsewhere(_)) | Effect::Event(_) => continue,
            };
            let relies = if may_crash { server.unsynced.len() as u32 } else { 0 };
            outputs.push((Packet::new(Place::Node(id), to, content), relies));
        }
        let after = Some(Shared::new(server));
        Stepped { after, broken: None, effects, outputs, wrote, is_changed: false }
    }
}
