//! Shapes of cuts, after Jepsen's.
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use synod_protocol::{NodeId, majority};

use crate::draw::Draws;

/// Links that carry nothing, each in one direction, and how to say so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cut {
    pub(crate) links: Vec<(NodeId, NodeId)>,
    pub(crate) story: String,
    pub(crate) is_one_way: bool,
}

/// How the nodes fall apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Two halves. The favourite is in the smaller one.
    Halves,
    /// One node and the rest: the favourite, if there is one.
    One,
    /// Each node sees another majority.
    Ring,
    /// Two groups, and one node that sees both.
    Bridge,
}

impl Shape {
    pub const ALL: [Shape; 4] = [Shape::Halves, Shape::One, Shape::Ring, Shape::Bridge];

    pub fn name(self) -> &'static str {
        match self {
            Shape::Halves => "halves",
            Shape::One => "one",
            Shape::Ring => "ring",
            Shape::Bridge => "bridge",
        }
    }
}

/// Any shape. The favourite is on the small side.
pub(crate) fn two_way(nodes: u32, favourite: Option<NodeId>, draws: &mut Draws) -> Option<Cut> {
    let shape = match draws.below(4) {
        0 => Shape::Bridge,
        1 => Shape::Ring,
        2 => Shape::One,
        _ => Shape::Halves,
    };
    shaped(shape, nodes, favourite, draws)
}

/// Of this shape, or into halves where the nodes are too few for it.
pub(crate) fn shaped(shape: Shape, nodes: u32, favourite: Option<NodeId>, draws: &mut Draws) -> Option<Cut> {
    let mut ids = shuffled(nodes, favourite, draws);
    if ids.len() < 2 {
        return None;
    }
    match shape {
        Shape::Bridge if ids.len() >= 3 => Some(bridge(&ids)),
        Shape::Ring if ids.len() >= 4 => Some(ring(&ids)),
        Shape::One => Some(halves(&ids.split_off(1), &ids)),
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
