//! The anomalies by name: what one transaction's reads show by themselves, and cycles of dependencies (Adya 1999).
use std::fmt;

use super::Edge;

/// Which order of transactions a cycle may use besides their dependencies, and which a model must keep.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Order {
    /// None: only what was read and appended.
    Data,
    /// Each client's transactions come in the order in which it called them.
    Session,
    /// A transaction comes after all that had returned before its call; sessions are kept, too.
    RealTime,
}

impl Order {
    /// From the least to the most.
    pub const ALL: [Order; 3] = [Order::Data, Order::Session, Order::RealTime];
}

/// A kind of anomaly. `rw` and so on are the kinds of [`Dependency`](super::Dependency).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum AnomalyKind {
    /// A read found a value that nobody ever appended.
    GarbageRead,
    /// A read found a value twice that was appended once.
    DuplicateElements,
    /// Two reads of a list of which neither continues the other, or a list that has one transaction's appends in
    /// another order than it made them.
    IncompatibleOrder,
    /// A read found what its own transaction appended only later.
    FutureRead,
    /// A read contradicts what its own transaction read and appended before.
    Internal,
    /// Aborted read: an aborted transaction's append was read.
    G1a,
    /// Intermediate read: a read found a list as another transaction left it only for a while.
    G1b,
    /// Two transactions read the same list before they appended to it: one did not see the other.
    LostUpdate,
    /// Write cycle: all dependencies are `ww`.
    G0(Order),
    /// Circular information flow: `ww` and at least one `wr`.
    G1c(Order),
    /// One `rw`, such as read skew: a transaction sees a part of another's effects.
    GSingle(Order),
    /// Several `rw`, and no two of them next to each other, such as a long fork.
    GNonadjacent(Order),
    /// Two `rw` next to each other, such as write skew. (Adya's `G2-item`, without what has a name above.)
    G2(Order),
}

impl AnomalyKind {
    /// Which order a cycle uses; none if it is no cycle.
    pub fn order(self) -> Option<Order> {
        use AnomalyKind::*;
        match self {
            G0(order) | G1c(order) | GSingle(order) | GNonadjacent(order) | G2(order) => Some(order),
            _ => None,
        }
    }

    /// The name that Elle gives it, such as `G-single-realtime`.
    pub fn name(self) -> String {
        use AnomalyKind::*;
        let name = match self {
            GarbageRead => "garbage-read",
            DuplicateElements => "duplicate-elements",
            IncompatibleOrder => "incompatible-order",
            FutureRead => "future-read",
            Internal => "internal",
            G1a => "G1a",
            G1b => "G1b",
            LostUpdate => "lost-update",
            G0(_) => "G0",
            G1c(_) => "G1c",
            GSingle(_) => "G-single",
            GNonadjacent(_) => "G-nonadjacent",
            G2(_) => "G2",
        };
        let suffix = match self.order() {
            None | Some(Order::Data) => "",
            Some(Order::Session) => "-process",
            Some(Order::RealTime) => "-realtime",
        };
        format!("{name}{suffix}")
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// One anomaly, for all of its kind.
#[derive(Clone, Debug)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// The transactions that show it, by their numbers; those of a cycle in its order.
    pub transactions: Vec<usize>,
    /// What happened, in a sentence; for a cycle, in one a dependency.
    pub explanation: Vec<String>,
    /// The dependencies of a cycle, from each transaction to the next; otherwise none.
    pub cycle: Vec<Edge>,
    /// Whether no shorter cycle of its kind exists. In a vast tangle of cycles the search for it is given up.
    pub is_shortest: bool,
}

impl Anomaly {
    pub(super) fn read(
        kind: AnomalyKind,
        transactions: impl IntoIterator<Item = u32>,
        explanation: String,
    ) -> Self {
        let transactions = transactions.into_iter().map(|number| number as usize).collect();
        Anomaly { kind, transactions, explanation: vec![explanation], cycle: Vec::new(), is_shortest: true }
    }

    pub(super) fn cycle(kind: AnomalyKind, cycle: Vec<Edge>, is_shortest: bool) -> Self {
        let transactions = cycle.iter().map(|edge| edge.from).collect();
        let explanation = cycle.iter().map(Edge::to_string).collect();
        Anomaly { kind, transactions, explanation, cycle, is_shortest }
    }
}
