//! Which classes of cycles there are, and a shortest of each.
//!
//! Whether there is a cycle at all, and one that rules out a level, is decided by components, in linear time. Only
//! then are cycles searched for, to be shown: from each transaction on a cycle, never deeper than the best so far.
use std::mem::discriminant;

use super::{
    Anomaly, AnomalyKind, Order,
    components::{Components, View, components},
    graph::{Graph, Kinds},
    search::{Class, Search, Walk},
    versions::Versions,
};
use crate::hash::FastMap;

/// Edges that may be looked at in search of one class, after a cycle was found. In a tangle of ten thousands of
/// cycles that are all long, the shortest would cost the square of it.
const WORK: u64 = 5_000_000;

const CLASSES: [Class; 5] = [Class::G0, Class::G1c, Class::GSingle, Class::GNonadjacent, Class::G2];

/// The shortest cycle so far of each kind, and whether all were searched for it.
#[derive(Default)]
struct Best {
    cycles: Vec<(AnomalyKind, Walk, bool)>,
    /// The least order with a cycle that snapshot isolation proscribes.
    sparse_from: Option<Order>,
}

/// All kinds of cycles that there are, each with a shortest. A kind with an order is given only if the same kind
/// with less does not occur.
pub(super) fn cycles(versions: &Versions<'_>, graph: &Graph) -> Vec<Anomaly> {
    let mut best = Best::default();
    if !components(graph, full(Order::RealTime)).is_empty() {
        let mut search = Search::new(graph);
        for order in Order::ALL {
            find(graph, order, &mut search, &mut best);
        }
    }
    best.cycles.sort_by_key(|(kind, ..)| *kind);
    let anomaly = |(kind, mut walk, is_shortest): (AnomalyKind, Walk, bool)| {
        // A circle has no beginning; it is told from its first transaction on.
        let first = (0..walk.len()).min_by_key(|&place| walk[place].0).unwrap_or(0);
        walk.rotate_left(first);
        let next = |place: usize| walk[(place + 1) % walk.len()].0;
        let edge = |(place, &(from, kind)): (usize, &(u32, Kinds))| versions.edge(from, next(place), kind);
        Anomaly::cycle(kind, walk.iter().enumerate().map(edge).collect(), is_shortest)
    };
    best.cycles.into_iter().map(anomaly).collect()
}

const fn kinds_of(order: Order) -> Kinds {
    match order {
        Order::Data => Kinds(0),
        Order::Session => Kinds::SESSION,
        Order::RealTime => Kinds::SESSION.and(Kinds::REAL_TIME),
    }
}

const fn full(order: Order) -> View {
    let kinds = Kinds::WW.and(Kinds::WR).and(Kinds::RW).and(kinds_of(order));
    View { kinds, is_sparse: false }
}

fn find(graph: &Graph, order: Order, search: &mut Search<'_>, best: &mut Best) {
    let all = components(graph, full(order));
    if all.is_empty() {
        return;
    }
    let with = |kinds: Kinds| View { kinds: kinds.and(kinds_of(order)), is_sparse: false };
    let ww = components(graph, with(Kinds::WW));
    let ww_wr = components(graph, with(Kinds::WW.and(Kinds::WR)));
    let sparse = components(graph, View { is_sparse: true, ..full(order) });
    if !sparse.is_empty() {
        best.sparse_from = best.sparse_from.or(Some(order));
    }
    // There is a cycle through each member of a component. It shows that at least one class is found.
    let hunt = Hunt { graph, kinds: full(order).kinds, within: &all, starts: &all };
    hunt.class(Class::Any, 1, search, best);
    for class in CLASSES {
        if best.cycles.iter().any(|&(kind, ..)| is_of(class, kind) && kind.order() < Some(order)) {
            continue;
        }
        let (within, starts) = match class {
            Class::G0 => (&ww, &ww),
            Class::G1c => (&ww_wr, &ww_wr),
            Class::GSingle | Class::GNonadjacent => (&all, &sparse),
            Class::G2 | Class::Any => (&all, &all),
        };
        Hunt { within, starts, ..hunt }.class(class, usize::MAX, search, best);
    }
}

/// Where a class is searched for.
#[derive(Clone, Copy)]
struct Hunt<'a> {
    graph: &'a Graph,
    kinds: Kinds,
    /// A cycle stays within one of these components …
    within: &'a Components,
    /// … and goes through a first edge within one of these.
    starts: &'a Components,
}

impl Hunt<'_> {
    fn class(self, class: Class, tries: usize, search: &mut Search<'_>, best: &mut Best) {
        let begun = search.work;
        let mut bound = u32::MAX;
        let mut is_whole = true;
        for &start in self.starts.members.iter().filter(|&&start| self.can_start(class, start)).take(tries) {
            // The first one is always searched: from there, a component promises a cycle.
            if search.work - begun > WORK {
                is_whole = false;
                break;
            }
            let within = |node: u32| self.within.joins((start, false), (node, false));
            let Some(walk) = search.closed_walk(class, start, self.kinds, within, bound) else { continue };
            let walk = simple(walk);
            if class != Class::Any && is_of(class, kind_of(&walk)) {
                bound = bound.min(walk.len() as u32);
            }
            best.add(walk);
            if bound == 2 {
                break;
            }
        }
        if !is_whole {
            best.cycles
                .iter_mut()
                .filter(|(kind, ..)| is_of(class, *kind))
                .for_each(|(.., whole)| *whole = false);
        }
    }

    /// Whether an edge with which a cycle of the class begins stays within a component.
    fn can_start(self, class: Class, start: u32) -> bool {
        let first = match class {
            Class::G0 => Kinds::WW,
            Class::G1c => Kinds::WR,
            Class::GSingle | Class::GNonadjacent | Class::G2 => Kinds::RW,
            Class::Any => self.kinds,
        };
        let stays = |to: u32, kind: Kinds| self.starts.joins((start, false), (to, kind == Kinds::RW));
        self.graph.arcs(start).iter().any(|arc| first.has(arc.kind) && stays(arc.to, arc.kind))
    }
}

impl Best {
    fn add(&mut self, walk: Walk) {
        let kind = kind_of(&walk);
        let same_with_less = |&(other, ..): &(AnomalyKind, Walk, bool)| {
            discriminant(&other) == discriminant(&kind) && other.order() < kind.order()
        };
        // A search that finds no G-nonadjacent without a detour cannot tell that there is none with less.
        let may_be_with_less =
            matches!(kind, AnomalyKind::GNonadjacent(_)) && kind.order() > self.sparse_from;
        if may_be_with_less || self.cycles.iter().any(same_with_less) {
            return;
        }
        match self.cycles.iter_mut().find(|(other, ..)| *other == kind) {
            Some((_, shortest, _)) if shortest.len() <= walk.len() => {}
            Some((_, shortest, _)) => *shortest = walk,
            None => self.cycles.push((kind, walk, true)),
        }
    }
}

fn is_of(class: Class, kind: AnomalyKind) -> bool {
    matches!(
        (class, kind),
        (Class::G0, AnomalyKind::G0(_))
            | (Class::G1c, AnomalyKind::G1c(_))
            | (Class::GSingle, AnomalyKind::GSingle(_))
            | (Class::GNonadjacent, AnomalyKind::GNonadjacent(_))
            | (Class::G2, AnomalyKind::G2(_))
    )
}

/// What a cycle is called.
fn kind_of(walk: &Walk) -> AnomalyKind {
    let has = |kind| walk.iter().any(|&(_, other)| other == kind);
    let order = if has(Kinds::REAL_TIME) {
        Order::RealTime
    } else if has(Kinds::SESSION) {
        Order::Session
    } else {
        Order::Data
    };
    match walk.iter().filter(|(_, kind)| *kind == Kinds::RW).count() {
        0 if has(Kinds::WR) => AnomalyKind::G1c(order),
        0 => AnomalyKind::G0(order),
        1 => AnomalyKind::GSingle(order),
        _ if is_sparse(walk) => AnomalyKind::GNonadjacent(order),
        _ => AnomalyKind::G2(order),
    }
}

/// No `rw` follows another, not even the first one the last.
fn is_sparse(walk: &[(u32, Kinds)]) -> bool {
    let is_rw = |place: usize| walk[place % walk.len()].1 == Kinds::RW;
    !(0..walk.len()).any(|place| is_rw(place) && is_rw(place + 1))
}

/// A part of a closed walk that comes to no transaction twice, and where no `rw` follows another unless one does so
/// in all of it. There is one: cut where a transaction occurs twice, the two parts are closed walks; if the ends of
/// one are both `rw`, then neither end of the other is.
fn simple(mut walk: Walk) -> Walk {
    let twice = |walk: &Walk| {
        let mut places = FastMap::default();
        (0..walk.len()).find_map(|place| Some((places.insert(walk[place].0, place)?, place)))
    };
    while let Some((first, again)) = twice(&walk) {
        let was_sparse = is_sparse(&walk);
        let part: Walk = walk.drain(first..again).collect();
        let is_good = |part: &Walk| part.len() > 1 && (!was_sparse || is_sparse(part));
        if !is_good(&walk) {
            walk = part;
        }
    }
    walk
}
