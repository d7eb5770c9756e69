//! Atomic commit.
#![no_std]
extern crate alloc;

mod transaction;
pub use transaction::{Decision, Key, List, MicroOp, Response, Transaction, TxnId, Why};

mod config;
pub use config::{Config, ConfigError};

mod store;
pub use store::{Branch, BranchRecord, Branches, Close, Locks, Past};

mod session;
pub use session::{Seen, Sessions};

mod event;
pub use event::{CommitEvent, View};

mod ballot;
pub use ballot::Ballot;

pub mod two_phase;
pub mod three_phase;
pub mod paxos_commit;

mod protocol;
pub use protocol::{Fact, Protocol};

pub mod invariants;

mod watch;
pub use watch::Watch;
