//! Log replication (§5.3).
use alloc::{collections::BTreeSet, sync::Arc};

use synod_protocol::{Caller, Effects, NodeId, StateMachine};

use crate::{
    Entry, Index, Payload, Raft, Term,
    event::RaftEvent,
    followers::Followers,
    message::{AppendEntries, Body, Outcome},
    node::{Role, Timer},
    read::Reads,
    record::Record,
};

/// "Volatile state on leaders (reinitialized after election)", and what a leader owes its clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leadership<C> {
    pub(crate) followers: Followers,
    /// The calls that this leader put into its log and has not answered.
    pub(crate) waiting: BTreeSet<Caller>,
    pub(crate) reads: Reads<C>,
}

/// The entries that were last added to the log, or cut from it, to be sent: followers mostly lack the same.
pub(crate) struct Piece<C> {
    after: Index,
    up_to: Index,
    entries: Arc<[Entry<C>]>,
}

/// The leader's side.
impl<S: StateMachine> Raft<S> {
    /// "Once a candidate wins an election, it becomes leader. It then sends heartbeat messages to all of
    /// the other servers to establish its authority", here with its first entry (§8).
    ///
    /// Spec: Raft!BecomeLeader · §5.2
    pub(crate) fn become_leader(&mut self, out: &mut Effects<Self>) {
        let (term, last_index) = (self.current_term(), self.log().last_index());
        out.note(RaftEvent::BecameLeader { term, last_index });
        self.role = Role::Leader(Leadership {
            followers: Followers::new(self.peers(), last_index),
            waiting: BTreeSet::new(),
            reads: Reads::default(),
        });
        let piece = self.append(Payload::NoOp, out);
        out.cancel_timer(Timer::Election);
        out.set_timer(Timer::Heartbeat, self.config.heartbeat_interval..self.config.heartbeat_interval);
        self.arm_check_quorum(out);
        self.replicate(piece, out);
        self.advance_commit_index(out);
    }

    /// "The leader appends the command to its log as a new entry" and never does anything else to its log.
    #[must_use = "followers lack it"]
    pub(crate) fn append(
        &mut self,
        payload: Payload<S::Command>,
        out: &mut Effects<Self>,
    ) -> Piece<S::Command> {
        let entries: Arc<[_]> = Arc::from([Entry { term: self.current_term(), payload }]);
        let after = self.log().last_index();
        self.persistent.write(Record::Append { after, entries: entries.clone() }, out);
        Piece { after, up_to: after.next(), entries }
    }

    /// Sends each follower what it lacks, as far as may be on its way at once: mostly what was just appended.
    pub(crate) fn replicate(&mut self, appended: Piece<S::Command>, out: &mut Effects<Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let mut piece = Some(appended);
        for follower in 0..leadership.followers.len() {
            self.replicate_to(follower, &mut piece, out);
        }
    }

    /// To the follower at this place of the list.
    fn replicate_to(
        &mut self,
        follower: usize,
        piece: &mut Option<Piece<S::Command>>,
        out: &mut Effects<Self>,
    ) {
        let last_index = self.log().last_index();
        let most = self.config.max_appends_in_flight;
        while let Role::Leader(leadership) = &mut self.role
            && let Some((peer, progress)) = leadership.followers.at(follower)
            && progress.next_index <= last_index
            && progress.in_flight.len() < if progress.probing { 1 } else { most }
        {
            let previous = progress.next_index.previous();
            let up_to = last_index.min(previous.plus(self.config.max_entries_per_append));
            progress.in_flight.push_back(up_to);
            if !progress.probing {
                progress.next_index = up_to.next();
            }
            let entries = match piece {
                Some(piece) if (piece.after, piece.up_to) == (previous, up_to) => piece.entries.clone(),
                _ => {
                    let entries: Arc<[_]> = self.log().slice(previous, up_to).into();
                    *piece = Some(Piece { after: previous, up_to, entries: entries.clone() });
                    entries
                }
            };
            self.send_append(peer, previous, entries, out);
        }
    }

    /// The entries that follow `previous`; none for a heartbeat.
    ///
    /// Spec: Raft!SendAppendEntries, Raft!SendHeartbeat · §5.3
    fn send_append(
        &self,
        peer: NodeId,
        previous: Index,
        entries: Arc<[Entry<S::Command>]>,
        out: &mut Effects<Self>,
    ) {
        let Role::Leader(leadership) = &self.role else { return };
        let prev_log_term = self.log().term(previous);
        let append = AppendEntries {
            prev_log_index: previous,
            prev_log_term: prev_log_term.expect("Leader Append-Only: what was in the log still is"),
            entries,
            leader_commit: self.commit_index,
            round: leadership.reads.round(),
        };
        self.send(peer, Body::AppendEntries(append), out);
    }

    /// "Repeat during idle periods to prevent election timeouts" (§5.2), and the moment at which what
    /// seems lost is sent again: "if followers crash or run slowly, or if network packets are lost, the
    /// leader retries AppendEntries RPCs indefinitely" (§5.3).
    ///
    /// Spec: Raft!SendHeartbeat · §5.2
    pub(crate) fn send_heartbeats(&mut self, out: &mut Effects<Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        out.note(RaftEvent::SentHeartbeat { term: self.current_term() });
        out.set_timer(Timer::Heartbeat, self.config.heartbeat_interval..self.config.heartbeat_interval);
        for follower in 0..leadership.followers.len() {
            self.heartbeat(follower, out);
        }
    }

    /// To the follower at this place of the list.
    fn heartbeat(&mut self, follower: usize, out: &mut Effects<Self>) {
        let last_index = self.log().last_index();
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some((peer, progress)) = leadership.followers.at(follower) else { return };
        let something_is_out = !progress.in_flight.is_empty();
        if progress.probing || (something_is_out && progress.stalled) {
            progress.probe_from(if progress.probing { progress.next_index } else { Index::ZERO });
            let previous = progress.next_index.previous();
            if previous < last_index {
                return self.replicate_to(follower, &mut None, out);
            }
            return self.send_append(peer, previous, Arc::default(), out);
        }
        progress.stalled = something_is_out;
        // Of what the follower has for certain, so that this message cannot conflict with those under way.
        let matched = progress.match_index;
        self.send_append(peer, matched, Arc::default(), out);
    }

    /// Says once more that this server leads, with the current round, to those who did not confirm it.
    pub(crate) fn ask_for_confirmation(&self, out: &mut Effects<Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        for (peer, progress) in leadership.followers.iter() {
            // While the logs are being compared, the question rides on that message's like.
            let previous =
                if progress.probing { progress.next_index.previous() } else { progress.match_index };
            self.send_append(*peer, previous, Arc::default(), out);
        }
    }

    /// "If successful: update nextIndex and matchIndex for follower. If AppendEntries fails because of log
    /// inconsistency: decrement nextIndex and retry."
    ///
    /// Spec: Raft!HandleAppendEntriesReply · §5.3
    pub(crate) fn on_append_entries_reply(
        &mut self,
        from: NodeId,
        term: Term,
        round: u64,
        outcome: Outcome,
        out: &mut Effects<Self>,
    ) {
        let current_term = self.current_term();
        let last_index = self.persistent.log.last_index();
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(follower) = leadership.followers.place_of(from) else { return };
        let Some((_, progress)) = leadership.followers.at(follower) else { return };
        if term < current_term {
            return;
        }
        if round > leadership.reads.round() {
            // It would confirm rounds to come.
            return out.note(RaftEvent::IgnoredNonsense { from });
        }
        out.note(RaftEvent::HandledAppendEntriesReply { term, follower: from });
        // Whatever it says of the log: it is of our term, so its sender took us for the leader.
        progress.heard = true;
        let confirms = round > progress.round;
        progress.round = progress.round.max(round);
        let may_commit_more = matches!(outcome, Outcome::Matched { index } if index > self.commit_index);
        match outcome {
            Outcome::Matched { index } if index > last_index => out.note(RaftEvent::IgnoredNonsense { from }),
            Outcome::Matched { index } => progress.matched(index),
            Outcome::Conflict { prev_log_index, term, first_index } => {
                let is_late = prev_log_index <= progress.match_index
                    || prev_log_index >= progress.next_index
                    || (progress.probing && prev_log_index.next() != progress.next_index);
                if !is_late {
                    // The log up to here may still agree: ours ends that term here, or lacks it.
                    let ours = term.and_then(|term| self.persistent.log.last_index_of_term(term));
                    let guess = ours.map_or(first_index, Index::next).min(prev_log_index);
                    progress.probe_from(guess);
                }
            }
            Outcome::StaleTerm => {}
        }
        let lacks_something = progress.next_index <= last_index;
        if may_commit_more {
            self.advance_commit_index(out);
        }
        // Nothing else of a reply makes a read answerable.
        if confirms || may_commit_more {
            self.answer_reads(out);
        }
        if lacks_something {
            self.replicate_to(follower, &mut None, out);
        }
    }
}

/// The follower's side.
impl<S: StateMachine> Raft<S> {
    /// The receiver's five rules of AppendEntries (Figure 2).
    ///
    /// Spec: Raft!HandleAppendEntriesRequest · §5.3
    pub(crate) fn on_append_entries(
        &mut self,
        from: NodeId,
        term: Term,
        append: &AppendEntries<S::Command>,
        out: &mut Effects<Self>,
    ) {
        let round = append.round;
        // "1. Reply false if term < currentTerm": its sender steps down when it sees our term.
        if term < self.current_term() {
            out.note(RaftEvent::HandledAppendEntries {
                term: self.current_term(),
                leader: from,
                matched: false,
            });
            return self.send(from, Body::AppendEntriesReply { round, outcome: Outcome::StaleTerm }, out);
        }
        if !append.makes_sense(term) {
            return out.note(RaftEvent::IgnoredNonsense { from });
        }
        assert!(!self.is_leader(), "Election Safety: {from} and {} both lead term {term}", self.id);
        self.become_follower(Some(from), out);
        let outcome = self.compare(append);
        let matched = matches!(outcome, Outcome::Matched { .. });
        out.note(RaftEvent::HandledAppendEntries { term, leader: from, matched });
        if matched {
            self.store(append, out);
        }
        self.send(from, Body::AppendEntriesReply { round, outcome }, out);
        if let Outcome::Matched { index } = outcome {
            // "5. If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last *new*
            // entry)": what follows it in our log may be another leader's and is not known to agree.
            self.commit_up_to(append.leader_commit.min(index), out);
        }
    }

    /// "2. Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm",
    /// with the hint of §5.3 by which the leader skips a whole term at a time.
    fn compare(&self, append: &AppendEntries<S::Command>) -> Outcome {
        let prev_log_index = append.prev_log_index;
        match self.log().term(prev_log_index) {
            Some(term) if term == append.prev_log_term => {
                Outcome::Matched { index: prev_log_index.plus(append.entries.len()) }
            }
            term => {
                let first_index = self.log().first_index_of_run(prev_log_index);
                Outcome::Conflict { prev_log_index, term, first_index }
            }
        }
    }

    /// "3. If an existing entry conflicts with a new one (same index but different terms), delete the
    /// existing entry and all that follow it. 4. Append any new entries not already in the log."
    ///
    /// Only a conflict deletes: a request that came late, or that says less than our log has, is no reason
    /// to lose what was acknowledged since.
    fn store(&mut self, append: &AppendEntries<S::Command>, out: &mut Effects<Self>) {
        let present = self.log().count_present(append.prev_log_index, &append.entries);
        if present == append.entries.len() {
            return;
        }
        let after = append.prev_log_index.plus(present);
        assert!(after >= self.commit_index, "Leader Completeness: committed entries are never cut");
        let entries = if present == 0 { append.entries.clone() } else { append.entries[present..].into() };
        self.persistent.write(Record::Append { after, entries }, out);
    }
}

impl<C> AppendEntries<C> {
    /// Could a leader of this term have sent it? Terms never decrease along a log, nor exceed the leader's, who has won an
    /// election: 0 is nobody's.
    fn makes_sense(&self, term: Term) -> bool {
        let terms = self.entries.iter().map(|entry| entry.term);
        term > Term(0)
            && self.entries.first().is_none_or(|entry| entry.term > Term(0))
            && core::iter::once(self.prev_log_term).chain(terms).is_sorted()
            && self.entries.last().map_or(self.prev_log_term, |entry| entry.term) <= term
    }
}
