//! Reads: at the tail (van Renesse & Schneider §2), or at every server (CRAQ, Terrace & Freedman §2.3).
//!
//! What a tail answers from is never older than what was answered before, *if it is the tail still*. Whoever was
//! taken out of the chain does not know it, and a later tail may have answered more. So a server asks the master,
//! after the reads came, whether its epoch is the latest; those that come meanwhile share the next question. If
//! it is, nothing had been answered in a later epoch when they were asked, and the server answers, even if the
//! epoch should end before its answer is under way. There is no lease: clocks may jump.
//!
//! With CRAQ, so does every server. An object is *clean* there if no update of it waits in `Sent`: then
//! everything that was answered about it is in the server's state. If it is *dirty*, the server asks the tail how
//! far that is. The papers' tail answers with the version of the object. Here versions are places in the history
//! of all, so the answer is an acknowledgement that took the short way: whatever is before it is clean now, and
//! the state has the version asked for.
use alloc::vec::Vec;
use core::mem;

use synod_protocol::{Caller, Effects, NodeId, StateMachine};

use crate::{Chain, Epoch, Index, Reads, Round, event::ChainEvent, message::Body};

/// Reads, and what they wait for. A call that is tried again waits only once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WaitingReads<C> {
    /// The last question.
    round: Round,
    /// For the next question to the master.
    asked: Vec<(Caller, C)>,
    /// For the master's answer to this round.
    confirming: Option<(Round, Vec<(Caller, C)>)>,
    /// For the next question to the tail.
    dirty: Vec<(Caller, C)>,
    /// For the tail's answer to this round.
    querying: Option<(Round, Vec<(Caller, C)>)>,
}

/// Not derived: that would ask for `C: Default`.
impl<C> Default for WaitingReads<C> {
    fn default() -> Self {
        WaitingReads {
            round: Round::default(),
            asked: Vec::new(),
            confirming: None,
            dirty: Vec::new(),
            querying: None,
        }
    }
}

impl<C> WaitingReads<C> {
    /// Rounds of an earlier life are over: their answers say nothing about now.
    pub(crate) fn live(&mut self, life: u64) {
        self.round = Round { life, number: 0 };
    }

    fn next_round(&mut self) -> Round {
        self.round.number = self.round.number.saturating_add(1);
        self.round
    }

    fn waits(&self, caller: Caller) -> bool {
        self.all().any(|(waiting, _)| *waiting == caller)
    }

    /// Does another read than this wait under the number of this call?
    fn asks_another(&self, caller: Caller, command: &C) -> bool
    where
        C: PartialEq,
    {
        self.all().any(|(waiting, read)| *waiting == caller && read != command)
    }

    fn all(&self) -> impl Iterator<Item = &(Caller, C)> {
        let in_rounds = [&self.confirming, &self.querying].into_iter().flatten().flat_map(|(_, reads)| reads);
        in_rounds.chain(&self.asked).chain(&self.dirty)
    }

    fn take_all(&mut self) -> Vec<(Caller, C)> {
        let mut all = mem::take(&mut self.asked);
        all.append(&mut self.dirty);
        all.extend(self.confirming.take().into_iter().flat_map(|(_, reads)| reads));
        all.extend(self.querying.take().into_iter().flat_map(|(_, reads)| reads));
        all
    }
}

impl<S: StateMachine> Chain<S> {
    /// Spec: ChainReplication!AskRead, Craq!AskRead, Craq!AnswerAnyhow
    pub(crate) fn on_read(&mut self, from: Caller, command: &S::Command, out: &mut Effects<Self>) {
        if self.config.reads == Reads::Eventual {
            out.note(ChainEvent::AnsweredAnyhow { epoch: self.epoch() });
            return out.reply(from, self.newest(command));
        }
        if !self.answers_reads() {
            return out.redirect(from, self.configuration.tail().filter(|_| self.configuration.serves));
        }
        if self.reads.asks_another(from, command) {
            let Caller { client, number, .. } = from;
            out.note(ChainEvent::SawCallAgain { client, number });
        } else if !self.reads.waits(from) {
            out.note(ChainEvent::TookRead { caller: from });
            self.reads.asked.push((from, command.clone()));
            self.ask_master(out);
        }
    }

    pub(crate) fn answers_reads(&self) -> bool {
        match self.config.reads {
            Reads::Tail => self.is_tail() && self.configuration.serves,
            Reads::Apportioned => self.configuration.is_member(self.id) && self.configuration.serves,
            Reads::Eventual => self.is_server(),
        }
    }

    /// Spec: ChainReplication!AskMaster, Craq!AskMaster
    fn ask_master(&mut self, out: &mut Effects<Self>) {
        if self.reads.confirming.is_some() || self.reads.asked.is_empty() {
            return;
        }
        let (round, asked) = (self.reads.next_round(), mem::take(&mut self.reads.asked));
        out.note(ChainEvent::AskedMaster { epoch: self.epoch(), reads: asked.len() as u64 });
        self.reads.confirming = Some((round, asked));
        self.send(self.config.master, Body::Confirm { round }, out);
    }

    pub(crate) fn on_confirmed(&mut self, epoch: Epoch, round: Round, out: &mut Effects<Self>) {
        let Some((_, reads)) =
            self.reads.confirming.take_if(|(asked, _)| *asked == round && epoch == self.configuration.epoch)
        else {
            return;
        };
        let (clean, dirty): (Vec<_>, Vec<_>) = reads.into_iter().partition(|(_, read)| self.is_clean(read));
        self.reads.dirty.extend(dirty);
        self.answer(&clean, 0, out);
        self.ask_tail(out);
        self.ask_master(out);
    }

    /// "If the latest known version of the requested object is clean, the node returns this value."
    ///
    /// What the tail has not answered is nothing to it: its state is what it answered.
    fn is_clean(&self, command: &S::Command) -> bool {
        self.is_tail() || !self.sent().any(|entry| S::interferes(&entry.command, command))
    }

    /// A tail has settled by now: it said what it has for all when it became the tail.
    ///
    /// Spec: ChainReplication!AnswerReads, Craq!AnswerReads
    fn answer(&self, reads: &[(Caller, S::Command)], dirty: u64, out: &mut Effects<Self>) {
        if reads.is_empty() {
            return;
        }
        let clean = reads.len() as u64 - dirty;
        out.note(ChainEvent::AnsweredReads { epoch: self.epoch(), clean, dirty });
        for (caller, command) in reads {
            out.reply(*caller, self.state_machine().query(command));
        }
    }

    /// "Otherwise, the node contacts the tail and asks for the tail's last committed version number."
    ///
    /// Spec: Craq!AskTail · CRAQ §2.3
    fn ask_tail(&mut self, out: &mut Effects<Self>) {
        let Some(tail) = self.configuration.tail() else { return };
        if self.reads.querying.is_some() || self.reads.dirty.is_empty() {
            return;
        }
        let (round, dirty) = (self.reads.next_round(), mem::take(&mut self.reads.dirty));
        out.note(ChainEvent::AskedTail { epoch: self.epoch(), reads: dirty.len() as u64 });
        self.reads.querying = Some((round, dirty));
        self.send(tail, Body::VersionQuery { round }, out);
    }

    /// In the tail's word is all that was answered before the question.
    ///
    /// Spec: Craq!TellVersion · CRAQ §2.3
    pub(crate) fn on_version_query(&mut self, from: NodeId, round: Round, out: &mut Effects<Self>) {
        if !self.is_tail() || !self.configuration.is_member(from) || !self.configuration.serves {
            return out.note(ChainEvent::IgnoredNonsense { from });
        }
        out.note(ChainEvent::ToldVersion { epoch: self.epoch(), index: self.acked(), to: from });
        self.send(from, Body::Version { round, acked: self.acked() }, out);
    }

    /// An acknowledgement that took the short way.
    pub(crate) fn on_version(&mut self, from: NodeId, round: Round, acked: Index, out: &mut Effects<Self>) {
        if !self.configuration.is_tail(from) || acked > self.last() {
            return out.note(ChainEvent::IgnoredNonsense { from });
        }
        let Some((_, reads)) = self.reads.querying.take_if(|(asked, _)| *asked == round) else { return };
        self.learn_acked(acked, out);
        self.answer(&reads, reads.len() as u64, out);
        self.ask_tail(out);
    }

    /// What waits for the master's or the tail's word may wait for a word that was lost.
    pub(crate) fn ask_again(&self, out: &mut Effects<Self>) {
        if let Some((round, _)) = &self.reads.confirming {
            self.send(self.config.master, Body::Confirm { round: *round }, out);
        }
        if let (Some((round, _)), Some(tail)) = (&self.reads.querying, self.configuration.tail()) {
            self.send(tail, Body::VersionQuery { round: *round }, out);
        }
    }

    /// The configuration changed: all that wait are asked anew, or sent to whoever answers now.
    pub(crate) fn ask_anew(&mut self, out: &mut Effects<Self>) {
        let all = self.reads.take_all();
        if self.answers_reads() {
            self.reads.asked = all;
            return self.ask_master(out);
        }
        let tail = self.configuration.tail().filter(|_| self.configuration.serves);
        for (caller, _) in all {
            out.redirect(caller, tail);
        }
    }

    /// The newest version that this server knows, whether it will ever be answered or not.
    fn newest(&self, command: &S::Command) -> S::Output {
        if !self.sent().any(|entry| S::interferes(&entry.command, command)) {
            return self.state_machine().query(command);
        }
        let mut dirty = self.replicated().clone();
        for entry in self.sent() {
            dirty.apply(entry.caller.client, entry.caller.number, &entry.command);
        }
        dirty.state_machine().query(command)
    }
}
