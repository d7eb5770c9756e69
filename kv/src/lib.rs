//! The key–value store that Synod's algorithms replicate, with its workload and its history.
//!
//! ```
//! use synod_kv::{Command, Output, Store, Value};
//! use synod_protocol::StateMachine;
//!
//! let mut store = Store::default();
//! store.apply(&Command::Put { key: 7, value: Value::Number(1) });
//! let cas = Command::Cas { key: 7, from: Value::Number(1), to: Value::Number(2) };
//! assert_eq!(store.apply(&cas), Output::Set(true));
//! assert_eq!(store.apply(&Command::Get { key: 7 }), Output::Value(Some(Value::Number(2))));
//! assert_eq!(Store::restore(&store.snapshot()), store);
//! ```
//!
//! * [`Store`] is the state machine: get, put, delete, append, compare-and-set.
//! * [`Workload`] makes the commands of clients: how skewed the keys are, how many reads, whether values
//!   repeat.
//! * [`operation`] turns a call and its answer into an operation of a history, which
//!   `synod-linearizability` judges.
#![no_std]
extern crate alloc;

mod store;
pub use store::{Command, Key, Output, Snapshot, Store, Value};
mod workload;
pub use workload::{Skew, Values, Workload};
mod history;
pub use history::operation;
