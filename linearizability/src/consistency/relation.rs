//! What must come before what: session order, reads-from, and what is derived from them.
//!
//! A node is an event, or the beginning, which comes before all of them. There is an order that keeps the whole
//! relation if and only if it has no cycle.
use std::collections::VecDeque;

use super::{
    Consistency,
    facts::{Facts, Source},
};

pub(super) struct Relation<'f> {
    pub(super) facts: &'f Facts,
    readers: Vec<Vec<u32>>,
    pub(super) derived: Vec<Derived>,
    /// For each node the numbers of the derived pairs that begin there.
    outgoing: Vec<Vec<u32>>,
}

/// A pair that an answer demands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Derived {
    pub(super) from: u32,
    pub(super) to: u32,
    /// Whose answer.
    pub(super) reader: u32,
    pub(super) rule: Rule,
}

/// What a pair follows from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rule {
    /// The reader reads `to`, and `from` must be visible to it in this model.
    Visible(Consistency),
    /// The reader reads `to`, and so many derived pairs, with the rest, put `from` before the reader.
    Missed { known: u32 },
    /// `from` is the reader, and so many derived pairs, with the rest, put `to`, which overwrites what it read,
    /// behind what it read.
    Overwritten { known: u32 },
}

/// How one node leads to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Link {
    /// Nothing comes before the beginning.
    Beginning,
    /// The same client called them in this order.
    Session,
    /// The second read what the first wrote.
    Read,
    Derived(u32),
}

/// One step of a path, to this node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) link: Link,
}

impl<'f> Relation<'f> {
    pub(super) fn new(facts: &'f Facts) -> Self {
        let outgoing = vec![Vec::new(); facts.events.len() + 1];
        Relation { facts, readers: facts.readers(), derived: Vec::new(), outgoing }
    }

    pub(super) fn beginning(&self) -> u32 {
        self.facts.len()
    }

    /// Who read what this event wrote.
    pub(super) fn readers(&self, event: u32) -> &[u32] {
        &self.readers[event as usize]
    }

    /// The node of what `reader` read.
    pub(super) fn source(&self, reader: u32) -> Option<u32> {
        match self.facts.get(reader).source? {
            Source::Initial => Some(self.beginning()),
            Source::Event(write) => Some(write),
            Source::Nobody => None,
        }
    }

    pub(super) fn derive(&mut self, pair: Derived) {
        self.outgoing[pair.from as usize].push(self.derived.len() as u32);
        self.derived.push(pair);
    }

    /// Calls `visit` for each step from this node, of derived pairs only for the first `known`.
    fn for_each_step(&self, from: u32, known: u32, mut visit: impl FnMut(Link, u32)) {
        if from == self.beginning() {
            let clients = 0..self.facts.clients() as u32;
            clients.for_each(|client| visit(Link::Beginning, self.facts.of_client(client).start));
        } else {
            self.facts.next(from).into_iter().for_each(|next| visit(Link::Session, next));
            self.readers[from as usize].iter().for_each(|&reader| visit(Link::Read, reader));
        }
        let derived = self.outgoing[from as usize].iter().take_while(|number| **number < known);
        derived.for_each(|&number| visit(Link::Derived(number), self.derived[number as usize].to));
    }

    /// Calls `visit` for each node that directly follows.
    pub(super) fn for_each_successor(&self, from: u32, mut visit: impl FnMut(u32)) {
        self.for_each_step(from, self.known(), |_, to| visit(to));
    }

    pub(super) fn known(&self) -> u32 {
        self.derived.len() as u32
    }

    /// All events in an order that keeps the relation, or the nodes that are on a cycle or behind one.
    pub(super) fn order(&self) -> Result<Vec<u32>, Vec<u32>> {
        let nodes = self.facts.events.len() + 1;
        let mut waits_for = vec![0_u32; nodes];
        for node in 0..nodes as u32 {
            self.for_each_step(node, self.known(), |_, to| waits_for[to as usize] += 1);
        }
        let mut ready = (0..nodes as u32).filter(|node| waits_for[*node as usize] == 0).collect::<Vec<_>>();
        let mut done = 0;
        while let Some(&node) = ready.get(done) {
            done += 1;
            self.for_each_step(node, self.known(), |_, to| {
                waits_for[to as usize] -= 1;
                if waits_for[to as usize] == 0 {
                    ready.push(to);
                }
            });
        }
        if done < nodes {
            return Err((0..nodes as u32).filter(|node| waits_for[*node as usize] > 0).collect());
        }
        ready.retain(|node| *node != self.beginning());
        Ok(ready)
    }

    /// A cycle of few events, or else an order.
    pub(super) fn cycle_or_order(&self) -> Result<Vec<u32>, Vec<Step>> {
        let left = match self.order() {
            Ok(order) => return Ok(order),
            Err(left) => left,
        };
        let together = self.one_component(&left);
        let is_together = |node: u32| together[node as usize];
        let derived = self.derived.iter().map(|pair| (pair.from, pair.to));
        let read = (0..self.facts.len()).filter_map(|reader| Some((self.source(reader)?, reader)));
        // Session order alone has no cycle, so every cycle goes through one of these.
        let pairs = derived.chain(read).filter(|&(from, to)| is_together(from) && is_together(to));
        let cycles = pairs.take(CYCLES).filter_map(|(from, _)| self.path(from, from, self.known()));
        Err(cycles.min_by_key(Vec::len).expect("a component has cycles"))
    }

    /// Nodes each of which is on a cycle with each other. Of those that are left, each one follows another one.
    fn one_component(&self, left: &[u32]) -> Vec<bool> {
        let nodes = self.facts.events.len() + 1;
        let mut is_left = vec![false; nodes];
        left.iter().for_each(|&node| is_left[node as usize] = true);
        let mut steps = [vec![Vec::new(); nodes], vec![Vec::new(); nodes]];
        for &from in left {
            self.for_each_successor(from, |to| {
                if is_left[to as usize] {
                    steps[0][from as usize].push(to);
                    steps[1][to as usize].push(from);
                }
            });
        }
        // Whoever walks back comes to a cycle.
        let mut was_here = vec![false; nodes];
        let mut node = left[0];
        while !std::mem::replace(&mut was_here[node as usize], true) {
            node = steps[1][node as usize][0];
        }
        let [ahead, behind] = steps.map(|steps| {
            let mut found = vec![false; nodes];
            let mut walk = vec![node];
            while let Some(node) = walk.pop() {
                if !std::mem::replace(&mut found[node as usize], true) {
                    walk.extend(&steps[node as usize]);
                }
            }
            found
        });
        ahead.iter().zip(behind).map(|(ahead, behind)| *ahead && behind).collect()
    }

    /// A path of few steps, at least one; steps in session order one after the other are one step.
    pub(super) fn path(&self, from: u32, to: u32, known: u32) -> Option<Vec<Step>> {
        // A node counts twice: reached in session order, and otherwise.
        let place = |node: u32, link: Link| node as usize * 2 + usize::from(link == Link::Session);
        let mut came = vec![Came { cost: u32::MAX, before: START, step: None }; self.outgoing.len() * 2];
        let mut queue = VecDeque::from([(0, START, from, Link::Beginning)]);
        while let Some((cost, here, node, link)) = queue.pop_front() {
            if here != START && cost > came[here].cost {
                continue;
            }
            if here != START && node == to {
                return Some(walk_back(&came, here));
            }
            self.for_each_step(node, known, |next_link, next| {
                let goes_on = link == Link::Session && next_link == Link::Session;
                let there = place(next, next_link);
                let cost = cost + u32::from(!goes_on);
                if cost < came[there].cost {
                    let step = Some(Step { from: node, to: next, link: next_link });
                    came[there] = Came { cost, before: here, step };
                    let entry = (cost, there, next, next_link);
                    if goes_on { queue.push_front(entry) } else { queue.push_back(entry) }
                }
            });
        }
        None
    }
}

/// So many cycles are compared.
const CYCLES: usize = 30;
const START: usize = usize::MAX;

/// How a place was reached.
#[derive(Clone, Copy)]
struct Came {
    cost: u32,
    before: usize,
    step: Option<Step>,
}

fn walk_back(came: &[Came], mut place: usize) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    while place != START {
        let step = came[place].step.expect("every place was reached by a step");
        match steps.last_mut() {
            Some(later) if later.link == Link::Session && step.link == Link::Session => {
                later.from = step.from;
            }
            _ => steps.push(step),
        }
        place = came[place].before;
    }
    steps.reverse();
    steps
}
