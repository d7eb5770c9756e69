//! Phase 1, once for all slots (§3), and what makes a server begin it.
//!
//! ```text
//!                no word from the leader          election timeout
//!   ┌── Follower ───────────────────────▶ Follower ────────────────▶ Candidate ◀─┐ election timeout, or
//!   │  of a leader                       of nobody                     │   ▲     │ somebody promised more
//!   │      ▲                                 ▲                         │   └─────┤
//!   │      │ Accept                          │ promised another         │ phase-1 quorum promised
//!   │      └──────────── from any ───────────┴───────── from any        ▼         │
//!   │                                        ▲                       Leader ──────┘
//!   └────────────────────────────────────────┴──────────────────────────┘
//!                                              no phase-2 quorum heard
//! ```
//!
//! "In normal operation, a single server is elected to be the leader" (§3): which one is no matter of safety.
//! Any number may think that they lead; ballots decide.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use core::{mem, ops::Range, time::Duration};

use synod_protocol::{Effects, NodeId, StateMachine};

use crate::Ballot;

use super::{
    MultiPaxos, MultiPaxosEvent, MultiPaxosMessage, Promise, Record, Slot, Vote,
    node::{Role, Timer},
};

/// So many times longer waits a server that is no acceptor.
const OUTSIDER: u32 = 4;

/// A server in phase 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Candidacy<C> {
    /// Who promised.
    pub(crate) promises: BTreeSet<NodeId>,
    /// Of each slot after `chosen`, the vote of the highest ballot that the promises told of.
    latest: BTreeMap<Slot, Vote<C>>,
}

/// The candidate's side.
impl<S: StateMachine> MultiPaxos<S> {
    /// The leader was not heard for the shortest election timeout: this server would promise another one its
    /// help now, and after a random while tries itself.
    pub(crate) fn forget_leader(&mut self, out: &mut Effects<Self>) {
        let Role::Follower { leader: Some(leader) } = self.role else { return };
        out.note(MultiPaxosEvent::LostLeader { leader });
        self.role = Role::Follower { leader: None };
        let (timeout, waited) = (self.election_timeout(), self.config.election_timeout.start);
        out.set_timer(Timer::Election, timeout.start - waited..timeout.end - waited);
    }

    /// Begins a ballot that overrules every one it has heard of, for all slots that are not known to be
    /// chosen. Its own promise is what makes it remember the ballot: after a restart it begins a later one.
    ///
    /// Spec: MultiPaxos!Prepare · §2.2, §3
    pub(crate) fn prepare(&mut self, out: &mut Effects<Self>) {
        let Some(ballot) = self.highest.overruled_by(self.id) else {
            return out.note(MultiPaxosEvent::OutOfBallots);
        };
        if self.is_bound_to_another(self.id, out) {
            return out.set_timer(Timer::Election, self.election_timeout());
        }
        let chosen = self.chosen;
        if self.is_leader() {
            // Its ballot was refused by somebody who promised more.
            self.follow(None, out);
        }
        out.note(MultiPaxosEvent::Prepared { ballot, chosen });
        self.persistent.write(Record::Promised(ballot), out);
        self.highest = ballot;
        let own = self.persistent.votes.range(chosen.next()..);
        self.role = Role::Candidate(Candidacy {
            promises: BTreeSet::from([self.id]),
            latest: own.map(|(slot, vote)| (*slot, vote.clone())).collect(),
        });
        out.set_timer(Timer::Election, self.election_timeout());
        for peer in self.peers() {
            out.send(peer, MultiPaxosMessage::Prepare { ballot, chosen });
        }
        self.count_promises(out);
    }

    /// Of what the promises tell, the vote of the highest ballot counts, slot by slot: the argument is that
    /// of single-decree Paxos (`single::Paxos::propose`), and each slot is an instance of it.
    ///
    /// A snapshot counts as well: it stands for slots of which this server knows no values, and which are
    /// chosen.
    ///
    /// Spec: MultiPaxos!HandlePromise
    pub(crate) fn on_promise(&mut self, from: NodeId, promise: &Promise<S>, out: &mut Effects<Self>) {
        if promise.ballot != self.promised() || !matches!(self.role, Role::Candidate(_)) {
            return;
        }
        out.note(MultiPaxosEvent::GotPromise { ballot: promise.ballot, acceptor: from });
        if let Some(snapshot) = &promise.snapshot {
            self.install(snapshot, out);
        }
        let Role::Candidate(candidacy) = &mut self.role else { return };
        candidacy.promises.insert(from);
        for (slot, vote) in promise.votes.iter().filter(|(slot, _)| *slot > self.chosen) {
            let known = candidacy.latest.get(slot);
            if known.is_none_or(|known| known.ballot < vote.ballot) {
                candidacy.latest.insert(*slot, vote.clone());
            }
        }
        self.count_promises(out);
    }

    fn count_promises(&mut self, out: &mut Effects<Self>) {
        let Role::Candidate(candidacy) = &mut self.role else { return };
        if self.schedule.is_promised_by(&candidacy.promises) {
            let promises = mem::take(&mut candidacy.promises);
            let latest = candidacy.latest.split_off(&self.chosen.next());
            self.lead(promises, latest, out);
        }
    }

    /// Somebody promised a later ballot. A candidate waits for its timer: that one may have been luckier.
    ///
    /// A leader steps down, unless the refusal comes from the very proposer of the later ballot: that one was
    /// cut off, tried to lead, and comes back with a promise that nobody else may have given. Then the leader
    /// begins a later ballot still, to win it over; who hears a leader promises nobody else, so it will.
    pub(crate) fn on_nack(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        promised: Ballot,
        out: &mut Effects<Self>,
    ) {
        self.highest = self.highest.max(promised);
        if ballot != self.promised() || matches!(self.role, Role::Follower { .. }) {
            return;
        }
        out.note(MultiPaxosEvent::WasRefused { ballot, promised });
        if self.is_leader() {
            if promised.proposer == from { self.prepare(out) } else { self.follow(None, out) }
        }
    }
}

/// The acceptor's side.
impl<S: StateMachine> MultiPaxos<S> {
    /// One promise for all slots, with the votes for those that the candidate does not know to be chosen.
    ///
    /// Who still hears a leader promises nobody else: else a server that was cut off for a while would
    /// overrule a leader who works. That is a matter of patience, not of safety.
    ///
    /// Spec: MultiPaxos!Promise · §2.2, §3
    pub(crate) fn on_prepare(&mut self, from: NodeId, ballot: Ballot, chosen: Slot, out: &mut Effects<Self>) {
        self.highest = self.highest.max(ballot);
        let promised = self.promised();
        let hears_another = self.leader().is_some_and(|leader| leader != from);
        if ballot <= promised || hears_another || self.is_bound_to_another(from, out) {
            return self.refuse(from, ballot, out);
        }
        self.follow(None, out);
        // Where the log was cut, the snapshot tells what the votes no longer can.
        let snapshot = self.persistent.snapshot.clone().filter(|_| chosen < self.persistent.cut);
        let after = snapshot.as_ref().map_or(chosen, |snapshot| snapshot.through);
        let votes = self.persistent.votes.range(after.next()..);
        let votes: Arc<[_]> = votes.map(|(slot, vote)| (*slot, vote.clone())).collect();
        out.note(MultiPaxosEvent::Promised { ballot, votes: votes.len() as u64 });
        self.persistent.write(Record::Promised(ballot), out);
        out.set_timer(Timer::Election, self.election_timeout());
        out.send(from, MultiPaxosMessage::Promise(Promise { ballot, votes, snapshot }));
    }

    /// It says so, that the proposer need not guess.
    pub(crate) fn refuse(&self, from: NodeId, ballot: Ballot, out: &mut Effects<Self>) {
        let promised = self.promised();
        out.note(MultiPaxosEvent::Refused { ballot, promised });
        if promised > ballot {
            out.send(from, MultiPaxosMessage::Nack { ballot, promised });
        }
    }
}

/// Following, and ceasing to lead.
impl<S: StateMachine> MultiPaxos<S> {
    /// Follows this leader, or nobody. Sets the timers as [`Timer`] says.
    ///
    /// Spec: MultiPaxos!StepDown
    pub(crate) fn follow(&mut self, leader: Option<NodeId>, out: &mut Effects<Self>) {
        let contact = self.config.election_timeout.start;
        // Mostly it hears its leader once more, and nothing changes but the timer.
        if matches!(self.role, Role::Follower { leader: known @ Some(_) } if known == leader) {
            return out.set_timer(Timer::LeaderContact, contact..contact);
        }
        let ballot = self.promised();
        let before = mem::replace(&mut self.role, Role::Follower { leader });
        let mut election_is_armed = true;
        match before {
            Role::Leader(leadership) => {
                out.note(MultiPaxosEvent::SteppedDown { ballot });
                election_is_armed = false;
                out.cancel_timer(Timer::Heartbeat);
                out.cancel_timer(Timer::CheckQuorum);
                // None of these was proposed or answered, so another server may.
                for caller in leadership.unproposed() {
                    self.waiting.remove(&caller.client);
                    out.redirect(caller, leader);
                }
            }
            Role::Candidate(_) => out.note(MultiPaxosEvent::SteppedDown { ballot }),
            Role::Follower { leader: Some(_) } => {
                election_is_armed = false;
                if leader.is_none() {
                    out.cancel_timer(Timer::LeaderContact);
                }
            }
            Role::Follower { leader: None } => {}
        }
        if leader.is_some() {
            if election_is_armed {
                out.cancel_timer(Timer::Election);
            }
            out.set_timer(Timer::LeaderContact, contact..contact);
        } else if !election_is_armed {
            out.set_timer(Timer::Election, self.election_timeout());
        }
    }

    /// A leader that no phase-2 quorum answers can have nothing chosen: its clients shall look for another. And one
    /// that is no acceptor any more leaves the lead to those who are.
    pub(crate) fn check_quorum(&mut self, out: &mut Effects<Self>) {
        let (me, ballot) = (self.id, self.promised());
        let Role::Leader(leadership) = &mut self.role else { return };
        let heard = mem::take(&mut leadership.heard);
        let phase_2 = &self.schedule.current().quorums.phase_2;
        if !self.schedule.has(me) {
            self.follow(None, out);
        } else if phase_2.reached(|member| member == me || heard.contains(&member)) {
            self.arm_check_quorum(out);
        } else {
            out.note(MultiPaxosEvent::LostQuorum { ballot });
            self.follow(None, out);
        }
    }

    /// How long it waits for others to lead. Who is no acceptor waits longer: it leads only if those who are do not,
    /// who may not know yet that they are.
    pub(crate) fn election_timeout(&self) -> Range<Duration> {
        let Range { start, end } = self.config.election_timeout;
        let patience = if self.schedule.has(self.id) { 1 } else { OUTSIDER };
        start.saturating_mul(patience)..end.saturating_mul(patience)
    }

    pub(crate) fn arm_check_quorum(&self, out: &mut Effects<Self>) {
        let longest = self.config.election_timeout.end;
        out.set_timer(Timer::CheckQuorum, longest..longest);
    }
}
