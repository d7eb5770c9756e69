//! One operation of one client: what it asked, when, and what it was answered.
use std::fmt;

use crate::Value;

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// Reads the object as a whole: a register, a counter, all accounts, a log.
    Read,
    /// Overwrites a register.
    Write(Value),
    /// Writes `to` if the register holds `from`; answers whether it did.
    Cas {
        /// The value that must be there.
        from: Value,
        /// The value that replaces it.
        to: Value,
    },
    /// Reads a key.
    Get,
    /// Overwrites a key.
    Put(Value),
    /// Appends to a log, or to the string under a key, where an absent key counts as the empty string.
    Append(Value),
    /// Removes a key.
    Delete,
    /// Adds at the end of a queue.
    Enq(Value),
    /// Takes the oldest value of a queue, null when it is empty.
    Deq,
    /// Adds on top of a stack.
    Push(Value),
    /// Takes the newest value of a stack, null when it is empty.
    Pop,
    /// Adds to a set; answers whether the value was new.
    Add(Value),
    /// Removes from a set; answers whether the value was there.
    Remove(Value),
    /// Answers whether a set has the value.
    Contains(Value),
    /// Adds to a priority queue.
    Insert(Value),
    /// Takes the least value of a priority queue, null when it is empty.
    DeleteMin,
    /// Adds to a counter.
    Inc(i64),
    /// Moves money between accounts of a bank, if the first one covers it; answers whether it did.
    Transfer {
        /// The account that pays, counted from 0.
        from: u32,
        /// The account that is paid.
        to: u32,
        /// How much.
        amount: u32,
    },
}

impl Op {
    /// `Op::Cas` without the field names.
    pub fn cas(from: impl Into<Value>, to: impl Into<Value>) -> Self {
        Op::Cas { from: from.into(), to: to.into() }
    }

    /// Its name in the history format.
    pub fn name(&self) -> &'static str {
        self.function().name()
    }
}

/// As a call: `cas(3, 4)`.
impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = self.arguments().into_iter().flatten().map(|argument| argument.to_string());
        let arguments = arguments.collect::<Vec<_>>();
        match arguments[..] {
            [] => f.write_str(self.name()),
            _ => write!(f, "{}({})", self.name(), arguments.join(", ")),
        }
    }
}

/// What a client was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Nothing: a write took place, or there was no value to read.
    Null,
    /// Whether a conditional operation took effect.
    Bool(bool),
    /// The value read.
    Value(Value),
    /// All the values read.
    Array(Vec<Value>),
}

impl From<Option<Value>> for Output {
    fn from(read: Option<Value>) -> Self {
        read.map_or(Output::Null, Output::Value)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Null => f.write_str("null"),
            Output::Bool(answer) => write!(f, "{answer}"),
            Output::Value(value) => write!(f, "{value}"),
            Output::Array(values) => write!(f, "{values:?}"),
        }
    }
}

/// The end of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Return {
    /// When the client saw the answer, on the clock of [`Operation::call`].
    pub at: u64,
    /// The answer.
    pub output: Output,
}

/// One operation of a history.
///
/// ```
/// use synod_linearizability::{Op, Operation, Output};
///
/// let swapped = Operation::called(2, 79, Op::cas(3, 4)).on(1).returned(2067, Output::Bool(true));
/// let lost = Operation::called(3, 80, Op::Put("x".into())).on("key"); // no answer was ever seen
/// assert_eq!(swapped.to_string(), "client 2: cas(3, 4) of 1 → true [79, 2067]");
/// assert_eq!(lost.to_string(), "client 3: put(\"x\") of \"key\" → ? [80, ∞)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Who. A client has one operation at a time.
    pub client: u64,
    /// On which object; histories of a single object leave it out.
    pub key: Option<Value>,
    /// What.
    pub op: Op,
    /// When the client called, in any unit.
    pub call: u64,
    /// Its end; `None` when no answer was ever seen, so that nobody knows whether it took place.
    pub returned: Option<Return>,
}

impl Operation {
    /// An operation without an answer so far.
    pub fn called(client: u64, call: u64, op: Op) -> Self {
        Operation { client, key: None, op, call, returned: None }
    }

    /// On this object.
    pub fn on(mut self, key: impl Into<Value>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Answered.
    pub fn returned(mut self, at: u64, output: Output) -> Self {
        self.returned = Some(Return { at, output });
        self
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {}: {}", self.client, self.op)?;
        if let Some(key) = &self.key {
            write!(f, " of {key}")?;
        }
        match &self.returned {
            Some(end) => write!(f, " → {} [{}, {}]", end.output, self.call, end.at),
            None => write!(f, " → ? [{}, ∞)", self.call),
        }
    }
}
