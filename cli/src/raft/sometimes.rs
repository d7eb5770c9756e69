//! What a run of Raft should come into sometimes: the situations for which its rules are there.
use std::collections::BTreeMap;

use synod_kv::{Command, Store};
use synod_protocol::{Caller, ClientId, Effect, Input, NodeId, Nodes, Place, StateMachine, Step, What};
use synod_raft::{Body, Index, RaftEvent, Record, RoleName, Term, View};
use synod_simulator::{Predicates, Sometimes, Tally};

use super::Server;

pub(super) const NAMES: &[&str] = &[
    "candidates_shared_a_term",
    "command_was_seen_again",
    "earlier_term_was_committed_by_a_later_one",
    "entry_was_overwritten",
    "leader_changed_with_uncommitted_entries",
    "leader_crashed_with_uncommitted_entries",
    "leader_lost_its_quorum",
    "logs_had_diverged",
    "read_was_asked_again_at_another_leader",
    "server_ended_for_good",
    "two_servers_led_at_once",
    "vote_was_refused_for_an_outdated_log",
];

/// Remembers what a step alone does not show.
#[derive(Debug, Default)]
pub(super) struct RaftSometimes {
    views: BTreeMap<NodeId, View>,
    candidates: BTreeMap<Term, NodeId>,
    /// Which leader was asked each read that is not answered.
    reads: BTreeMap<(ClientId, u64), NodeId>,
    leaders: usize,
}

impl Sometimes<Server> for RaftSometimes {
    fn names(&self) -> &'static [&'static str] {
        NAMES
    }

    fn watch(&mut self, step: &Step<'_, Server>, nodes: Nodes<'_, Server>, tally: &mut Tally) {
        let Place::Node(id) = step.place else { return };
        match &step.what {
            What::Handled { input, effects, view, .. } => {
                self.asked(id, input, view, tally);
                if let Some(node) = nodes.get(id) {
                    self.did(node, input, effects, tally);
                }
                let before = self.views.insert(id, *view);
                let led = before.is_some_and(|view| view.role == RoleName::Leader);
                if led != (view.role == RoleName::Leader) {
                    let leaders = nodes.iter().filter(|(_, node)| node.is_leader()).count();
                    if leaders > 1 && leaders > self.leaders {
                        tally.reach("two_servers_led_at_once");
                    }
                    self.leaders = leaders;
                }
            }
            What::Booted { view, .. } => {
                self.views.insert(id, *view);
            }
            What::Crashed { .. } => {
                let view = self.views.remove(&id);
                if view.is_some_and(|view| {
                    view.role == RoleName::Leader && view.commit_index < view.last_log_index
                }) {
                    tally.reach("leader_crashed_with_uncommitted_entries");
                }
            }
            What::Ended { .. } => tally.reach("server_ended_for_good"),
            _ => {}
        }
    }
}

impl RaftSometimes {
    fn asked(&mut self, id: NodeId, input: &Input<Server>, view: &View, tally: &mut Tally) {
        let Input::Request(Caller { client, number, .. }, command @ Command::Get { .. }) = input else {
            return;
        };
        debug_assert!(Store::is_read_only(command));
        if view.role == RoleName::Leader
            && let Some(before) = self.reads.insert((*client, *number), id)
            && before != id
        {
            tally.reach("read_was_asked_again_at_another_leader");
        }
    }

    fn did(&mut self, node: &Server, input: &Input<Server>, effects: &[Effect<Server>], tally: &mut Tally) {
        let before = self.views.get(&node.id());
        for effect in effects {
            match effect {
                Effect::Persist(Record::Append { after, .. })
                    if before.is_some_and(|view| *after < view.last_log_index) =>
                {
                    tally.reach("entry_was_overwritten");
                }
                Effect::Event(event) => self.noted(node, before.copied(), input, event, tally),
                _ => {}
            }
            if let Effect::Event(RaftEvent::BecameCandidate { term }) = effect
                && *self.candidates.entry(*term).or_insert(node.id()) != node.id()
            {
                tally.reach("candidates_shared_a_term");
            }
        }
    }

    fn noted(
        &self,
        node: &Server,
        before: Option<View>,
        input: &Input<Server>,
        event: &RaftEvent,
        tally: &mut Tally,
    ) {
        match event {
            RaftEvent::BecameLeader { .. } => {
                // Its first entry, of its own term, is not what it came with.
                let inherited = node.log().slice(node.commit_index(), node.log().last_index());
                if inherited.iter().any(|entry| entry.term < node.current_term()) {
                    tally.reach("leader_changed_with_uncommitted_entries");
                }
            }
            RaftEvent::Voted { granted: false, .. } | RaftEvent::PreVoted { granted: false, .. } => {
                let Input::Message(_, message) = input else { return };
                let (Body::RequestVote(last_log) | Body::PreVote(last_log)) = &message.body else { return };
                if *last_log < node.log().last() {
                    tally.reach("vote_was_refused_for_an_outdated_log");
                }
            }
            RaftEvent::CommitAdvanced { term, index } if node.is_leader() => {
                let from = before.map_or(Index::ZERO, |view| view.commit_index);
                if node.log().slice(from, *index).iter().any(|entry| entry.term < *term) {
                    tally.reach("earlier_term_was_committed_by_a_later_one");
                }
            }
            RaftEvent::HandledAppendEntries { matched: false, term, .. } => {
                let is_current = matches!(input, Input::Message(_, message) if message.term == *term);
                if is_current {
                    tally.reach("logs_had_diverged");
                }
            }
            RaftEvent::SawCallAgain { .. } => tally.reach("command_was_seen_again"),
            RaftEvent::LostQuorum { .. } => tally.reach("leader_lost_its_quorum"),
            _ => {}
        }
    }
}

/// What a scenario may wait for.
pub(super) fn predicates() -> Predicates<Server> {
    let uncommitted = |nodes: Nodes<'_, Server>| {
        let has = |node: &Server| node.is_leader() && node.commit_index() < node.log().last_index();
        nodes.iter().find(|(_, node)| has(node)).map(|(id, _)| id)
    };
    let candidate = |nodes: Nodes<'_, Server>| {
        nodes.iter().find(|(_, node)| node.role_name() == RoleName::Candidate).map(|(id, _)| id)
    };
    // The one of the later term, which the other does not know of.
    let two_leaders = |nodes: Nodes<'_, Server>| {
        let leaders = || nodes.iter().filter(|(_, node)| node.is_leader());
        (leaders().count() > 1)
            .then(|| leaders().max_by_key(|(_, node)| node.current_term()))
            .flatten()
            .map(|(id, _)| id)
    };
    let lags = |nodes: Nodes<'_, Server>| {
        let furthest = nodes.iter().map(|(_, node)| node.commit_index().0).max()?;
        nodes.iter().find(|(_, node)| node.commit_index().0 + 20 < furthest).map(|(id, _)| id)
    };
    Predicates::default()
        .with("leader_has_uncommitted_entries", uncommitted)
        .with("candidate_stands", candidate)
        .with("two_servers_lead", two_leaders)
        .with("server_lags_behind", lags)
}
