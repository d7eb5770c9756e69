//! A tree over values in the order in which their pushes returned.
use super::super::lives::Life;

/// Segment tree; leaf `i` is value `i`, and values can be removed.
pub(super) struct Tree<'a> {
    lives: &'a [Life],
    size: usize,
    nodes: Vec<Node>,
}

/// What a node knows of the values below it that are left.
#[derive(Clone, Copy)]
struct Node {
    any: bool,
    /// Moment `i` is the return of push `i`. The least number, over the moments below, of values left whose
    /// interval it is in, less what nodes above add.
    covers: u32,
    /// What is added to all moments below; it may be taken away again.
    added: u32,
    first_push_call: u64,
    last_pop_call: u64,
    last_pop_return: u64,
}

const GONE: Node = Node {
    any: false,
    covers: u32::MAX / 2,
    added: 0,
    first_push_call: u64::MAX,
    last_pop_call: 0,
    last_pop_return: 0,
};

impl<'a> Tree<'a> {
    pub(super) fn new(lives: &'a [Life]) -> Self {
        let size = lives.len().next_power_of_two();
        let mut tree = Tree { lives, size, nodes: vec![GONE; 2 * size] };
        for (place, life) in lives.iter().enumerate() {
            tree.nodes[size + place] = Node {
                any: true,
                covers: 0,
                added: 0,
                first_push_call: life.put_call,
                last_pop_call: life.take_call,
                last_pop_return: life.take_return,
            };
        }
        for node in (1..size).rev() {
            tree.pull(node);
        }
        for place in 0..lives.len() {
            tree.cover(place, true);
        }
        tree
    }

    /// The first value left in this range.
    pub(super) fn first(&self, start: usize, end: usize) -> Option<usize> {
        self.find(1, (0, self.size), (start, end), &|node| node.any)
    }

    /// The first value left in this range at the return of whose push no other value is certainly inside.
    pub(super) fn first_uncovered(&self, start: usize, end: usize) -> Option<usize> {
        self.find_uncovered(1, (0, self.size), (start, end), 0)
    }

    /// A value that can lie at the bottom of this range.
    pub(super) fn bottom(&self, start: usize, end: usize) -> Option<usize> {
        let (first_return, last_call) = self.bounds(start, end)?;
        self.find(1, (0, self.size), (start, end), &|node| {
            node.any && node.first_push_call <= first_return && node.last_pop_return >= last_call
        })
    }

    pub(super) fn remove(&mut self, place: usize) {
        self.cover(place, false);
        let mut node = self.size + place;
        self.nodes[node] = GONE;
        while node > 1 {
            node /= 2;
            self.pull(node);
        }
    }

    /// The operations of all values left in a range.
    pub(super) fn core(&self, start: usize, end: usize) -> Vec<u32> {
        let left = (start..end).filter(|place| self.nodes[self.size + place].any);
        left.flat_map(|place| self.lives[place].operations()).collect()
    }

    /// The first return of a push, and the last call of a pop.
    fn bounds(&self, start: usize, end: usize) -> Option<(u64, u64)> {
        let first = self.first(start, end)?;
        let (mut low, mut high) = (start + self.size, end + self.size);
        let mut last_call = 0;
        while low < high {
            if low % 2 == 1 {
                last_call = last_call.max(self.nodes[low].last_pop_call);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                last_call = last_call.max(self.nodes[high].last_pop_call);
            }
            (low, high) = (low / 2, high / 2);
        }
        Some((self.lives[first].put_return, last_call))
    }

    /// The first leaf of a range below nodes that all fit.
    fn find(
        &self,
        node: usize,
        (low, high): (usize, usize),
        range: (usize, usize),
        fits: &impl Fn(&Node) -> bool,
    ) -> Option<usize> {
        if high <= range.0 || range.1 <= low || !fits(&self.nodes[node]) {
            return None;
        }
        if node >= self.size {
            return Some(node - self.size);
        }
        let middle = usize::midpoint(low, high);
        self.find(2 * node, (low, middle), range, fits)
            .or_else(|| self.find(2 * node + 1, (middle, high), range, fits))
    }

    fn find_uncovered(
        &self,
        node: usize,
        (low, high): (usize, usize),
        range: (usize, usize),
        above: u32,
    ) -> Option<usize> {
        let here = &self.nodes[node];
        if high <= range.0 || range.1 <= low || !here.any || here.covers + above > 0 {
            return None;
        }
        if node >= self.size {
            return Some(node - self.size);
        }
        let (middle, above) = (usize::midpoint(low, high), above + here.added);
        self.find_uncovered(2 * node, (low, middle), range, above)
            .or_else(|| self.find_uncovered(2 * node + 1, (middle, high), range, above))
    }

    /// Adds a value's interval to the moments within it, or takes it away. Of values whose pushes returned at
    /// one moment, the earlier ones cover the later ones: nothing can be split between them.
    fn cover(&mut self, place: usize, add: bool) {
        let pop_call = self.lives[place].take_call;
        let end = self.lives.partition_point(|life| life.put_return < pop_call);
        self.change(1, (0, self.size), (place + 1, end), add);
    }

    fn change(&mut self, node: usize, (low, high): (usize, usize), range: (usize, usize), add: bool) {
        if high <= range.0 || range.1 <= low || range.0 >= range.1 {
            return;
        }
        if range.0 <= low && high <= range.1 {
            let here = &mut self.nodes[node];
            if node < self.size {
                here.added = if add { here.added + 1 } else { here.added - 1 };
            }
            if here.any {
                here.covers = if add { here.covers + 1 } else { here.covers - 1 };
            }
            return;
        }
        let middle = usize::midpoint(low, high);
        self.change(2 * node, (low, middle), range, add);
        self.change(2 * node + 1, (middle, high), range, add);
        self.pull(node);
    }

    fn pull(&mut self, node: usize) {
        let (left, right) = (self.nodes[2 * node], self.nodes[2 * node + 1]);
        let added = self.nodes[node].added;
        let any = left.any || right.any;
        self.nodes[node] = Node {
            any,
            covers: if any { left.covers.min(right.covers) + added } else { GONE.covers },
            added,
            first_push_call: left.first_push_call.min(right.first_push_call),
            last_pop_call: left.last_pop_call.max(right.last_pop_call),
            last_pop_return: left.last_pop_return.max(right.last_pop_return),
        };
    }
}
