//! The same world with other names for its nodes: what symmetry asks of a value in which nodes are named.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use crate::{Caller, ClientId, Never, NodeId, Stable};

/// A value in which nodes are named, and what it is if they bear other names.
///
/// 1. What stands in an order of names stands in the order of the new ones.
/// 2. What names no node is left as it is: requests, results and clients do not.
///
/// Where an algorithm treats all its nodes alike, each step of the renamed node is the renamed step. Implement
/// it for no algorithm that lets a greater number win.
pub trait Renamed {
    fn renamed(&self, names: &Names) -> Self;
}

/// Who is called what: a permutation of the nodes 1 … n.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<NodeId>);

impl Names {
    /// Each of the n! permutations; the first leaves every name.
    pub fn all(nodes: u32) -> Vec<Names> {
        let mut all = Vec::from([Names(Vec::new())]);
        for id in (1..=nodes).map(NodeId) {
            // The new one stands at each place among those before, at the last one first.
            let inserted = |names: Names| {
                (0..=names.0.len()).rev().map(move |place| {
                    let mut names = names.clone();
                    names.0.insert(place, id);
                    names
                })
            };
            all = all.into_iter().flat_map(inserted).collect();
        }
        all
    }

    /// What the node is called now. Nobody else has a new name.
    pub fn of(&self, id: NodeId) -> NodeId {
        let place = (id.0 as usize).checked_sub(1);
        place.and_then(|place| self.0.get(place)).copied().unwrap_or(id)
    }
}

impl Renamed for NodeId {
    fn renamed(&self, names: &Names) -> Self {
        names.of(*self)
    }
}

impl Renamed for ClientId {
    fn renamed(&self, _: &Names) -> Self {
        *self
    }
}

impl Renamed for Caller {
    fn renamed(&self, names: &Names) -> Self {
        Caller { via: names.of(self.via), ..*self }
    }
}

impl Renamed for () {
    fn renamed(&self, _: &Names) -> Self {}
}

impl Renamed for Never {
    fn renamed(&self, _: &Names) -> Self {
        match *self {}
    }
}

impl<T: Renamed> Renamed for Option<T> {
    fn renamed(&self, names: &Names) -> Self {
        self.as_ref().map(|value| value.renamed(names))
    }
}

impl<T: Renamed> Renamed for Vec<T> {
    fn renamed(&self, names: &Names) -> Self {
        self.iter().map(|value| value.renamed(names)).collect()
    }
}

impl<T: Renamed + Ord> Renamed for BTreeSet<T> {
    fn renamed(&self, names: &Names) -> Self {
        self.iter().map(|value| value.renamed(names)).collect()
    }
}

impl<K: Renamed + Ord, V: Renamed> Renamed for BTreeMap<K, V> {
    fn renamed(&self, names: &Names) -> Self {
        self.iter().map(|(key, value)| (key.renamed(names), value.renamed(names))).collect()
    }
}

impl<D: Renamed> Renamed for Stable<D> {
    fn renamed(&self, names: &Names) -> Self {
        Stable(self.0.renamed(names))
    }
}
