//! Which run of its call a transaction is: the part of its name that its client does not choose.
use serde::{Deserialize, Serialize};
use synod_protocol::Digest;

use crate::{MicroOp, Transaction};

/// A call may be run more than once, and what is said of one run must not be taken for another. So each has a name:
///
/// * In two-phase commit a coordinator that crashed cannot tell a call that comes again from a new one. The name has
///   the coordinator's **life** in it.
/// * In three-phase commit a call has one run.
/// * In Paxos Commit any node may be asked, and must find the same run wherever the call was asked before. The name is a
///   **digest of what was asked**: a client that uses one number for two commands has asked for two transactions, each
///   of which is all or nothing by itself.
///
/// A digest has 31 bits, so that a name stays within 16 bytes. Two commands *of one client under one number* with the
/// same digest are as if the same had been asked twice: participants compare branches, leaders compare participants,
/// and what differs is ignored; but parts of the two may then be mixed. No accident makes that likely, and it is no
/// defence against a client that looks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Run(u32);

/// Set in digests, and in no life.
const IS_DIGEST: u32 = 1 << 31;

impl Run {
    /// Of a call that has but one.
    pub const ONLY: Run = Run(0);
    /// The last life that a name can tell from all others.
    pub const LAST_LIFE: u32 = IS_DIGEST - 1;
    pub(crate) const MIN: Run = Run(0);
    pub(crate) const MAX: Run = Run(u32::MAX);

    /// In this life of its coordinator, which is at most [`Run::LAST_LIFE`].
    pub const fn in_life(life: u32) -> Run {
        Run(if life < IS_DIGEST { life } else { Run::LAST_LIFE })
    }

    /// Of whoever asks for this: its operations, in their order. The same on every machine and in every build, for it
    /// goes over the network: each operation counts with its kind, its key and its value, and with nothing of how they
    /// lie in memory.
    pub fn asking(transaction: &Transaction) -> Run {
        let mut digest = Digest::new(0);
        for op in &transaction.0 {
            let (kind, value) = match op {
                MicroOp::Append { value, .. } => (1, *value as u64),
                MicroOp::Read { .. } => (2, 0),
            };
            [kind, op.key().0, value].into_iter().for_each(|word| digest.word(word));
        }
        Run((core::hash::Hasher::finish(&digest) >> 32) as u32 | IS_DIGEST)
    }

    /// `None` if it is a digest.
    pub const fn life(self) -> Option<u32> {
        if self.0 < IS_DIGEST { Some(self.0) } else { None }
    }

    /// Lives come one after the other. Digests come in no order.
    pub(crate) fn outdates(self, other: Run) -> bool {
        self > other && self.life().is_some()
    }
}
