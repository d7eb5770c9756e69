//! Weaker promises than linearizability: what a history keeps when it is not linearizable.
//!
//! None of them looks at real time; what counts is *session order*, the order in which each client called, and
//! *reads-from*, which write each read saw. A client that never got an answer ends there (the format has it go on
//! under a new id), so its last operation may have taken place or not.
//!
//! | model | promise |
//! |---|---|
//! | sequential | one order of all operations that keeps each client's, and in which every answer is right (Lamport 1979) |
//! | causal | one order of all *writes* that keeps causality, and reads that miss nothing that causally precedes them (Biswas & Enea 2019) |
//! | session guarantees | as causal, but a read need not miss less than is said below (Terry et al. 1994) |
//!
//! # Causal consistency and the session guarantees, exactly
//!
//! All five are judged in the framework of Biswas & Enea (OOPSLA 2019, §2), each operation a transaction of its
//! own. Let `so` be session order and `wr` reads-from. The history keeps a model if there is one total order `co`
//! of its operations with `so ∪ wr ⊆ co`, such that whenever `r` reads key `x` from `w`, and `v ≠ w` is a write
//! of `x` that must be *visible* to `r`, then `v` comes before `w` in `co`. What must be visible is the model:
//!
//! | model | `v` must be visible to `r` when |
//! |---|---|
//! | causal | `v (so ∪ wr)⁺ r` |
//! | read-your-writes | `v so r`: it is the client's own |
//! | monotonic-reads | `v wr·so r`: the client read it before |
//! | monotonic-writes | `v so·wr·so? r`: the client has read a later write of `v`'s client |
//! | writes-follow-reads | `v (wr·so?)⁺·wr·so? r`: the client has read a write whose client had read `v` before, and so on |
//!
//! The initial value is a write before all others. So each model is polynomial: the required pairs `v → w` are
//! known at once, and `co` exists if and only if they, `so` and `wr` have no cycle.
//!
//! *Deviation* from Terry et al.: theirs is a system of replicas, where the order in which a client's writes are
//! applied is the business of the last two guarantees alone. A history shows no replicas. That writes are ordered
//! as their client issued them, and after what it had read, is presumed here of all four (`so ∪ wr ⊆ co`, as for
//! all levels in Biswas & Enea), so that a client that reads its own *older* value has not read its writes, and
//! the guarantees differ in what a read may miss.
//!
//! # Where they apply
//!
//! Sequential consistency applies to every type. The others need to know which write a read saw: registers and
//! stores whose values, where read, were written once. A successful `cas` reads `from` and writes `to`. A failed
//! one saw something else, an `append` saw what it does not say, and a value written twice may come from either:
//! such operations are left out, which can hide a violation but not invent one. So what is violated without
//! them is violated; otherwise the model is [`Judgement::NotApplicable`].
use std::{fmt, str::FromStr};

use crate::{DataType, History, Options, Verdict, Why, check};

mod contradiction;
mod facts;
mod order;
mod relation;
mod saturate;
mod sequential;
mod visible;

pub use order::verify_sequential;

/// A promise that a history may keep.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Consistency {
    /// Each operation takes place at one moment between its call and its return (Herlihy & Wing 1990).
    Linearizable,
    /// All operations take place in one order, in which each client's keep theirs (Lamport 1979).
    Sequential,
    /// Whoever sees something sees what led to it (Biswas & Enea 2019).
    Causal,
    /// A client sees what it wrote (Terry et al. 1994, like the next three).
    ReadYourWrites,
    /// A client that saw a value sees no older one later.
    MonotonicReads,
    /// Whoever sees a write sees what its client wrote before.
    MonotonicWrites,
    /// Whoever sees a write sees what its client had read before.
    WritesFollowReads,
}

impl Consistency {
    /// All of them: the stronger ones first.
    pub const ALL: [Consistency; 7] = [
        Consistency::Linearizable,
        Consistency::Sequential,
        Consistency::Causal,
        Consistency::ReadYourWrites,
        Consistency::MonotonicReads,
        Consistency::MonotonicWrites,
        Consistency::WritesFollowReads,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Consistency::Linearizable => "linearizable",
            Consistency::Sequential => "sequential",
            Consistency::Causal => "causal",
            Consistency::ReadYourWrites => "read-your-writes",
            Consistency::MonotonicReads => "monotonic-reads",
            Consistency::MonotonicWrites => "monotonic-writes",
            Consistency::WritesFollowReads => "writes-follow-reads",
        }
    }

    /// Whether every history that keeps `self` keeps `other`. The four session guarantees are independent of
    /// each other, and together weaker than causal consistency.
    pub fn implies(self, other: Consistency) -> bool {
        let strength = |model| match model {
            Consistency::Linearizable => 3,
            Consistency::Sequential => 2,
            Consistency::Causal => 1,
            _ => 0,
        };
        self == other || strength(self) > strength(other)
    }
}

impl fmt::Display for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no consistency model is called `{name}`; there are {}", Consistency::ALL.map(Consistency::name).join(", "))]
pub struct UnknownConsistency {
    name: String,
}

impl FromStr for Consistency {
    type Err = UnknownConsistency;

    fn from_str(name: &str) -> Result<Self, UnknownConsistency> {
        let known = Self::ALL.into_iter().find(|model| model.name() == name);
        known.ok_or_else(|| UnknownConsistency { name: name.to_owned() })
    }
}

/// Whether a history keeps a model. Operations are named by their number in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Judgement {
    /// It does.
    Holds {
        /// Linearizable: see [`Verdict::Linearizable`]. Sequential: an order that explains all answers, which
        /// [`verify_sequential`] checks. Otherwise the order `co` of [this module](self). Operations without an
        /// answer may be missing.
        order: Vec<usize>,
    },
    /// It does not.
    Violated(Box<Contradiction>),
    /// The check was not finished; this bound was met.
    Unknown(Why),
    /// The history does not say enough, for this reason.
    NotApplicable(String),
}

impl Judgement {
    /// Whether the model is known to hold.
    pub fn holds(&self) -> bool {
        matches!(self, Judgement::Holds { .. })
    }

    fn violated(reason: String, operations: Vec<usize>) -> Self {
        Judgement::Violated(Box::new(Contradiction { reason, operations }))
    }
}

/// Why a history does not keep a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contradiction {
    /// Why, in a sentence or two.
    pub reason: String,
    /// A few operations that violate the model by themselves, whatever else was done. Unless a search had to be
    /// exhausted, none can be spared: without one of them, and what read its value, the rest is no violation.
    pub operations: Vec<usize>,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Does this history keep this model?
///
/// Linearizability and sequential consistency are NP-complete in general and met within the bounds of `options` or
/// not at all; the others take time in proportion to operations times clients (times keys, for
/// writes-follow-reads).
pub fn check_consistency(history: &History, model: Consistency, options: &Options) -> Judgement {
    match model {
        Consistency::Linearizable => linearizable(check(history, options)),
        Consistency::Sequential => sequential::judge(history, options),
        weaker => match facts::of(history) {
            Some(facts) => visible::judge(history, &facts, weaker, options),
            None => Judgement::NotApplicable(no_reads_from(history.data_type())),
        },
    }
}

/// The models weaker than linearizability, the stronger ones first, each with its judgement: for a history that is
/// known not to be linearizable. What follows from a stronger model that holds is not checked again.
pub fn weaker_models(history: &History, options: &Options) -> Vec<(Consistency, Judgement)> {
    let mut judged: Vec<(Consistency, Judgement)> = Vec::new();
    for model in &Consistency::ALL[1..] {
        let implied = judged.iter().find(|(stronger, found)| stronger.implies(*model) && found.holds());
        let judgement = match implied {
            Some((_, found)) => found.clone(),
            None if *model == Consistency::Sequential => {
                sequential::judge_not_linearizable(history, &sequential::Bounds::new(options))
            }
            None => check_consistency(history, *model, options),
        };
        judged.push((*model, judgement));
    }
    judged
}

fn linearizable(verdict: Verdict) -> Judgement {
    match verdict {
        Verdict::Linearizable { order } => Judgement::Holds { order },
        Verdict::NotLinearizable(violation) => {
            Judgement::violated(violation.reason, violation.counterexample)
        }
        Verdict::Unknown { why, .. } => Judgement::Unknown(why),
    }
}

fn no_reads_from(data_type: DataType) -> String {
    format!(
        "nobody can tell which writes an operation on a {data_type} saw; this model is one of registers and stores"
    )
}
