//! Raft.
#![no_std]
extern crate alloc;

mod types;
pub use types::{Entry, Index, Payload, RoleName, Term};
mod message;
pub use message::{AppendEntries, Body, LastLog, Outcome, RaftMessage};
mod record;
pub use record::{Persistent, Record};
mod log;
pub use log::Log;
mod config;
pub use config::{Config, ConfigError};
mod node;
pub use node::{Raft, Timer};
mod client;
mod commit;
mod election;
mod replication;
pub use client::{Replicated, Seen};
mod event;
mod read;
pub use event::{RaftEvent, View};
pub mod invariants;
mod watch;
pub use watch::Watch;
