//! The store: a map, and the commands that read and change it.
use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::fmt;

use serde::{Deserialize, Serialize};
use synod_protocol::StateMachine;

/// A key. Workloads count them from 0.
pub type Key = u64;

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Number(i64),
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// What a client can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Get {
        key: Key,
    },
    Put {
        key: Key,
        value: Value,
    },
    Delete {
        key: Key,
    },
    /// Puts the text behind what the key holds: behind the digits of a number, and alone if it holds
    /// nothing.
    Append {
        key: Key,
        text: String,
    },
    /// Compare and set: puts `to` if the key holds `from`, and says whether it did.
    Cas {
        key: Key,
        from: Value,
        to: Value,
    },
}

impl Command {
    pub fn key(&self) -> Key {
        match self {
            Command::Get { key }
            | Command::Put { key, .. }
            | Command::Delete { key }
            | Command::Append { key, .. }
            | Command::Cas { key, .. } => *key,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Get { key } => write!(f, "get {key}"),
            Command::Put { key, value } => write!(f, "put {key} {value}"),
            Command::Delete { key } => write!(f, "delete {key}"),
            Command::Append { key, text } => write!(f, "append {key} {text:?}"),
            Command::Cas { key, from, to } => write!(f, "cas {key} {from} {to}"),
        }
    }
}

/// What the store answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Of a put, a delete or an append.
    Done,
    /// Of a get: what the key holds.
    Value(Option<Value>),
    /// Of a compare-and-set: did it set?
    Set(bool),
}

/// A map from keys to values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Store {
    map: BTreeMap<Key, Value>,
}

/// The pairs of a store, by key. Shared: a snapshot is copied often and never changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Snapshot(pub Arc<[(Key, Value)]>);

impl Store {
    pub fn get(&self, key: Key) -> Option<&Value> {
        self.map.get(&key)
    }

    pub fn len(&self) -> usize {
        self.map.len()
    }

    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    fn append(&mut self, key: Key, text: &str) {
        let value = self.map.entry(key).or_insert_with(|| Value::Text(String::new()));
        match value {
            Value::Text(old) => old.push_str(text),
            Value::Number(number) => {
                // Not `format!`: the machinery behind it would cost more than all else that is done here.
                let mut digits = number.to_string();
                digits.push_str(text);
                *value = Value::Text(digits);
            }
        }
    }
}

impl StateMachine for Store {
    type Command = Command;
    type Output = Output;
    type Snapshot = Snapshot;

    fn apply(&mut self, command: &Command) -> Output {
        match command {
            Command::Get { .. } => return self.query(command),
            Command::Put { key, value } => {
                self.map.insert(*key, value.clone());
            }
            Command::Delete { key } => {
                self.map.remove(key);
            }
            Command::Append { key, text } => self.append(*key, text),
            Command::Cas { key, from, to } => {
                let Some(value) = self.map.get_mut(key).filter(|value| *value == from) else {
                    return Output::Set(false);
                };
                *value = to.clone();
                return Output::Set(true);
            }
        }
        Output::Done
    }

    fn is_read_only(command: &Command) -> bool {
        matches!(command, Command::Get { .. })
    }

    /// Keys are independent of each other.
    fn interferes(update: &Command, with: &Command) -> bool {
        update.key() == with.key()
    }

    fn query(&self, command: &Command) -> Output {
        Output::Value(self.map.get(&command.key()).cloned())
    }

    fn snapshot(&self) -> Snapshot {
        let pairs: Vec<(Key, Value)> = self.map.iter().map(|(key, value)| (*key, value.clone())).collect();
        Snapshot(pairs.into())
    }

    fn restore(snapshot: &Snapshot) -> Store {
        Store { map: snapshot.0.iter().cloned().collect() }
    }
}
