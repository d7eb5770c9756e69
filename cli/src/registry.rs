//! The algorithms, by name: the one place that a new one is added to.
use std::sync::atomic::AtomicBool;

use crate::{
    algorithm::Algorithm,
    raft::Raft,
    replay::{self, ReplayOptions, Replayed},
    report::Report,
    run::{self, Failure, RunOptions},
    sweep::{self, SweepOptions, SweepReport},
};

/// An algorithm and what the verbs do with it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(&RunOptions) -> Result<Report, Failure>,
    pub sweep: fn(&SweepOptions, &AtomicBool) -> Result<SweepReport, Failure>,
    pub replay: fn(&ReplayOptions) -> Result<Replayed, Failure>,
}

const fn entry<A: Algorithm>(about: &'static str) -> Entry {
    Entry { name: A::NAME, about, run: run::run::<A>, sweep: sweep::sweep::<A>, replay: replay::replay::<A> }
}

/// All of them.
pub const ALGORITHMS: [Entry; 1] =
    [entry::<Raft>("a replicated log with a strong leader (Ongaro & Ousterhout 2014)")];

pub fn find(name: &str) -> Option<&'static Entry> {
    ALGORITHMS.iter().find(|entry| entry.name == name)
}
