//! A model over small numbers: states and operations are interned, and each step is computed once.
//!
//! So the search compares and hashes words whatever the model is (Knossos' memo, done lazily).
use crate::{Model, hash::FastMap};

/// A class of interchangeable operations: what was asked, and what was answered.
pub(crate) type ClassOf<M> = (<M as Model>::Op, Option<<M as Model>::Output>);

pub(crate) struct Transitions<'m, M: Model> {
    model: &'m M,
    classes: Vec<ClassOf<M>>,
    read_only: Vec<bool>,
    states: Vec<M::State>,
    numbers: FastMap<M::State, u32>,
    steps: Memo,
    /// The successors of steps that have several.
    branches: Vec<Box<[u32]>>,
    scratch: Vec<M::State>,
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

impl<'m, M: Model> Transitions<'m, M> {
    pub(crate) const INITIAL: u32 = 0;

    pub(crate) fn new(model: &'m M, classes: Vec<ClassOf<M>>) -> Self {
        let read_only = classes.iter().map(|(op, output)| model.is_read_only(op, output.as_ref())).collect();
        let steps = Memo::new(classes.len());
        let mut table = Transitions {
            model,
            classes,
            read_only,
            states: Vec::new(),
            numbers: FastMap::default(),
            steps,
            branches: Vec::new(),
            scratch: Vec::new(),
        };
        table.intern(model.initial());
        table
    }

    pub(crate) fn is_read_only(&self, class: u32) -> bool {
        self.read_only[class as usize]
    }

    pub(crate) fn classes(&self) -> usize {
        self.classes.len()
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
        self.model.describe(&self.states[state as usize])
    }

    /// An estimate, without what the states own on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.states.len() * (2 * size_of::<M::State>() + 16) + self.steps.bytes()
    }

    fn compute(&mut self, state: u32, class: u32) -> u32 {
        let mut next = std::mem::take(&mut self.scratch);
        let (op, output) = &self.classes[class as usize];
        self.model.step(&self.states[state as usize], op, output.as_ref(), &mut next);
        let mut numbers = next.drain(..).map(|state| self.intern(state)).collect::<Vec<_>>();
        self.scratch = next;
        numbers.sort_unstable();
        numbers.dedup();
        let entry = match numbers[..] {
            [] => IMPOSSIBLE,
            [one] => one,
            _ => {
                self.branches.push(numbers.into());
                BRANCHES + (self.branches.len() as u32 - 1)
            }
        };
        self.steps.set(state, class, entry);
        entry
    }

    fn intern(&mut self, state: M::State) -> u32 {
        if let Some(&number) = self.numbers.get(&state) {
            return number;
        }
        let number = self.states.len() as u32;
        self.states.push(state.clone());
        self.numbers.insert(state, number);
        number
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
