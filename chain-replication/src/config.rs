//! Who the servers are, who decides about them, and how patient they all are.
use alloc::{collections::BTreeSet, vec::Vec};
use core::{fmt, ops::Range, time::Duration};

use serde::{Deserialize, Serialize};
use synod_protocol::NodeId;

/// The same for all nodes of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Config {
    /// The first chain, the head first.
    pub servers: Vec<NodeId>,
    /// Whom servers ask who the chain is. A node that has this number does not fail; if none has, whoever
    /// composes the nodes answers in its name.
    pub master: NodeId,
    pub reads: Reads,
    /// A chain of fewer servers than this does not answer: `least − 1` servers may be lost for ever, at any
    /// time, whoever was wrongly taken for dead before.
    pub least: usize,
    /// How often the master hears a server.
    pub heartbeat_interval: Duration,
    /// Whom the master did not hear for so long it takes for dead. Many heartbeats must fit in.
    pub detection_interval: Duration,
    /// What was not acknowledged for so long is sent again.
    pub resend_interval: Duration,
    /// The most entries that one message carries, and the most that are kept for what is missing before them.
    pub max_entries_per_update: usize,
    /// A tail hands over to a new one when that one lacks at most so many entries.
    pub hand_over_within: usize,
    /// A server that lost its disk comes back as a new one. Then an empty disk belongs to nobody until the master
    /// has welcomed it: its server says [`Body::Hello`](crate::Body::Hello) first, when it boots for the first time
    /// as well.
    pub rejoins: bool,
}

/// Who answers reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// The tail alone (chain replication).
    Tail,
    /// Every server: clean objects at once, dirty ones as far as the tail says (CRAQ).
    Apportioned,
    /// Every server, with the newest version that it knows, at once (CRAQ §2.3). **Not linearizable.**
    Eventual,
}

impl Config {
    /// Chain replication by these servers, who obey that master.
    pub fn new(servers: impl IntoIterator<Item = NodeId>, master: NodeId) -> Config {
        let ms = Duration::from_millis;
        Config {
            servers: servers.into_iter().collect(),
            master,
            reads: Reads::Tail,
            least: 1,
            heartbeat_interval: ms(40),
            detection_interval: ms(200),
            resend_interval: ms(50),
            max_entries_per_update: 64,
            hand_over_within: 8,
            rejoins: false,
        }
    }

    /// # Errors
    /// What makes no sense, so that no chain with this configuration could work.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let distinct: BTreeSet<_> = self.servers.iter().collect();
        if self.servers.is_empty() {
            return Err(ConfigError::NoServers);
        }
        if distinct.len() < self.servers.len() {
            return Err(ConfigError::ServerTwice);
        }
        if self.least == 0 || self.least > self.servers.len() {
            return Err(ConfigError::NeverServes);
        }
        if self.heartbeat_interval >= self.detection_interval {
            return Err(ConfigError::HeartbeatTooSlow);
        }
        if self.rejoins && self.servers.contains(&self.master) {
            return Err(ConfigError::MasterForgets);
        }
        if self.max_entries_per_update == 0 {
            return Err(ConfigError::NothingMayBeSent);
        }
        Ok(())
    }
}

impl Config {
    pub(crate) fn detection(&self) -> Range<Duration> {
        around(self.detection_interval)
    }

    pub(crate) fn heartbeat(&self) -> Range<Duration> {
        around(self.heartbeat_interval)
    }

    pub(crate) fn resend(&self) -> Range<Duration> {
        around(self.resend_interval)
    }
}

/// A tenth more at most, so that servers do not go in step.
fn around(interval: Duration) -> Range<Duration> {
    interval..interval + interval / 10 + Duration::from_nanos(1)
}

/// A configuration that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigError {
    NoServers,
    ServerTwice,
    NeverServes,
    HeartbeatTooSlow,
    NothingMayBeSent,
    MasterForgets,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConfigError::NoServers => "a chain needs at least one server",
            ConfigError::ServerTwice => "a server is listed twice: each has one place in the chain",
            ConfigError::NeverServes => {
                "least must be at least 1, and at most the number of servers, or no chain is long enough to answer"
            }
            ConfigError::HeartbeatTooSlow => {
                "heartbeat_interval must be shorter than detection_interval, or every server is taken for dead"
            }
            ConfigError::NothingMayBeSent => "max_entries_per_update must be at least 1",
            ConfigError::MasterForgets => {
                "rejoins needs a master that is no server: one that lost its disk could not tell who lost theirs"
            }
        })
    }
}

impl core::error::Error for ConfigError {}
