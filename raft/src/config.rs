//! Who the servers are, and how patient.
use alloc::{collections::BTreeSet, vec::Vec};
use core::{fmt, ops::Range, time::Duration};

use serde::{Deserialize, Serialize};
use synod_protocol::NodeId;

/// The configuration of a cluster, the same for all its servers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Config {
    /// The servers that vote.
    pub members: Vec<NodeId>,
    /// Election timeouts are drawn from this range (§5.2, §9.3), anew each time.
    pub election_timeout: Range<Duration>,
    /// How often an idle leader is heard. broadcastTime ≪ electionTimeout (§5.6): a few of these must fit
    /// into the shortest election timeout, or a lost one deposes the leader.
    pub heartbeat_interval: Duration,
    /// The most entries that one AppendEntries carries.
    pub max_entries_per_append: usize,
    /// The most AppendEntries with entries that are on their way to one follower (dissertation §10.2.1).
    pub max_appends_in_flight: usize,
}

impl Config {
    /// The paper's timeouts: elections after 150–300 ms (§9.3), and three heartbeats before the earliest.
    pub fn new(members: impl IntoIterator<Item = NodeId>) -> Config {
        Config {
            members: members.into_iter().collect(),
            election_timeout: Duration::from_millis(150)..Duration::from_millis(300),
            heartbeat_interval: Duration::from_millis(50),
            max_entries_per_append: 256,
            max_appends_in_flight: 4,
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
        if self.election_timeout.start >= self.election_timeout.end {
            return Err(ConfigError::ElectionTimeoutNotRandom);
        }
        if self.heartbeat_interval >= self.election_timeout.start {
            return Err(ConfigError::HeartbeatTooSlow);
        }
        if self.max_entries_per_append == 0 || self.max_appends_in_flight == 0 {
            return Err(ConfigError::NothingMayBeSent);
        }
        Ok(())
    }
}

/// A configuration that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigError {
    NoMembers,
    MemberTwice,
    ElectionTimeoutNotRandom,
    HeartbeatTooSlow,
    NothingMayBeSent,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConfigError::NoMembers => "a cluster needs at least one member",
            ConfigError::MemberTwice => "a member is listed twice: each has one vote",
            ConfigError::ElectionTimeoutNotRandom => {
                "election_timeout must be a range with room to draw from, or votes will split for ever (§5.2)"
            }
            ConfigError::HeartbeatTooSlow => {
                "heartbeat_interval must be shorter than the shortest election timeout (§5.6)"
            }
            ConfigError::NothingMayBeSent => {
                "max_entries_per_append and max_appends_in_flight must be at least 1"
            }
        })
    }
}

impl core::error::Error for ConfigError {}
