//! The properties as stateright wants them: functions without captures, one per name.
//!
//! A step that breaks an invariant leads to a state that knows it, so that each property costs a comparison however
//! much it looks at.
use stateright::Property;
use synod_protocol::Node;

use crate::{
    Cluster, State, Watch,
    cluster::{ASSERTION, READS_THE_CLOCK, happened},
};

/// The names of what must always hold.
pub(crate) fn always<N: Node, W: Watch<N>>(cluster: &Cluster<N, W>) -> Vec<&'static str> {
    let promise = cluster.promise.map(|promise| promise.name);
    W::ALWAYS.iter().copied().chain(promise).chain([ASSERTION, READS_THE_CLOCK]).collect()
}

/// The names of what should come about, with their bits.
pub(crate) fn sometimes<N: Node, W: Watch<N>>(cluster: &Cluster<N, W>) -> Vec<(&'static str, u64)> {
    let budget = cluster.scope.budget;
    let possible = [
        budget.crashes > 0,
        budget.crashes > 0,
        budget.crashes > 0,
        budget.drops > 0,
        budget.duplicates > 0,
        budget.retries > 0,
        budget.requests > 0 && !cluster.scope.scripts.is_empty(),
    ];
    let ours = happened::NAMES.iter().zip(possible).zip(0..);
    let ours = ours.filter(|((_, possible), _)| *possible).map(|((name, _), bit)| (*name, 1 << bit));
    let theirs = W::SOMETIMES.iter().zip(happened::NAMES.len()..).map(|(name, bit)| (*name, 1 << bit));
    ours.chain(theirs).collect()
}

fn holds<N: Node, W: Watch<N>, const I: usize>(cluster: &Cluster<N, W>, state: &State<N, W>) -> bool {
    let Some(violation) = &state.broken else { return true };
    // What bears a name that nobody announced breaks the first.
    let names = always(cluster);
    names.iter().position(|name| *name == violation.property).unwrap_or(0) != I
}

fn comes_about<N: Node, W: Watch<N>, const I: usize>(cluster: &Cluster<N, W>, state: &State<N, W>) -> bool {
    state.seen != 0 && sometimes(cluster).get(I).is_some_and(|(_, bit)| state.seen & bit != 0)
}

macro_rules! table {
    ($function:ident, $n:ty, $w:ty, $($i:literal)*) => { [$($function::<$n, $w, $i> as fn(&_, &_) -> bool),*] };
}

pub(crate) fn all<N: Node, W: Watch<N>>(cluster: &Cluster<N, W>) -> Vec<Property<Cluster<N, W>>> {
    let holds = table!(holds, N, W, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    let comes_about = table!(comes_about, N, W, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    let always = always(cluster).into_iter().zip(holds).map(|(name, holds)| Property::always(name, holds));
    let sometimes = sometimes(cluster).into_iter().zip(comes_about);
    always.chain(sometimes.map(|((name, _), comes)| Property::sometimes(name, comes))).collect()
}
