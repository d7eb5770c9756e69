//! One step of one node, and what comes of it.
use std::sync::Arc;

use synod_protocol::{Effect, Effects, Input, Node, NodeId, Place, Shared, Time};

use crate::{
    Cluster, Cursors, Moment, State, Watch,
    assertion::inside_node,
    bag::{Content, Flight, Packet},
    cluster::{ASSERTION, READS_THE_CLOCK, broken, happened},
    server::Server,
    watch::Seen,
};

impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// Says whether it changed anything: the node, its timers beyond the one that fired, what is written or said.
    pub(crate) fn handle(&self, state: &mut State<N, W>, id: NodeId, input: &Input<N>) -> bool {
        let here = id.0 as usize - 1;
        let before = state.servers[here].clone();
        let Some(before_node) = before.node() else { return false };
        let mut node = before_node.clone();
        let mut effects = Effects::default();
        if let Err(assertion) = inside_node(|| effects.step(Time::ZERO, &mut node, input)) {
            state.broken = broken(ASSERTION, format!("{id}, handed {input:?}: {assertion}"));
            return true;
        }
        if effects.clock_was_read() {
            state.broken = broken(READS_THE_CLOCK, format!("{id}, handed {input:?}, called now()"));
            return true;
        }
        let mut timers = before.timers.clone();
        if let Input::Timer(timer) = input {
            timers.retain(|armed| armed != timer);
        }
        let mut after = Server::down(before.disk.clone());
        (after.timers, after.unsynced) = (timers.clone(), before.unsynced.clone());
        after.set_node(node);
        self.watched(state, id, Some(input), Some(before_node), &after, &effects);
        let said = self.carry_out(state, id, &mut after, effects);
        let is_changed = said
            || after.digest() != before.digest()
            || (after.timers != timers && after.timers != before.timers);
        state.servers[here] = Shared::new(after);
        is_changed || state.broken.is_some()
    }

    pub(crate) fn boot(&self, state: &mut State<N, W>, id: NodeId) {
        let here = id.0 as usize - 1;
        let disk = state.servers[here].disk.clone();
        let mut effects = Effects::default();
        let durable = N::Durable::clone(&disk);
        let node = match inside_node(|| effects.boot(Time::ZERO, id, &self.scope.config, durable)) {
            Ok(node) => node,
            Err(assertion) => {
                state.broken = broken(ASSERTION, format!("{id}, booting: {assertion}"));
                return;
            }
        };
        if effects.clock_was_read() {
            state.broken = broken(READS_THE_CLOCK, format!("{id}, booting, called now()"));
        }
        let mut after = Server::down(if state.left.crashes > 0 { disk } else { self.no_disk.clone() });
        after.set_node(node);
        self.watched(state, id, None, None, &after, &effects);
        self.carry_out(state, id, &mut after, effects);
        state.servers[here] = Shared::new(after);
    }

    fn watched(
        &self,
        state: &mut State<N, W>,
        node: NodeId,
        input: Option<&Input<N>>,
        before: Option<&N>,
        after: &Server<N>,
        effects: &Effects<N>,
    ) {
        let Some(after) = after.node() else { return };
        let moment =
            Moment { node, input, before, after, effects: effects.as_slice(), servers: &state.servers };
        let mut seen = Seen { names: W::SOMETIMES, from: happened::NAMES.len() as u32, bits: 0 };
        let mut watch = W::clone(&state.watch);
        let verdict = watch.watch(&moment, &mut seen);
        state.seen |= seen.bits;
        if watch != *state.watch {
            state.watch = Shared::new(watch);
        }
        if let Err(violation) = verdict {
            state.broken.get_or_insert_with(|| Arc::new(violation));
        }
    }

    /// Says whether anything was written, or said to somebody who listens.
    fn carry_out(
        &self,
        state: &mut State<N, W>,
        id: NodeId,
        server: &mut Server<N>,
        mut effects: Effects<N>,
    ) -> bool {
        let may_crash = state.left.crashes > 0;
        let mut said = false;
        for effect in effects.drain() {
            let packet = match effect {
                Effect::Send(to, message) => {
                    if to.0 == 0 || to.0 > self.scope.nodes {
                        continue;
                    }
                    Packet::new(Place::Node(id), Place::Node(to), Content::Input(Input::Message(id, message)))
                }
                // Clients may go elsewhere whenever they like, so a redirection tells them nothing.
                Effect::Reply(caller, answer) => {
                    let is_result = matches!(answer, synod_protocol::Answer::Done(_));
                    if !is_result || Self::awaits(state, caller).is_none() {
                        continue;
                    }
                    Packet::new(
                        Place::Node(id),
                        Place::Client(caller.client),
                        Content::Answer(caller, answer),
                    )
                }
                Effect::Persist(record) => {
                    said = true;
                    if may_crash {
                        server.unsynced.push(record);
                    }
                    continue;
                }
                Effect::SetTimer(timer, _) => {
                    server.arm(timer);
                    continue;
                }
                Effect::CancelTimer(timer) => {
                    server.disarm(&timer);
                    continue;
                }
                Effect::Event(_) => continue,
            };
            said = true;
            let order = if may_crash && self.scope.cursors != Cursors::Records {
                let mine = state.bag.iter().filter(|flight| flight.packet.from == packet.from);
                mine.map(|flight| flight.order).max().unwrap_or(0) + 1
            } else {
                0
            };
            let relies = if may_crash { server.unsynced.len() as u32 } else { 0 };
            state.bag.add(Flight { packet, relies, order, copies: 1 });
        }
        said
    }
}
