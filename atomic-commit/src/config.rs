//! Who the nodes are, who holds which key, and how patient they are.
use alloc::{collections::BTreeSet, vec::Vec};
use core::{fmt, ops::Range, time::Duration};

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, NodeId};

use crate::{Branch, Key, MicroOp, Transaction};

/// The configuration of a cluster, the same for all its nodes and for all three protocols.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Config {
    /// The nodes: each holds some keys, and each coordinates.
    pub members: Vec<NodeId>,
    /// The keys are 0, 1, … up to and without this.
    pub keys: u64,
    /// A coordinator waits so long for votes (in 3PC, also for acknowledgements) before it takes the silent ones for
    /// failed.
    pub patience: Duration,
    /// A participant that voted yes waits so long for a word before it asks. In 3PC, the least it waits; see
    /// [`Config::doubt_of_rank`].
    pub doubt: Range<Duration>,
    /// A decision is sent again after this time to those who have not acknowledged it.
    pub resend: Duration,
}

impl Config {
    /// The longest that anybody may wait: waits are added up, and shall not overflow.
    pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    /// Messages that take a few milliseconds, as in one hall.
    pub fn new(members: impl IntoIterator<Item = NodeId>) -> Config {
        let ms = Duration::from_millis;
        Config {
            members: members.into_iter().collect(),
            keys: 12,
            patience: ms(100),
            doubt: ms(250)..ms(400),
            resend: ms(100),
        }
    }

    /// # Errors
    /// What makes no sense, so that no cluster with this configuration could work.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let distinct: BTreeSet<_> = self.members.iter().collect();
        if self.members.is_empty() {
            return Err(ConfigError::NoMembers);
        }
        if distinct.len() < self.members.len() {
            return Err(ConfigError::MemberTwice);
        }
        if self.keys == 0 {
            return Err(ConfigError::NoKeys);
        }
        if self.patience.is_zero() || self.resend.is_zero() {
            return Err(ConfigError::NoPatience);
        }
        if self.patience.max(self.resend).max(self.doubt.end) > Self::LONGEST {
            return Err(ConfigError::TooPatient);
        }
        if self.doubt.start <= self.patience || self.doubt.start >= self.doubt.end {
            return Err(ConfigError::DoubtsTooSoon);
        }
        Ok(())
    }

    /// A node boots only with what makes sense.
    ///
    /// # Panics
    /// It does not, or gives the node no place.
    pub(crate) fn must_admit(&self, id: NodeId) {
        self.validate().unwrap_or_else(|error| panic!("a node's configuration makes sense: {error}"));
        assert!(self.members.contains(&id), "{id} must be a member of its own cluster");
    }

    /// Who coordinates a client's transactions in two- and three-phase commit: one node, so that it alone needs to
    /// know which of the client's calls were carried out.
    pub fn home(&self, client: ClientId) -> NodeId {
        self.members[client.0 as usize % self.members.len()]
    }

    /// Who holds a key.
    pub fn owner(&self, key: Key) -> NodeId {
        self.members[(key.0 % self.members.len() as u64) as usize]
    }

    /// The participants of a transaction, in ascending order; `None` if it names an unknown key.
    pub fn participants(&self, transaction: &Transaction) -> Option<Vec<NodeId>> {
        let known = |op: &MicroOp| (op.key().0 < self.keys).then(|| self.owner(op.key()));
        let mut participants: Vec<NodeId> = transaction.0.iter().map(known).collect::<Option<_>>()?;
        participants.sort_unstable();
        participants.dedup();
        Some(participants)
    }

    /// What a participant has to do of a transaction.
    pub fn part_of(&self, participant: NodeId, transaction: &Transaction) -> Vec<MicroOp> {
        let is_its = |op: &&MicroOp| self.owner(op.key()) == participant;
        transaction.0.iter().filter(is_its).copied().collect()
    }

    /// Might a correct node ask this of that participant? Its participants are members, each once and in order, itself
    /// among them, and it has something to do, with keys that it holds.
    pub(crate) fn is_part_of(&self, participant: NodeId, branch: &Branch) -> bool {
        let Branch { participants, ops } = branch;
        let is_its = |op: &MicroOp| op.key().0 < self.keys && self.owner(op.key()) == participant;
        !ops.is_empty()
            && ops.iter().all(is_its)
            && participants.contains(&participant)
            && participants.is_sorted_by(|one, next| one < next)
            && participants.iter().all(|it| self.members.contains(it))
    }

    /// How long a participant waits in doubt before it takes over, in 3PC: one after the other, so that each has
    /// finished or failed before the next begins.
    pub fn doubt_of_rank(&self, rank: usize) -> Range<Duration> {
        let wait = self.doubt.start + self.patience * 5 * (rank as u32);
        wait..wait + self.patience / 10
    }
}

/// A configuration that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigError {
    NoMembers,
    MemberTwice,
    NoKeys,
    NoPatience,
    TooPatient,
    DoubtsTooSoon,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConfigError::NoMembers => "a cluster needs at least one member",
            ConfigError::MemberTwice => "a member is listed twice: each key has one holder",
            ConfigError::NoKeys => "keys must be at least 1, or every transaction names an unknown one",
            ConfigError::NoPatience => "patience and resend must be longer than nothing",
            ConfigError::TooPatient => "patience, doubt and resend must be at most a day",
            ConfigError::DoubtsTooSoon => {
                "doubt must begin after patience, and be a range with room to draw from: a participant that asks \
                 before its coordinator can have decided hears nothing new"
            }
        })
    }
}

impl core::error::Error for ConfigError {}
