//! Reconfiguration through the log: which acceptors decide which slot (*Reconfiguring a State Machine*, Lamport,
//! Malkhi & Zhou 2010, §3; *Paxos Made Simple*, the end of §3).
//!
//! ```text
//!   slot        1 … i-1     i      i+1 … i+α-1     i+α …
//!   value                [C → C']   (calls, then no-ops)
//!   decided by  C           C           C             C'
//! ```
//!
//! "A leader can get α commands ahead … by letting the set of servers that execute instance i + α … be specified
//! by the state after execution of the ith state machine command." So nobody has to guess: whoever may propose for
//! slot j has executed slot j − α, and knows the configuration of j from the log alone.
//!
//! All servers of the address book hear the leader, so one that is added is warm, and one that was removed still
//! learns that it was. Only the acceptors of a slot's configuration count for it.
use alloc::{collections::BTreeMap, vec::Vec};
use core::{fmt, iter};

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, NodeId, Seen};

use crate::{QuorumError, QuorumSizes, quorums::Quorums};

use super::{Config, Slot};

/// What clients ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Request<C> {
    /// A command of the state machine. Read-only ones are answered without the log.
    Command(C),
    Reconfigure(Reconfiguration),
}

impl<C> From<C> for Request<C> {
    fn from(command: C) -> Self {
        Request::Command(command)
    }
}

/// A wish for other acceptors.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reconfiguration {
    /// The epoch of the configuration that it is to follow, so that of two wishes that do not know of each other
    /// only one comes true; `None`: whichever is the latest then.
    pub after: Option<u64>,
    pub members: Vec<NodeId>,
    pub quorums: QuorumSizes,
}

impl Reconfiguration {
    /// Majorities of these, after whatever configuration is the latest.
    pub fn to(members: impl IntoIterator<Item = NodeId>) -> Reconfiguration {
        let members: Vec<NodeId> = members.into_iter().collect();
        let quorums = QuorumSizes::majorities(members.len());
        Reconfiguration { after: None, members, quorums }
    }
}

/// What they are told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Response<O> {
    Output(O),
    /// The members decide the slots from `from` on. The configuration they had is needed up to there.
    Reconfigured {
        epoch: u64,
        from: Slot,
    },
    /// There is no such configuration, and nothing changed.
    Refused(Refusal),
}

/// Why a configuration was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    Quorums(QuorumError),
    /// Nobody knows where this server is: it is neither a member nor a spare of [`Config`].
    Stranger {
        node: NodeId,
    },
    /// It was to follow another configuration than the latest.
    NotTheLatest {
        after: u64,
        latest: u64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Quorums(error) => error.fmt(f),
            Refusal::Stranger { node } => {
                write!(f, "{node} is not in the address book: start the servers with it among their spares")
            }
            Refusal::NotTheLatest { after, latest } => {
                write!(f, "it was to follow epoch {after}, and the latest is {latest}: look at that, and ask again")
            }
        }
    }
}

impl core::error::Error for Refusal {}

/// Acceptors, and from which slot on they decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Era {
    /// The configuration that the servers were started with is 1.
    pub(crate) epoch: u64,
    pub(crate) from: Slot,
    pub(crate) quorums: Quorums,
}

impl Era {
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The first slot that its members decide.
    pub fn from(&self) -> Slot {
        self.from
    }

    /// In ascending order.
    pub fn members(&self) -> &[NodeId] {
        self.quorums.members()
    }

    pub fn quorums(&self) -> QuorumSizes {
        self.quorums.sizes()
    }
}

/// The configurations of all slots that are not executed yet, as far as the executed ones tell, that is up to α
/// slots further: a part of the replicated state.
///
/// 1. Epochs and first slots ascend.
/// 2. `current` governs the first slot that is not executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schedule {
    current: Era,
    later: Vec<Era>,
    /// Each client's latest wish, and what came of it: it is tried again, and takes effect once.
    calls: BTreeMap<ClientId, (u64, Outcome)>,
}

type Outcome = Result<(u64, Slot), Refusal>;

impl Schedule {
    pub(crate) fn first(quorums: Quorums) -> Schedule {
        let current = Era { epoch: 1, from: Slot::ZERO.next(), quorums };
        Schedule { current, later: Vec::new(), calls: BTreeMap::new() }
    }

    /// In the order of their slots.
    pub fn eras(&self) -> impl DoubleEndedIterator<Item = &Era> {
        iter::once(&self.current).chain(&self.later)
    }

    /// Who decides the first slot that is not executed.
    pub fn current(&self) -> &Era {
        &self.current
    }

    /// The last one that was asked for.
    pub fn latest(&self) -> &Era {
        self.later.last().unwrap_or(&self.current)
    }

    /// The configuration of a slot that is not executed, and at most α after one that is.
    pub(crate) fn governing(&self, slot: Slot) -> &Era {
        self.later.iter().rev().find(|era| era.from <= slot).unwrap_or(&self.current)
    }

    /// The last slot that the configuration of this one governs.
    pub(crate) fn last_governed_with(&self, slot: Slot) -> Slot {
        self.later.iter().find(|era| era.from > slot).map_or(Slot::LAST, |next| next.from.minus(1))
    }

    /// Is this server an acceptor of any slot to come?
    pub(crate) fn has(&self, node: NodeId) -> bool {
        self.eras().any(|era| era.quorums.has(node))
    }

    pub(crate) fn seen<O>(&self, client: ClientId, number: u64) -> Seen<'_, Response<O>>
    where
        Response<O>: From<Outcome>,
    {
        match self.calls.get(&client) {
            Some((latest, _)) if *latest > number => Seen::Outdated,
            _ => Seen::Never,
        }
    }
}
