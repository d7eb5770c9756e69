//! The algorithms, by name: the one place that a new one is added to.
use std::path::Path;

use synod_simulator::Scenario;

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
    pub read_scenario: fn(&Path) -> Result<Scenario, Failure>,
    pub run: fn(&RunOptions) -> Result<Report, Failure>,
}

const fn entry<A: Algorithm>(about: &'static str) -> Entry {
    Entry { name: A::NAME, about, read_scenario: run::read_scenario::<A>, run: run::run::<A> }
}

/// All of them.
pub const ALGORITHMS: [Entry; 1] =
    [entry::<Raft>("a replicated log with a strong leader (Ongaro & Ousterhout 2014)")];

pub fn find(name: &str) -> Option<&'static Entry> {
    ALGORITHMS.iter().find(|entry| entry.name == name)
}
