//! Carries a check out with one of four engines.
use std::{net::ToSocketAddrs, time::Duration};

use stateright::{Checker, HasDiscoveries, Model, UniformChooser};
use synod_protocol::{Node, Violation};
use thiserror::Error;

use crate::{Action, Cluster, Watch, bfs, cluster::READS_THE_CLOCK, properties};

/// How the states are walked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Level by level: the first violation is a shortest one.
    Bfs,
    /// stateright's depth-first search: deep violations sooner, and any path to them. With `symmetry`, states that
    /// differ by the names of nodes count once; the other engines would ignore it.
    Dfs { symmetry: bool },
    /// stateright's random walks from the first state. They exhaust nothing.
    Simulation { seed: u64 },
}

/// Where a check ends, if nothing ends it before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// So many states, about: an engine looks now and then. Of simulation: generated ones.
    pub states: Option<u64>,
    /// So many actions from the first state.
    pub depth: Option<u64>,
    pub time: Option<Duration>,
}

/// How much was explored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// States that some action led to, and the first.
    pub generated: u64,
    /// Different ones.
    pub unique: u64,
    /// Actions on the longest way that was looked at.
    pub depth: u64,
}

/// Told now and then how far it is; says whether to go on.
pub type Progress<'a> = dyn Fn(Counts) -> bool + Sync + 'a;

/// What a check came to.
#[derive(Clone, Debug)]
pub struct Checked<N: Node> {
    pub counts: Counts,
    /// Every state within the budget was looked at. Always so of a check that ends without a violation or a limit.
    pub is_exhausted: bool,
    pub counterexample: Option<Counterexample<N>>,
    /// The names of the invariants.
    pub always: Vec<&'static str>,
    pub sometimes: Vec<CameAbout>,
}

/// Something that should come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameAbout {
    pub name: &'static str,
    pub did: bool,
    /// After how many actions first; only a breadth-first search knows.
    pub depth: Option<u64>,
}

/// A violation, and how to come to it from the first boot.
#[derive(Clone, Debug)]
pub struct Counterexample<N: Node> {
    pub violation: Violation,
    /// The opening first.
    pub actions: Vec<Action<N>>,
}

/// Why a check cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckError {
    #[error(
        "{0}; a checker lets any armed timer fire at any time and has no clock to show: check a node without leases, or simulate this one"
    )]
    ReadsTheClock(String),
    #[error("symmetry: this algorithm tells its nodes apart by their names; check it without")]
    NoSymmetry,
    #[error(
        "symmetry: in this scope a crash cuts a node's outputs in the order in which they left, which is that of the names of those they go to; check it without"
    )]
    OutputsInOrder,
    #[error("symmetry: `{0}` does not lead to the same with other names for the nodes; check without")]
    TellsNodesApart(String),
}

impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// Explores all there is.
    ///
    /// # Errors
    /// The node cannot be checked.
    pub fn check(
        self,
        engine: Engine,
        threads: usize,
        limits: &Limits,
        progress: &Progress<'_>,
    ) -> Result<Checked<N>, CheckError> {
        let symmetry = match engine {
            Engine::Dfs { symmetry: true } => Some(self.symmetric()?),
            _ => None,
        };
        let always = properties::always(&self);
        let named = properties::sometimes(&self);
        let opening = self.opening.clone();
        let start = self.start.clone();
        let seen = self.seen.clone();
        let (found, violation) = match engine {
            Engine::Bfs => {
                let found = bfs::search(&self, threads, limits, progress);
                let violation = self.violation_of(found.path.as_deref());
                (found, violation)
            }
            Engine::Dfs { .. } => {
                let spawn = |builder: stateright::CheckerBuilder<Self>| {
                    let builder = match symmetry {
                        Some(symmetry) => builder.symmetry_fn(symmetry.representative),
                        None => builder,
                    };
                    builder.spawn_dfs().join()
                };
                by_stateright(self, spawn, threads, limits, true)
            }
            Engine::Simulation { seed } => {
                let spawn = |builder: stateright::CheckerBuilder<Self>| {
                    builder.spawn_simulation(seed, UniformChooser).join()
                };
                by_stateright(self, spawn, threads, limits, false)
            }
        };
        let violation = violation.or_else(|| start.violation().cloned());
        if let Some(violation) = violation.iter().find(|violation| violation.property == READS_THE_CLOCK) {
            return Err(CheckError::ReadsTheClock(violation.story.clone()));
        }
        let seen = seen.load(std::sync::atomic::Ordering::Relaxed);
        let sometimes = named.into_iter().map(|(name, bit)| CameAbout {
            name,
            did: seen & bit != 0,
            depth: found.firsts.iter().find(|(first, _)| *first == bit).map(|(_, depth)| *depth),
        });
        let path = found.path.unwrap_or_default();
        Ok(Checked {
            counts: found.counts,
            is_exhausted: found.is_exhausted,
            counterexample: violation.map(|violation| Counterexample {
                violation,
                actions: opening.into_iter().chain(path).collect(),
            }),
            always,
            sometimes: sometimes.collect(),
        })
    }

    /// What this path from the first state ends in.
    fn violation_of(&self, path: Option<&[Action<N>]>) -> Option<Violation> {
        let mut state = self.start.clone();
        for action in path? {
            state = self.next_state(&state, action.clone())?;
        }
        state.violation().cloned()
    }

    /// Serves stateright's Explorer on this address until the process ends: the states and actions, to click through.
    pub fn explore(self, address: impl ToSocketAddrs) {
        self.checker().serve(address);
    }
}

fn by_stateright<N: Node, W: Watch<N>, C: Checker<Cluster<N, W>>>(
    cluster: Cluster<N, W>,
    spawn: impl FnOnce(stateright::CheckerBuilder<Cluster<N, W>>) -> C,
    threads: usize,
    limits: &Limits,
    can_exhaust: bool,
) -> (bfs::Found<N>, Option<Violation>) {
    let mut builder = cluster.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures);
    if let Some(states) = limits.states {
        builder = builder.target_state_count(states as usize);
    }
    if let Some(depth) = limits.depth {
        builder = builder.target_max_depth(depth as usize);
    }
    if let Some(time) = limits.time {
        builder = builder.timeout(time);
    }
    let began = std::time::Instant::now();
    let checker = spawn(builder);
    let counts = Counts {
        generated: checker.state_count() as u64,
        unique: checker.unique_state_count() as u64,
        depth: (checker.max_depth() as u64).saturating_sub(1),
    };
    let always = properties::always(checker.model());
    let discoveries = checker.discoveries();
    let path = discoveries.iter().filter(|(name, _)| always.contains(name)).map(|(_, path)| path.clone());
    let path = path.min_by_key(|path| path.clone().into_actions().len()).map(|path| path.into_actions());
    let violation = checker.model().violation_of(path.as_deref());
    let hit_a_limit = limits.states.is_some_and(|most| counts.generated >= most)
        || limits.depth.is_some_and(|most| counts.depth + 1 >= most)
        || limits.time.is_some_and(|most| began.elapsed() >= most);
    let is_exhausted = can_exhaust && path.is_none() && !hit_a_limit;
    (bfs::Found { counts, path, is_exhausted, firsts: Vec::new() }, violation)
}
