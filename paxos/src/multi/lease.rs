//! Reads by lease: without a message, at the price of a clock. Only if [`super::Config::lease`] says so.
//!
//! 1. Whoever takes part in a ballot promises its leader to help nobody else for the length of a lease, on its
//!    own clock, from then on. It has forgotten that after a crash, but not whom it may have promised it to:
//!    the proposer of the ballot that it promised last. So it waits for the length of a lease then.
//! 2. A leader counts from the moment at which it *sent* what a phase-2 quorum answered: before any of them began
//!    to count. It believes in its lease for a little less than its length, so that clocks may run at rates
//!    that differ, as long as they do not drift apart by more than that during a lease.
//! 3. Another leader needs a phase-1 quorum of those who decide the next slot, which shares a member with that phase-2
//!    quorum of theirs. So while the lease is
//!    believed in, nobody else can have anything chosen, and what the leader has executed is all there is.
//!
//! Clocks that are wronger than configured break this, and nothing else: no ballot is ever decided by a clock.
use alloc::collections::VecDeque;

use synod_protocol::{Effects, NodeId, StateMachine, Time};

use super::{MultiPaxos, node::Role};

/// How far a leader may believe that nobody else leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    /// The broadcasts that no quorum answered yet, and when they were sent.
    sent: VecDeque<(u64, Time)>,
    until: Time,
}

impl<S: StateMachine> MultiPaxos<S> {
    /// This acceptor takes part in a ballot now: it is bound to its leader for a while.
    pub(crate) fn grant_lease(&mut self, out: &mut Effects<Self>) {
        if let Some(lease) = &self.config.lease {
            self.bound_until = out.now().after(lease.length);
        }
    }

    /// Must it still refuse this proposer, for another one's sake?
    pub(crate) fn is_bound_to_another(&self, than: NodeId, out: &mut Effects<Self>) -> bool {
        self.config.lease.is_some() && self.promised().proposer != than && out.now() < self.bound_until
    }

    /// The leader broadcasts; it is itself among those who take part.
    pub(crate) fn lease_asked(&mut self, out: &mut Effects<Self>) {
        if self.config.lease.is_none() {
            return;
        }
        self.grant_lease(out);
        let Role::Leader(leadership) = &mut self.role else { return };
        leadership.lease.sent.push_back((leadership.round, out.now()));
    }

    /// Nothing that was answered so far counts.
    pub(crate) fn void_lease(&mut self) {
        if let Role::Leader(leadership) = &mut self.role {
            leadership.lease.until = Time::ZERO;
        }
    }

    /// Does the leader hold a lease now, all broadcasts up to this one having been answered by a quorum?
    pub(crate) fn holds_lease(&mut self, confirmed: u64, out: &mut Effects<Self>) -> bool {
        let Some(config) = &self.config.lease else { return false };
        let Role::Leader(leadership) = &mut self.role else { return false };
        let lease = &mut leadership.lease;
        while let Some((round, sent)) = lease.sent.front()
            && *round <= confirmed
        {
            lease.until = sent.after(config.length.saturating_sub(config.drift));
            lease.sent.pop_front();
        }
        out.now() < lease.until
    }
}
