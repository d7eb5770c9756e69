//! Shapes of cuts, after Jepsen's.
use std::fmt::Write;

use synod_protocol::{NodeId, majority};

use crate::draw::Draws;

/// Links that carry nothing, each in one direction, and how to say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) links: Vec<(NodeId, NodeId)>,
    pub(crate) story: String,
    pub(crate) is_one_way: bool,
}

/// Halves, one and the rest, a bridge, or a ring of majorities. The favourite is on the small side.
pub(crate) fn two_way(nodes: u32, favourite: Option<NodeId>, draws: &mut Draws) -> Option<Cut> {
    let shape = draws.below(4);
    let mut ids = shuffled(nodes, favourite, draws);
    if ids.len() < 2 {
        return None;
    }
    match shape {
        0 if ids.len() >= 3 => Some(bridge(&ids)),
        1 if ids.len() >= 4 => Some(ring(&ids)),
        2 => Some(halves(&ids.split_off(1), &ids)),
        _ => Some(halves(&ids.split_off(ids.len() / 2), &ids)),
    }
}

/// A node is heard by none, hears none, or a single link fails in one direction.
pub(crate) fn one_way(nodes: u32, favourite: Option<NodeId>, draws: &mut Draws) -> Option<Cut> {
    let shape = draws.below(3);
    let ids = shuffled(nodes, favourite, draws);
    let (&victim, others) = ids.split_first()?;
    let (&other, _) = others.split_first()?;
    Some(match shape {
        0 => directed(&[victim], others),
        1 => directed(others, &[victim]),
        _ => directed(&[victim], &[other]),
    })
}

/// In a drawn order, in which the favourite comes first.
fn shuffled(nodes: u32, favourite: Option<NodeId>, draws: &mut Draws) -> Vec<NodeId> {
    let mut ids: Vec<NodeId> = (1..=nodes).map(NodeId).collect();
    draws.shuffle(&mut ids);
    if let Some(place) = ids.iter().position(|id| Some(*id) == favourite) {
        ids.swap(0, place);
    }
    ids
}

fn halves(some: &[NodeId], others: &[NodeId]) -> Cut {
    Cut {
        links: both_ways(some, others),
        story: format!("cut {} | {}", names(others), names(some)),
        is_one_way: false,
    }
}

/// The last of the nodes sees all; the others fall into two groups.
fn bridge(ids: &[NodeId]) -> Cut {
    let (bridge, rest) = ids.split_last().expect("three nodes or more");
    let (some, others) = rest.split_at(rest.len() / 2);
    let story = format!("cut {} | {}, bridged by {bridge}", names(some), names(others));
    Cut { links: both_ways(some, others), story, is_one_way: false }
}

/// Each sees itself and its neighbours on a circle, which is a majority, and no two see the same one.
fn ring(ids: &[NodeId]) -> Cut {
    let count = ids.len();
    let reach = majority(count) / 2;
    let is_far = |a: usize, b: usize| {
        let apart = a.abs_diff(b);
        apart.min(count - apart) > reach
    };
    let places = || 0..count;
    let links = places()
        .flat_map(|a| places().filter(move |&b| is_far(a, b)).map(move |b| (ids[a], ids[b])))
        .collect();
    let circle: Vec<String> = ids.iter().map(NodeId::to_string).collect();
    Cut { links, story: format!("ring of majorities {}", circle.join(" - ")), is_one_way: false }
}

fn directed(from: &[NodeId], to: &[NodeId]) -> Cut {
    let links = pairs(from, to).collect();
    Cut { links, story: format!("one-way cut {} -> {}", names(from), names(to)), is_one_way: true }
}

fn both_ways(some: &[NodeId], others: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    pairs(some, others).chain(pairs(others, some)).collect()
}

fn pairs<'a>(from: &'a [NodeId], to: &'a [NodeId]) -> impl Iterator<Item = (NodeId, NodeId)> + 'a {
    from.iter().flat_map(move |&from| to.iter().map(move |&to| (from, to)))
}

fn names(ids: &[NodeId]) -> String {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    let mut names = String::new();
    for (place, id) in sorted.iter().enumerate() {
        let space = if place == 0 { "" } else { " " };
        write!(names, "{space}{id}").expect("a string takes all");
    }
    names
}
