//! What a run of atomic commit should come into sometimes: the situations for which its rules are there.
use std::{collections::BTreeMap, marker::PhantomData};

use synod_atomic_commit::{CommitEvent, TxnId, View};
use synod_protocol::{Effect, NodeId, Nodes, Place, Step, What};
use synod_simulator::{Predicates, Sometimes, Tally};

use super::Style;

/// Remembers what a step alone does not show.
#[derive(Debug)]
pub(super) struct CommitSometimes<P> {
    views: BTreeMap<NodeId, View>,
    of: PhantomData<fn(P)>,
}

impl<P> Default for CommitSometimes<P> {
    fn default() -> Self {
        CommitSometimes { views: BTreeMap::new(), of: PhantomData }
    }
}

impl<P: Style> Sometimes<P> for CommitSometimes<P> {
    fn names(&self) -> &'static [&'static str] {
        P::SOMETIMES
    }

    fn watch(&mut self, step: &Step<'_, P>, nodes: Nodes<'_, P>, tally: &mut Tally) {
        let Place::Node(id) = step.place else { return };
        match &step.what {
            What::Handled { effects, view, .. } | What::Booted { effects, view, .. } => {
                self.views.insert(id, *view);
                for effect in effects.iter() {
                    if let Effect::Event(event) = effect {
                        noted::<P>(id, event, nodes, tally);
                    }
                }
            }
            What::Crashed { .. } => {
                let Some(view) = self.views.remove(&id) else { return };
                if view.open > 0 {
                    reach::<P>(tally, "coordinator_crashed_before_it_decided");
                }
                if view.unacknowledged > 0 {
                    reach::<P>(tally, "coordinator_crashed_between_decision_and_last_ack");
                }
                if view.prepared > 0 {
                    reach::<P>(tally, "participant_crashed_after_it_promised");
                }
            }
            What::Ended { .. } => reach::<P>(tally, "node_ended_for_good"),
            _ => {}
        }
    }
}

/// Some situations are of some protocols only.
fn reach<P: Style>(tally: &mut Tally, name: &str) {
    if P::SOMETIMES.contains(&name) {
        tally.reach(name);
    }
}

fn noted<P: Style>(id: NodeId, event: &CommitEvent, nodes: Nodes<'_, P>, tally: &mut Tally) {
    let mut reach = |name| reach::<P>(tally, name);
    match event {
        CommitEvent::InDoubt { txn } => {
            reach("participant_asked_in_doubt");
            if are_blocked(*txn, nodes) {
                reach("participants_were_blocked");
            }
        }
        CommitEvent::Presumed { .. } => reach("abort_was_presumed"),
        CommitEvent::SawCallAgain { .. } => reach("call_was_seen_again"),
        CommitEvent::SentAgain { .. } => reach("commit_was_sent_again"),
        CommitEvent::Refused { holder: Some(_), .. } => reach("transaction_was_refused_for_a_lock"),
        CommitEvent::Refused { holder: None, .. } => reach("participant_refused_because_another_asked"),
        CommitEvent::Told { to, .. } if *to != id => reach("participant_was_told_by_another"),
        CommitEvent::PreCommitted { .. } => reach("participant_pre_committed"),
        CommitEvent::TookOver { .. } => reach("participant_took_over"),
        CommitEvent::StartedBallot { .. } => reach("later_ballot_was_begun"),
        _ => {}
    }
}

/// Somebody is in doubt, its coordinator is down, and whoever took part and is up has promised too.
fn are_blocked<P: Style>(txn: TxnId, nodes: Nodes<'_, P>) -> bool {
    let in_doubt = nodes.iter().find_map(|(_, node)| Some((node, node.branches().branch(txn)?)));
    let Some((node, branch)) = in_doubt else { return false };
    let mut up = branch.participants.iter().filter_map(|participant| nodes.get(*participant));
    nodes.get(node.config().home(txn.client)).is_none()
        && up.all(|node| node.branches().branch(txn).is_some())
}

/// What a scenario may wait for.
pub(super) fn predicates<P: Style>() -> Predicates<P> {
    fn first<P: Style>(nodes: Nodes<'_, P>, is_it: impl Fn(View) -> bool) -> Option<NodeId> {
        nodes.iter().find(|(_, node)| is_it(node.view())).map(|(id, _)| id)
    }
    Predicates::default()
        .with("coordinator_waits_for_votes", |nodes| first(nodes, |view| view.open > 0))
        .with("coordinator_waits_for_acks", |nodes| first(nodes, |view| view.unacknowledged > 0))
        .with("participant_has_promised", |nodes| first(nodes, |view| view.prepared > 0))
}
