//! `synod conform`: is a recorded run a behaviour of its TLA+ spec?
//!
//! An algorithm that implements [`Conforms`] is held to its spec. The rest of what there is to do is the same for
//! all: [`actions`] follows a run and lists the actions that count, `check` asks the engine.
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};
use synod_protocol::{Effect, Event, Input, Node, NodeId};

use crate::{
    algorithm::Algorithm,
    args,
    exit::{self, Exit},
    registry::Entry,
};

pub mod actions;
#[cfg(feature = "spec")]
mod check;
mod commit;
mod chain;
mod raft;
mod paxos;
mod multipaxos;
pub mod recorded;

/// An algorithm whose runs are held to a TLA+ spec.
pub trait Conforms: Algorithm {
    /// The spec, below `tla/`: `raft/Raft`. Then `raft/RaftTrace.tla` follows a run of it, with
    /// `raft/RaftTrace.follow.cfg`, and `raft/MCRaft.….cfg` are its models.
    const SPEC: &'static str;

    /// Whether a crash is an action of its own, `Crash`, and not only what a `Restart` comes after.
    const TELLS_CRASHES: bool = false;

    /// How such a cluster is configured that the trace spec does not know it: why no run of it is followed.
    ///
    /// By default, it knows what is usual.
    fn unknown(config: &<Self::Node as Node>::Config, nodes: u32) -> Option<&'static str> {
        (*config != Self::config(nodes)).then_some("its nodes are configured otherwise than usual")
    }

    /// What the constants of the trace spec are in such a cluster. Arrays are sets. `Trace` comes by itself.
    fn constants(config: &<Self::Node as Node>::Config, nodes: u32) -> Vec<(&'static str, Json)> {
        let _ = config;
        vec![("Server", json!(names(nodes)))]
    }

    /// What a step did, in the spec's words: actions, each with the place of the effect that tells it, in the order
    /// of the effects.
    ///
    /// An action is an object with the name of a spec's action in `action` and whatever its arguments are; `m`,
    /// if it has one, is the message that was handled, as the spec has it in `msgs`. `node` and `post` are added
    /// to it, and a boot is told as `Restart` before anything that is told here.
    fn actions(done: &Done<'_, Self::Node>) -> Vec<(usize, Json)>;

    /// What was seen of a node after a step: an object, whose fields the trace spec compares. Null: nothing, for the
    /// spec is of less than a node shows.
    fn post(view: &<Self::Node as Node>::View) -> Json;

    /// The actions of a run in the order in which the spec has them, where that is another.
    fn arranged(actions: Vec<(u64, Json)>) -> Vec<(u64, Json)> {
        actions
    }
}

/// What a node did in a step.
#[derive(Debug)]
pub struct Done<'a, N: Node> {
    pub node: NodeId,
    /// `None`: it came up.
    pub input: Option<&'a Input<N>>,
    pub effects: &'a [Effect<N>],
    /// What was seen of it before; `None`: it comes up.
    pub before: Option<&'a N::View>,
}

impl<'a, N: Node> Done<'a, N> {
    /// The events that open an action, with the place of each, the action's name, and the event.
    pub fn events(&self) -> impl Iterator<Item = (usize, &'static str, &'a N::Event)> + use<'a, N> {
        self.effects.iter().enumerate().filter_map(|(at, effect)| match effect {
            Effect::Event(event) => Some((at, event.action()?, event)),
            _ => None,
        })
    }
}

/// Are these all the nodes, in their order?
fn are_all(some: &[NodeId], nodes: u32) -> bool {
    some.iter().copied().eq((1..=nodes).map(NodeId))
}

/// The nodes of a cluster, as traces and specs call them.
pub fn names(nodes: u32) -> Vec<String> {
    (1..=nodes).map(|node| NodeId(node).to_string()).collect()
}

const EXAMPLES: &str = "\
Examples:
  synod run raft --seed 7 --ops 100 --faults none     records synod-out/raft-seed-7/trace.jsonl
  synod conform raft synod-out/raft-seed-7/trace.jsonl

Each action that the code says it took must be enabled in the spec, handle a message that the spec has sent, and leave
its node as it was seen.";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct ConformArgs {
    /// Whose spec
    #[arg(value_parser = args::algorithm_if(|entry| entry.held_to.is_some()))]
    pub algorithm: &'static Entry,

    /// The recorded run
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,

    /// Only the first so many steps of the run [default: all; the time goes with the square]
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
}

/// Follows the trace, and prints what came of it.
#[cfg(feature = "spec")]
pub fn conform(args: &ConformArgs) -> Exit {
    check::conform(args)
}

/// As of `synod spec`.
#[cfg(not(feature = "spec"))]
pub fn conform(_: &ConformArgs) -> Exit {
    crate::spec::without("conform")
}
