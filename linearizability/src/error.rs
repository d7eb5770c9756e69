//! What can be wrong with a history, where, and what to do about it.
use thiserror::Error;

use crate::{DataType, Value};

/// A history that says something impossible.
///
/// `line` counts from 1. In a history built in memory, operation `i` stands for line `i + 1`. The name of the
/// file is for the caller to add.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The source could not be read.
    #[error("line {line}: cannot read on: {source}")]
    Io {
        /// The first line that was not read.
        line: usize,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Not one object of the format.
    #[error("line {line}, column {column}: {reason}; write one operation a line, like {EXAMPLE}")]
    Syntax {
        /// Where.
        line: usize,
        /// Where in the line, in bytes from 1.
        column: usize,
        /// What was found there.
        reason: String,
    },
    /// Not a line of the log format that it is read as.
    #[error("line {line}: {reason}; correct it, or name the format that it is in")]
    Log {
        /// Where.
        line: usize,
        /// What was found there.
        reason: String,
    },
    /// A process calls although it has an operation open.
    #[error(
        "line {line}: process {client} calls although its operation of line {other} has not ended; a process has \
         one operation at a time: give concurrent ones different processes"
    )]
    CalledTwice {
        /// The later call.
        line: usize,
        /// Whose.
        client: u64,
        /// The operation that was open.
        other: usize,
    },
    /// A process is answered although it has no operation open.
    #[error(
        "line {line}: process {client} is answered, but has called nothing since its last answer; remove one"
    )]
    ReturnWithoutCall {
        /// Where.
        line: usize,
        /// Whose.
        client: u64,
    },
    /// An operation that no model has.
    #[error("line {line}: unknown operation `{function}`; known are {}", crate::function::names())]
    UnknownFunction {
        /// Where.
        line: usize,
        /// What it calls itself.
        function: String,
    },
    /// An argument is missing.
    #[error("line {line}: `{function}` needs the field `{field}`; add it to `op`")]
    MissingField {
        /// Where.
        line: usize,
        /// The operation.
        function: &'static str,
        /// The argument.
        field: &'static str,
    },
    /// An argument that the operation does not take.
    #[error("line {line}: `{function}` takes no field `{field}`; remove it or name another operation")]
    SurplusField {
        /// Where.
        line: usize,
        /// The operation.
        function: &'static str,
        /// The argument.
        field: &'static str,
    },
    /// A value of the wrong kind.
    #[error("line {line}: `{field}` of `{function}` must be {expected}, not {found}")]
    WrongType {
        /// Where.
        line: usize,
        /// The operation.
        function: &'static str,
        /// The argument.
        field: &'static str,
        /// What would be right.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// An answer that the operation never gives.
    #[error("line {line}: the output of `{function}` must be {expected}, not {found}")]
    WrongOutput {
        /// Where.
        line: usize,
        /// The operation.
        function: &'static str,
        /// What would be right.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// An answer to an operation that never returned.
    #[error("line {line}: an output without a return; put null for `output`, or give the time of `return`")]
    OutputWithoutReturn {
        /// Where.
        line: usize,
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
    /// Two operations of one client at once.
    #[error(
        "line {line}: client {client} calls at {call} while its operation of line {other} is open until \
         {until}; a client has one operation at a time: give concurrent operations different client ids"
    )]
    Overlap {
        /// The later call.
        line: usize,
        /// Whose.
        client: u64,
        /// When it called.
        call: u64,
        /// The operation that was open.
        other: usize,
        /// When that one returned.
        until: u64,
    },
    /// A client that went on without an answer.
    #[error(
        "line {line}: client {client} calls at {call} although its operation of line {other} never got an \
         answer and so is open for ever; a client that gave up must go on under a new client id"
    )]
    CallAfterGivingUp {
        /// The later call.
        line: usize,
        /// Whose.
        client: u64,
        /// When it called.
        call: u64,
        /// The operation without an answer.
        other: usize,
    },
    /// Operations of different data types.
    #[error(
        "line {line}: no data type has both {operation} and what line {other} holds; give each object's \
         operations a history of their own, or correct the answer"
    )]
    MixedTypes {
        /// The first line that does not fit.
        line: usize,
        /// What stands there.
        operation: String,
        /// A line that it does not fit with.
        other: usize,
    },
    /// Not an operation of the data type that was asked for.
    #[error("line {line}: {operation} is nothing that a {data_type} does; choose another data type")]
    NotOfType {
        /// Where.
        line: usize,
        /// What stands there.
        operation: String,
        /// What was asked for.
        data_type: DataType,
    },
    /// The operations do not tell the data type.
    #[error("the operations could be those of {candidates}; name the one that is meant")]
    Ambiguous {
        /// The data types that have all these operations.
        candidates: String,
    },
    /// A bank has the same accounts everywhere.
    #[error(
        "line {line}: {found} where line {other} reads {accounts} accounts; all accounts belong in every read"
    )]
    Accounts {
        /// Where.
        line: usize,
        /// What stands there.
        found: String,
        /// The first read.
        other: usize,
        /// How many accounts it has.
        accounts: usize,
    },
    /// An initial value that the data type cannot have.
    #[error("a {data_type} cannot start with {initial}; give {expected}")]
    Initial {
        /// The data type.
        data_type: DataType,
        /// What was asked for.
        initial: Value,
        /// What would be right.
        expected: &'static str,
    },
}

pub(crate) const EXAMPLE: &str =
    r#"{"client":2,"call":79,"return":2067,"op":{"f":"cas","key":1,"from":3,"to":4},"output":false}"#;
