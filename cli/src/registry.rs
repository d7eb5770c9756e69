//! The algorithms, by name: the one place that a new one is added to.
use std::{path::Path, sync::atomic::AtomicBool};

use synod_atomic_commit::{paxos_commit::PaxosCommit, three_phase::ThreePhase, two_phase::TwoPhase};
use synod_simulator::{ConfigError, Fault, Journal, QueueKind, Scenario};

use crate::{
    algorithm::Algorithm,
    atomic_commit::Commit,
    doctor::{self, Diagnosis},
    raft::Raft,
    replay::{self, ReplayOptions, Replayed},
    report::Report,
    run::{self, Failure, RunOptions},
    shrink::{self, ShrinkOptions, Shrunk},
    sweep::{self, SweepOptions, SweepReport, plan::Seeds},
};

/// An algorithm and what the verbs do with it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub name: &'static str,
    pub about: &'static str,
    /// What strikes unless somebody asks for others.
    pub faults: &'static [Fault],
    pub read_scenario: fn(&Path) -> Result<Scenario, Failure>,
    pub run: fn(&RunOptions) -> Result<Report, Failure>,
    pub sweep: fn(&SweepOptions, &AtomicBool) -> Result<SweepReport, Failure>,
    pub replay: fn(&ReplayOptions) -> Result<Replayed, Failure>,
    pub walk: fn(&ReplayOptions) -> Result<(), Failure>,
    pub shrink: fn(&ShrinkOptions) -> Result<Shrunk, Failure>,
    pub determinism: fn(Seeds, &Path) -> Result<Diagnosis, Failure>,
    pub hashes: fn(Seeds) -> String,
    pub journal: fn(u64, QueueKind) -> Result<Journal, ConfigError>,
}

const fn entry<A: Algorithm>(about: &'static str) -> Entry {
    Entry {
        name: A::NAME,
        about,
        faults: A::FAULTS,
        read_scenario: run::read_scenario::<A>,
        run: run::run::<A>,
        sweep: sweep::sweep::<A>,
        replay: replay::replay::<A>,
        walk: replay::walked::<A>,
        shrink: shrink::shrink::<A>,
        determinism: doctor::determinism::<A>,
        hashes: doctor::hashes::<A>,
        journal: doctor::journal::<A>,
    }
}

/// All of them.
pub const ALGORITHMS: [Entry; 4] = [
    entry::<Raft>("a replicated log with a strong leader (Ongaro & Ousterhout 2014)"),
    entry::<Commit<TwoPhase>>("two-phase commit with presumed abort (Mohan, Lindsay & Obermarck 1986)"),
    entry::<Commit<ThreePhase>>("three-phase commit, for networks that lose nothing in time (Skeen 1981)"),
    entry::<Commit<PaxosCommit>>("Paxos Commit, which no single crash blocks (Gray & Lamport 2006)"),
];

pub fn find(name: &str) -> Option<&'static Entry> {
    ALGORITHMS.iter().find(|entry| entry.name == name)
}
