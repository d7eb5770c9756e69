//! Strongly connected components (Tarjan 1972): where cycles are, in linear time.
use super::graph::{Graph, Kinds};

/// Which walks count.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) kinds: Kinds,
    /// No `rw` may follow another. A node is then two states: whether it was come to by an `rw`.
    pub(super) is_sparse: bool,
}

/// The components of more than one transaction: those that have a cycle.
#[derive(Debug)]
pub(super) struct Components {
    /// Of each state, a number from 1; 0 if it lies on no cycle.
    of: Vec<u32>,
    stride: u32,
    /// The transactions on cycles, ascending.
    pub(super) members: Vec<u32>,
}

impl Components {
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether two nodes lie on a common cycle; `after_rw` says for each how it was come to.
    pub(super) fn joins(&self, from: (u32, bool), to: (u32, bool)) -> bool {
        let [from, to] = [from, to].map(|(node, after_rw)| {
            self.of[(node * self.stride + u32::from(after_rw) % self.stride) as usize]
        });
        from != 0 && from == to
    }
}

/// A state that is being visited.
struct Frame {
    state: u32,
    next: u32,
}

const UNSEEN: u32 = u32::MAX;

pub(super) fn components(graph: &Graph, view: View) -> Components {
    let stride = if view.is_sparse { 2 } else { 1 };
    let states = (graph.nodes() * stride) as usize;
    let mut tarjan = Tarjan {
        graph,
        view,
        stride,
        index: vec![UNSEEN; states],
        low: vec![0; states],
        seen: 0,
        stack: Vec::new(),
        found: Components { of: vec![0; states], stride, members: Vec::new() },
        number: 0,
    };
    for transaction in 0..graph.transactions {
        tarjan.visit(transaction * stride);
    }
    tarjan.found.members.sort_unstable();
    tarjan.found.members.dedup();
    tarjan.found
}

struct Tarjan<'g> {
    graph: &'g Graph,
    view: View,
    stride: u32,
    /// When a state was first seen; `UNSEEN`, or its component is finished and `low` is `UNSEEN`.
    index: Vec<u32>,
    low: Vec<u32>,
    seen: u32,
    stack: Vec<u32>,
    found: Components,
    number: u32,
}

impl Tarjan<'_> {
    fn visit(&mut self, root: u32) {
        if self.index[root as usize] != UNSEEN {
            return;
        }
        let mut path = vec![self.enter(root)];
        while let Some(frame) = path.last_mut() {
            let state = frame.state;
            let Some(arc) = self.graph.arcs(state / self.stride).get(frame.next as usize) else {
                path.pop();
                self.leave(state);
                if let Some(before) = path.last() {
                    let low = self.low[state as usize];
                    self.lower(before.state, low);
                }
                continue;
            };
            frame.next += 1;
            let after_rw = self.stride == 2 && state % 2 == 1;
            let is_rw = arc.kind == Kinds::RW;
            let is_allowed = arc.kind == Kinds::FREE
                || self.view.kinds.has(arc.kind) && !(self.view.is_sparse && after_rw && is_rw);
            if !is_allowed {
                continue;
            }
            let flag = if arc.kind == Kinds::FREE { after_rw } else { is_rw };
            let to = arc.to * self.stride + u32::from(flag) % self.stride;
            if self.index[to as usize] == UNSEEN {
                let next = self.enter(to);
                path.push(next);
            } else if self.low[to as usize] != UNSEEN {
                let index = self.index[to as usize];
                self.lower(state, index);
            }
        }
    }

    fn enter(&mut self, state: u32) -> Frame {
        self.index[state as usize] = self.seen;
        self.low[state as usize] = self.seen;
        self.seen += 1;
        self.stack.push(state);
        Frame { state, next: 0 }
    }

    fn lower(&mut self, state: u32, to: u32) {
        // A finished component lowers nobody.
        if to < self.low[state as usize] {
            self.low[state as usize] = to;
        }
    }

    /// If nothing below leads further up, the top of the stack is a component.
    fn leave(&mut self, state: u32) {
        if self.low[state as usize] != self.index[state as usize] {
            return;
        }
        let start = self.stack.iter().rposition(|&other| other == state).expect("it was entered");
        let states = self.stack.split_off(start);
        for &each in &states {
            self.low[each as usize] = UNSEEN;
        }
        let transactions =
            || states.iter().map(|each| each / self.stride).filter(|&node| !self.graph.is_junction(node));
        let Some(first) = transactions().next() else { return };
        if transactions().any(|other| other != first) {
            self.number += 1;
            for &each in &states {
                self.found.of[each as usize] = self.number;
            }
            self.found.members.extend(transactions());
        }
    }
}
