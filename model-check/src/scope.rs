//! What is explored: how many nodes, who asks what, how much may go wrong, and from where.
use synod_protocol::{Node, NodeId};

use crate::Budget;

/// One bounded world to explore.
#[derive(Clone, Debug)]
pub struct Scope<N: Node> {
    pub name: &'static str,
    pub about: &'static str,
    pub nodes: u32,
    pub config: N::Config,
    pub budget: Budget,
    /// What each client asks, one call after the other.
    pub scripts: Vec<Vec<N::Request>>,
    /// What happened before; it costs nothing of the budget.
    pub opening: Vec<Opening<N>>,
    /// Which timers may fire.
    pub fires: fn(&N::Timer) -> bool,
    /// `Some`: the network is synchronous. A timer fires only when nothing is on its way to a node that is up, and of
    /// all that are armed only those which this says are due first.
    pub due: Option<fn(NodeId, &N::Timer) -> u32>,
    /// Requests are on their way like messages, instead of being there at once: they come late, twice, or never.
    pub requests_travel: bool,
    pub cursors: Cursors,
}

impl<N: Node> Scope<N> {
    /// All timers fire, requests are there at once, and it begins with the first boot.
    pub fn new(
        name: &'static str,
        about: &'static str,
        nodes: u32,
        config: N::Config,
        budget: Budget,
    ) -> Self {
        Scope {
            name,
            about,
            nodes,
            config,
            budget,
            scripts: Vec::new(),
            opening: Vec::new(),
            fires: |_| true,
            due: None,
            requests_travel: false,
            cursors: Cursors::Records,
        }
    }
}

/// A part of what happened before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening<N: Node> {
    Fire(NodeId, N::Timer),
    /// Everything of this kind that is on its way to this node arrives.
    Deliver(&'static str, NodeId),
    /// Everything that is on its way arrives, in rounds, until nothing is.
    Settle,
    /// The client with this place among the scripts makes its next call.
    Call(u8, NodeId),
}

impl<N: Node> Opening<N> {
    /// Whose deed it is, if it is one's.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Opening::Fire(node, _) | Opening::Deliver(_, node) | Opening::Call(_, node) => Some(*node),
            Opening::Settle => None,
        }
    }
}

/// How a crash cuts what was written and what was said (rule 2 of the contract).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursors {
    /// It chooses how many of the last records are lost, and all outputs that waited for no lost one leave. An
    /// output that never arrives is as good as one that never left, so nothing is missed as long as nobody asks
    /// whether something is still on its way.
    Records,
    /// It chooses both: how many records are lost, and how many outputs never leave.
    Both,
    /// It cuts the list of effects at one place, as simpler checkers do. For comparison.
    One,
}
