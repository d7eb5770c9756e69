//! The built-in data types, and which one a history is about.
use std::{fmt, str::FromStr};

/// A built-in data type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum DataType {
    /// `read`, `write`: [`model::KeyValue`](crate::model::KeyValue).
    Register,
    /// A register with `cas`: [`model::KeyValue`](crate::model::KeyValue).
    CasRegister,
    /// `get`, `put`, `append`, `delete`, `cas` by key: [`model::KeyValue`](crate::model::KeyValue).
    KeyValue,
    /// `enq`, `deq`: [`model::Queue`](crate::model::Queue).
    Queue,
    /// `push`, `pop`: [`model::Stack`](crate::model::Stack).
    Stack,
    /// `add`, `remove`, `contains`: [`model::Set`](crate::model::Set).
    Set,
    /// `insert`, `delete-min`: [`model::PriorityQueue`](crate::model::PriorityQueue).
    PriorityQueue,
    /// `inc`, `read`: [`model::Counter`](crate::model::Counter).
    Counter,
    /// `transfer`, `read` of all accounts: [`model::Bank`](crate::model::Bank).
    Bank,
    /// `append`, `read` of the whole log: [`model::AppendLog`](crate::model::AppendLog).
    AppendLog,
}

impl DataType {
    /// All of them; where a history fits several, the first one is the narrowest.
    pub const ALL: [DataType; 10] = [
        DataType::Register,
        DataType::CasRegister,
        DataType::KeyValue,
        DataType::Queue,
        DataType::Stack,
        DataType::Set,
        DataType::PriorityQueue,
        DataType::Counter,
        DataType::Bank,
        DataType::AppendLog,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            DataType::Register => "register",
            DataType::CasRegister => "cas-register",
            DataType::KeyValue => "kv",
            DataType::Queue => "queue",
            DataType::Stack => "stack",
            DataType::Set => "set",
            DataType::PriorityQueue => "priority-queue",
            DataType::Counter => "counter",
            DataType::Bank => "bank",
            DataType::AppendLog => "append-log",
        }
    }

    /// All names, for a message.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such data type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no data type is called `{name}`; there are {}", DataType::names())]
pub struct UnknownDataType {
    name: String,
}

impl FromStr for DataType {
    type Err = UnknownDataType;

    fn from_str(name: &str) -> Result<Self, UnknownDataType> {
        let known = Self::ALL.into_iter().find(|data_type| data_type.name() == name);
        known.ok_or_else(|| UnknownDataType { name: name.to_owned() })
    }
}

/// A set of data types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DataTypes(u16);

impl DataTypes {
    pub(crate) const ALL: DataTypes = DataTypes((1 << DataType::ALL.len()) - 1);

    pub(crate) fn of(types: &[DataType]) -> Self {
        DataTypes(types.iter().fold(0, |set, data_type| set | 1 << *data_type as u16))
    }

    pub(crate) fn contains(self, data_type: DataType) -> bool {
        self.0 >> data_type as u16 & 1 == 1
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        DataTypes(self.0 & other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = DataType> {
        DataType::ALL.into_iter().filter(move |data_type| self.contains(*data_type))
    }
}
