//! What can be wrong with a history of transactions, where, and what to do about it.
use thiserror::Error;

use super::Name;
use crate::{HistoryError, Value};

/// A history that says something impossible.
///
/// `line` counts from 1. In a history built in memory, transaction `i` stands for line `i + 1`. The name of the
/// file is for the caller to add.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// Not one transaction of the format.
    #[error("line {line}, column {column}: {reason}; write one transaction a line, like {EXAMPLE}")]
    Syntax {
        /// Where.
        line: usize,
        /// Where in the line, in bytes from 1.
        column: usize,
        /// What was found there.
        reason: String,
    },
    /// Not an event of a Jepsen history of transactions.
    #[error(
        "line {line}: {reason}; an event looks like {{:process 0 :type :ok :f :txn :value [[:append :x 1] [:r :y [2]]]}}"
    )]
    Event {
        /// Where.
        line: usize,
        /// What was found there.
        reason: String,
    },
    /// A process calls although it has a transaction open.
    #[error(
        "line {line}: process {client} calls although its transaction of line {other} has not ended; a process has \
         one transaction at a time: give concurrent ones different processes"
    )]
    CalledTwice {
        /// The later call.
        line: usize,
        /// Whose.
        client: u64,
        /// The transaction that was open.
        other: usize,
    },
    /// A process is answered although it has no transaction open.
    #[error(
        "line {line}: process {client} is answered, but has called nothing since its last answer; add the \
         :invoke, or remove this"
    )]
    ReturnWithoutCall {
        /// Where.
        line: usize,
        /// Whose.
        client: u64,
    },
    /// The outcome is known, and when is not.
    #[error(
        "line {line}: the outcome is known but not when it was; give the time of the return, or write null for \
         `ok` if there was no answer"
    )]
    OutcomeWithoutReturn {
        /// Where.
        line: usize,
    },
    /// A committed transaction must say what it read.
    #[error(
        "line {line}: the transaction committed, so it read something from {}; write [] for nothing",
        Name(key)
    )]
    ReadWithoutList {
        /// Where.
        line: usize,
        /// From where.
        key: Value,
    },
    /// Time runs backwards.
    #[error(
        "line {line}: client {client} returns at {returned}, before its call at {call}; check the clock that \
         stamps calls and returns: it must be one monotonic clock"
    )]
    ReturnBeforeCall {
        /// Where.
        line: usize,
        /// Whose.
        client: u64,
        /// The call.
        call: u64,
        /// The return before it.
        returned: u64,
    },
    /// Two transactions of one client at once.
    #[error(
        "line {line}: client {client} calls at {call} while its transaction of line {other} is open until {until}; \
         a client has one transaction at a time: give concurrent ones different client ids"
    )]
    Overlap {
        /// The later call.
        line: usize,
        /// Whose.
        client: u64,
        /// When it called.
        call: u64,
        /// The transaction that was open.
        other: usize,
        /// When that one returned.
        until: u64,
    },
    /// A client that went on without an answer.
    #[error(
        "line {line}: client {client} calls at {call} although the outcome of its transaction of line {other} is \
         unknown, so that it is open for ever; a client that gave up must go on under a new client id"
    )]
    CallAfterGivingUp {
        /// The later call.
        line: usize,
        /// Whose.
        client: u64,
        /// When it called.
        call: u64,
        /// The transaction without an answer.
        other: usize,
    },
    /// Whose append was read could not be told.
    #[error(
        "line {line}: {value} is appended to {} again, after line {other}; append a value to a key only once, or \
         nobody can tell which of them was read",
        Name(key)
    )]
    AppendedTwice {
        /// The later one.
        line: usize,
        /// To where.
        key: Value,
        /// What.
        value: Value,
        /// The earlier one.
        other: usize,
    },
    /// More than the analysis can number.
    #[error("the history has more than 2^30 transactions or operations; judge it in parts")]
    TooLong,
}

/// The reader of EDN complains in the terms of the other histories.
impl From<HistoryError> for TransactionError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Log { line, reason } => TransactionError::Event { line, reason },
            other => TransactionError::Event { line: 1, reason: other.to_string() },
        }
    }
}

const EXAMPLE: &str = r#"{"client":1,"call":0,"return":5,"txn":[["append","x",1],["r","x",[1]]],"ok":true}"#;
