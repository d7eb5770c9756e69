//! The search of Wing & Gong (1993) with Lowe's memo (2017), over windowed configurations.
//!
//! A configuration says what matters of the operations linearized so far: the return that blocks (the first
//! one whose operation is not linearized), which of the operations open there are, and the state. Two
//! prefixes with the same configuration have the same future, so each is entered once.
//!
//! Three reductions keep the tree small; each is sound, and near misses of the first two are not:
//!
//! 1. *Eager reads.* An open operation that is possible now, and leaves every state unchanged in which it is
//!    possible, is linearized at once: wherever a linearization has it later, it can be moved to here.
//!    It does not do that it changes nothing in the *current* state.
//! 2. *Symmetry.* Among open operations of one class only the one with the earliest *return* is tried: in a
//!    linearization that takes another one first, the two can be exchanged. The earliest *call* will not do.
//! 3. *Dominance.* Operations without an answer need not take place, so a configuration is no better than
//!    one that differs only in having used fewer of them.
use crate::{
    hash::{FastMap, FastSet},
    mask::Mask,
    transitions::{More, Transitions},
    turns::AnySearch,
    window::{Event, Window},
};

/// How a run of the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// [`Search::order`] is a linearization.
    Found,
    /// There is none.
    Exhausted,
    /// The steps that it was given are used up; it can go on.
    OutOfSteps,
}

/// Which of the reductions are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eager {
    Reads,
    /// Trap M1: whatever changes nothing here. Unsound; the tests must notice.
    #[cfg(test)]
    UnchangedHere,
}

/// Which operation stands for its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Representative {
    EarliestReturn,
    /// Trap M2. Unsound; the tests must notice.
    #[cfg(test)]
    EarliestCall,
}

/// Which candidate is tried first. No sequence is best for all histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    EarliestReturn,
    EarliestCall,
}

pub(crate) struct Search<'a, K> {
    window: Window,
    transitions: Transitions<'a>,
    pub(crate) eager: Eager,
    pub(crate) representative: Representative,
    sequence: Sequence,
    /// The next event; all before it are taken in.
    event: usize,
    state: u32,
    linearized: K,
    /// The operations that are called and not returned, and who holds which slot.
    open: K,
    holder: Vec<u32>,
    seen: Seen<K>,
    frames: Vec<Frame<K>>,
    /// The operations linearized, in order.
    order: Vec<u32>,
    /// The operations to try, of all frames, one after the other.
    candidates: Vec<u32>,
    /// For each class the last configuration in which it was offered.
    offered: Vec<u64>,
    configurations: u64,
    steps: u64,
    furthest: Furthest,
    started: bool,
}

/// A configuration on the current path, as it is left to try its candidates.
struct Frame<K> {
    event: usize,
    state: u32,
    linearized: K,
    order: usize,
    /// Its part of the candidates begins here, and this one is next, with this branch of its step.
    first: usize,
    next: usize,
    branch: u32,
}

/// The latest return that blocked, and the states in which it did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Furthest {
    event: usize,
    pub(crate) states: Vec<u32>,
}

impl<'a, K: Mask> Search<'a, K> {
    pub(crate) fn new(window: Window, transitions: Transitions<'a>, sequence: Sequence) -> Self {
        let empty = K::empty(window.slot_count);
        Search {
            eager: Eager::Reads,
            representative: Representative::EarliestReturn,
            sequence,
            event: 0,
            state: Transitions::INITIAL,
            linearized: empty.clone(),
            open: empty,
            holder: vec![0; window.slot_count],
            seen: Seen::new(&window),
            frames: Vec::new(),
            order: Vec::new(),
            candidates: Vec::new(),
            offered: vec![0; transitions.classes()],
            configurations: 0,
            steps: 0,
            furthest: Furthest::default(),
            started: false,
            window,
            transitions,
        }
    }

    /// Settles a new configuration and lists what to try in it; true when everything is linearized. A
    /// configuration that leads nowhere new gets no candidates.
    fn enter(&mut self) -> bool {
        loop {
            self.advance();
            if self.event == self.window.events.len() {
                return true;
            }
            if !self.linearize_eagerly() {
                break;
            }
        }
        self.furthest.reached(self.event, self.state);
        let first = self.candidates.len();
        if self.seen.insert(self.event, self.state, &self.linearized) {
            self.list_candidates();
        }
        self.frames.push(Frame {
            event: self.event,
            state: self.state,
            linearized: self.linearized.clone(),
            order: self.order.len(),
            first,
            next: first,
            branch: 0,
        });
        false
    }

    /// Gives up the last configuration.
    fn leave(&mut self) {
        let frame = self.frames.pop().expect("the caller looked at it");
        self.candidates.truncate(frame.first);
    }

    /// Makes the last frame's configuration the current one again.
    fn return_to_last(&mut self) {
        let frame = self.frames.last().expect("the caller looked at it");
        let target = frame.event;
        self.linearized.clone_from(&frame.linearized);
        self.order.truncate(frame.order);
        while self.event > target {
            self.event -= 1;
            match self.window.events[self.event] {
                Event::Call(operation) => self.open.remove(self.window.slots[operation as usize]),
                Event::Return(operation) => self.put(operation),
            }
        }
    }

    fn linearize(&mut self, operation: u32, state: u32) {
        self.state = state;
        self.linearized.insert(self.window.slots[operation as usize]);
        self.order.push(operation);
    }

    /// Takes in events up to the first return of an operation that is not linearized.
    fn advance(&mut self) {
        while let Some(&event) = self.window.events.get(self.event) {
            match event {
                Event::Call(operation) => self.put(operation),
                Event::Return(operation) => {
                    let slot = self.window.slots[operation as usize];
                    if !self.linearized.contains(slot) {
                        return;
                    }
                    self.linearized.remove(slot);
                    self.open.remove(slot);
                }
            }
            self.event += 1;
        }
    }

    fn put(&mut self, operation: u32) {
        let slot = self.window.slots[operation as usize];
        self.open.insert(slot);
        self.holder[slot as usize] = operation;
    }

    /// Reduction 1; true when the blocking return may have moved.
    fn linearize_eagerly(&mut self) -> bool {
        let before = self.order.len();
        let linearized = self.linearized.clone();
        let Search { open, holder, window, transitions, order, steps, eager, state, .. } = self;
        let mut done = linearized.clone();
        open.for_each_not_in(&linearized, |slot| {
            let operation = holder[slot as usize];
            let class = window.classes[operation as usize];
            if may_go_at_once(*eager, transitions, *state, class, steps) {
                done.insert(slot);
                order.push(operation);
            }
        });
        self.linearized = done;
        self.order.len() > before
    }

    /// Reduction 2: one open operation of each class, the one with the earliest return.
    fn list_candidates(&mut self) {
        self.configurations += 1;
        let first = self.candidates.len();
        let Search { open, holder, window, transitions, linearized, candidates, .. } = self;
        open.for_each_not_in(linearized, |slot| {
            let operation = holder[slot as usize];
            if !transitions.is_read_only(window.classes[operation as usize]) {
                candidates.push(operation);
            }
        });
        let deadline = |operation: &u32| self.window.deadlines[*operation as usize];
        match self.representative {
            Representative::EarliestReturn => candidates[first..].sort_unstable_by_key(deadline),
            #[cfg(test)]
            Representative::EarliestCall => candidates[first..].sort_unstable(),
        }
        let mut kept = first;
        for place in first..candidates.len() {
            let class = self.window.classes[candidates[place] as usize] as usize;
            if std::mem::replace(&mut self.offered[class], self.configurations) != self.configurations {
                candidates[kept] = candidates[place];
                kept += 1;
            }
        }
        candidates.truncate(kept);
        if self.sequence == Sequence::EarliestCall {
            candidates[first..].sort_unstable();
        }
    }
}

impl<K: Mask + Send> AnySearch for Search<'_, K> {
    /// Goes on for about this many steps of the model.
    fn run(&mut self, steps: u64) -> Outcome {
        let end = self.steps.saturating_add(steps);
        if !std::mem::replace(&mut self.started, true) && self.enter() {
            return Outcome::Found;
        }
        while self.steps < end {
            let Some(frame) = self.frames.last_mut() else { return Outcome::Exhausted };
            let Some(&operation) = self.candidates.get(frame.next) else {
                self.leave();
                continue;
            };
            self.steps += 1;
            let step =
                self.transitions.step(frame.state, self.window.classes[operation as usize], frame.branch);
            (frame.next, frame.branch) = match step {
                Some((_, More::Yes)) => (frame.next, frame.branch + 1),
                _ => (frame.next + 1, 0),
            };
            if let Some((state, _)) = step {
                self.return_to_last();
                self.linearize(operation, state);
                if self.enter() {
                    return Outcome::Found;
                }
            }
        }
        Outcome::OutOfSteps
    }

    /// The operation at the latest return that the search could not get past. After an exhaustive search that
    /// is the earliest moment at which no linearization was left.
    fn stuck(&self) -> Option<u32> {
        match self.window.events.get(self.furthest.event) {
            Some(&Event::Return(operation)) => Some(operation),
            _ => None,
        }
    }

    /// The states in which the stuck operation was tried, a few of them.
    fn states_when_stuck(&self) -> Vec<String> {
        self.furthest.states.iter().map(|&state| self.transitions.describe(state)).collect()
    }

    /// An estimate of what it holds.
    fn bytes(&self) -> usize {
        self.seen.bytes()
            + self.transitions.bytes()
            + self.frames.capacity() * size_of::<Frame<K>>()
            + (self.order.capacity() + self.candidates.capacity()) * 4
    }

    fn order(&self) -> Vec<u32> {
        self.order.clone()
    }

    fn steps(&self) -> u64 {
        self.steps
    }
}

fn may_go_at_once(
    eager: Eager,
    transitions: &mut Transitions<'_>,
    state: u32,
    class: u32,
    steps: &mut u64,
) -> bool {
    let eligible = match eager {
        Eager::Reads => transitions.is_read_only(class),
        #[cfg(test)]
        Eager::UnchangedHere => true,
    };
    *steps += u64::from(eligible);
    eligible && matches!(transitions.step(state, class, 0), Some((next, _)) if next == state)
}

impl Furthest {
    /// More than a few states explain nothing.
    const STATES: usize = 8;

    fn reached(&mut self, event: usize, state: u32) {
        if event > self.event {
            (self.event, self.states) = (event, Vec::new());
        }
        if event == self.event && self.states.len() < Self::STATES && !self.states.contains(&state) {
            self.states.push(state);
        }
    }
}

/// The configurations entered so far.
struct Seen<K> {
    configurations: Configurations<K>,
    /// What a mask holds on the heap.
    mask_bytes: usize,
}

enum Configurations<K> {
    /// Nothing is pending.
    Exact(FastSet<(u32, u32, K)>),
    /// Reduction 3: for each configuration the sets of pending operations used, none within another.
    Minimal { first_pending_slot: u32, sets: FastMap<(u32, u32, K), Vec<K>>, count: usize },
}

impl<K: Mask> Seen<K> {
    /// The table is not made larger than this before it is needed.
    const ROOM: usize = 1_000;

    fn new(window: &Window) -> Self {
        let first_pending_slot = window.first_pending_slot;
        let configurations = if window.slot_count == first_pending_slot as usize {
            let room = window.events.len().min(Self::ROOM);
            Configurations::Exact(FastSet::with_capacity_and_hasher(room, Default::default()))
        } else {
            Configurations::Minimal { first_pending_slot, sets: FastMap::default(), count: 0 }
        };
        Seen { configurations, mask_bytes: K::empty(window.slot_count).heap_bytes() }
    }

    /// False when the configuration, or a better one, was there already.
    fn insert(&mut self, event: usize, state: u32, linearized: &K) -> bool {
        match &mut self.configurations {
            Configurations::Exact(set) => set.insert((event as u32, state, linearized.clone())),
            Configurations::Minimal { first_pending_slot, sets, count } => {
                let (completed, used) = linearized.split(*first_pending_slot);
                let known = sets.entry((event as u32, state, completed)).or_default();
                if known.iter().any(|fewer| fewer.is_subset(&used)) {
                    return false;
                }
                let before = known.len();
                known.retain(|more| !used.is_subset(more));
                known.push(used);
                *count = *count + known.len() - before;
                true
            }
        }
    }

    /// An estimate: a table has a byte of its own for each place, and stays an eighth empty.
    fn bytes(&self) -> usize {
        match &self.configurations {
            Configurations::Exact(set) => {
                set.capacity() * (size_of::<(u32, u32, K)>() + 1) * 8 / 7 + set.len() * self.mask_bytes
            }
            Configurations::Minimal { sets, count, .. } => {
                let places = sets.capacity() * (size_of::<((u32, u32, K), Vec<K>)>() + 1) * 8 / 7;
                places + (count + sets.len()) * self.mask_bytes + sets.len() * 4 * size_of::<K>()
            }
        }
    }
}
