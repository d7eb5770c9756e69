//! Linearizable reads without the log: by quorum (`lease` has the other way).
//!
//! A leader may answer a read from its state machine when
//!
//! 1. it has executed every slot that had a history when it became leader: what earlier ballots chose; and
//! 2. a phase-2 quorum took part in its ballot *after* the read came. A later leader needs a phase-1 quorum,
//!    which shares a member with that one, for both are of those who decide the first slot that this leader has not
//!    executed; so when that member answered, it had not promised anything later,
//!    and nobody had yet chosen anything after what this leader knows.
//!
//! Every broadcast is numbered and every answer gives its number back, so proposals confirm reads by the way;
//! only when nothing is under way does a read need a broadcast of its own.
use alloc::collections::VecDeque;

use synod_protocol::{Caller, Effects, StateMachine};

use super::{MultiPaxos, MultiPaxosEvent, Request, Response, node::Role};

/// The reads that a leader has not answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reads<C> {
    /// In the order in which they came, each with the latest broadcast before it.
    asked: VecDeque<(u64, Caller, C)>,
}

/// Not derived: that would ask for `C: Default`.
impl<C> Default for Reads<C> {
    fn default() -> Self {
        Reads { asked: VecDeque::new() }
    }
}

impl<C> Reads<C> {
    /// A call that is tried again waits only once.
    pub(crate) fn ask(&mut self, caller: Caller, command: C, round: u64) {
        if !self.asked.iter().any(|(_, waiting, _)| *waiting == caller) {
            self.asked.push_back((round, caller, command));
        }
    }

    /// Does another read than this wait under the number of this call?
    pub(crate) fn asks_another(&self, caller: Caller, request: &Request<C>) -> bool
    where
        C: PartialEq,
    {
        let is_it = |read: &C| matches!(request, Request::Command(command) if command == read);
        self.asked.iter().any(|(_, waiting, read)| *waiting == caller && !is_it(read))
    }

    pub(crate) fn into_callers(self) -> impl Iterator<Item = Caller> {
        self.asked.into_iter().map(|(_, caller, _)| caller)
    }
}

impl<S: StateMachine> MultiPaxos<S> {
    /// Answers the reads that a later broadcast confirmed, and sees to it that the others will be.
    ///
    /// Spec: MultiPaxos!StartRound, MultiPaxos!AnswerReads
    pub(crate) fn answer_reads(&mut self, out: &mut Effects<Self>) {
        // A phase-2 quorum of one confirms each round at once, hence the loop.
        loop {
            let (me, ballot) = (self.id, self.promised());
            let Role::Leader(leadership) = &mut self.role else { return };
            if leadership.reads.asked.is_empty() || self.chosen < leadership.recovered {
                return;
            }
            let (followers, latest) = (&leadership.followers, leadership.round);
            let round_of = |member| match followers.get(&member) {
                Some(progress) => progress.round,
                None if member == me => latest,
                None => 0,
            };
            let confirmed = self.schedule.current().quorums.phase_2.greatest_reached(round_of).unwrap_or(0);
            let holds_lease = self.holds_lease(confirmed, out);
            let Role::Leader(leadership) = &mut self.role else { return };
            let asked = &mut leadership.reads.asked;
            let ready = asked.iter().take_while(|(round, ..)| holds_lease || *round < confirmed).count();
            if ready > 0 {
                out.note(MultiPaxosEvent::AnsweredReads { ballot, reads: ready as u64 });
                for (_, caller, command) in asked.drain(..ready) {
                    out.reply(caller, Response::Output(self.replicated.state_machine().query(&command)));
                }
            }
            // Broadcasts that are under way will confirm some, and then this comes here again.
            if asked.is_empty() || confirmed < latest {
                return;
            }
            leadership.round += 1;
            out.note(MultiPaxosEvent::StartedRound { ballot, round: leadership.round });
            self.lease_asked(out);
            for peer in self.peers() {
                self.send_accept(peer, None, out);
            }
        }
    }
}
