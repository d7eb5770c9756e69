//! The stream of steps: numbered, hashed, and shown to whoever watches.
use synod_protocol::{Node, Nodes, Observer, Place, Step, Time, Violation, What};

use crate::hash::TraceHash;

#[derive(Clone)]
pub(crate) struct Stream<O> {
    observer: O,
    hash: TraceHash,
    next: u64,
    /// When the state of a node goes into the hash again, and how often it did.
    next_state: u64,
    states: usize,
    violation: Option<Violation>,
}

/// So many steps lie between two states that go into the hash, at least; and more as states grow, so that
/// a long run does not spend its time on its past.
const STATE_HASHED_EVERY: u64 = 1_024;
const STEPS_PER_WORD: u64 = 4;

impl<O> Stream<O> {
    pub(crate) fn new(seed: u64, observer: O) -> Self {
        Stream {
            observer,
            hash: TraceHash::new(seed),
            next: 0,
            next_state: STATE_HASHED_EVERY,
            states: 0,
            violation: None,
        }
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
        self.emit_step(&Step { number: self.next, at, place, what }, nodes)
    }

    /// The same of a step that its maker built in one place, with [`number`](Stream::number): steps are large,
    /// and those that come by the million shall not be moved.
    #[inline(always)]
    pub(crate) fn emit_step<N: Node>(&mut self, step: &Step<'_, N>, nodes: &[Option<N>]) -> u64
    where
        O: Observer<N>,
    {
        let number = self.next;
        if self.violation.is_some() {
            return number;
        }
        self.next += 1;
        self.hash.step(step);
        if self.next == self.next_state {
            self.hash_state(nodes);
        }
        if let Err(violation) = self.observer.observe(step, Nodes::new(nodes)) {
            self.violation = Some(violation);
        }
        number
    }

    /// For the effects of the last step.
    #[inline(always)]
    pub(crate) fn hash(&mut self) -> &mut TraceHash {
        &mut self.hash
    }

    /// Of the next step.
    pub(crate) fn number(&self) -> u64 {
        self.next
    }

    /// One node after the other has its turn: hashing them all would cost more than the run.
    #[cold]
    fn hash_state<N: Node>(&mut self, nodes: &[Option<N>]) {
        let words = self.hash.add_counted(&nodes.get(self.states % nodes.len().max(1)));
        self.next_state = self.next + STATE_HASHED_EVERY.max(words * STEPS_PER_WORD);
        self.states += 1;
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
        self.hash.add(&nodes);
        (self.violation, self.hash.finish())
    }
}
