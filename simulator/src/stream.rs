//! The stream of steps: numbered, hashed, and shown to whoever watches.
use std::hash::{Hash, Hasher};

use synod_protocol::{Node, Nodes, Observer, Place, Step, Time, Violation, What};

use crate::hash::TraceHash;

#[derive(Clone)]
pub(crate) struct Stream<O> {
    observer: O,
    hash: TraceHash,
    next: u64,
    violation: Option<Violation>,
}

/// So often the state of a node goes into the hash.
const STATE_HASHED_EVERY: u64 = 1_024;

impl<O> Stream<O> {
    pub(crate) fn new(seed: u64, observer: O) -> Self {
        Stream { observer, hash: TraceHash::new(seed), next: 0, violation: None }
    }

    /// Returns the number of the step. After a violation nothing is shown any more: the run ends there.
    #[inline(always)]
    pub(crate) fn emit<N: Node>(
        &mut self,
        at: Time,
        place: Place,
        what: What<'_, N>,
        nodes: &[Option<N>],
    ) -> u64
    where
        O: Observer<N>,
    {
        let number = self.next;
        if self.violation.is_some() {
            return number;
        }
        self.next += 1;
        let step = Step { number, at, place, what };
        self.hash.step(&step);
        if self.next.is_multiple_of(STATE_HASHED_EVERY) {
            self.hash_state(nodes);
        }
        if let Err(violation) = self.observer.observe(&step, Nodes::new(nodes)) {
            self.violation = Some(violation);
        }
        number
    }

    /// One node after the other has its turn: hashing them all would cost more than the run.
    #[cold]
    fn hash_state<N: Node>(&mut self, nodes: &[Option<N>]) {
        let turn = (self.next / STATE_HASHED_EVERY) as usize % nodes.len().max(1);
        nodes.get(turn).hash(&mut self.hash);
    }

    /// The run ends in this; the first one counts.
    pub(crate) fn fail(&mut self, violation: Violation) {
        self.violation.get_or_insert(violation);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.violation.is_some()
    }

    pub(crate) fn observer(&self) -> &O {
        &self.observer
    }

    pub(crate) fn hash_so_far(&self) -> u64 {
        self.hash.finish()
    }

    pub(crate) fn steps(&self) -> u64 {
        self.next
    }

    /// The violation, and the hash of all steps and of the nodes as they are now.
    pub(crate) fn finish<N: Node>(mut self, nodes: &[Option<N>]) -> (Option<Violation>, u64) {
        nodes.hash(&mut self.hash);
        (self.violation, self.hash.finish())
    }
}
