//! Signs of life, what is sent again, and help for those who lag.
//!
//! A follower that lacks a chosen value says which slot it lacks, each time that it answers. The leader sends
//! it the values from there on *as proposals of its own ballot*: a chosen value is the only one that it could
//! propose there, so it may. Thus an acceptor has one way to come by a value, and one rule to trust it. What
//! the log no longer has, the snapshot has.
use alloc::{sync::Arc, vec::Vec};

use synod_protocol::{Effects, NodeId, StateMachine};

use crate::Ballot;

use super::{
    Accept, MultiPaxos, MultiPaxosEvent, MultiPaxosMessage, Slot, Snapshot, Value,
    node::{Role, Timer},
};

/// What the leader knows of one follower.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    /// The latest broadcast that it answered.
    pub(crate) round: u64,
    /// What it lacked was sent, up to here, and is not known to have arrived.
    helped_through: Option<Slot>,
    /// A heartbeat was sent since.
    is_stalled: bool,
}

impl<S: StateMachine> MultiPaxos<S> {
    /// Once in a while, each follower hears the leader, and what it did not vote for in good time is sent
    /// again.
    ///
    /// Spec: MultiPaxos!Heartbeat
    pub(crate) fn send_heartbeats(&mut self, out: &mut Effects<Self>) {
        let ballot = self.promised();
        let most = self.config.max_slots_per_message;
        let Role::Leader(leadership) = &mut self.role else { return };
        out.note(MultiPaxosEvent::SentHeartbeat { ballot });
        out.set_timer(Timer::Heartbeat, self.config.heartbeat_interval..self.config.heartbeat_interval);
        leadership.round += 1;
        let mut lost = Vec::new();
        for (&peer, progress) in &mut leadership.followers {
            if progress.is_stalled {
                progress.helped_through = None;
            }
            progress.is_stalled = progress.helped_through.is_some();
            let unvoted = leadership.runs.iter().filter(|run| run.is_old && !run.voters.contains(&peer));
            let first = unvoted.clone().map(|run| run.first).next();
            // The first run at least, whole: it fits into a message, or it would not be one.
            let last = first.and_then(|first| {
                let fits = |last: &Slot| last.0 - first.0 < most as u64;
                unvoted.map(|run| run.last).take_while(fits).last()
            });
            lost.push((peer, first.zip(last)));
        }
        leadership.runs.iter_mut().for_each(|run| run.is_old = true);
        self.lease_asked(out);
        for (peer, slots) in lost {
            self.send_accept(peer, slots, out);
        }
    }

    /// Sends the values of these slots, of which this server has votes; or none.
    ///
    /// Spec: MultiPaxos!SendAccept
    pub(crate) fn send_accept(&self, to: NodeId, slots: Option<(Slot, Slot)>, out: &mut Effects<Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let values: Arc<[Value<_>]> = slots.map_or_else(Arc::default, |(first, last)| {
            self.persistent.votes.range(first..=last).map(|(_, vote)| vote.value.clone()).collect()
        });
        let accept = Accept {
            ballot: self.promised(),
            first: slots.map_or(Slot::ZERO, |(first, _)| first),
            values,
            chosen: self.chosen,
            round: leadership.round,
        };
        out.send(to, MultiPaxosMessage::Accept(accept));
    }

    /// Helps a follower that lacks this slot, unless help is under way.
    ///
    /// Spec: MultiPaxos!SendInstall
    pub(crate) fn catch_up(&mut self, to: NodeId, missing: Option<Slot>, out: &mut Effects<Self>) {
        let (ballot, chosen) = (self.promised(), self.chosen);
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(progress) = leadership.followers.get_mut(&to) else { return };
        let Some(missing) = missing else { return progress.helped_through = None };
        if progress.helped_through.is_some_and(|through| missing <= through) {
            return;
        }
        progress.is_stalled = false;
        if let Some(snapshot) = self.persistent.snapshot.clone().filter(|_| missing <= self.persistent.cut) {
            progress.helped_through = Some(snapshot.through);
            return out.send(to, MultiPaxosMessage::Install { ballot, snapshot });
        }
        let last = chosen.min(missing.plus(self.config.max_slots_per_message - 1));
        progress.helped_through = Some(last);
        self.send_accept(to, Some((missing, last)), out);
    }

    /// What is chosen is chosen, whoever says so and in whichever ballot.
    pub(crate) fn on_install(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        snapshot: &Arc<Snapshot<S>>,
        out: &mut Effects<Self>,
    ) {
        self.highest = self.highest.max(ballot);
        if ballot < self.promised() {
            return self.refuse(from, ballot, out);
        }
        self.follow(Some(from), out);
        self.install(snapshot, out);
    }
}
