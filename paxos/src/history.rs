//! What observers of a run remember, and what a crash makes them forget again.
use alloc::collections::BTreeMap;

use synod_protocol::{Effect, Node, NodeId, PacketId, Step, What};

use crate::Ballot;

/// What a node said or did, which counts once its records are durable.
///
/// A node acts in memory before its disk has acted. When a crash takes its latest records back, what it did
/// on top of them was seen by nobody (rule 1 of the contract): it has not happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact<T> {
    pub(crate) what: T,
    /// Whose it is, and how many records it had written by then; `None` when another node bore it out.
    pub(crate) owner: Option<(NodeId, u64)>,
}

impl<T> Fact<T> {
    /// Does it outlive a crash of this node that left so many records?
    pub(crate) fn survives(&self, node: NodeId, records: u64) -> bool {
        self.owner.is_none_or(|(owner, written)| owner != node || written <= records)
    }

    /// Another node says the same: it needs no owner any more.
    pub(crate) fn heard_from(&mut self, node: NodeId) {
        if self.owner.is_some_and(|(owner, _)| owner != node) {
            self.owner = None;
        }
    }
}

/// How many records each node has written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written(BTreeMap<NodeId, u64>);

impl Written {
    pub(crate) fn booted(&mut self, node: NodeId, records: u64) {
        self.0.insert(node, records);
    }

    /// Counts the records of a step, and gives how many there are now.
    pub(crate) fn count<N: Node>(&mut self, node: NodeId, effects: &[Effect<N>]) -> u64 {
        let written = self.0.entry(node).or_insert(0);
        *written += effects.iter().filter(|effect| matches!(effect, Effect::Persist(_))).count() as u64;
        *written
    }
}

/// The promises that each acceptor let out. Only these bind it: nobody relies on one that a crash kept in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Promises {
    given: BTreeMap<NodeId, Ballot>,
    /// Those that wait for their records, by the step that made them and the place among its effects.
    held: BTreeMap<(u64, u32), (NodeId, Ballot)>,
}

impl Promises {
    pub(crate) fn made(&mut self, step: u64, effect: usize, node: NodeId, ballot: Ballot) {
        self.held.insert((step, effect as u32), (node, ballot));
    }

    pub(crate) fn see<N: Node>(&mut self, step: &Step<'_, N>) {
        if let What::Sent { cause, effect, packet: PacketId(_), .. } = &step.what
            && let Some((node, ballot)) = self.held.remove(&(*cause, *effect))
        {
            let given = self.given.entry(node).or_default();
            *given = ballot.max(*given);
        }
    }

    pub(crate) fn crashed(&mut self, crashed: NodeId) {
        self.held.retain(|_, (node, _)| *node != crashed);
    }

    pub(crate) fn of(&self, node: NodeId) -> Ballot {
        self.given.get(&node).copied().unwrap_or_default()
    }
}
