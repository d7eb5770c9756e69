//! The algorithms, by name: the one place that a new one is added to.
use crate::{
    algorithm::Algorithm,
    raft::Raft,
    report::Report,
    run::{self, Failure, RunOptions},
};

/// An algorithm and what the verbs do with it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(&RunOptions) -> Result<Report, Failure>,
}

const fn entry<A: Algorithm>(about: &'static str) -> Entry {
    Entry { name: A::NAME, about, run: run::run::<A> }
}

/// All of them.
pub const ALGORITHMS: [Entry; 1] =
    [entry::<Raft>("a replicated log with a strong leader (Ongaro & Ousterhout 2014)")];

pub fn find(name: &str) -> Option<&'static Entry> {
    ALGORITHMS.iter().find(|entry| entry.name == name)
}
