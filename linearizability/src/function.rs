//! The table of operations: their names, arguments and answers.
//!
//! Formats, the packed form and the models all read this table, so that a new operation is one entry here, one
//! in [`Op`](crate::Op) and one in the specification of its type.
use crate::{Op, Output, Value};

/// What an operation is, without its arguments.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum Function {
    Read,
    Write,
    Cas,
    Get,
    Put,
    Append,
    Delete,
}

impl Function {
    pub(crate) const ALL: [Function; 7] = [
        Function::Read,
        Function::Write,
        Function::Cas,
        Function::Get,
        Function::Put,
        Function::Append,
        Function::Delete,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Function::Read => "read",
            Function::Write => "write",
            Function::Cas => "cas",
            Function::Get => "get",
            Function::Put => "put",
            Function::Append => "append",
            Function::Delete => "delete",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// The names of its arguments, in the order of [`Op::arguments`].
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Function::Read | Function::Get | Function::Delete => &[],
            Function::Write | Function::Put | Function::Append => &["value"],
            Function::Cas => &["from", "to"],
        }
    }

    /// Whether it makes no sense without a key.
    pub(crate) fn needs_key(self) -> bool {
        matches!(self, Function::Get | Function::Put | Function::Append | Function::Delete)
    }

    /// Never changes anything, whatever it answers.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Function::Read | Function::Get)
    }

    /// What it may answer; `Err` says what would be right.
    pub(crate) fn admits(self, output: &Output) -> Result<(), &'static str> {
        let (good, expected) = match self {
            Function::Read | Function::Get => (
                matches!(output, Output::Null | Output::Value(_)),
                "the value read, or null when there is none",
            ),
            Function::Write | Function::Put | Function::Append | Function::Delete => {
                (matches!(output, Output::Null), "null")
            }
            Function::Cas => (matches!(output, Output::Bool(_)), "true or false"),
        };
        if good { Ok(()) } else { Err(expected) }
    }
}

impl Op {
    pub(crate) fn function(&self) -> Function {
        match self {
            Op::Read => Function::Read,
            Op::Write(_) => Function::Write,
            Op::Cas { .. } => Function::Cas,
            Op::Get => Function::Get,
            Op::Put(_) => Function::Put,
            Op::Append(_) => Function::Append,
            Op::Delete => Function::Delete,
        }
    }

    pub(crate) fn arguments(&self) -> [Option<&Value>; 2] {
        match self {
            Op::Read | Op::Get | Op::Delete => [None, None],
            Op::Write(value) | Op::Put(value) | Op::Append(value) => [Some(value), None],
            Op::Cas { from, to } => [Some(from), Some(to)],
        }
    }

    /// The operation from its function and as many arguments as that one takes; `None` if one is missing.
    pub(crate) fn new(function: Function, [first, second]: [Option<Value>; 2]) -> Option<Op> {
        Some(match function {
            Function::Read => Op::Read,
            Function::Write => Op::Write(first?),
            Function::Cas => Op::Cas { from: first?, to: second? },
            Function::Get => Op::Get,
            Function::Put => Op::Put(first?),
            Function::Append => Op::Append(first?),
            Function::Delete => Op::Delete,
        })
    }
}

/// All names, for a message.
pub(crate) fn names() -> String {
    Function::ALL.map(Function::name).join(", ")
}
