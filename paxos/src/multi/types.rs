//! Slots, values and votes.
use core::{fmt, ops::RangeInclusive};

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Data, Shared};

use crate::Ballot;

use super::Request;

/// A place in the log: the number of an instance of Paxos. The first is 1; 0 stands for "none yet".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u64);

impl Slot {
    pub const ZERO: Slot = Slot(0);
    /// No correct server comes here: what speaks of a later slot is nonsense, and sums cannot overflow.
    pub const LAST: Slot = Slot(u64::MAX / 2);

    pub fn next(self) -> Slot {
        Slot(self.0.saturating_add(1))
    }

    pub fn plus(self, slots: usize) -> Slot {
        Slot(self.0.saturating_add(slots as u64))
    }

    pub fn minus(self, slots: usize) -> Slot {
        Slot(self.0.saturating_sub(slots as u64))
    }

    /// The slots after this one, up to `last`.
    pub fn then_to(self, last: Slot) -> impl Iterator<Item = Slot> + use<> {
        (self.0.saturating_add(1)..=last.0).map(Slot)
    }

    /// So many slots from this one on; `None` if there are none, or if they leave the log.
    pub fn run(self, slots: usize) -> Option<RangeInclusive<Slot>> {
        let last = Slot(self.0.checked_add(u64::try_from(slots).ok()?.checked_sub(1)?)?);
        (self > Slot::ZERO && last <= Slot::LAST).then_some(self..=last)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is chosen for a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub enum Value<C> {
    /// Fills a hole: "a special 'no-op' command that leaves the state unchanged" (§3).
    NoOp,
    /// A client's call. Its number makes it take effect once, however many slots it is chosen for. The
    /// command itself is shared by all logs, messages and records that hold it.
    Command { client: ClientId, number: u64, command: Shared<Request<C>> },
}

/// What an acceptor voted for in a slot, and in which ballot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub struct Vote<C> {
    pub ballot: Ballot,
    pub value: Value<C>,
}

/// What a node is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    Follower,
    /// In phase 1.
    Candidate,
    /// Phase 1 is done, for all slots.
    Leader,
}
