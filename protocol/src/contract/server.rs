//! Rules 1 to 4, 7 and 8: the shadow of one node, of its disk and of its timers.
use alloc::{
    collections::{BTreeMap, VecDeque},
    format,
};

use super::{Checked, breach, packets::Content, rule};
use crate::{Durable, Effect, Effects, Input, Node, NodeId, Nodes, Place, Step, Time, What};

/// What the checker believes of one node.
#[derive(Debug)]
pub(super) struct Server<N: Node> {
    id: NodeId,
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

impl<N: Node> Server<N> {
    pub(super) fn new(id: NodeId) -> Self {
        Server {
            id,
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

    /// Rule 3.
    pub(super) fn may_boot(&self, records: u64, durable: Option<&N::Durable>) -> Checked {
        let (id, kept) = (self.id, self.synced);
        if self.node.is_some() {
            return breach(rule::STREAM, format!("{id} booted while it was up"));
        }
        if self.ended {
            return breach(rule::NEVER_LESS, format!("{id} booted although its disk had failed"));
        }
        if records != kept {
            return breach(
                rule::NEVER_LESS,
                format!("{id} booted from {records} records where {kept} had survived"),
            );
        }
        match durable {
            Some(durable) if *durable != self.disk => breach(
                rule::NEVER_LESS,
                format!("{id} booted from {durable:?}; its {kept} records make {:?}", self.disk),
            ),
            _ => Ok(()),
        }
    }

    pub(super) fn boot(&mut self, step: u64, clock: Time, config: &N::Config) -> Effects<N> {
        let mut out = Effects::default();
        self.clock = clock;
        self.node = Some(out.boot(clock, self.id, config, self.disk.clone()));
        self.take_effects(step, out.as_slice());
        out
    }

    /// Rule 4, and the end of rule 5: nothing reaches a node that is down.
    pub(super) fn may_handle(&mut self, clock: Time, input: &Input<N>) -> Checked {
        let id = self.id;
        if self.node.is_none() {
            let rule = if matches!(input, Input::Timer(_)) { rule::TIMERS } else { rule::LINKS };
            return breach(rule, format!("{id} was handed {input:?} while it was down"));
        }
        if clock < self.clock {
            return breach(rule::TIMERS, format!("the clock of {id} went back to {clock}"));
        }
        let Input::Timer(timer) = input else { return Ok(()) };
        match self.armed.remove(timer) {
            Some(from) if clock >= from => Ok(()),
            Some(from) => breach(rule::TIMERS, format!("{timer:?} of {id} fired at {clock}, before {from}")),
            None => breach(rule::TIMERS, format!("{timer:?} of {id} fired and was not armed")),
        }
    }

    pub(super) fn handle(&mut self, step: u64, clock: Time, input: &Input<N>) -> Effects<N> {
        let mut out = Effects::default();
        self.clock = clock;
        if let Some(node) = &mut self.node {
            out.step(clock, node, input);
        }
        self.take_effects(step, out.as_slice());
        out
    }

    /// Timers and records at once; outputs into the queue, behind the records before them.
    fn take_effects(&mut self, step: u64, effects: &[Effect<N>]) {
        for (effect, number) in effects.iter().zip(0..) {
            let (to, content) = match effect.clone() {
                Effect::Send(to, message) => (Place::Node(to), Content::Message(self.id, message)),
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
            self.outputs.push_back(Output { cause: step, effect: number, after_records, to, content });
        }
    }

    /// Rules 7 and 8: an equal node made equal effects, and the harness holds and shows an equal node.
    pub(super) fn compare(&self, step: &Step<'_, N>, ours: &Effects<N>, nodes: Nodes<'_, N>) -> Checked {
        let (What::Booted { effects, view, .. } | What::Handled { effects, view, .. }) = &step.what else {
            return Ok(());
        };
        let (id, number) = (self.id, step.number);
        if **effects != *ours.as_slice() {
            return breach(
                rule::DETERMINISTIC,
                format!("step {number} of {id} had the effects {effects:?}; again: {:?}", ours.as_slice()),
            );
        }
        if nodes.get(id) != self.node.as_ref() {
            return breach(
                rule::DETERMINISTIC,
                format!("step {number} of {id} left {:?}; again: {:?}", nodes.get(id), self.node),
            );
        }
        if self.node.as_ref().is_some_and(|node| node.view() != *view) {
            return breach(rule::STREAM, format!("step {number} of {id} shows {view:?}, which is not so"));
        }
        if !ours.is_cut_clean() {
            return breach(rule::CUT_CLEAN, format!("step {number} of {id} had the effects {effects:?}"));
        }
        Ok(())
    }

    /// Rule 1: the oldest output, once the records before it are durable.
    pub(super) fn let_out(&mut self, cause: u64, effect: u32, to: Place) -> Checked<Content<N>> {
        let (id, synced) = (self.id, self.synced);
        let what = format!("effect {effect} of step {cause}");
        let place_in_line = self.outputs.iter().position(|o| (o.cause, o.effect) == (cause, effect));
        let output = match (place_in_line, self.outputs.pop_front()) {
            (Some(0), Some(output)) => output,
            (Some(_), Some(first)) => {
                let before = format!("effect {} of step {}", first.effect, first.cause);
                return breach(rule::OUTPUTS_WAIT, format!("{id} let out {what} before {before}"));
            }
            _ => return breach(rule::LINKS, format!("{what} is no output that {id} has yet to let out")),
        };
        if output.after_records > synced {
            let due = output.after_records;
            return breach(
                rule::OUTPUTS_WAIT,
                format!("{id} let out {what} when {synced} of the {due} records before it were durable"),
            );
        }
        if output.to != to {
            return breach(rule::LINKS, format!("{what} of {id} went to {to:?} and not to {:?}", output.to));
        }
        Ok(output.content)
    }

    /// The harness says that all records up to this one are durable.
    pub(super) fn synced(&mut self, records: u64) -> Checked {
        let (id, synced, written) = (self.id, self.synced, self.written());
        if records <= synced || records > written {
            return breach(
                rule::STREAM,
                format!("{id} synced to {records}, where {synced} were synced and {written} written"),
            );
        }
        self.fold(records);
        Ok(())
    }

    /// Rule 2.
    pub(super) fn crash(&mut self, records: u64) -> Checked {
        let (id, synced, written) = (self.id, self.synced, self.written());
        if self.node.is_none() {
            return breach(rule::STREAM, format!("{id} crashed while it was down"));
        }
        if records < synced || records > written {
            return breach(
                rule::TWO_CURSORS,
                format!("{id} kept {records} records; {synced} were durable and {written} written"),
            );
        }
        self.fold(records);
        self.go_down();
        Ok(())
    }

    /// A failed disk ends a node that is up, and keeps one that is down from booting.
    pub(super) fn end(&mut self) -> Checked {
        if self.ended {
            return breach(rule::STREAM, format!("{} ended twice", self.id));
        }
        self.ended = true;
        self.go_down();
        Ok(())
    }

    /// An empty disk takes the place of that of a node that is down.
    pub(super) fn wipe(&mut self) -> Checked {
        if self.node.is_some() || self.ended {
            return breach(rule::STREAM, format!("{} got another disk while it was up, or gone", self.id));
        }
        (self.disk, self.synced) = (N::Durable::default(), 0);
        Ok(())
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

    fn fold(&mut self, records: u64) {
        while self.synced < records {
            let Some(record) = self.unsynced.pop_front() else { return };
            self.disk.apply(&record);
            self.synced += 1;
        }
    }
}
