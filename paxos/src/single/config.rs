//! Who the servers are, which of them make a quorum, and how patient a proposer is.
use alloc::vec::Vec;
use core::{fmt, ops::Range, time::Duration};

use serde::{Deserialize, Serialize};
use synod_protocol::NodeId;

use crate::{QuorumError, QuorumSizes, quorums::Quorums};

/// The configuration of a cluster, the same for all its servers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Config {
    /// Each is proposer, acceptor and learner.
    pub members: Vec<NodeId>,
    pub quorums: QuorumSizes,
    /// How long a proposer waits before it begins a new ballot, drawn anew each time: proposers who are
    /// equally impatient could overrule each other for ever (§2.4). It doubles with each try, up to 64 times.
    pub retry: Range<Duration>,
}

impl Config {
    /// Majorities, and 50–150 ms of patience.
    pub fn new(members: impl IntoIterator<Item = NodeId>) -> Config {
        let members: Vec<NodeId> = members.into_iter().collect();
        let quorums = QuorumSizes::majorities(members.len());
        Config { members, quorums, retry: Duration::from_millis(50)..Duration::from_millis(150) }
    }

    /// # Errors
    /// What makes no sense, so that no cluster with this configuration could work, or none could be safe.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.retry.start >= self.retry.end {
            return Err(ConfigError::RetryNotRandom);
        }
        Quorums::new(&self.members, self.quorums)?;
        Ok(())
    }
}

/// A configuration that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigError {
    Quorums(QuorumError),
    RetryNotRandom,
}

impl From<QuorumError> for ConfigError {
    fn from(error: QuorumError) -> Self {
        ConfigError::Quorums(error)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Quorums(error) => error.fmt(f),
            ConfigError::RetryNotRandom => f.write_str(
                "retry must be a range with room to draw from, or proposers may duel for ever (§2.4)",
            ),
        }
    }
}

impl core::error::Error for ConfigError {}
