//! The same over a whole run: what one moment does not show.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
};

use synod_protocol::{
    Caller, ClientId, Effect, Input, NodeId, Nodes, Observer, Place, StateMachine, Step, Violation, What,
};

use crate::{
    Ballot, QuorumSizes,
    history::{Fact, Promises, Written},
};

use super::{
    MultiPaxos, MultiPaxosEvent, MultiPaxosMessage, Reconfiguration, Record, Request, Slot, Value,
    invariants::{self, Checked, name},
};

/// Watches each step of a run: what was proposed for each slot and in which ballot, who promised what, what
/// was executed.
///
/// A step costs what it changed, not what there is. Now and then all that one moment can show is compared
/// in full: every 1,024 steps, and less often as the logs grow.
#[derive(Clone, Debug)]
pub struct Watch<S: StateMachine> {
    /// The calls that clients made.
    asked: BTreeSet<(ClientId, u64)>,
    /// The value of each slot in each ballot.
    proposed: BTreeMap<(Slot, Ballot), Fact<Value<S::Command>>>,
    /// The value that was executed in each slot.
    chosen: BTreeMap<Slot, Fact<Value<S::Command>>>,
    promises: Promises,
    /// There are, or may be, configurations in which one vote is enough.
    may_be_alone: bool,
    /// How far each server had executed.
    executed: BTreeMap<NodeId, Slot>,
    written: Written,
    steps: u64,
    /// When one moment is compared in full again.
    next_moment: u64,
}

/// How many steps of nodes lie between two full comparisons, at least.
const MOMENT_EVERY: u64 = 1024;

/// Not derived: that would ask for `S: Default` in places where nothing is made.
impl<S: StateMachine> Default for Watch<S> {
    fn default() -> Self {
        Watch {
            asked: BTreeSet::new(),
            proposed: BTreeMap::new(),
            chosen: BTreeMap::new(),
            promises: Promises::default(),
            may_be_alone: false,
            executed: BTreeMap::new(),
            written: Written::default(),
            steps: 0,
            next_moment: MOMENT_EVERY,
        }
    }
}

impl<S: StateMachine> Observer<MultiPaxos<S>> for Watch<S> {
    fn observe(&mut self, step: &Step<'_, MultiPaxos<S>>, nodes: Nodes<'_, MultiPaxos<S>>) -> Checked {
        let Place::Node(id) = step.place else { return Ok(()) };
        match &step.what {
            What::Sent { .. } => self.promises.see(step),
            What::Crashed { records } => self.crashed(id, *records),
            What::Booted { records, effects, .. } => {
                self.written.booted(id, *records);
                self.written.count(id, effects);
                if let Some(node) = nodes.get(id) {
                    self.executed.insert(id, node.chosen());
                }
            }
            What::Handled { input, effects, .. } => {
                if let Input::Request(Caller { client, number, .. }, _) = &**input {
                    self.asked.insert((*client, *number));
                }
                let written = self.written.count(id, effects);
                self.did(step.number, id, written, effects)?;
                if let Some(node) = nodes.get(id) {
                    self.executed(node, written)?;
                    self.steps += 1;
                    if self.steps >= self.next_moment {
                        self.next_moment = self.steps + MOMENT_EVERY.max(node.chosen().0);
                        invariants::check(nodes)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl<S: StateMachine> Watch<S> {
    fn crashed(&mut self, node: NodeId, records: u64) {
        self.promises.crashed(node);
        self.proposed.retain(|_, fact| fact.survives(node, records));
        self.chosen.retain(|_, fact| fact.survives(node, records));
    }

    fn did(&mut self, step: u64, id: NodeId, written: u64, effects: &[Effect<MultiPaxos<S>>]) -> Checked {
        for (place, effect) in effects.iter().enumerate() {
            match effect {
                Effect::Persist(Record::Voted { ballot, first, values, .. }) => {
                    for (value, slot) in values.iter().zip(first.0..) {
                        self.proposed(Slot(slot), *ballot, value, id, written)?;
                    }
                }
                Effect::Send(_, MultiPaxosMessage::Promise(promise)) => {
                    self.promises.made(step, place, id, promise.ballot);
                }
                Effect::Event(MultiPaxosEvent::Accepted { ballot, .. }) if *ballot < self.promises.of(id) => {
                    let story = format!("{id} promised {} and took part in {ballot}", self.promises.of(id));
                    return Err(Violation::new(name::PROMISES_KEPT, story));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// 2. and 3.: what is proposed was asked for, and is the only value of its slot and ballot.
    fn proposed(
        &mut self,
        slot: Slot,
        ballot: Ballot,
        value: &Value<S::Command>,
        id: NodeId,
        written: u64,
    ) -> Checked {
        if let Some(known) = self.proposed.get_mut(&(slot, ballot)) {
            known.heard_from(id);
            if known.what == *value {
                return Ok(());
            }
            let story = format!(
                "for slot {slot} in ballot {ballot}, {:?} was proposed; {id} proposed or accepted {value:?}",
                known.what
            );
            return Err(Violation::new(name::ONE_VALUE_PER_BALLOT, story));
        }
        if let Value::Command { client, number, .. } = value
            && !self.asked.contains(&(*client, *number))
        {
            let story =
                format!("{id} proposed or accepted {value:?} for slot {slot}, which no client asked for");
            return Err(Violation::new(name::VALIDITY, story));
        }
        if let Value::Command { command, .. } = value
            && let Request::Reconfigure(Reconfiguration { quorums: QuorumSizes { phase_2: 1, .. }, .. }) =
                **command
        {
            self.may_be_alone = true;
        }
        self.proposed.insert((slot, ballot), Fact { what: value.clone(), owner: Some((id, written)) });
        Ok(())
    }

    /// 1.: what this server executed now is what was ever executed there.
    fn executed(&mut self, node: &MultiPaxos<S>, written: u64) -> Checked {
        let id = node.id();
        let before = self.executed.insert(id, node.chosen()).unwrap_or_default();
        if before >= node.chosen() {
            return Ok(());
        }
        // A leader that needs nobody else may forget what it chose, and then nobody has seen it. Otherwise
        // somebody answered it, which somebody did only after its own records were durable.
        let is_alone = self.may_be_alone || node.config.quorums.phase_2 == 1;
        for (slot, vote) in node.acceptor().votes.range(before.next()..=node.chosen()) {
            match self.chosen.get_mut(slot) {
                None => {
                    let owner = is_alone.then_some((id, written));
                    self.chosen.insert(*slot, Fact { what: vote.value.clone(), owner });
                }
                Some(known) if known.what == vote.value => known.heard_from(id),
                Some(known) => {
                    let story = format!(
                        "for slot {slot}, {id} executed {:?} where {:?} had been chosen",
                        vote.value, known.what
                    );
                    return Err(Violation::new(name::AGREEMENT, story));
                }
            }
        }
        Ok(())
    }
}
