//! Who the servers are, which of them make a quorum, and how patient.
use alloc::vec::Vec;
use core::{fmt, ops::Range, time::Duration};

use serde::{Deserialize, Serialize};
use synod_protocol::NodeId;

use crate::{QuorumError, QuorumSizes, quorums::Quorums};

/// The configuration of a cluster, the same for all its servers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Config {
    /// Each is proposer, acceptor, learner and replica. They decide until the log says otherwise.
    pub members: Vec<NodeId>,
    /// The rest of the address book: they learn, and a [`super::Reconfiguration`] can make them members.
    pub spares: Vec<NodeId>,
    pub quorums: QuorumSizes,
    /// How long a leader may be silent until somebody begins a ballot of their own, drawn anew each time.
    pub election_timeout: Range<Duration>,
    /// How often an idle leader is heard. A few of these must fit into the shortest election timeout.
    pub heartbeat_interval: Duration,
    /// α, the window: a slot is proposed when the one α before it is known to be chosen, not earlier; what the
    /// log says about the members takes effect so many slots later.
    pub window: usize,
    /// The most slots that one message carries.
    pub max_slots_per_message: usize,
    /// The most runs of slots that the leader has proposed and not seen chosen.
    pub max_runs_in_flight: usize,
    /// A snapshot is taken when so many slots were executed after the last one.
    pub snapshot_every: usize,
    /// So many slots before a snapshot stay in the log, for those who lag a little.
    pub kept_behind_snapshot: usize,
    /// Reads by lease; `None`: by quorum, which needs no clock.
    pub lease: Option<LeaseConfig>,
}

/// For how long a server is bound to a leader, on its own clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LeaseConfig {
    pub length: Duration,
    /// Two clocks that are set alike differ by no more than this after the length of a lease.
    pub drift: Duration,
}

impl Config {
    /// Majorities, and Raft's timeouts, so that the two can be compared.
    pub fn new(members: impl IntoIterator<Item = NodeId>) -> Config {
        let members: Vec<NodeId> = members.into_iter().collect();
        let quorums = QuorumSizes::majorities(members.len());
        Config {
            members,
            spares: Vec::new(),
            quorums,
            election_timeout: Duration::from_millis(150)..Duration::from_millis(300),
            heartbeat_interval: Duration::from_millis(50),
            window: 1024,
            max_slots_per_message: 256,
            max_runs_in_flight: 4,
            snapshot_every: 1024,
            kept_behind_snapshot: 256,
            lease: None,
        }
    }

    /// All who may ever be members, in ascending order. Messages from others are ignored.
    pub fn servers(&self) -> Vec<NodeId> {
        let mut servers: Vec<NodeId> = self.members.iter().chain(&self.spares).copied().collect();
        servers.sort_unstable();
        servers
    }

    /// # Errors
    /// What makes no sense, so that no cluster with this configuration could work, or none could be safe.
    pub fn validate(&self) -> Result<(), ConfigError> {
        Quorums::new(&self.members, self.quorums)?;
        if self.servers().windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(ConfigError::SpareTwice);
        }
        if self.election_timeout.start >= self.election_timeout.end {
            return Err(ConfigError::ElectionTimeoutNotRandom);
        }
        if self.heartbeat_interval >= self.election_timeout.start {
            return Err(ConfigError::HeartbeatTooSlow);
        }
        if self.window == 0 || self.max_slots_per_message == 0 || self.max_runs_in_flight == 0 {
            return Err(ConfigError::NothingMayBeSent);
        }
        if self.snapshot_every == 0 {
            return Err(ConfigError::SnapshotOfNothing);
        }
        if self.lease.as_ref().is_some_and(|lease| lease.drift >= lease.length) {
            return Err(ConfigError::NoLeaseIsLeft);
        }
        Ok(())
    }
}

/// A configuration that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigError {
    Quorums(QuorumError),
    SpareTwice,
    ElectionTimeoutNotRandom,
    HeartbeatTooSlow,
    NothingMayBeSent,
    SnapshotOfNothing,
    NoLeaseIsLeft,
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
            ConfigError::SpareTwice => f.write_str("a spare is listed twice, or is a member already"),
            ConfigError::ElectionTimeoutNotRandom => f.write_str(
                "election_timeout must be a range with room to draw from, or proposers may duel for ever",
            ),
            ConfigError::HeartbeatTooSlow => {
                f.write_str("heartbeat_interval must be shorter than the shortest election timeout")
            }
            ConfigError::NothingMayBeSent => {
                f.write_str("window, max_slots_per_message and max_runs_in_flight must be at least 1")
            }
            ConfigError::SnapshotOfNothing => f.write_str("snapshot_every must be at least 1"),
            ConfigError::NoLeaseIsLeft => {
                f.write_str("a lease must be longer than clocks drift apart during it")
            }
        }
    }
}

impl core::error::Error for ConfigError {}
