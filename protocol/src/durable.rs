//! What a crash leaves, and the only way to change it.
use core::ops::Deref;

use crate::{Data, Effects, Never, Node};

/// The paper's persistent state ("updated on stable storage before responding", Raft Figure 2).
///
/// It is folded from records: `default()` is an empty disk, and [`apply`](Durable::apply) is one atomic
/// change. It is total: any record may follow any other. A store may checkpoint the fold and cut its log
/// at any time. Big parts (snapshots) stand behind `Arc`.
pub trait Durable: Data + Default {
    /// One atomic change. A crash keeps it whole or not at all.
    type Record: Data;
    fn apply(&mut self, record: &Self::Record);
}

/// A node that keeps nothing over a crash.
impl Durable for () {
    type Record = Never;
    fn apply(&mut self, record: &Never) {
        match *record {}
    }
}

/// The node's own copy of its durable state.
///
/// It can be read freely, and changed only by writing a record, so that memory and disk cannot drift
/// apart and nothing is stored twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stable<D>(pub(crate) D);

impl<D: Durable> Stable<D> {
    pub fn recovered(durable: D) -> Self {
        Stable(durable)
    }

    /// Changes memory now, and asks the harness for the same change on disk. Sends and replies after
    /// this one wait until the record is durable (rule 1 of the contract).
    pub fn write<N>(&mut self, record: D::Record, out: &mut Effects<N>)
    where
        N: Node<Durable = D, Record = D::Record>,
    {
        self.0.apply(&record);
        out.persist(record);
    }
}

impl<D> Deref for Stable<D> {
    type Target = D;
    fn deref(&self) -> &D {
        &self.0
    }
}
