//! What clients ask for, and what they are told.
use alloc::{sync::Arc, vec::Vec};
use core::{fmt, ops::RangeInclusive};

use serde::{Deserialize, Serialize};
use synod_protocol::ClientId;

use crate::Run;

/// Names a list. Keys are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub u64);

/// The elements under a key, in the order in which they were appended.
pub type List = Arc<Vec<i64>>;

/// One operation of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MicroOp {
    Append { key: Key, value: i64 },
    Read { key: Key },
}

impl MicroOp {
    pub fn key(&self) -> Key {
        match self {
            MicroOp::Append { key, .. } | MicroOp::Read { key } => *key,
        }
    }

    pub fn is_read(&self) -> bool {
        matches!(self, MicroOp::Read { .. })
    }
}

/// What a client wants done as a whole, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transaction(pub Vec<MicroOp>);

/// One run of a client's call. A call that is tried again after its coordinator crashed may be another run.
///
/// By their numbers they are ordered as their client made them, and it has one call open at a time: whoever has finished
/// one has no use for one of an earlier number that it never heard of. Of two names with the same number that says
/// nothing, unless the runs are lives; ask [`TxnId::outdates`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TxnId {
    pub client: ClientId,
    /// The client's number for the call.
    pub number: u64,
    pub run: Run,
}

impl TxnId {
    /// Whoever has ended this one will not vote on the other: it is of an earlier call, or of an earlier life.
    pub fn outdates(self, other: TxnId) -> bool {
        self.client == other.client
            && (self.number > other.number || self.number == other.number && self.run.outdates(other.run))
    }

    /// Another run of the same call, or, under its number, of another.
    pub fn is_rival_of(self, other: TxnId) -> bool {
        (self.client, self.number) == (other.client, other.number) && self.run != other.run
    }

    /// All names with this client and number.
    pub(crate) fn of_call(self) -> RangeInclusive<TxnId> {
        TxnId { run: Run::MIN, ..self }..=TxnId { run: Run::MAX, ..self }
    }

    /// All names with this client.
    pub(crate) fn of_client(self) -> RangeInclusive<TxnId> {
        let (first, last) = (TxnId { number: 0, ..self }, TxnId { number: u64::MAX, ..self });
        *first.of_call().start()..=*last.of_call().end()
    }
}

/// What is decided of a transaction, once and by all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Commit,
    Abort,
}

/// Why a transaction took no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A participant voted no, or was not heard in time.
    NotUnanimous,
    /// It names a key that nobody holds.
    UnknownKey,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// It took effect, and each `Read`, in their order, saw this.
    Committed { reads: Vec<List> },
    /// It took no effect and never will.
    Aborted { why: Why },
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.0)
    }
}

/// `append k1 7`, `read k2`
impl fmt::Display for MicroOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MicroOp::Append { key, value } => write!(f, "append {key} {value}"),
            MicroOp::Read { key } => write!(f, "read {key}"),
        }
    }
}

/// `append k1 7, read k2`
impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, op) in self.0.iter().enumerate() {
            write!(f, "{}{op}", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// `c1.7`, and `c1.7/3` in the third life of its coordinator. A digest of what was asked says nothing to a reader.
impl fmt::Display for TxnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.client, self.number)?;
        match self.run.life() {
            None | Some(0 | 1) => Ok(()),
            Some(life) => write!(f, "/{life}"),
        }
    }
}

/// As it is displayed: a timer's name shall fit into a line.
impl fmt::Debug for TxnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Decision::Commit => "commit",
            Decision::Abort => "abort",
        })
    }
}
