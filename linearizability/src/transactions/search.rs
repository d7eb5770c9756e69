//! The shortest cycle of a class through one transaction: breadth first, with junctions at no cost.
use std::collections::VecDeque;

use super::graph::{Graph, Kinds};
use crate::hash::FastSet;

/// A class of cycles, by the kinds of edges in them. Sessions and real time may be used wherever a `ww` may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// Only `ww`.
    G0,
    /// `ww` and `wr`, the first a `wr`.
    G1c,
    /// The first an `rw`, no other.
    GSingle,
    /// The first an `rw`, and at least one more, never two in a row.
    GNonadjacent,
    /// The first and the last an `rw`: two in a row.
    G2,
    /// Any cycle.
    Any,
}

/// What a walk has seen so far, where it matters.
type Phase = u32;

/// Of a [`Class::GNonadjacent`] walk: whether there was a second `rw`, and whether the last edge was one.
const SECOND: Phase = 2;
const AFTER_RW: Phase = 1;
const PHASES: u32 = 4;

impl Class {
    fn begins(self, kind: Kinds) -> Option<Phase> {
        let wanted = match self {
            Class::G0 => Kinds::WW,
            Class::G1c => Kinds::WR,
            Class::GSingle | Class::GNonadjacent | Class::G2 => Kinds::RW,
            Class::Any => kind,
        };
        let phase = if self == Class::GNonadjacent { AFTER_RW } else { 0 };
        (kind == wanted).then_some(phase)
    }

    fn goes_on(self, phase: Phase, kind: Kinds) -> Option<Phase> {
        let is_rw = kind == Kinds::RW;
        match self {
            Class::G0 => (!is_rw && kind != Kinds::WR).then_some(0),
            Class::G1c | Class::GSingle => (!is_rw).then_some(0),
            Class::G2 | Class::Any => Some(0),
            Class::GNonadjacent if is_rw => (phase & AFTER_RW == 0).then_some(SECOND | AFTER_RW),
            Class::GNonadjacent => Some(phase & SECOND),
        }
    }

    /// Whether the cycle is one of its class, if the last edge is of this kind and left in this phase.
    fn ends(self, phase: Phase, kind: Kinds) -> bool {
        match self {
            Class::G2 => kind == Kinds::RW,
            Class::GNonadjacent => self.goes_on(phase, kind) == Some(SECOND),
            _ => self.goes_on(phase, kind).is_some(),
        }
    }
}

/// A closed walk: each transaction with the kind of the edge to the next, the last with that to the first.
pub(super) type Walk = Vec<(u32, Kinds)>;

#[derive(Clone, Copy)]
struct Step {
    /// Which search wrote this.
    stamp: u32,
    length: u32,
    before: u32,
    /// Of the edge to here, or to the junction before.
    kind: Kinds,
}

/// Searches in one graph, one after the other.
pub(super) struct Search<'g> {
    graph: &'g Graph,
    /// By node and phase.
    steps: Vec<Step>,
    stamp: u32,
    queue: VecDeque<u32>,
    /// Edges looked at so far.
    pub(super) work: u64,
}

const NOWHERE: u32 = u32::MAX;

impl<'g> Search<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let none = Step { stamp: 0, length: 0, before: NOWHERE, kind: Kinds::FREE };
        let steps = vec![none; (graph.nodes() * PHASES) as usize];
        Search { graph, steps, stamp: 0, queue: VecDeque::new(), work: 0 }
    }

    /// A shortest closed walk of the class through `start`, over `kinds` and nodes that are `within`, if there is
    /// one shorter than `bound`. It comes back to `start` only at its end.
    pub(super) fn closed_walk(
        &mut self,
        class: Class,
        start: u32,
        kinds: Kinds,
        within: impl Fn(u32) -> bool,
        mut bound: u32,
    ) -> Option<Walk> {
        self.stamp += 1;
        self.queue.clear();
        let graph = self.graph;
        // A junction that `start` itself went into leads back to it without any cycle: from others only.
        let mut own_junctions = FastSet::default();
        let leads_back = |junction: u32| graph.arcs(junction).iter().any(|arc| arc.to == start);
        for &arc in graph.arcs(start) {
            if !kinds.has(arc.kind) || !within(arc.to) {
                continue;
            }
            self.work += 1;
            if let Some(phase) = class.begins(arc.kind) {
                if graph.is_junction(arc.to) && arc.kind == Kinds::RW && leads_back(arc.to) {
                    own_junctions.insert(arc.to);
                }
                self.reach(arc.to * PHASES + phase, 1, NOWHERE, arc.kind);
            }
        }
        let mut found = None;
        while let Some(state) = self.queue.pop_front() {
            let (node, phase) = (state / PHASES, state % PHASES);
            let Step { length, kind: entered, .. } = self.steps[state as usize];
            if node == start || length >= bound {
                continue;
            }
            let is_junction = graph.is_junction(node);
            for &arc in graph.arcs(node) {
                self.work += 1;
                if is_junction {
                    if arc.to == start {
                        // It was entered by the last edge, and its phase tells of it already.
                        if self.closes_from(class, state, entered) {
                            return Some(self.walk(start, state, entered));
                        }
                    } else if within(arc.to) {
                        self.reach(arc.to * PHASES + phase, length, state, entered);
                    }
                    continue;
                }
                if !kinds.has(arc.kind) {
                    continue;
                }
                let is_back = arc.to == start || own_junctions.contains(&arc.to);
                if is_back && length + 1 < bound && class.ends(phase, arc.kind) {
                    // A junction that waits may lead back in one edge less.
                    (bound, found) = (length + 1, Some((state, arc.kind)));
                }
                if arc.to != start
                    && within(arc.to)
                    && let Some(next) = class.goes_on(phase, arc.kind)
                {
                    self.reach(arc.to * PHASES + next, length + 1, state, arc.kind);
                }
            }
        }
        found.map(|(state, kind)| self.walk(start, state, kind))
    }

    /// Whether the walk to a junction is a whole cycle of the class once it goes on to the start.
    fn closes_from(&self, class: Class, junction: u32, entered: Kinds) -> bool {
        let mut before = self.steps[junction as usize].before;
        while before != NOWHERE && self.graph.is_junction(before / PHASES) {
            before = self.steps[before as usize].before;
        }
        // From the start straight to a junction and back: no cycle.
        before != NOWHERE && class.ends(before % PHASES, entered)
    }

    fn reach(&mut self, state: u32, length: u32, before: u32, kind: Kinds) {
        let step = &mut self.steps[state as usize];
        if step.stamp == self.stamp && step.length <= length {
            return;
        }
        *step = Step { stamp: self.stamp, length, before, kind };
        // Out of a junction the way is free, so its ends come before all others.
        if before != NOWHERE && self.graph.is_junction(before / PHASES) {
            self.queue.push_front(state);
        } else {
            self.queue.push_back(state);
        }
    }

    /// Back from the last state, with the kind of the edge that closes the walk.
    fn walk(&self, start: u32, last: u32, closing: Kinds) -> Walk {
        let mut walk = Walk::new();
        let mut leaving = closing;
        let mut state = last;
        while state != NOWHERE {
            let Step { before, kind, .. } = self.steps[state as usize];
            if !self.graph.is_junction(state / PHASES) {
                walk.push((state / PHASES, leaving));
            }
            leaving = kind;
            state = before;
        }
        walk.push((start, leaving));
        walk.reverse();
        walk
    }
}
