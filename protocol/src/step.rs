//! The one stream that everything hangs on: what happened in a run, step by step.
//!
//! Simulator, model checker and runtime emit it; invariants, hashes, recorded traces, spans, diagrams
//! and trace validation read it. The serialised form of a [`Step`] is one line of a trace file.
use alloc::{borrow::Cow, string::String};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Answer, Caller, ClientId, Effect, Input, Node, NodeId, Time};

/// One copy of a message, request or answer on its way. Numbered within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PacketId(pub u64);

/// Where something happens, or where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Node(NodeId),
    Client(ClientId),
    /// Between the nodes: where packets are lost and repeated, and where faults strike.
    Network,
}

/// Why a packet did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The link lost it.
    Lost,
    /// The link was cut.
    Partitioned,
    /// The receiver was down, or no longer waiting for it.
    Down,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Lost => "lost by the link",
            Loss::Partitioned => "partitioned",
            Loss::Down => "receiver down",
        })
    }
}

/// One thing that happened. Steps are numbered 0, 1, 2, … and their times never decrease.
///
/// It borrows while it is observed, and owns what it says ([`Step::into_owned`]) once it is recorded
/// or read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Step<'a, N: Node> {
    pub number: u64,
    /// The harness's time, in nanoseconds since the run began.
    pub at: Time,
    pub place: Place,
    pub what: What<'a, N>,
}

/// What happened at the step's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum What<'a, N: Node> {
    /// A node came up, with `records` of the records it ever wrote still on its disk. `clock` is its own
    /// clock, as in [`What::Handled`].
    Booted {
        clock: Time,
        records: u64,
        effects: Cow<'a, [Effect<N>]>,
        view: N::View,
        /// What it booted from. Not part of a trace file: it can be folded from the records.
        #[serde(skip)]
        durable: Option<&'a N::Durable>,
    },
    /// A node took one input. `packet` is what brought it, unless it was a timer.
    Handled {
        clock: Time,
        packet: Option<PacketId>,
        input: Cow<'a, Input<N>>,
        effects: Cow<'a, [Effect<N>]>,
        view: N::View,
    },
    /// An output left its node: the effect number `effect` of the step number `cause`, here. A client's
    /// request leaves with [`What::Called`].
    Sent { packet: PacketId, to: Place, cause: u64, effect: u32 },
    /// A packet will not arrive.
    Dropped { packet: PacketId, why: Loss },
    /// A packet got a twin, which goes its own way.
    Duplicated { packet: PacketId, twin: PacketId },
    /// The first `records` records that this node ever wrote are durable now.
    Synced { records: u64 },
    /// The node went down; the first `records` records that it ever wrote survived.
    Crashed { records: u64 },
    /// The node's disk failed: it will not come back (rule 3).
    Ended { why: Cow<'a, str> },
    /// The disk of a node that is down was replaced by an empty one: what boots from it next is a new node of the
    /// same name, and has to join the cluster anew.
    Wiped,
    /// A client asked: its first try of a call, or a further one with the same number.
    Called { packet: PacketId, caller: Caller, request: Cow<'a, N::Request> },
    /// An answer reached its client, brought by this packet.
    Returned { packet: PacketId, caller: Caller, answer: Cow<'a, Answer<N::Response>> },
    /// A client stopped waiting for this call: whether it took effect is not known.
    GaveUp { caller: Caller },
    /// The harness changed the world: `"cut n1 n3 | n2 n4 n5"`, `"healed"`.
    Fault { what: Cow<'a, str> },
}

impl<N: Node> Step<'_, N> {
    pub fn into_owned(self) -> Step<'static, N> {
        let Step { number, at, place, what } = self;
        Step { number, at, place, what: what.into_owned() }
    }
}

impl<N: Node> What<'_, N> {
    pub fn into_owned(self) -> What<'static, N> {
        fn own<B: alloc::borrow::ToOwned + ?Sized + 'static>(cow: Cow<'_, B>) -> Cow<'static, B> {
            Cow::Owned(cow.into_owned())
        }
        match self {
            What::Booted { clock, records, effects, view, durable: _ } => {
                What::Booted { clock, records, effects: own(effects), view, durable: None }
            }
            What::Handled { clock, packet, input, effects, view } => {
                What::Handled { clock, packet, input: own(input), effects: own(effects), view }
            }
            What::Sent { packet, to, cause, effect } => What::Sent { packet, to, cause, effect },
            What::Dropped { packet, why } => What::Dropped { packet, why },
            What::Duplicated { packet, twin } => What::Duplicated { packet, twin },
            What::Synced { records } => What::Synced { records },
            What::Crashed { records } => What::Crashed { records },
            What::Ended { why } => What::Ended { why: own(why) },
            What::Wiped => What::Wiped,
            What::Called { packet, caller, request } => {
                What::Called { packet, caller, request: own(request) }
            }
            What::Returned { packet, caller, answer } => {
                What::Returned { packet, caller, answer: own(answer) }
            }
            What::GaveUp { caller } => What::GaveUp { caller },
            What::Fault { what } => What::Fault { what: own(what) },
        }
    }

    /// The effects of a step of a node; none for anything else.
    pub fn effects(&self) -> &[Effect<N>] {
        match self {
            What::Booted { effects, .. } | What::Handled { effects, .. } => effects,
            _ => &[],
        }
    }
}

/// The nodes of a run, as they are after a step: `None` for one that is down, or out of sight (a node
/// of a real cluster sees itself alone).
#[derive(Debug)]
pub struct Nodes<'a, N>(&'a [Option<N>]);

impl<N> Clone for Nodes<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<N> Copy for Nodes<'_, N> {}

impl<'a, N> Nodes<'a, N> {
    /// Node 1 comes first.
    pub fn new(nodes: &'a [Option<N>]) -> Self {
        Nodes(nodes)
    }

    pub fn get(&self, id: NodeId) -> Option<&'a N> {
        self.0.get((id.0 as usize).checked_sub(1)?)?.as_ref()
    }

    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &'a N)> + use<'a, N> {
        (1..).map(NodeId).zip(self.0).filter_map(|(id, node)| Some((id, node.as_ref()?)))
    }
}

/// A property that does not hold. A run ends there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Violation {
    /// Its name in the paper: `"Election Safety"`.
    pub property: Cow<'static, str>,
    /// One sentence with the nodes, terms and values in question.
    pub story: String,
}

impl Violation {
    pub fn new(property: &'static str, story: impl Into<String>) -> Violation {
        Violation { property: Cow::Borrowed(property), story: story.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} violated: {}", self.property, self.story)
    }
}

impl core::error::Error for Violation {}

/// Whoever watches a run: invariants, recorders, hashes, printers.
pub trait Observer<N: Node> {
    /// Sees every step once, in order, with the nodes as they are after it.
    ///
    /// # Errors
    /// A property that this step broke.
    fn observe(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Result<(), Violation>;
}

/// Nobody watches.
impl<N: Node> Observer<N> for () {
    fn observe(&mut self, _: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        Ok(())
    }
}

impl<N: Node, O: Observer<N> + ?Sized> Observer<N> for &mut O {
    fn observe(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Result<(), Violation> {
        (**self).observe(step, nodes)
    }
}

/// Watches if it is there.
impl<N: Node, O: Observer<N>> Observer<N> for Option<O> {
    fn observe(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Result<(), Violation> {
        self.as_mut().map_or(Ok(()), |observer| observer.observe(step, nodes))
    }
}

/// Two watch, the first one first: put recorders before judges, so that the last step is on record.
/// Pairs nest.
impl<N: Node, A: Observer<N>, B: Observer<N>> Observer<N> for (A, B) {
    fn observe(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Result<(), Violation> {
        self.0.observe(step, nodes)?;
        self.1.observe(step, nodes)
    }
}
