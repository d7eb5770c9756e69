//! What a run of the composition should come into sometimes.
use std::collections::BTreeSet;

use synod_chain_replication::ChainEvent;
use synod_protocol::{Effect, NodeId, Nodes, Place, Step};
use synod_raft::RaftEvent;
use synod_simulator::{Predicates, Sometimes, Tally};

use super::node::{Event, Server};

const NAMES: &[&str] = &[
    "configuration_was_decided_by_a_second_leader",
    "server_joined_again",
    "server_that_lost_its_disk_joined_again",
    "server_was_taken_for_dead",
    "tail_was_confirmed_by_a_second_leader",
    "two_masters_believed_to_lead",
    "two_servers_believed_to_be_the_tail",
];

#[derive(Debug, Default)]
pub(super) struct Reached {
    leaders: u64,
    /// They lost their disks, and did not come back yet.
    lost: BTreeSet<NodeId>,
}

impl Sometimes<Server> for Reached {
    fn names(&self) -> &'static [&'static str] {
        NAMES
    }

    fn watch(&mut self, step: &Step<'_, Server>, nodes: Nodes<'_, Server>, tally: &mut Tally) {
        let Place::Node(_) = step.place else { return };
        for effect in step.what.effects() {
            let Effect::Event(event) = effect else { continue };
            match event {
                Event::Raft(RaftEvent::BecameLeader { .. }) => {
                    self.leaders += 1;
                    let leaders = nodes.iter().filter(|(_, node)| leads(node)).count();
                    if leaders > 1 {
                        tally.reach("two_masters_believed_to_lead");
                    }
                }
                Event::Chain(ChainEvent::Excluded { .. }) => {
                    tally.reach("server_was_taken_for_dead");
                    if self.leaders > 1 {
                        tally.reach("configuration_was_decided_by_a_second_leader");
                    }
                }
                Event::Chain(ChainEvent::Named { server, was_known: true, .. }) => {
                    self.lost.insert(*server);
                }
                Event::Chain(ChainEvent::Promoted { chain, .. }) => {
                    tally.reach("server_joined_again");
                    if chain.last().is_some_and(|tail| self.lost.remove(tail)) {
                        tally.reach("server_that_lost_its_disk_joined_again");
                    }
                }
                Event::Chain(ChainEvent::Confirmed { .. }) if self.leaders > 1 => {
                    tally.reach("tail_was_confirmed_by_a_second_leader");
                }
                Event::Chain(ChainEvent::Committed { .. }) => {
                    let tails = nodes.iter().filter(|(_, node)| {
                        node.chain().is_some_and(synod_chain_replication::Chain::is_tail_of_serving)
                    });
                    if tails.count() > 1 {
                        tally.reach("two_servers_believed_to_be_the_tail");
                    }
                }
                _ => {}
            }
        }
    }
}

fn leads(node: &Server) -> bool {
    node.master().is_some_and(synod_raft::Raft::is_leader)
}

/// What a scenario may wait for.
pub(super) fn predicates() -> Predicates<Server> {
    Predicates::default()
        .with("master_leads", |nodes: Nodes<'_, Server>| {
            nodes.iter().find(|(_, node)| leads(node)).map(|(id, _)| id)
        })
        .with("tail_handed_over", |nodes: Nodes<'_, Server>| {
            let has = |node: &Server| node.chain().is_some_and(|chain| chain.has_handed_over());
            nodes.iter().find(|(_, node)| has(node)).map(|(id, _)| id)
        })
}
