//! Linearizable reads without the log: ReadIndex (§8, dissertation §6.4).
//!
//! A leader may answer a read from its state machine when
//!
//! 1. it has committed an entry of its own term, so that it knows everything that is committed (its
//!    first entry sees to that), and
//! 2. *after* the read came, a quorum confirmed that it still leads, so that no later leader had
//!    committed anything before the read was asked.
//!
//! The confirmation is a round of AppendEntries, numbered so that a late reply of an earlier round
//! confirms nothing; reads that come while a round is under way share the next one. The dissertation's
//! readIndex needs no variable: entries are applied in the step that commits them, so what is answered
//! is never older than the commit index was when the read came.
use alloc::vec::Vec;

use synod_protocol::{Caller, Effects, NodeId, StateMachine};

use crate::{Raft, event::RaftEvent, followers::Progress, node::Role};

/// The reads that a leader has not answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reads<C> {
    /// The latest round that was begun.
    pub(crate) round: u64,
    /// Wait for that round.
    pub(crate) confirming: Vec<(Caller, C)>,
    /// Wait for the next.
    pub(crate) asked: Vec<(Caller, C)>,
}

/// Not derived: that would ask for `C: Default`.
impl<C> Default for Reads<C> {
    fn default() -> Self {
        Reads { round: 0, confirming: Vec::new(), asked: Vec::new() }
    }
}

impl<C> Reads<C> {
    pub(crate) fn round(&self) -> u64 {
        self.round
    }

    fn is_idle(&self) -> bool {
        self.confirming.is_empty() && self.asked.is_empty()
    }

    /// For a call that does not wait yet.
    pub(crate) fn ask(&mut self, caller: Caller, command: C) {
        self.asked.push((caller, command));
    }

    /// What this call asks, if it waits here.
    pub(crate) fn waiting(&self, caller: Caller) -> Option<&C> {
        let mut reads = self.confirming.iter().chain(&self.asked);
        reads.find(|(waiting, _)| *waiting == caller).map(|(_, read)| read)
    }

    /// None of them was carried out, so another server may.
    pub(crate) fn redirect<S: StateMachine>(self, leader: Option<NodeId>, out: &mut Effects<Raft<S>>) {
        for (caller, _) in self.confirming.into_iter().chain(self.asked) {
            out.redirect(caller, leader);
        }
    }
}

impl<S: StateMachine> Raft<S> {
    /// Answers the reads whose round was confirmed, and begins the next round if reads wait for one.
    ///
    /// Spec: Raft!StartRound, Raft!AnswerReads · dissertation §6.4
    pub(crate) fn answer_reads(&mut self, out: &mut Effects<Self>) {
        // A single server confirms each round at once, hence the loop. Mostly nobody waits.
        while let Role::Leader(leadership) = &self.role
            && !leadership.reads.is_idle()
        {
            let term = self.current_term();
            let knows_all = self.has_committed_in_its_term();
            let Role::Leader(leadership) = &mut self.role else { return };
            let reads = &mut leadership.reads;
            if !reads.confirming.is_empty() {
                let confirms = |(_, progress): &&(_, Progress)| progress.round >= reads.round;
                let confirmed = 1 + leadership.followers.iter().filter(confirms).count();
                if confirmed < self.quorum.size() {
                    return;
                }
                out.note(RaftEvent::AnsweredReads { term, reads: reads.confirming.len() as u64 });
                for (caller, command) in reads.confirming.drain(..) {
                    out.reply(caller, self.replicated.state_machine().query(&command));
                }
            }
            if reads.asked.is_empty() || !knows_all {
                return;
            }
            reads.round += 1;
            reads.confirming.append(&mut reads.asked);
            out.note(RaftEvent::StartedRound { term, round: reads.round });
            self.ask_for_confirmation(out);
        }
    }
}
