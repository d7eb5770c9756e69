//! What a run of a chain should come into sometimes: the situations for which its rules are there.
use std::collections::{BTreeMap, BTreeSet};

use synod_chain_replication::{ChainEvent, Reads, RoleName, View};
use synod_protocol::{Effect, Node as _, NodeId, Nodes, Place, Step, What};
use synod_simulator::{Predicates, Sometimes, Tally};

use super::Server;

const NAMES: &[&str] = &[
    "call_was_seen_again",
    "head_failed",
    "middle_failed",
    "new_tail_joined_while_writes_were_under_way",
    "old_epoch_was_ignored",
    "old_tail_lived_on",
    "server_joined_again",
    "server_that_lost_its_disk_joined_again",
    "sent_updates_outlived_the_tail",
    "tail_failed",
    "tail_waited_for_the_one_that_joins",
    "two_servers_believed_to_be_the_tail",
];

/// And with reads at every server.
const CRAQ: &[&str] = &[
    "call_was_seen_again",
    "dirty_read_asked_the_tail",
    "head_failed",
    "middle_failed",
    "new_tail_joined_while_writes_were_under_way",
    "old_epoch_was_ignored",
    "old_tail_lived_on",
    "read_was_clean_before_the_tail",
    "server_joined_again",
    "server_that_lost_its_disk_joined_again",
    "sent_updates_outlived_the_tail",
    "tail_failed",
    "tail_waited_for_the_one_that_joins",
    "two_servers_believed_to_be_the_tail",
];

/// Remembers what a step alone does not show.
#[derive(Debug)]
pub(super) struct ChainSometimes {
    reads: Reads,
    views: BTreeMap<NodeId, View>,
    /// Where each server stood when it was last seen, up or down.
    roles: BTreeMap<NodeId, RoleName>,
    /// They lost their disks, and did not come back yet.
    lost: BTreeSet<NodeId>,
}

impl ChainSometimes {
    pub(super) fn new(reads: Reads) -> Self {
        ChainSometimes { reads, views: BTreeMap::new(), roles: BTreeMap::new(), lost: BTreeSet::new() }
    }
}

impl Sometimes<Server> for ChainSometimes {
    fn names(&self) -> &'static [&'static str] {
        match self.reads {
            Reads::Tail => NAMES,
            Reads::Apportioned | Reads::Eventual => CRAQ,
        }
    }

    fn watch(&mut self, step: &Step<'_, Server>, nodes: Nodes<'_, Server>, tally: &mut Tally) {
        let Place::Node(id) = step.place else { return };
        match &step.what {
            What::Handled { effects, view, .. } => {
                for effect in &**effects {
                    if let Effect::Event(event) = effect {
                        self.noted(id, event, nodes, tally);
                    }
                }
                if nodes.get(id).is_some_and(|node| {
                    node.is_tail_of_serving() && node.has_handed_over() && node.acked() < node.last()
                }) {
                    tally.reach("tail_waited_for_the_one_that_joins");
                }
                self.views.insert(id, *view);
                self.roles.insert(id, view.role);
            }
            What::Booted { view, .. } => {
                self.views.insert(id, *view);
            }
            What::Crashed { .. } => {
                self.views.remove(&id);
            }
            _ => {}
        }
    }
}

impl ChainSometimes {
    fn noted(&mut self, id: NodeId, event: &ChainEvent, nodes: Nodes<'_, Server>, tally: &mut Tally) {
        match event {
            ChainEvent::Excluded { chain, .. } => {
                for (server, role) in self.roles.iter().filter(|(server, _)| !chain.contains(server)) {
                    match role {
                        RoleName::Head | RoleName::Alone => tally.reach("head_failed"),
                        RoleName::Middle => tally.reach("middle_failed"),
                        RoleName::Tail => tally.reach("tail_failed"),
                        RoleName::Joining | RoleName::Outside => {}
                    }
                    let lives = self.views.get(server).is_some_and(|view| view.role == RoleName::Tail);
                    if lives && nodes.get(*server).is_some() {
                        tally.reach("old_tail_lived_on");
                    }
                }
            }
            ChainEvent::Configured { role, .. } => {
                let before = self.views.get(&id);
                if matches!(role, RoleName::Tail | RoleName::Alone)
                    && before.is_some_and(|view| {
                        view.acked < view.last && matches!(view.role, RoleName::Head | RoleName::Middle)
                    })
                {
                    tally.reach("sent_updates_outlived_the_tail");
                }
            }
            ChainEvent::Named { server, was_known: true, .. } => {
                self.lost.insert(*server);
            }
            ChainEvent::Promoted { chain, .. } => {
                tally.reach("server_joined_again");
                if chain.last().is_some_and(|tail| self.lost.remove(tail)) {
                    tally.reach("server_that_lost_its_disk_joined_again");
                }
                let under_way =
                    |server: &NodeId| self.views.get(server).is_some_and(|view| view.acked < view.last);
                if chain.iter().any(under_way) {
                    tally.reach("new_tail_joined_while_writes_were_under_way");
                }
            }
            ChainEvent::Committed { .. } => {
                let believers = nodes.iter().filter(|(_, node)| node.is_tail_of_serving()).count();
                if believers > 1 {
                    tally.reach("two_servers_believed_to_be_the_tail");
                }
            }
            ChainEvent::IgnoredOldEpoch { .. } => tally.reach("old_epoch_was_ignored"),
            ChainEvent::SawCallAgain { .. } => tally.reach("call_was_seen_again"),
            ChainEvent::AskedTail { .. } if self.reads == Reads::Apportioned => {
                tally.reach("dirty_read_asked_the_tail");
            }
            ChainEvent::AnsweredReads { clean, .. } if self.reads == Reads::Apportioned && *clean > 0 => {
                let is_tail = nodes.get(id).is_some_and(Server::is_tail_of_serving);
                if !is_tail {
                    tally.reach("read_was_clean_before_the_tail");
                }
            }
            _ => {}
        }
    }
}

/// What a scenario may wait for.
pub(super) fn predicates() -> Predicates<Server> {
    let role = |nodes: Nodes<'_, Server>, role: RoleName| {
        nodes.iter().find(|(_, node)| node.view().role == role).map(|(id, _)| id)
    };
    Predicates::default()
        .with("head_has_unanswered_updates", |nodes: Nodes<'_, Server>| {
            let has = |node: &Server| {
                matches!(node.role(), RoleName::Head | RoleName::Alone) && node.acked() < node.last()
            };
            nodes.iter().find(|(_, node)| has(node)).map(|(id, _)| id)
        })
        .with("server_joins", move |nodes: Nodes<'_, Server>| role(nodes, RoleName::Joining))
        .with("server_is_outside", |nodes: Nodes<'_, Server>| {
            let is_out = |node: &Server| node.role() == RoleName::Outside && !node.is_master();
            nodes.iter().find(|(_, node)| is_out(node)).map(|(id, _)| id)
        })
        .with("tail_handed_over", |nodes: Nodes<'_, Server>| {
            nodes.iter().find(|(_, node)| node.has_handed_over()).map(|(id, _)| id)
        })
        .with("two_tails", |nodes: Nodes<'_, Server>| {
            let tails = || nodes.iter().filter(|(_, node)| node.is_tail_of_serving());
            (tails().count() > 1)
                .then(|| tails().min_by_key(|(_, node)| node.epoch()))
                .flatten()
                .map(|(id, _)| id)
        })
}
