//! Transactions, as they are told to a person and as spans.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use synod_atomic_commit::{CommitEvent, Decision, Protocol, Transaction, TxnId, View};
use synod_protocol::{Effect, NodeId, Time};
use synod_telemetry::{Milestone, Narrator, Story};

use super::in_past;
use crate::algorithm::{Chronicle, Line, in_words};

/// What became of the transactions.
#[derive(Debug, Default)]
pub struct CommitChronicle {
    begun: u64,
    decided: BTreeMap<TxnId, Decision>,
    /// Who asked, about what.
    doubts: BTreeSet<(NodeId, TxnId)>,
    presumed: u64,
    refused: u64,
    taken_over: u64,
}

impl<N: Protocol> Chronicle<N> for CommitChronicle {
    fn tell(&mut self, _: Time, node: NodeId, event: &CommitEvent) -> Option<Line> {
        let detail = || Some(Line::detail(format!("{node} {}", in_words(event))));
        match event {
            CommitEvent::Began { .. } => {
                self.begun += 1;
                detail()
            }
            CommitEvent::Refused { .. } => {
                self.refused += 1;
                detail()
            }
            CommitEvent::Decided { txn, decision } | CommitEvent::Learned { txn, decision } => {
                self.decided.insert(*txn, *decision);
                let was_in_doubt = self.doubts.remove(&(node, *txn));
                let text =
                    format!("{node} learns that {txn}, of which it was in doubt, {}", in_past(*decision));
                if was_in_doubt { Some(Line::new(text)) } else { detail() }
            }
            CommitEvent::InDoubt { txn } => {
                let is_new = self.doubts.insert((node, *txn));
                let text = format!("{node} is in doubt about {txn}, and asks");
                Some(if is_new { Line::new(text) } else { Line::detail(text) })
            }
            CommitEvent::Presumed { txn, to } => {
                self.presumed += 1;
                Some(Line::detail(format!("{node} knows nothing of {txn}: {to} is told that it aborted")))
            }
            CommitEvent::TookOver { txn } => {
                self.taken_over += 1;
                Some(Line::new(format!("{node} takes over {txn}")))
            }
            CommitEvent::StartedBallot { txn, ballot } => {
                self.taken_over += 1;
                Some(Line::new(format!("{node} begins ballot {ballot} for {txn}")))
            }
            _ => None,
        }
    }

    fn summary(&self) -> Map<String, Value> {
        let transactions = json!({
            "begun": self.begun,
            "committed": self.committed(),
            "aborted": self.decided.len() - self.committed(),
            "refused": self.refused,
            "presumed": self.presumed,
            "taken_over": self.taken_over,
            "still_in_doubt": self.doubts.len(),
        });
        Map::from_iter([("transactions".to_owned(), transactions)])
    }

    fn in_a_line(&self) -> String {
        let (committed, decided) = (self.committed(), self.decided.len());
        let begun = self.begun;
        format!("transactions {begun} begun, {committed} committed, {} aborted", decided - committed)
    }
}

impl CommitChronicle {
    fn committed(&self) -> usize {
        self.decided.values().filter(|decision| **decision == Decision::Commit).count()
    }
}

/// An event in the few words that fit into a diagram.
pub(super) fn caption(event: &CommitEvent) -> Option<String> {
    Some(match event {
        CommitEvent::Began { txn, .. } => format!("begins {txn}"),
        CommitEvent::Prepared { txn } => format!("promises {txn}"),
        CommitEvent::Refused { txn, holder: Some(holder) } => format!("refuses {txn}: {holder} has a lock"),
        CommitEvent::Refused { txn, holder: None } => format!("refuses {txn} for ever"),
        CommitEvent::Decided { txn, decision } => format!("DECIDES: {txn} {}", in_past(*decision)),
        CommitEvent::Learned { txn, decision } => format!("{txn} {}", in_past(*decision)),
        CommitEvent::Forgot { txn } => format!("forgets {txn}"),
        CommitEvent::InDoubt { txn } => format!("in doubt about {txn}"),
        CommitEvent::Told { txn, to, decision } => format!("tells {to}: {txn} {}", in_past(*decision)),
        CommitEvent::Presumed { txn, .. } => format!("knows nothing of {txn}: abort"),
        CommitEvent::StartedPreCommit { txn } => format!("all said yes to {txn}"),
        CommitEvent::PreCommitted { txn } => format!("pre-commits {txn}"),
        CommitEvent::TookOver { txn } => format!("TAKES OVER {txn}"),
        CommitEvent::Accepted { txn, ballot, of } => format!("accepts {of}'s vote on {txn} in {ballot}"),
        CommitEvent::Promised { txn, ballot } => format!("promises ballot {ballot} of {txn}"),
        CommitEvent::StartedBallot { txn, ballot } => format!("BEGINS BALLOT {ballot} of {txn}"),
        CommitEvent::OutOfBallots { txn } => format!("has no ballot left for {txn}"),
        CommitEvent::Proposed { txn, ballot } => format!("proposes in ballot {ballot} of {txn}"),
        CommitEvent::SawCallAgain { txn } => format!("knows {txn}"),
        CommitEvent::IgnoredNonsense { .. } => "ignores it".into(),
        CommitEvent::Restarted { .. }
        | CommitEvent::GotVote { .. }
        | CommitEvent::GotAck { .. }
        | CommitEvent::SentAgain { .. }
        | CommitEvent::GotPreAck { .. }
        | CommitEvent::ToldState { .. }
        | CommitEvent::GotState { .. }
        | CommitEvent::IgnoredStale { .. } => return None,
    })
}

/// A trace per transaction: that of the call which asked for it.
#[derive(Debug, Default)]
pub struct CommitNarrator;

fn story(txn: TxnId) -> Story {
    Story::call(txn.client, txn.number)
}

impl<N: Protocol> Narrator<N> for CommitNarrator {
    fn service(&self, node: NodeId) -> String {
        format!("{}-{node}", N::NAME)
    }

    fn timer_story(&mut self, _: NodeId, timer: N::Timer, _: &[Effect<N>], _: &View) -> Option<Story> {
        Some(story(N::txn_of_timer(timer)))
    }

    fn message_stories(&mut self, _: NodeId, _: NodeId, message: &N::Message) -> Vec<Story> {
        vec![story(N::txn_of(message))]
    }

    fn milestones(&mut self, _: NodeId, event: &CommitEvent) -> Vec<Milestone> {
        match event {
            CommitEvent::Prepared { txn }
            | CommitEvent::Refused { txn, .. }
            | CommitEvent::Decided { txn, .. }
            | CommitEvent::InDoubt { txn }
            | CommitEvent::Learned { txn, .. }
            | CommitEvent::PreCommitted { txn }
            | CommitEvent::TookOver { txn }
            | CommitEvent::StartedBallot { txn, .. } => vec![Milestone::of(story(*txn))],
            _ => Vec::new(),
        }
    }

    fn request_title(&self, transaction: &Transaction) -> String {
        transaction.to_string()
    }
}
