//! The chain changes: servers fail (§3.2–3.4), and a new one becomes the tail (§3.5).
//!
//! **A failure** leaves the others in their order, and nobody lacks what its successor has: the next server is the
//! head, the one before is the tail, or the two beside a middle are neighbours. What the new successor lacks is in
//! `Sent`, and is sent again.
//!
//! **A new tail** must have everything that was ever answered before it answers anything:
//!
//! ```text
//!   epoch 7: chain n1 n2, joining n3           n2 answers alone …
//!       n2 ── State ──▶ n3                     … while n3 takes the state …
//!       n2 ── Update ─▶ n3                     … and the updates since
//!       n2 ◀── Ack ──── n3                     nearly there: n2 hands over, on its disk;
//!       n2 ── Update ─▶ n3                     from now on, it answers only what n3 has as well
//!       n2 ◀── Ack ──── n3
//!       n2 ── Joined ─▶ master                 n3 has all that was answered, whatever happens
//!   epoch 8: chain n1 n2 n3                    n3 answers
//! ```
//!
//! That n2 has not heard of epoch 8 does no harm, and neither does a crash of n2 that forgets everything but its
//! disk. Without the handing over, n2 would still answer updates that n3 lacks while n3 answers reads already.
use alloc::{collections::VecDeque, sync::Arc};

use synod_protocol::{Effects, Image, NodeId, StateMachine, Time};

use crate::{
    Chain, Configuration, Entry, Index, event::ChainEvent, message::Body, record::Record, update::Link,
};

impl<S: StateMachine> Chain<S> {
    /// Spec: ChainReplication!Configure · §3.2–3.4
    pub(crate) fn on_configured(&mut self, configuration: &Configuration, out: &mut Effects<Self>) {
        if configuration.epoch <= self.epoch() || configuration.chain.is_empty() {
            return;
        }
        self.configuration = configuration.clone();
        let (epoch, role, serves) = (self.epoch(), self.role(), self.configuration.serves);
        out.note(ChainEvent::Configured { epoch, role, serves });
        self.persistent.write(Record::Configured(configuration.clone()), out);
        self.link = Link { sent: self.acked(), ..Link::default() };
        self.kept = VecDeque::new();
        self.early.clear();
        if !self.configuration.is_joining(self.id) {
            // The predecessor may have missed what was under way, and now knows where to go on.
            self.acknowledge(out);
        }
        match self.successor() {
            Some(successor) if self.configuration.joining == Some(successor) => {
                self.help_to_join(successor, out);
            }
            _ => self.send_on(out),
        }
        self.settle(out);
        self.ask_anew(out);
    }

    /// An empty disk may live, from this configuration on. A welcome that is late may have been for a disk that is
    /// lost, and whose server was in the chain: hence the name.
    ///
    /// Spec: ChainReplication!Configure
    pub(crate) fn on_welcome(&mut self, disk: Time, configuration: &Configuration, out: &mut Effects<Self>) {
        if self.is_nobody() && self.persistent.disk == Some(disk) {
            self.on_configured(configuration, out);
        }
    }

    /// The tail gives what the server that joins needs most: the state, or the news that it has everything.
    pub(crate) fn help_to_join(&mut self, joining: NodeId, out: &mut Effects<Self>) {
        match self.link.has {
            Some(has) if has >= self.acked() && self.persistent.handed_over => {
                self.send(self.config.master, Body::Joined, out);
                self.link.sent = has;
                self.send_on(out);
            }
            Some(has) if self.keeps(has) => {
                self.link.sent = has;
                self.send_on(out);
                if has == self.last() {
                    self.hand_over(out);
                }
            }
            _ => self.send_state(joining, out),
        }
    }

    /// Are all updates behind this one still here, one by one?
    fn keeps(&self, has: Index) -> bool {
        self.acked().since(has) <= self.kept.len()
    }

    /// Spec: ChainReplication!SendState · §3.5
    fn send_state(&mut self, joining: NodeId, out: &mut Effects<Self>) {
        self.link.was_sent_state = true;
        let index = self.acked();
        out.note(ChainEvent::SentState { epoch: self.epoch(), to: joining, index: self.last() });
        let image = Arc::new(self.replicated().image());
        let entries = self.persistent.sent.iter().cloned().collect();
        self.send(joining, Body::State { index, image, entries }, out);
    }

    /// Does the server that joins have a state of this epoch?
    pub(crate) fn has_copy(&self) -> bool {
        self.persistent.copied_in == self.epoch()
    }

    /// Whatever this server had may have parted from the chain, and is gone.
    ///
    /// Spec: ChainReplication!HandleState · §3.5
    pub(crate) fn on_state(
        &mut self,
        from: NodeId,
        index: Index,
        image: &Arc<Image<S>>,
        entries: &Arc<[Entry<S::Command>]>,
        out: &mut Effects<Self>,
    ) {
        let is_for_me = self.configuration.is_joining(self.id) && self.configuration.is_tail(from);
        if !is_for_me || index.0.checked_add(entries.len() as u64).is_none() {
            return out.note(ChainEvent::IgnoredNonsense { from });
        }
        if !self.has_copy() || index.plus(entries.len()) > self.last() {
            out.note(ChainEvent::Restored { epoch: self.epoch(), index: index.plus(entries.len()) });
            let (image, entries) = (Arc::clone(image), Arc::clone(entries));
            self.persistent.write(Record::Restored { index, image, entries }, out);
            self.early.clear();
        }
        self.acknowledge(out);
    }

    /// The server that joins was heard. Is it near enough? Then it has the last word. Has it everything that was
    /// answered? Then it may be the tail.
    ///
    /// Spec: ChainReplication!HandOver, ChainReplication!SendJoined · §3.5
    pub(crate) fn hand_over(&mut self, out: &mut Effects<Self>) {
        let (Some(joining), Some(has)) = (self.configuration.joining, self.link.has) else { return };
        if !self.persistent.handed_over {
            if self.last().since(has) > self.config.hand_over_within {
                return;
            }
            let (epoch, index) = (self.epoch(), self.last());
            out.note(ChainEvent::HandedOver { epoch, to: joining, index });
            self.persistent.write(Record::HandedOver, out);
        }
        self.settle(out);
        if has >= self.acked() && !self.link.has_joined {
            self.link.has_joined = true;
            self.send(self.config.master, Body::Joined, out);
        }
    }
}
