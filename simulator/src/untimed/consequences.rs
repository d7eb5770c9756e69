//! An action goes with all that follows from it: an election with its votes and with what its winner sent. If it went
//! alone, what answered it would answer the election before, and the list would not fail any more.
use std::collections::{BTreeMap, BTreeSet};

use synod_protocol::{Node, Nodes, Observer, PacketId, Step, Violation, What};

use super::minimise::Search;
use super::{Action, Judge, World};

/// Removes actions with what follows from them: one such set, and then two at once where that is not too much.
pub(super) fn with_consequences<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut Vec<Action<N>>,
) {
    if actions.len() > ONE_UP_TO {
        return;
    }
    let mut sets = consequences(nodes, search.config(nodes), actions);
    let mut first = 0;
    while first < sets.len() {
        if adopt_without(search, nodes, actions, &sets[first]) {
            sets = consequences(nodes, search.config(nodes), actions);
        } else {
            first += 1;
        }
    }
    if actions.len() > TWO_UP_TO {
        return;
    }
    let mut pair = (0, 1);
    while pair.0 < sets.len() && !search.is_over() {
        let (one, other) = pair;
        pair = if other + 1 < sets.len() { (one, other + 1) } else { (one + 1, one + 2) };
        if other >= sets.len() || sets[one].contains(&(other as u32)) {
            continue;
        }
        let both = &sets[one] | &sets[other];
        if adopt_without(search, nodes, actions, &both) {
            sets = consequences(nodes, search.config(nodes), actions);
            pair = (0, 1);
        }
    }
}

/// Longer lists are left to other means.
const ONE_UP_TO: usize = 1_000;
const TWO_UP_TO: usize = 200;

fn adopt_without<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut Vec<Action<N>>,
    gone: &BTreeSet<u32>,
) -> bool {
    let kept = (0..).zip(&*actions).filter(|(index, _)| !gone.contains(index));
    let candidate = kept.map(|(_, action)| action.clone()).collect();
    search.adopt(nodes, actions, candidate)
}

/// Of each action, the places of itself and of whatever arrives because of it, directly or not.
fn consequences<N: Node>(nodes: u32, config: N::Config, actions: &[Action<N>]) -> Vec<BTreeSet<u32>> {
    let mut world = World::new(nodes, config, Origins::default());
    // Of each step so far; boots at the beginning belong to none.
    let mut action_of_step = vec![None; world.steps() as usize];
    let mut sets: Vec<BTreeSet<u32>> = Vec::new();
    for (index, action) in (0..).zip(actions) {
        let before = world.steps();
        world.act(action);
        action_of_step.resize(world.steps() as usize, Some(index));
        if let Some(origin) = world.observer().since(before).and_then(|step| action_of_step[step as usize]) {
            let of_origin = sets.iter_mut().filter(|set| set.contains(&origin));
            of_origin.for_each(|set| {
                set.insert(index);
            });
        }
        sets.push(BTreeSet::from([index]));
    }
    sets
}

/// In which step each packet was sent, and the last that arrived.
#[derive(Clone, Default)]
struct Origins {
    of_packet: BTreeMap<PacketId, u64>,
    /// The step of the arrival, and that of the sending.
    last: Option<(u64, u64)>,
}

impl Origins {
    /// Where that came from which arrived in this step or later.
    fn since(&self, step: u64) -> Option<u64> {
        self.last.filter(|(arrived, _)| *arrived >= step).map(|(_, sent)| sent)
    }
}

impl<N: Node> Observer<N> for Origins {
    fn observe(&mut self, step: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        match &step.what {
            What::Sent { packet, cause, .. } => {
                self.of_packet.insert(*packet, *cause);
            }
            What::Called { packet, .. } => {
                self.of_packet.insert(*packet, step.number);
            }
            What::Duplicated { packet, twin } => {
                let sent = self.of_packet.get(packet).copied();
                self.of_packet.extend(sent.map(|sent| (*twin, sent)));
            }
            What::Handled { packet: Some(packet), .. }
            | What::Returned { packet, .. }
            | What::Dropped { packet, .. } => {
                self.last = self.of_packet.get(packet).map(|sent| (step.number, *sent));
            }
            _ => {}
        }
        Ok(())
    }
}
