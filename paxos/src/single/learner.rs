//! The learner (§2.3): a value is chosen when a quorum voted for it in one ballot.
use core::mem;

use synod_protocol::{Data, Effects, NodeId};

use crate::Ballot;

use super::{Paxos, PaxosEvent, Vote, node::Timer, proposer::Proposer};

impl<V: Data> Paxos<V> {
    /// "The obvious algorithm is to have each acceptor, whenever it accepts a proposal, respond to all
    /// learners."
    ///
    /// Votes of *different* ballots do not add up, though they be for the same value: a quorum must have
    /// voted in one. Each acceptor's latest vote is enough to remember: a quorum that moved on to a later
    /// ballot votes for the same value there.
    pub(crate) fn on_accepted(&mut self, from: NodeId, ballot: Ballot, value: &V, out: &mut Effects<Self>) {
        self.highest = self.highest.max(ballot);
        let known = self.votes.get(&from);
        if self.votes.values().any(|vote| vote.ballot == ballot && vote.value != *value) {
            return out.note(PaxosEvent::IgnoredNonsense { from });
        }
        if self.chosen.is_some() || known.is_some_and(|vote| vote.ballot >= ballot) {
            return;
        }
        let vote = Vote { ballot, value: value.clone() };
        self.votes.insert(from, vote.clone());
        let voted_in_it = |member| self.votes.get(&member).is_some_and(|vote| vote.ballot == ballot);
        if self.quorums.phase_2.reached(voted_in_it) {
            self.learn(vote, out);
        }
    }

    /// It is over: whoever waited is told what was chosen, whatever they proposed.
    fn learn(&mut self, chosen: Vote<V>, out: &mut Effects<Self>) {
        out.note(PaxosEvent::Learned { ballot: chosen.ballot });
        (self.proposer, self.tries) = (Proposer::Idle, 0);
        out.cancel_timer(Timer::Retry);
        for (caller, _) in mem::take(&mut self.waiting) {
            out.reply(caller, chosen.value.clone());
        }
        self.chosen = Some(chosen);
    }
}
