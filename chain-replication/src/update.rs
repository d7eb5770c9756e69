//! Updates go down the chain, and word that the tail has them comes up again (§2, §3.1).
//!
//! ```text
//!            update             update
//!   head ───────────▶ middle ───────────▶ tail ──▶ the client
//!        ◀───────────        ◀───────────
//!             ack                 ack
//! ```
//!
//! Links lose and reorder, so updates carry their place in the history. Each server takes them in order; what came
//! early is kept until the gap is filled. What was not acknowledged is sent again.
use alloc::{sync::Arc, vec::Vec};

use synod_protocol::{Effects, NodeId, Seen, StateMachine};

use crate::{Chain, Entry, Index, event::ChainEvent, message::Body, node::Timer, record::Record};

/// What a server knows of its successor, in this epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    /// The successor has everything up to here; `None` before it was heard in this epoch.
    pub(crate) has: Option<Index>,
    /// What was sent to it, up to here.
    pub(crate) sent: Index,
    /// Was it heard since the last look?
    pub(crate) moved: bool,
    /// It joins, and was sent the state: what is answered from then on is kept for it.
    pub(crate) was_sent_state: bool,
    /// It joins, and the master was told that it has everything.
    pub(crate) has_joined: bool,
}

/// So many updates wait for one that is missing; what comes earlier still is sent again.
const MOST_EARLY: usize = 1024;

impl<S: StateMachine> Chain<S> {
    /// Spec: ChainReplication!HandleUpdate · §2, §3.1
    pub(crate) fn on_update(
        &mut self,
        from: NodeId,
        first: Index,
        entries: &[Entry<S::Command>],
        out: &mut Effects<Self>,
    ) {
        let is_joining = self.configuration.is_joining(self.id);
        let index_is_sane = first.0 > 0 && first.0.checked_add(entries.len() as u64).is_some();
        if self.configuration.predecessor(self.id) != Some(from) || !index_is_sane {
            return out.note(ChainEvent::IgnoredNonsense { from });
        }
        // Without the state, updates are updates of nothing.
        if is_joining && !self.has_copy() {
            return;
        }
        let next = self.last().next();
        let window = next.plus(MOST_EARLY);
        for (position, entry) in entries.iter().enumerate() {
            let index = first.plus(position);
            if index >= next && index < window {
                self.early.entry(index).or_insert_with(|| entry.clone());
            }
        }
        let entries = self.take_in_order(next);
        let news = !entries.is_empty();
        if news {
            let index = next.previous().plus(entries.len());
            out.note(ChainEvent::Updated { epoch: self.epoch(), index });
            self.persistent.write(Record::Updated { entries: entries.into() }, out);
            self.send_on(out);
            self.settle(out);
        }
        // A server that joins says how far it is; the others do when they are asked, and when the tail has it.
        if is_joining || (!news && first <= next) {
            self.acknowledge(out);
        }
    }

    /// What is early no longer.
    fn take_in_order(&mut self, mut next: Index) -> Vec<Entry<S::Command>> {
        let mut entries = Vec::new();
        while let Some(entry) = self.early.remove(&next) {
            entries.push(entry);
            next = next.next();
        }
        entries
    }

    /// Sends what the successor was not sent yet, as far as one message carries.
    ///
    /// Spec: ChainReplication!SendUpdate
    pub(crate) fn send_on(&mut self, out: &mut Effects<Self>) {
        let Some(to) = self.successor() else { return };
        if self.link.has.is_none() && self.configuration.joining == Some(to) {
            return; // It was not given the state yet.
        }
        let from = self.link.sent;
        let Some(entries) = self.entries_after(from).filter(|entries| !entries.is_empty()) else { return };
        self.link.sent = from.plus(entries.len());
        self.send(to, Body::Update { first: from.next(), entries }, out);
    }

    /// As many as one message carries; `None` if some are no longer here one by one.
    fn entries_after(&self, index: Index) -> Option<Arc<[Entry<S::Command>]>> {
        let begin = Index(self.acked().0.checked_sub(self.kept.len() as u64)?);
        if index < begin {
            return None;
        }
        let all = self.kept.iter().chain(&self.persistent.sent);
        Some(all.skip(index.since(begin)).take(self.config.max_entries_per_update).cloned().collect())
    }

    /// To the predecessor: how far the tail is, and how far this server is.
    ///
    /// Spec: ChainReplication!SendAck
    pub(crate) fn acknowledge(&self, out: &mut Effects<Self>) {
        if let Some(predecessor) = self.configuration.predecessor(self.id) {
            self.send(predecessor, Body::Ack { acked: self.acked(), has: self.last() }, out);
        }
    }

    /// "When the tail has processed it, …": what nobody can take back is applied, answered, and acknowledged.
    ///
    /// Every server of the chain has what its tail has, so that is committed. It holds in an epoch that is over
    /// as well: the chains after it are made of servers of this one, and of those who were given the state by
    /// one who knew. A tail that hands over has given that right away: then it is committed what the server that
    /// joins has, too. And a chain that is too short commits nothing.
    ///
    /// Spec: ChainReplication!Commit · §2
    pub(crate) fn settle(&mut self, out: &mut Effects<Self>) {
        if !self.is_tail_of_serving() {
            return;
        }
        let index = match self.persistent.handed_over {
            true => self.link.has.unwrap_or_default().min(self.last()),
            false => self.last(),
        };
        if index <= self.acked() {
            return;
        }
        out.note(ChainEvent::Committed { epoch: self.epoch(), index });
        let answered = self.commit(index, out);
        for Entry { caller, .. } in &answered {
            if let Seen::Latest(output) = self.replicated().seen(caller.client, caller.number) {
                out.reply(*caller, output.clone());
            }
        }
        if self.link.was_sent_state {
            self.kept.extend(answered);
        }
        self.acknowledge(out);
    }

    /// Makes everything up to there clean, and says what that was.
    fn commit(&mut self, index: Index, out: &mut Effects<Self>) -> Vec<Entry<S::Command>> {
        let entries = self.persistent.sent.iter().take(index.since(self.acked())).cloned().collect();
        self.persistent.write(Record::Committed { index }, out);
        entries
    }

    /// Spec: ChainReplication!LearnHas · §3.1
    pub(crate) fn on_ack(&mut self, from: NodeId, acked: Index, has: Index, out: &mut Effects<Self>) {
        if self.successor() != Some(from) || has > self.last() || acked > has {
            return out.note(ChainEvent::IgnoredNonsense { from });
        }
        if self.link.has.is_none() {
            // The first word in this epoch: what was sent before it was heard may be lost (§3.4.2).
            self.link.sent = has;
        }
        self.link.has = self.link.has.max(Some(has));
        self.link.sent = self.link.sent.max(has);
        self.link.moved = true;
        if self.configuration.is_member(from) {
            self.learn_acked(acked, out);
        } else {
            self.kept.drain(..self.kept.len().saturating_sub(self.acked().since(has)));
            self.hand_over(out);
        }
        self.send_on(out);
    }

    /// The tail has everything up to there.
    ///
    /// Spec: ChainReplication!HandleAck, Craq!HandleAck · §3.1
    pub(crate) fn learn_acked(&mut self, acked: Index, out: &mut Effects<Self>) {
        if acked > self.acked() && acked <= self.last() {
            out.note(ChainEvent::Acknowledged { epoch: self.epoch(), index: acked });
            self.commit(acked, out);
            self.acknowledge(out);
        }
    }

    /// What was not answered for a while may be lost: it is sent, or asked, again.
    pub(crate) fn resend(&mut self, out: &mut Effects<Self>) {
        out.set_timer(Timer::Resend, self.config.resend());
        self.ask_again(out);
        let moved = core::mem::take(&mut self.link.moved);
        let Some(to) = self.successor().filter(|_| !moved) else { return };
        if self.configuration.joining == Some(to) {
            return self.help_to_join(to, out);
        }
        if self.persistent.sent.is_empty() {
            return;
        }
        self.link.sent = self.link.has.unwrap_or_default().max(self.acked());
        if self.link.sent < self.last() {
            self.send_on(out);
        } else {
            // It has all of it. Does the tail?
            self.send(to, Body::Update { first: self.last().next(), entries: Arc::from([]) }, out);
        }
    }
}
