//! What a list of actions is held to, and whether two lists do the same harm.
use synod_protocol::{Node, NodeId, Observer, Violation};

use super::world::shortened;
use super::{Action, World};
use crate::outcome::ClientCall;

/// An algorithm under judgement.
pub trait Judge<N: Node> {
    type Watch: Observer<N>;

    /// A cluster has so many nodes at least.
    fn least_nodes(&self) -> u32 {
        1
    }

    /// Of a cluster of this size; smaller ones are tried too.
    fn config(&self, nodes: u32) -> N::Config;

    /// Its invariants, to be watched from the first step on.
    fn watch(&self) -> Self::Watch;

    /// What the clients saw, when nothing was violated on the way.
    fn verdict(&self, calls: &[ClientCall<N>]) -> Option<Violation>;
}

/// A list of actions that ends in a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tale<N: Node> {
    pub nodes: u32,
    pub actions: Vec<Action<N>>,
    pub violation: Violation,
}

/// Carries a list out under the eyes of a further observer; what it ends in, if in anything.
pub fn play<N: Node, J: Judge<N>, O: Observer<N>>(
    judge: &J,
    nodes: u32,
    actions: &[Action<N>],
    observer: O,
) -> (Option<Violation>, O) {
    let mut world = World::new(nodes, judge.config(nodes), (observer, judge.watch()));
    for action in actions {
        world.act(action);
        if world.violation().is_some() {
            break;
        }
    }
    let violation = world.violation().cloned().or_else(|| judge.verdict(world.calls()));
    (violation, world.into_observer().0)
}

/// The list, with the action that ended in an assertion. A node that does not survive its step leaves none, so
/// that a watcher of the run did not see it.
pub(super) fn with_last_words<N: Node, J: Judge<N>>(judge: &J, tale: &Tale<N>) -> Option<Vec<Action<N>>> {
    let (node, doing) = tale.violation.story.split_once(" at ")?;
    let node = NodeId(node.strip_prefix('n')?.parse().ok()?);
    let mut world = World::new(tale.nodes, judge.config(tale.nodes), judge.watch());
    tale.actions.iter().for_each(|action| {
        world.act(action);
    });
    let mut possible = world.possible_at(node);
    // Requests name their clients, who bear other names here: they come last.
    possible.sort_by_key(|(_, words)| !doing.contains(&shortened(words)));
    possible.into_iter().take(MOST_LAST_WORDS).find_map(|(action, _)| {
        let actions: Vec<_> = tale.actions.iter().cloned().chain([action]).collect();
        let (violation, ()) = play(judge, tale.nodes, &actions, ());
        violation.filter(|violation| is_same(violation, &tale.violation)).map(|_| actions)
    })
}

/// How many actions are tried in the place of the last one.
const MOST_LAST_WORDS: usize = 64;

/// Is it the same property? Of an assertion: at the same place of the source.
pub fn is_same(one: &Violation, other: &Violation) -> bool {
    fn place(violation: &Violation) -> Option<&str> {
        let story = violation.story.strip_suffix(')')?;
        story.rsplit_once(" (").map(|(_, place)| place).filter(|place| place.contains(".rs:"))
    }
    one.property == other.property && place(one) == place(other)
}
