//! A graph in as many words as it has edges.
//!
//! Besides transactions it has *junctions*: where all of some transactions come before all of some others, a
//! junction between them makes as many edges as there are transactions, and not pairs. An edge carries its kind
//! on the way to a junction; from there on the way is free.

/// A set of kinds of edges, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kinds(pub(super) u8);

impl Kinds {
    pub(super) const WW: Kinds = Kinds(1);
    pub(super) const WR: Kinds = Kinds(2);
    pub(super) const RW: Kinds = Kinds(4);
    pub(super) const SESSION: Kinds = Kinds(8);
    pub(super) const REAL_TIME: Kinds = Kinds(16);
    /// From a junction.
    pub(super) const FREE: Kinds = Kinds(32);

    pub(super) const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(super) fn has(self, kind: Kinds) -> bool {
        self.0 & kind.0 != 0
    }
}

/// To where, and of which kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub(super) to: u32,
    pub(super) kind: Kinds,
}

/// Nodes below `transactions` are transactions, the others are junctions.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) transactions: u32,
    starts: Vec<u32>,
    arcs: Vec<Arc>,
}

impl Graph {
    pub(super) fn nodes(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    pub(super) fn is_junction(&self, node: u32) -> bool {
        node >= self.transactions
    }

    pub(super) fn arcs(&self, node: u32) -> &[Arc] {
        let node = node as usize;
        &self.arcs[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}

/// Edges as they come.
pub(super) struct GraphBuilder {
    transactions: u32,
    nodes: u32,
    arcs: Vec<(u32, Arc)>,
}

impl GraphBuilder {
    pub(super) fn new(transactions: u32) -> Self {
        GraphBuilder { transactions, nodes: transactions, arcs: Vec::new() }
    }

    pub(super) fn junction(&mut self) -> u32 {
        self.nodes += 1;
        self.nodes - 1
    }

    pub(super) fn arc(&mut self, from: u32, to: u32, kind: Kinds) {
        self.arcs.push((from, Arc { to, kind }));
    }

    pub(super) fn finish(self) -> Graph {
        let mut starts = vec![0_u32; self.nodes as usize + 1];
        for (from, _) in &self.arcs {
            starts[*from as usize + 1] += 1;
        }
        for node in 0..self.nodes as usize {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut arcs = vec![Arc { to: 0, kind: Kinds::FREE }; self.arcs.len()];
        for (from, arc) in self.arcs {
            arcs[next[from as usize] as usize] = arc;
            next[from as usize] += 1;
        }
        Graph { transactions: self.transactions, starts, arcs }
    }
}
