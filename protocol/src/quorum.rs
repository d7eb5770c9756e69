//! Quorums: sets of which any two that must meet do meet.
use alloc::{sync::Arc, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{Names, NodeId, Renamed};

/// The smallest number of `n` nodes such that any two sets of that size share a node.
pub const fn majority(n: usize) -> usize {
    n / 2 + 1
}

/// A quorum system by counting: any `size` of the `members`.
///
/// Two systems over the same members [intersect](Quorum::intersects) when their sizes add up to more
/// than the members; majorities intersect themselves (Flexible Paxos needs only the former).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quorum {
    members: Arc<[NodeId]>,
    size: usize,
}

impl Quorum {
    /// Duplicates among the members count once: a node that is listed twice has one vote.
    pub fn majority_of(members: &[NodeId]) -> Quorum {
        let mut members = members.to_vec();
        members.sort_unstable();
        members.dedup();
        let size = majority(members.len());
        Quorum { members: members.into(), size }
    }

    /// `None` if there are fewer members than that, or if a quorum would be empty.
    pub fn of_size(size: usize, members: &[NodeId]) -> Option<Quorum> {
        let quorum = Quorum { size, ..Quorum::majority_of(members) };
        (1..=quorum.members.len()).contains(&size).then_some(quorum)
    }

    pub fn members(&self) -> &[NodeId] {
        &self.members
    }

    /// Is it a member? All are looked at: where such a search would end, the processor cannot guess, and clusters are small.
    #[inline]
    pub fn has(&self, node: NodeId) -> bool {
        self.members.iter().fold(false, |found, &member| found | (member == node))
    }

    /// The members one by one; it borrows nothing, so that what holds the quorum can change meanwhile.
    pub fn each(&self) -> impl Iterator<Item = NodeId> + use<> {
        let members = Arc::clone(&self.members);
        (0..members.len()).map(move |place| members[place])
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// Do the members of which this holds form a quorum?
    pub fn reached(&self, mut holds: impl FnMut(NodeId) -> bool) -> bool {
        self.members.iter().filter(|&&member| holds(member)).count() >= self.size
    }

    /// The greatest value that a whole quorum has reached: what it has replicated, acknowledged, seen.
    pub fn greatest_reached<T: Ord>(&self, mut value: impl FnMut(NodeId) -> T) -> Option<T> {
        // Leaders ask at each reply, and clusters are small.
        const FEW: usize = 8;
        let (mut few, mut many) = ([const { None }; FEW], Vec::new());
        let count = self.members.len();
        let values = if count <= FEW {
            &mut few[..count]
        } else {
            many.resize_with(count, || None);
            &mut many[..]
        };
        for (place, &member) in values.iter_mut().zip(self.members.iter()) {
            *place = Some(value(member));
        }
        values.sort_unstable_by(|a, b| b.cmp(a));
        values.get_mut(self.size.checked_sub(1)?)?.take()
    }

    /// Does each quorum of this share a member with each quorum of the other? Two disjoint ones exist
    /// exactly when together they fit into the union of the members.
    pub fn intersects(&self, other: &Quorum) -> bool {
        let theirs = other.members.iter().filter(|member| !self.members.contains(member)).count();
        self.size + other.size > self.members.len() + theirs
    }
}

impl Renamed for Quorum {
    fn renamed(&self, names: &Names) -> Self {
        let mut members: Vec<_> = self.members.iter().map(|&member| names.of(member)).collect();
        members.sort_unstable();
        // Mostly all of them are renamed among themselves.
        let is_same = *members == *self.members;
        Quorum { members: if is_same { Arc::clone(&self.members) } else { members.into() }, size: self.size }
    }
}
