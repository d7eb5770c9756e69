//! A model over small numbers: states and operations are interned, and each step is computed once.
//!
//! So the search compares and hashes words whatever the model is (Knossos' memo, done lazily).
use std::collections::hash_map::Entry;

use crate::{Model, hash::FastMap};

/// The steps of a model that were computed so far.
pub(crate) struct Transitions<'m> {
    steps: Memo,
    read_only: Vec<bool>,
    /// The successors of steps that have several.
    branches: Vec<Box<[u32]>>,
    source: Box<dyn Source + 'm>,
    scratch: Vec<u32>,
}

/// Whether a step has further branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum More {
    Yes,
    No,
}

const UNKNOWN: u32 = u32::MAX;
const IMPOSSIBLE: u32 = u32::MAX - 1;
/// From here on an entry is a number of a list in `branches`; below, it is the one successor.
const BRANCHES: u32 = 1 << 31;

impl<'m> Transitions<'m> {
    pub(crate) const INITIAL: u32 = 0;

    /// Operations of one class are interchangeable: what was asked, and what was answered.
    pub(crate) fn new<M>(model: &'m M, classes: Vec<(M::Op, Option<M::Output>)>) -> Self
    where
        M: Model + Sync,
        M::Op: Send,
        M::Output: Send,
        M::State: Send,
    {
        let read_only = classes.iter().map(|(op, output)| model.is_read_only(op, output.as_ref())).collect();
        let steps = Memo::new(classes.len());
        let source = Box::new(States::new(model, classes));
        Transitions { steps, read_only, branches: Vec::new(), source, scratch: Vec::new() }
    }

    pub(crate) fn is_read_only(&self, class: u32) -> bool {
        self.read_only[class as usize]
    }

    pub(crate) fn classes(&self) -> usize {
        self.read_only.len()
    }

    /// Branch `branch` of the step, counted from 0, and whether there are more.
    pub(crate) fn step(&mut self, state: u32, class: u32, branch: u32) -> Option<(u32, More)> {
        let entry = match self.steps.get(state, class) {
            UNKNOWN => self.compute(state, class),
            entry => entry,
        };
        match entry {
            IMPOSSIBLE => None,
            list @ BRANCHES.. => {
                let states = &self.branches[(list - BRANCHES) as usize];
                let more = if branch as usize + 1 < states.len() { More::Yes } else { More::No };
                states.get(branch as usize).map(|&next| (next, more))
            }
            next => Some((next, More::No)),
        }
    }

    pub(crate) fn describe(&self, state: u32) -> String {
        self.source.describe(state)
    }

    /// An estimate, without what the states own on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.source.bytes() + self.steps.bytes()
    }

    #[cold]
    fn compute(&mut self, state: u32, class: u32) -> u32 {
        self.scratch.clear();
        self.source.step(state, class, &mut self.scratch);
        self.scratch.sort_unstable();
        self.scratch.dedup();
        let entry = match self.scratch[..] {
            [] => IMPOSSIBLE,
            [one] => one,
            ref several => {
                self.branches.push(several.into());
                BRANCHES + (self.branches.len() as u32 - 1)
            }
        };
        self.steps.set(state, class, entry);
        entry
    }
}

/// Where steps come from that are not known yet.
trait Source: Send {
    fn step(&mut self, state: u32, class: u32, next: &mut Vec<u32>);
    fn describe(&self, state: u32) -> String;
    fn bytes(&self) -> usize;
}

/// A model whose states have numbers.
struct States<'m, M: Model> {
    model: &'m M,
    classes: Vec<(M::Op, Option<M::Output>)>,
    states: Vec<M::State>,
    numbers: FastMap<M::State, u32>,
    scratch: Vec<M::State>,
}

impl<'m, M: Model> States<'m, M> {
    /// Most histories visit about as many states as they have kinds of operations, or not many more.
    const ROOM: usize = 1_000;

    fn new(model: &'m M, classes: Vec<(M::Op, Option<M::Output>)>) -> Self {
        let room = classes.len().min(Self::ROOM);
        let numbers = FastMap::with_capacity_and_hasher(room, Default::default());
        let mut states =
            States { model, classes, states: Vec::with_capacity(room), numbers, scratch: Vec::new() };
        states.number(model.initial());
        states
    }

    fn number(&mut self, state: M::State) -> u32 {
        let next = self.states.len() as u32;
        match self.numbers.entry(state) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                self.states.push(place.key().clone());
                *place.insert(next)
            }
        }
    }
}

impl<M> Source for States<'_, M>
where
    M: Model + Sync,
    M::Op: Send,
    M::Output: Send,
    M::State: Send,
{
    fn step(&mut self, state: u32, class: u32, next: &mut Vec<u32>) {
        let mut states = std::mem::take(&mut self.scratch);
        let (op, output) = &self.classes[class as usize];
        self.model.step(&self.states[state as usize], op, output.as_ref(), &mut states);
        next.extend(states.drain(..).map(|state| self.number(state)));
        self.scratch = states;
    }

    fn describe(&self, state: u32) -> String {
        self.model.describe(&self.states[state as usize])
    }

    fn bytes(&self) -> usize {
        self.states.len() * (2 * size_of::<M::State>() + 16)
    }
}

/// The steps computed so far: a table while there are few classes, a map otherwise.
enum Memo {
    Dense { classes: usize, entries: Vec<u32> },
    Sparse(FastMap<(u32, u32), u32>),
}

impl Memo {
    const DENSE_CLASSES: usize = 256;

    fn new(classes: usize) -> Self {
        if classes <= Self::DENSE_CLASSES {
            Memo::Dense { classes, entries: Vec::new() }
        } else {
            Memo::Sparse(FastMap::default())
        }
    }

    fn get(&self, state: u32, class: u32) -> u32 {
        match self {
            Memo::Dense { classes, entries } => {
                entries.get(state as usize * classes + class as usize).copied().unwrap_or(UNKNOWN)
            }
            Memo::Sparse(map) => map.get(&(state, class)).copied().unwrap_or(UNKNOWN),
        }
    }

    fn set(&mut self, state: u32, class: u32, entry: u32) {
        match self {
            Memo::Dense { classes, entries } => {
                let place = state as usize * *classes + class as usize;
                if entries.len() <= place {
                    entries.resize((state as usize + 1) * *classes, UNKNOWN);
                }
                entries[place] = entry;
            }
            Memo::Sparse(map) => {
                map.insert((state, class), entry);
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Memo::Dense { entries, .. } => entries.capacity() * 4,
            Memo::Sparse(map) => map.capacity() * 15,
        }
    }
}
