//! The algorithms, by name: the one place that a new one is added to.
use std::{path::Path, sync::atomic::AtomicBool};

use synod_atomic_commit::{paxos_commit::PaxosCommit, three_phase::ThreePhase, two_phase::TwoPhase};
use synod_simulator::{ConfigError, Fault, Journal, QueueKind, Scenario, Tolerance};

use crate::{
    algorithm::Algorithm,
    atomic_commit::Commit,
    chain::{Chain, Craq},
    chain_raft::ChainRaft,
    check::{self, Explored},
    compare::{Contestant, Replicates, contestant},
    conform::{
        Conforms,
        recorded::{self, Recorded},
    },
    doctor::{self, Diagnosis},
    multipaxos::MultiPaxos,
    paxos::Paxos,
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
    /// How much of a cluster it can do without.
    pub tolerance: fn(u32) -> Tolerance,
    /// If it replicates the key–value store: how it is compared with others that do.
    pub contestant: Option<Contestant>,
    /// `None`: it has no spec that its runs are held to.
    pub held_to: Option<HeldTo>,
    /// If it can be explored: how `synod check` does it.
    pub check: Option<check::Verb>,
}

/// A spec, and how a recorded run becomes actions of it.
#[derive(Clone, Copy, Debug)]
pub struct HeldTo {
    /// Below `tla/`: `raft/Raft`.
    pub spec: &'static str,
    pub read: fn(&Path, Option<u64>) -> anyhow::Result<Recorded>,
}

impl Entry {
    /// With all that every algorithm has.
    const fn of<A: Algorithm>(about: &'static str) -> Entry {
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
            tolerance: A::tolerance,
            contestant: None,
            held_to: None,
            check: None,
        }
    }

    /// It replicates the key–value store.
    const fn compared<A: Replicates>(self) -> Entry {
        Entry { contestant: Some(contestant::<A>()), ..self }
    }

    /// It has scopes that can be explored.
    const fn explored<A: Explored>(self) -> Entry {
        Entry { check: Some(check::Verb::of::<A>()), ..self }
    }

    /// It has a spec that its runs are held to.
    const fn held_to_spec<A: Conforms>(self) -> Entry {
        Entry { held_to: Some(HeldTo { spec: A::SPEC, read: recorded::read::<A> }), ..self }
    }
}

/// All of them.
pub const ALGORITHMS: &[Entry] = &[
    Entry::of::<Raft>("a replicated log with a strong leader (Ongaro & Ousterhout 2014)")
        .held_to_spec::<Raft>()
        .compared::<Raft>()
        .explored::<Raft>(),
    Entry::of::<Paxos>("one value, chosen once (Lamport 2001)").held_to_spec::<Paxos>().explored::<Paxos>(),
    Entry::of::<MultiPaxos>("a replicated log, one instance of Paxos per slot (Lamport 2001, §3)")
        .held_to_spec::<MultiPaxos>()
        .compared::<MultiPaxos>()
        .explored::<MultiPaxos>(),
    Entry::of::<Commit<TwoPhase>>("two-phase commit with presumed abort (Mohan, Lindsay & Obermarck 1986)")
        .held_to_spec::<Commit<TwoPhase>>()
        .explored::<Commit<TwoPhase>>(),
    Entry::of::<Commit<ThreePhase>>(
        "three-phase commit, for networks that lose nothing in time (Skeen 1981)",
    )
    .held_to_spec::<Commit<ThreePhase>>()
    .explored::<Commit<ThreePhase>>(),
    Entry::of::<Commit<PaxosCommit>>("Paxos Commit, which no single crash blocks (Gray & Lamport 2006)")
        .held_to_spec::<Commit<PaxosCommit>>()
        .explored::<Commit<PaxosCommit>>(),
    Entry::of::<Chain>("updates along a chain, reads at its tail (van Renesse & Schneider 2004)")
        .held_to_spec::<Chain>()
        .compared::<Chain>()
        .explored::<Chain>(),
    Entry::of::<Craq>("the same, with reads at every server (Terrace & Freedman 2009)")
        .held_to_spec::<Craq>()
        .compared::<Craq>()
        .explored::<Craq>(),
    Entry::of::<ChainRaft>(
        "a chain whose master is a group that runs Raft (van Renesse & Schneider 2004, §3)",
    ),
];

pub fn find(name: &str) -> Option<&'static Entry> {
    ALGORITHMS.iter().find(|entry| entry.name == name)
}
