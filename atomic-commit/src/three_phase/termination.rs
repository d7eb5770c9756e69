//! Termination without the coordinator, and recovery (Bernstein, Hadzilacos & Goodman 1987, §7.5).
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

use synod_protocol::{Effects, NodeId};

use crate::{
    CommitEvent, TxnId,
    store::Past,
    three_phase::{Body, Standing, ThreePhase, Timer},
    transaction::Decision,
};

/// What the others said to one who took over or came back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asking {
    participants: Arc<[NodeId]>,
    /// How things stand there, and whether it was down.
    states: BTreeMap<NodeId, (Standing, bool)>,
    /// Pre-commits were sent; with the end of patience comes the commit.
    is_pre_committing: bool,
}

impl ThreePhase {
    /// A participant that heard nothing for too long takes the coordinator for failed and asks all others how things
    /// stand. One that was down asks, too; what it may conclude is another matter.
    ///
    /// Spec: ThreePhase!TakeOver, ThreePhase!Ask
    pub(crate) fn take_over(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let branch = self.persistent.branches.branch(txn).map(|branch| Arc::clone(&branch.participants));
        let begun = self.persistent.begun.get(&txn).map(|begun| Arc::clone(&begun.participants));
        let Some(participants) = branch.or(begun) else { return };
        if self.standing(txn).is_none_or(|standing| matches!(standing, Standing::Decided(_))) {
            return;
        }
        match self.recovered.contains(&txn) {
            true => out.note(CommitEvent::InDoubt { txn }),
            false => out.note(CommitEvent::TookOver { txn }),
        }
        let asking = Asking { participants, states: BTreeMap::new(), is_pre_committing: false };
        for node in self.others(txn, &asking.participants) {
            self.send(node, txn, Body::AskState, out);
        }
        self.asking.insert(txn, asking);
        out.set_timer(Timer::Conclude(txn), self.config.patience..self.config.patience);
    }

    /// Everybody who takes part in it, but this node.
    fn others(&self, txn: TxnId, participants: &[NodeId]) -> Vec<NodeId> {
        let home = self.config.home(txn.client);
        let coordinator = [home].into_iter().filter(|home| !participants.contains(home));
        participants.iter().copied().chain(coordinator).filter(|node| *node != self.id).collect()
    }

    /// How far a transaction has come here, in both roles; `None` if nothing is known of it, or no more.
    pub(crate) fn standing(&self, txn: TxnId) -> Option<Standing> {
        let begun = self.persistent.begun.get(&txn);
        let as_coordinator = begun.map(|begun| match (begun.decision, &begun.response) {
            (Some(decision), _) => Standing::Decided(decision),
            (None, Some(_)) => Standing::PreCommitted,
            (None, None) => Standing::Uncertain,
        });
        let branches = &self.persistent.branches;
        let as_participant = match branches.branch(txn) {
            Some(_) if self.persistent.pre_committed.contains(&txn) => Some(Standing::PreCommitted),
            Some(_) => Some(Standing::Uncertain),
            None => match branches.past(txn) {
                Past::Closed(close) => Some(Standing::Decided(close.decision())),
                Past::Never | Past::Forgotten => None,
            },
        };
        as_coordinator.max(as_participant)
    }

    /// One that has not voted refuses to, and has decided by that: nobody can have committed, nor will.
    ///
    /// Spec: ThreePhase!TellState, ThreePhase!Refuse
    pub(crate) fn on_ask_state(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        let never_voted = self.persistent.branches.branch(txn).is_none()
            && self.persistent.branches.past(txn) == Past::Never;
        if never_voted && self.takes_part(txn) {
            self.refuse(txn, None, out);
        }
        let Some(standing) = self.standing(txn) else { return out.note(CommitEvent::IgnoredStale { txn }) };
        out.note(CommitEvent::ToldState { txn, to: from });
        let was_down = self.recovered.contains(&txn);
        self.send(from, txn, Body::State { standing, was_down }, out);
        // Who asks has taken over: it is its turn now.
        if let Some(branch) = self.persistent.branches.branch(txn)
            && !was_down
            && !self.asking.contains_key(&txn)
        {
            out.set_timer(Timer::Doubt(txn), self.doubt(branch));
        }
    }

    /// Spec: ThreePhase!HandleState
    pub(crate) fn on_state(
        &mut self,
        from: NodeId,
        txn: TxnId,
        standing: Standing,
        was_down: bool,
        out: &mut Effects<Self>,
    ) {
        let Some(asking) = self.asking.get_mut(&txn) else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        if !asking.participants.contains(&from) && self.config.home(txn.client) != from {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        out.note(CommitEvent::GotState { txn, from });
        asking.states.insert(from, (standing, was_down));
        if let Standing::Decided(decision) = standing {
            self.end(txn, decision, out);
        }
    }

    /// Patience is over: whoever has not answered has failed.
    ///
    /// Spec: ThreePhase!StartPreCommit, ThreePhase!SpreadPreCommit, ThreePhase!Learn
    pub(crate) fn conclude(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let (Some(asking), Some(standing)) = (self.asking.get(&txn), self.standing(txn)) else { return };
        let was_down = self.recovered.contains(&txn);
        // As a coordinator, meanwhile.
        if let Standing::Decided(decision) = standing {
            return self.end(txn, decision, out);
        }
        if asking.is_pre_committing {
            return self.end(txn, Decision::Commit, out);
        }
        let all: Vec<(NodeId, Standing, bool)> = asking
            .states
            .iter()
            .map(|(node, (standing, was_down))| (*node, *standing, *was_down))
            .chain([(self.id, standing, was_down)])
            .collect();
        if was_down {
            // Somebody who is up all the time will tell, or somebody who is not back may know.
            let is_total_failure =
                all.len() == self.others(txn, &asking.participants).len() + 1 && all.iter().all(|it| it.2);
            if !is_total_failure {
                self.asking.remove(&txn);
                return out.set_timer(Timer::Doubt(txn), self.config.doubt.clone());
            }
            let is_committable = all.iter().any(|it| it.1 == Standing::PreCommitted);
            let decision = if is_committable { Decision::Commit } else { Decision::Abort };
            return self.end(txn, decision, out);
        }
        let up: Vec<(NodeId, Standing)> = all.iter().filter(|it| !it.2).map(|it| (it.0, it.1)).collect();
        // All who are up are uncertain: then nobody has committed, up or not.
        if up.iter().all(|(_, standing)| *standing == Standing::Uncertain) {
            return self.end(txn, Decision::Abort, out);
        }
        // Somebody knows that all voted yes. Before anybody commits, all who are up shall know.
        out.note(CommitEvent::StartedPreCommit { txn });
        for (node, _) in up.iter().filter(|(_, standing)| *standing == Standing::Uncertain) {
            self.send(*node, txn, Body::PreCommit, out);
        }
        if let Some(asking) = self.asking.get_mut(&txn) {
            asking.is_pre_committing = true;
        }
        out.set_timer(Timer::Conclude(txn), self.config.patience..self.config.patience);
    }

    /// The decision is carried out here, and told to everybody.
    fn end(&mut self, txn: TxnId, decision: Decision, out: &mut Effects<Self>) {
        let Some(asking) = self.asking.remove(&txn) else { return };
        let others = self.others(txn, &asking.participants);
        self.on_decision(txn, decision, out);
        let body = if decision == Decision::Commit { Body::Commit } else { Body::Abort };
        for node in others {
            self.send(node, txn, body.clone(), out);
        }
    }
}
