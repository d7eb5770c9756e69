//! Who is who: nodes, clients, and one call of a client.
use core::fmt;

use serde::{Deserialize, Serialize};

/// A server. Harnesses number the nodes of a cluster 1, 2, … n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A client, or one session of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(pub u32);

impl ClientId {
    /// A node that is itself a client of other nodes (a gate, a worker) has a number of its own.
    pub const fn of_node(node: NodeId) -> ClientId {
        ClientId(1 << 31 | node.0)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// One call by one client.
///
/// A client has at most one call open and numbers its calls 1, 2, 3, …; a retry keeps its number, so
/// `(client, number)` is what duplicates are recognised by. `via` is the node that took the call: any
/// node may answer it, and the harness routes the answer by `via`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Caller {
    pub client: ClientId,
    pub number: u64,
    pub via: NodeId,
}

/// What a client is told. It needs to know no algorithm to act on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer<R> {
    /// The call took effect, once, and this is its result.
    Done(R),
    /// This call was not and will not be carried out here; ask there (or anywhere).
    Elsewhere(Option<NodeId>),
}
