//! The table of operations: their names, their arguments, and what they may answer.
//!
//! Formats, the packed form and the guess of the type all read this table, so that a new operation is one entry
//! here, one in [`Op`](crate::Op) and one in its model.
use crate::{DataType, Op, Output, Value, data_type::DataTypes};

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
    Enq,
    Deq,
    Push,
    Pop,
    Add,
    Remove,
    Contains,
    Insert,
    DeleteMin,
    Inc,
    Transfer,
}

use Function::*;

/// The kind of an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Scalar,
    Number,
    /// A natural number below 2^31.
    Natural,
}

/// What an operation may answer.
enum Answers {
    Nothing,
    Bool,
    Value,
    Object,
}

impl Function {
    #[rustfmt::skip]
    pub(crate) const ALL: [Function; 18] = [
        Read, Write, Cas, Get, Put, Append, Delete, Enq, Deq, Push, Pop, Add, Remove, Contains, Insert, DeleteMin,
        Inc, Transfer,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Read => "read",
            Write => "write",
            Cas => "cas",
            Get => "get",
            Put => "put",
            Append => "append",
            Delete => "delete",
            Enq => "enq",
            Deq => "deq",
            Push => "push",
            Pop => "pop",
            Add => "add",
            Remove => "remove",
            Contains => "contains",
            Insert => "insert",
            DeleteMin => "delete-min",
            Inc => "inc",
            Transfer => "transfer",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// The names and kinds of its arguments, in the order of [`Op::arguments`].
    pub(crate) fn arguments(self) -> &'static [(&'static str, Kind)] {
        match self {
            Read | Get | Delete | Deq | Pop | DeleteMin => &[],
            Write | Put | Append | Enq | Push | Add | Remove | Contains | Insert => {
                &[("value", Kind::Scalar)]
            }
            Cas => &[("from", Kind::Scalar), ("to", Kind::Scalar)],
            Inc => &[("amount", Kind::Number)],
            Transfer => &[("from", Kind::Natural), ("to", Kind::Natural), ("amount", Kind::Natural)],
        }
    }

    /// Whether it makes no sense without a key.
    pub(crate) fn needs_key(self) -> bool {
        matches!(self, Get | Put | Delete)
    }

    /// Never changes anything, whatever it answers.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Read | Get | Contains)
    }

    fn answers(self) -> Answers {
        match self {
            Read => Answers::Object,
            Get | Deq | Pop | DeleteMin => Answers::Value,
            Write | Put | Append | Delete | Enq | Push | Insert | Inc => Answers::Nothing,
            Cas | Add | Remove | Contains | Transfer => Answers::Bool,
        }
    }

    /// Whether it may answer this; `Err` says what would be right.
    pub(crate) fn admits(self, output: &Output) -> Result<(), &'static str> {
        let (is_right, expected) = match self.answers() {
            Answers::Nothing => (*output == Output::Null, "null"),
            Answers::Bool => (matches!(output, Output::Bool(_)), "true or false"),
            Answers::Value => (
                matches!(output, Output::Null | Output::Value(_)),
                "the value that was found, or null when there is none",
            ),
            Answers::Object => (
                !matches!(output, Output::Bool(_)),
                "the value read, null when there is none, or the array of all values",
            ),
        };
        if is_right { Ok(()) } else { Err(expected) }
    }

    /// The types that have it, and could give this answer.
    pub(crate) fn types(self, output: Option<&Output>) -> DataTypes {
        use DataType::*;
        match self {
            Read => match output {
                None => DataTypes::of(&[Register, CasRegister, KeyValue, Counter, Bank, AppendLog]),
                Some(Output::Value(Value::Number(_))) => {
                    DataTypes::of(&[Register, CasRegister, KeyValue, Counter])
                }
                Some(Output::Array(values)) if values.iter().all(|v| matches!(v, Value::Number(_))) => {
                    DataTypes::of(&[Bank, AppendLog])
                }
                Some(Output::Array(_)) => DataTypes::of(&[AppendLog]),
                Some(_) => DataTypes::of(&[Register, CasRegister, KeyValue]),
            },
            Write => DataTypes::of(&[Register, CasRegister, KeyValue]),
            Cas => DataTypes::of(&[CasRegister, KeyValue]),
            Get | Put | Delete => DataTypes::of(&[KeyValue]),
            Append => DataTypes::of(&[KeyValue, AppendLog]),
            Enq | Deq => DataTypes::of(&[Queue]),
            Push | Pop => DataTypes::of(&[Stack]),
            Add | Remove | Contains => DataTypes::of(&[Set]),
            Insert | DeleteMin => DataTypes::of(&[PriorityQueue]),
            Inc => DataTypes::of(&[Counter]),
            Transfer => DataTypes::of(&[Bank]),
        }
    }
}

/// As many arguments as any operation has.
pub(crate) type Arguments = [Option<Value>; 3];

impl Op {
    pub(crate) fn function(&self) -> Function {
        match self {
            Op::Read => Read,
            Op::Write(_) => Write,
            Op::Cas { .. } => Cas,
            Op::Get => Get,
            Op::Put(_) => Put,
            Op::Append(_) => Append,
            Op::Delete => Delete,
            Op::Enq(_) => Enq,
            Op::Deq => Deq,
            Op::Push(_) => Push,
            Op::Pop => Pop,
            Op::Add(_) => Add,
            Op::Remove(_) => Remove,
            Op::Contains(_) => Contains,
            Op::Insert(_) => Insert,
            Op::DeleteMin => DeleteMin,
            Op::Inc(_) => Inc,
            Op::Transfer { .. } => Transfer,
        }
    }

    pub(crate) fn arguments(&self) -> Arguments {
        match self {
            Op::Read | Op::Get | Op::Delete | Op::Deq | Op::Pop | Op::DeleteMin => [None, None, None],
            Op::Write(value)
            | Op::Put(value)
            | Op::Append(value)
            | Op::Enq(value)
            | Op::Push(value)
            | Op::Add(value)
            | Op::Remove(value)
            | Op::Contains(value)
            | Op::Insert(value) => [Some(value.clone()), None, None],
            Op::Cas { from, to } => [Some(from.clone()), Some(to.clone()), None],
            Op::Inc(amount) => [Some((*amount).into()), None, None],
            Op::Transfer { from, to, amount } => {
                [Some((*from).into()), Some((*to).into()), Some((*amount).into())]
            }
        }
    }

    /// The operation from its function and arguments of the right kinds; `None` if one is missing.
    pub(crate) fn new(function: Function, [first, second, third]: Arguments) -> Option<Op> {
        let natural = |value: Option<Value>| match value? {
            Value::Number(number) => u32::try_from(number).ok(),
            Value::Text(_) => None,
        };
        Some(match function {
            Read => Op::Read,
            Write => Op::Write(first?),
            Cas => Op::Cas { from: first?, to: second? },
            Get => Op::Get,
            Put => Op::Put(first?),
            Append => Op::Append(first?),
            Delete => Op::Delete,
            Enq => Op::Enq(first?),
            Deq => Op::Deq,
            Push => Op::Push(first?),
            Pop => Op::Pop,
            Add => Op::Add(first?),
            Remove => Op::Remove(first?),
            Contains => Op::Contains(first?),
            Insert => Op::Insert(first?),
            DeleteMin => Op::DeleteMin,
            Inc => match first? {
                Value::Number(amount) => Op::Inc(amount),
                Value::Text(_) => return None,
            },
            Transfer => Op::Transfer { from: natural(first)?, to: natural(second)?, amount: natural(third)? },
        })
    }
}

impl Kind {
    pub(crate) fn admits(self, value: &Value) -> bool {
        match self {
            Kind::Scalar => true,
            Kind::Number => matches!(value, Value::Number(_)),
            Kind::Natural => matches!(value, Value::Number(0..0x8000_0000)),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Scalar => "a number or a string",
            Kind::Number => "a whole number",
            Kind::Natural => "a natural number below 2^31",
        }
    }
}

/// All names, for a message.
pub(crate) fn names() -> String {
    Function::ALL.map(Function::name).join(", ")
}
