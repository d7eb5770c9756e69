//! Which isolation level does a history of transactions have? In the manner of Elle (Kingsbury & Alvaro, VLDB 2020).
//!
//! Transactions append to lists and read them. A list that was read tells in which order its elements came, so the
//! order of versions, which other histories hide, is seen, and Adya's dependencies (1999) follow from it:
//!
//! ```text
//! ww   T2 appended to a list next after T1
//! wr   T2 read a list that ends with what T1 appended
//! rw   T1 read a list and T2 appended to it next
//! ```
//!
//! Where they form a cycle there is an anomaly; the kinds of its dependencies say which one, and so which levels
//! are ruled out ([`Model`] lists which level proscribes what).
//!
//! ```
//! use synod_linearizability::transactions::{Level, Operation, Transaction, TransactionHistory, check};
//!
//! // Two transactions read x before either of them appends to it: one update is lost.
//! let history = TransactionHistory::new([
//!     Transaction::called(1, 0, [Operation::read("x", []), Operation::append("x", 1)]).committed(10),
//!     Transaction::called(2, 0, [Operation::read("x", []), Operation::append("x", 2)]).committed(10),
//!     Transaction::called(3, 20, [Operation::read("x", [1, 2])]).committed(30),
//! ])?;
//! let report = check(&history);
//! assert!(report.verdict(Level::ReadCommitted.into()).holds());
//! assert!(report.verdict(Level::SnapshotIsolation.into()).is_violated());
//! assert_eq!(report.anomalies[0].kind.name(), "G-single");
//! assert_eq!(report.anomalies[0].cycle[0].to_string(), "T0 appended 1 to x, and T1 appended 2 next");
//! assert_eq!(report.anomalies[0].cycle[1].to_string(), "T1 read x as [] before T0 appended 1");
//! # Ok::<(), synod_linearizability::transactions::TransactionError>(())
//! ```
//!
//! # What the answers mean
//!
//! A violation is certain. [`Verdict::Holds`] is certain for the observed history too: there is an order that explains
//! every read. [`Verdict::NoAnomalyFound`] says less: several transactions appended to a list and nobody read it
//! afterwards, so the order of these appends was not seen. (That it is serializable is never in doubt: if
//! the known dependencies have no cycle, any order that they allow explains the reads.)
//!
//! - An aborted transaction's appends must not be seen, and its reads do not count.
//! - A transaction of unknown outcome counts as committed if a committed one read what it appended, and as never
//!   having happened otherwise.
//! - Sessions are clients. Real time is from return to call; equal times count as concurrent.
//!
//! # What is left out
//!
//! Registers and predicates: only lists, so `G2` is Adya's `G2-item`. Of several anomalies of a kind, one is shown.
mod anomaly;
mod components;
mod cycles;
mod dependencies;
mod edn;
mod error;
pub mod generate;
mod graph;
mod history;
mod jsonl;
mod model;
mod search;
mod versions;

use std::fmt;

pub use anomaly::{Anomaly, AnomalyKind, Order};
pub use dependencies::{Dependency, Edge};
pub use error::TransactionError;
pub use history::TransactionHistory;
pub use model::{Level, Model, Report, UnknownModel, Verdict, check};

use crate::Value;

/// What one client did in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Who; a client has one transaction at a time.
    pub client: u64,
    /// When it began, in any unit.
    pub call: u64,
    /// When its outcome was known, or its client gave up.
    pub returned: Option<u64>,
    /// Its outcome.
    pub status: Status,
    /// What it did, in this order.
    pub operations: Vec<Operation>,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It took place.
    Committed,
    /// It did not.
    Aborted,
    /// Nobody knows. It may take place at any time after its call.
    Unknown,
}

/// One operation of a transaction. Each key holds a list, empty at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Adds at the end of a list. No value may be appended to a key twice.
    Append {
        /// Which list.
        key: Value,
        /// What.
        value: Value,
    },
    /// Reads a list.
    Read {
        /// Which list.
        key: Value,
        /// What was there; none if the transaction did not get to know.
        list: Option<Vec<Value>>,
    },
}

impl Operation {
    /// Appends `value` to the list under `key`.
    pub fn append(key: impl Into<Value>, value: impl Into<Value>) -> Self {
        Operation::Append { key: key.into(), value: value.into() }
    }

    /// Reads `list` under `key`.
    pub fn read<const N: usize>(key: impl Into<Value>, list: [i64; N]) -> Self {
        Operation::Read { key: key.into(), list: Some(list.map(Value::from).to_vec()) }
    }

    /// The list that it is about.
    pub fn key(&self) -> &Value {
        match self {
            Operation::Append { key, .. } | Operation::Read { key, .. } => key,
        }
    }
}

/// `append x 1`, `read x [1 2]`
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Append { key, value } => write!(f, "append {} {value}", Name(key)),
            Operation::Read { key, list: None } => write!(f, "read {}", Name(key)),
            Operation::Read { key, list: Some(list) } => write!(f, "read {} {}", Name(key), List(list)),
        }
    }
}

impl Transaction {
    /// A transaction of unknown outcome.
    pub fn called(client: u64, call: u64, operations: impl IntoIterator<Item = Operation>) -> Self {
        let operations = operations.into_iter().collect();
        Transaction { client, call, returned: None, status: Status::Unknown, operations }
    }

    /// Its client knew at that time that it had committed.
    pub fn committed(self, at: u64) -> Self {
        Transaction { returned: Some(at), status: Status::Committed, ..self }
    }

    /// Its client knew at that time that it had aborted.
    pub fn aborted(self, at: u64) -> Self {
        Transaction { returned: Some(at), status: Status::Aborted, ..self }
    }
}

/// `append x 1, read x [1]`
impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.operations.is_empty() {
            return f.write_str("nothing");
        }
        for (place, operation) in self.operations.iter().enumerate() {
            write!(f, "{}{operation}", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// A key for a person: quotes only where a text could be taken for something else.
struct Name<'a>(&'a Value);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Text(text)
                if text.starts_with(char::is_alphabetic)
                    && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) =>
            {
                f.write_str(text)
            }
            key => key.fmt(f),
        }
    }
}

/// A list for a person. Of a long one, the end: that is where things happen.
struct List<'a>(&'a [Value]);

/// How much of a list is shown.
const SHOWN: usize = 8;

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = self.0.len().saturating_sub(SHOWN);
        f.write_str(if hidden > 0 { "[…" } else { "[" })?;
        for (place, value) in self.0[hidden..].iter().enumerate() {
            write!(f, "{}{value}", if place == 0 && hidden == 0 { "" } else { " " })?;
        }
        f.write_str("]")
    }
}
