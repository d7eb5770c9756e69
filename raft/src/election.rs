//! Leader election (§5.2), who may win it (§5.4.1), and how not to disturb a leader that works
//! (dissertation §4.2.3, §6.2, §9.6).
//!
//! ```text
//!                  no word from the leader          election timeout
//!    ┌── Follower ───────────────────────▶ Follower ────────────────▶ PreCandidate ◀─┐ election
//!    │  of a leader                       of nobody                        │         │ timeout
//!    │      ▲                                 ▲                            │ quorum  │
//!    │      │ AppendEntries of this term      │ later term,                │ would   │
//!    │      └─────────── from any ────────────┤ vote granted               ▼         │
//!    │                                        └── from any ◀────────── Candidate ────┘
//!    │                                            ▲                       │ quorum voted
//!    └────────────────────────────────────────────┴────── Leader ◀────────┘
//!                                   later term, or no quorum heard
//! ```
use alloc::collections::BTreeSet;
use core::{mem, time::Duration};

use synod_protocol::{Effects, NodeId, StateMachine};

use crate::{
    Raft, Term,
    event::RaftEvent,
    message::{Body, LastLog},
    node::{Role, Timer},
    record::Record,
};

/// Asking for votes.
impl<S: StateMachine> Raft<S> {
    /// The leader was not heard for the shortest election timeout: this server would help to replace it
    /// now, and after a random while tries itself. Both spans together are the paper's election timeout.
    ///
    /// Spec: Raft!ForgetLeader · dissertation §4.2.3
    pub(crate) fn forget_leader(&mut self, out: &mut Effects<Self>) {
        let Role::Follower { leader: Some(leader) } = self.role else { return };
        out.note(RaftEvent::LostLeader { term: self.current_term(), leader });
        self.role = Role::Follower { leader: None };
        let timeout = &self.config.election_timeout;
        out.set_timer(Timer::Election, Duration::ZERO..timeout.end - timeout.start);
    }

    /// Asks whether it could win, before it disturbs anybody with a new term: a server that was cut off
    /// comes back with the term that it left with.
    ///
    /// Spec: Raft!StartPreVote · dissertation §9.6
    pub(crate) fn start_pre_vote(&mut self, out: &mut Effects<Self>) {
        if self.is_leader() {
            return;
        }
        out.note(RaftEvent::BecamePreCandidate { term: self.current_term() });
        self.role = Role::PreCandidate { granted: BTreeSet::from([self.id]) };
        // "If election timeout elapses: start new election": also when this question gets no answer.
        out.set_timer(Timer::Election, self.config.election_timeout.clone());
        for peer in self.peers() {
            self.send(peer, Body::PreVote(self.log().last()), out);
        }
        self.count_votes(out);
    }

    /// "On conversion to candidate, start election: increment currentTerm, vote for self, reset election
    /// timer, send RequestVote RPCs to all other servers."
    ///
    /// Spec: Raft!StartElection · §5.2
    fn start_election(&mut self, out: &mut Effects<Self>) {
        // There is no later term: it follows, votes and asks, and stands for election no more.
        let Some(term) = self.current_term().next() else { return out.note(RaftEvent::OutOfTerms) };
        out.note(RaftEvent::BecameCandidate { term });
        self.persistent.write(Record::Vote { current_term: term, voted_for: Some(self.id) }, out);
        self.role = Role::Candidate { granted: BTreeSet::from([self.id]) };
        out.set_timer(Timer::Election, self.config.election_timeout.clone());
        for peer in self.peers() {
            self.send(peer, Body::RequestVote(self.log().last()), out);
        }
        self.count_votes(out);
    }

    /// Goes one step further if a quorum said yes.
    fn count_votes(&mut self, out: &mut Effects<Self>) {
        match &self.role {
            Role::PreCandidate { granted } if self.quorum.reached(|member| granted.contains(&member)) => {
                self.start_election(out);
            }
            Role::Candidate { granted } if self.quorum.reached(|member| granted.contains(&member)) => {
                self.become_leader(out);
            }
            _ => {}
        }
    }

    pub(crate) fn on_pre_vote_reply(
        &mut self,
        from: NodeId,
        term: Term,
        granted: bool,
        out: &mut Effects<Self>,
    ) {
        if matches!(self.role, Role::PreCandidate { .. }) {
            self.on_vote(from, term, granted, out);
        }
    }

    pub(crate) fn on_request_vote_reply(
        &mut self,
        from: NodeId,
        term: Term,
        granted: bool,
        out: &mut Effects<Self>,
    ) {
        if matches!(self.role, Role::Candidate { .. }) {
            self.on_vote(from, term, granted, out);
        }
    }

    /// A vote counts in the term that it was given in, and once, however often it comes.
    ///
    /// Spec: Raft!HandleVoteReply · §5.2
    fn on_vote(&mut self, voter: NodeId, term: Term, granted: bool, out: &mut Effects<Self>) {
        if term != self.current_term() {
            return;
        }
        out.note(RaftEvent::GotVote { term, voter, granted });
        if let Role::PreCandidate { granted: votes } | Role::Candidate { granted: votes } = &mut self.role
            && granted
        {
            votes.insert(voter);
        }
        self.count_votes(out);
    }
}

/// Giving votes.
impl<S: StateMachine> Raft<S> {
    /// A vote without obligation: nothing is stored and no timer is touched, so that a server which can
    /// never win cannot keep others from trying.
    ///
    /// The answer carries our term: a server that lags behind must learn it, or it would be refused for
    /// ever.
    ///
    /// Spec: Raft!HandlePreVoteRequest · dissertation §9.6
    pub(crate) fn on_pre_vote(
        &mut self,
        from: NodeId,
        term: Term,
        last_log: LastLog,
        out: &mut Effects<Self>,
    ) {
        // A leader that restarts may be helped by those who still believe in it.
        let hears_another_leader = self.leader().is_some_and(|leader| leader != from);
        let granted = term == self.current_term() && !hears_another_leader && self.is_up_to_date(last_log);
        out.note(RaftEvent::PreVoted { term: self.current_term(), candidate: from, granted });
        self.send(from, Body::PreVoteReply { granted }, out);
    }

    /// "1. Reply false if term < currentTerm. 2. If votedFor is null or candidateId, and candidate's log is
    /// at least as up-to-date as receiver's log, grant vote."
    ///
    /// Spec: Raft!HandleRequestVoteRequest · §5.2, §5.4.1
    pub(crate) fn on_request_vote(
        &mut self,
        from: NodeId,
        term: Term,
        last_log: LastLog,
        out: &mut Effects<Self>,
    ) {
        let current_term = self.current_term();
        let free = self.voted_for().is_none_or(|candidate| candidate == from);
        // Who knows the leader of this very term knows as well that this election is over.
        let granted = term == current_term && free && self.leader().is_none() && self.is_up_to_date(last_log);
        out.note(RaftEvent::Voted { term: current_term, candidate: from, granted });
        if granted {
            if self.voted_for().is_none() {
                // Before the reply: else a crash could let this server vote again in this term.
                self.persistent.write(Record::Vote { current_term, voted_for: Some(from) }, out);
            }
            self.become_follower(None, out);
            // "… without receiving AppendEntries RPC from current leader or granting vote to candidate".
            out.set_timer(Timer::Election, self.config.election_timeout.clone());
        }
        self.send(from, Body::RequestVoteReply { granted }, out);
    }

    /// Is a log that ends like this at least as up-to-date as ours (§5.4.1)? The restriction that makes
    /// Leader Completeness hold: a majority stores each committed entry, a majority votes, and they share
    /// a server, which does not vote for less than it has.
    fn is_up_to_date(&self, last_log: LastLog) -> bool {
        last_log >= self.log().last()
    }
}

/// Following, and ceasing to lead.
impl<S: StateMachine> Raft<S> {
    /// Follows the leader of the current term, or nobody. Sets the timers as [`Timer`] says.
    pub(crate) fn become_follower(&mut self, leader: Option<NodeId>, out: &mut Effects<Self>) {
        let contact = self.config.election_timeout.start;
        // Mostly it hears its leader once more, and nothing changes but the timer.
        if matches!(self.role, Role::Follower { leader: known @ Some(_) } if known == leader) {
            return out.set_timer(Timer::LeaderContact, contact..contact);
        }
        let before = mem::replace(&mut self.role, Role::Follower { leader });
        let mut election_is_armed = true;
        match before {
            Role::Leader(leadership) => {
                election_is_armed = false;
                out.cancel_timer(Timer::Heartbeat);
                out.cancel_timer(Timer::CheckQuorum);
                leadership.reads.redirect(leader, out);
            }
            Role::Follower { leader: Some(_) } => {
                election_is_armed = false;
                if leader.is_none() {
                    out.cancel_timer(Timer::LeaderContact);
                }
            }
            Role::Follower { leader: None } | Role::PreCandidate { .. } | Role::Candidate { .. } => {
                if leader.is_some() {
                    out.cancel_timer(Timer::Election);
                }
            }
        }
        if leader.is_some() {
            out.set_timer(Timer::LeaderContact, contact..contact);
        } else if !election_is_armed {
            out.set_timer(Timer::Election, self.config.election_timeout.clone());
        }
    }

    /// "A leader steps down if an election timeout elapses without a successful round of heartbeats to a
    /// majority of its cluster": its clients shall look for another.
    ///
    /// Spec: Raft!StepDown · dissertation §6.2
    pub(crate) fn check_quorum(&mut self, out: &mut Effects<Self>) {
        let term = self.current_term();
        let me = self.id;
        let Role::Leader(leadership) = &mut self.role else { return };
        let heard = |member| leadership.followers.get(member).is_some_and(|progress| progress.heard);
        if self.quorum.reached(|member| member == me || heard(member)) {
            leadership.followers.iter_mut().for_each(|progress| progress.heard = false);
            self.arm_check_quorum(out);
        } else {
            out.note(RaftEvent::LostQuorum { term });
            self.become_follower(None, out);
        }
    }

    pub(crate) fn arm_check_quorum(&self, out: &mut Effects<Self>) {
        let longest = self.config.election_timeout.end;
        out.set_timer(Timer::CheckQuorum, longest..longest);
    }
}
