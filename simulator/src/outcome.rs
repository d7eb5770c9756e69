//! What a run came to.
use std::time::Duration;

use crate::sometimes::Tally;
use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Node, NodeId, Time, Violation};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<N: Node> {
    /// What an observer or an assertion of a node found; the run ended there.
    pub violation: Option<Violation>,
    pub liveness: Liveness,
    pub counts: Counts,
    /// What was reached, if somebody counted ([`crate::Counting`]).
    pub sometimes: Tally,
    /// In the order in which they were called.
    pub calls: Vec<ClientCall<N>>,
    /// Over all steps, and the states of the nodes: equal for equal runs.
    pub trace_hash: u64,
    pub end: Time,
}

/// One call of one client, with all its tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCall<N: Node> {
    pub client: ClientId,
    /// 1, 2, 3, … within the client's session.
    pub number: u64,
    pub request: N::Request,
    pub called: Time,
    /// `None`: the client gave up, or the run ended. The call may take effect at any later time.
    pub returned: Option<(Time, N::Response)>,
    /// Did a copy of it reach a node, or might one still? If not, it certainly did not take effect.
    pub reached: bool,
}

/// After the heal, did the cluster serve new calls?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liveness {
    /// The run ended before it, or was not to have such a phase.
    NotJudged,
    /// All that were asked for succeeded: the first and the last of them so long after the heal.
    Live { core: Vec<NodeId>, first_commit_after: Duration, all_after: Duration },
    /// Fewer succeeded in the time that they had.
    Stuck { core: Vec<NodeId>, succeeded: u64, wanted: u64, within: Duration },
}

impl Liveness {
    pub fn is_stuck(&self) -> bool {
        matches!(self, Liveness::Stuck { .. })
    }
}

/// How often things happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub steps: u64,
    /// Packets: of nodes and of clients. `sent + duplicated = delivered + lost + partitioned + down +
    /// in_flight`.
    pub sent: u64,
    pub duplicated: u64,
    pub delivered: u64,
    pub lost: u64,
    pub partitioned: u64,
    /// The receiver was down, or no longer waiting.
    pub down: u64,
    /// When the run ended.
    pub in_flight: u64,
    /// Calls that returned.
    pub ok: u64,
    /// Calls that certainly did not take effect: no copy of them ever reached a node.
    pub failed: u64,
    /// Calls that may have taken effect, or may yet.
    pub unknown: u64,
    /// Requests that clients sent: calls, and further tries.
    pub tries: u64,
    /// Answers that sent a client elsewhere.
    pub redirects: u64,
    pub timers: u64,
    pub records: u64,
    pub syncs: u64,
    pub crashes: u64,
    /// Disks that were replaced by empty ones.
    pub wipes: u64,
    /// Records that crashes destroyed.
    pub records_lost: u64,
    pub restarts: u64,
    pub partitions: u64,
    pub one_way_cuts: u64,
    pub slow_disks: u64,
    pub full_disks: u64,
    /// Parts of records that were cut off at a boot.
    pub torn_records: u64,
    pub failed_syncs: u64,
    pub flipped_bits: u64,
    pub lost_sectors: u64,
    pub misdirected_writes: u64,
    /// Nodes that are gone for good.
    pub ended: u64,
    pub crash_loops: u64,
    pub pauses: u64,
    pub slow_nodes: u64,
    pub clock_jumps: u64,
    pub clock_strobes: u64,
    pub clogs: u64,
    pub filters: u64,
    pub flappings: u64,
}

impl Counts {
    pub fn dropped(&self) -> u64 {
        self.lost + self.partitioned + self.down
    }
}
