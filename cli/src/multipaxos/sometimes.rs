//! What a run of Multi-Paxos should come into sometimes: the situations for which its rules are there.
use std::collections::BTreeMap;

use synod_kv::Store;
use synod_paxos::multi::{MultiPaxosEvent, MultiPaxosMessage, RoleName, View};
use synod_protocol::{Effect, Input, NodeId, Nodes, Place, Step, What};
use synod_simulator::{Predicates, Sometimes, Tally};

use super::Server;

pub(super) const NAMES: &[&str] = &[
    "acceptors_changed",
    "acceptor_refused_an_earlier_ballot",
    "candidate_lacked_a_quorum_of_the_next_acceptors",
    "command_was_seen_again",
    "follower_lacked_a_chosen_value",
    "hole_was_filled_with_a_no_op",
    "later_slot_was_chosen_before_an_earlier_one",
    "leader_began_again_after_a_refusal",
    "leader_crashed_with_open_slots",
    "leader_left_the_acceptors",
    "leader_lost_its_quorum",
    "log_was_cut",
    "server_ended_for_good",
    "snapshot_came_with_a_promise",
    "snapshot_was_installed",
    "two_candidates_stood",
    "two_servers_led_at_once",
    "votes_of_an_earlier_ballot_were_taken_over",
];

/// Remembers what a step alone does not show.
#[derive(Debug, Default)]
pub(super) struct MultiPaxosSometimes {
    views: BTreeMap<NodeId, View>,
}

impl Sometimes<Server> for MultiPaxosSometimes {
    fn names(&self) -> &'static [&'static str] {
        NAMES
    }

    fn watch(&mut self, step: &Step<'_, Server>, nodes: Nodes<'_, Server>, tally: &mut Tally) {
        let Place::Node(id) = step.place else { return };
        match &step.what {
            What::Handled { input, effects, view, .. } => {
                let before = self.views.insert(id, *view);
                for effect in &**effects {
                    match effect {
                        Effect::Event(event) => noted(event, before, tally),
                        Effect::Send(_, MultiPaxosMessage::Accepted(accepted))
                            if accepted.missing.is_some() =>
                        {
                            tally.reach("follower_lacked_a_chosen_value");
                        }
                        _ => {}
                    }
                }
                if let Input::Message(_, MultiPaxosMessage::Promise(promise)) = &**input
                    && promise.snapshot.is_some()
                {
                    tally.reach("snapshot_came_with_a_promise");
                }
                if let Some(node) = nodes.get(id) {
                    self.members(node, before, tally);
                }
                if matches!(&**input, Input::Message(_, MultiPaxosMessage::Accepted(_)))
                    && nodes.get(id).is_some_and(Server::has_chosen_ahead)
                {
                    tally.reach("later_slot_was_chosen_before_an_earlier_one");
                }
                if before.is_some_and(|before| before.role != view.role) {
                    let stand = |role| self.views.values().filter(|view| view.role == role).count();
                    if stand(RoleName::Leader) > 1 {
                        tally.reach("two_servers_led_at_once");
                    }
                    if stand(RoleName::Candidate) > 1 {
                        tally.reach("two_candidates_stood");
                    }
                }
            }
            What::Booted { view, .. } => {
                self.views.insert(id, *view);
            }
            What::Crashed { .. } => {
                let view = self.views.remove(&id);
                if view.is_some_and(|view| view.role == RoleName::Leader && view.chosen < view.last_voted) {
                    tally.reach("leader_crashed_with_open_slots");
                }
            }
            What::Ended { .. } => tally.reach("server_ended_for_good"),
            _ => {}
        }
    }
}

impl MultiPaxosSometimes {
    fn members(&self, node: &Server, before: Option<View>, tally: &mut Tally) {
        let was = |role| before.is_some_and(|view| view.role == role);
        let is_acceptor = node.schedule().eras().any(|era| era.members().contains(&node.id()));
        if was(RoleName::Leader) && !node.is_leader() && !is_acceptor {
            tally.reach("leader_left_the_acceptors");
        }
        if was(RoleName::Candidate) && node.has_promises_of_the_current_acceptors() {
            tally.reach("candidate_lacked_a_quorum_of_the_next_acceptors");
        }
    }
}

fn noted(event: &MultiPaxosEvent, before: Option<View>, tally: &mut Tally) {
    match event {
        MultiPaxosEvent::BecameLeader { recovered, .. }
            if before.is_some_and(|view| view.chosen < *recovered) =>
        {
            tally.reach("votes_of_an_earlier_ballot_were_taken_over");
        }
        MultiPaxosEvent::Prepared { .. } if before.is_some_and(|view| view.role == RoleName::Leader) => {
            tally.reach("leader_began_again_after_a_refusal");
        }
        MultiPaxosEvent::Proposed { no_ops: 1.., .. } => tally.reach("hole_was_filled_with_a_no_op"),
        MultiPaxosEvent::Refused { ballot, promised } if promised > ballot => {
            tally.reach("acceptor_refused_an_earlier_ballot");
        }
        MultiPaxosEvent::LostQuorum { .. } => tally.reach("leader_lost_its_quorum"),
        MultiPaxosEvent::SawCallAgain { .. } => tally.reach("command_was_seen_again"),
        MultiPaxosEvent::TookSnapshot { cut, .. } if cut.0 > 0 => tally.reach("log_was_cut"),
        MultiPaxosEvent::Reconfigured { .. } => tally.reach("acceptors_changed"),
        MultiPaxosEvent::Installed { .. } => tally.reach("snapshot_was_installed"),
        _ => {}
    }
}

/// What a scenario may wait for.
pub(super) fn predicates() -> Predicates<Server> {
    let open_slots = |nodes: Nodes<'_, Server>| {
        let has = |node: &synod_paxos::multi::MultiPaxos<Store>| {
            node.is_leader() && node.chosen() < node.last_voted()
        };
        nodes.iter().find(|(_, node)| has(node)).map(|(id, _)| id)
    };
    let candidate = |nodes: Nodes<'_, Server>| {
        nodes.iter().find(|(_, node)| node.role_name() == RoleName::Candidate).map(|(id, _)| id)
    };
    // The one of the later ballot, which the other does not know of.
    let two_leaders = |nodes: Nodes<'_, Server>| {
        let leaders = || nodes.iter().filter(|(_, node)| node.is_leader());
        (leaders().count() > 1)
            .then(|| leaders().max_by_key(|(_, node)| node.promised()))
            .flatten()
            .map(|(id, _)| id)
    };
    let lags = |nodes: Nodes<'_, Server>| {
        let furthest = nodes.iter().map(|(_, node)| node.chosen().0).max()?;
        nodes.iter().find(|(_, node)| node.chosen().0 + 20 < furthest).map(|(id, _)| id)
    };
    Predicates::default()
        .with("leader_has_open_slots", open_slots)
        .with("candidate_stands", candidate)
        .with("two_servers_lead", two_leaders)
        .with("server_lags_behind", lags)
}
