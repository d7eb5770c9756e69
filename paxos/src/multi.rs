//! Multi-Paxos: a replicated log, one instance of Paxos per slot, under a stable leader (*Paxos Made Simple*
//! §3; *Paxos Made Moderately Complex*, van Renesse & Altinbuken 2015).
//!
//! ```text
//!   slot      1      2      3      4      5      6      7
//!   value   [put]  [cas]  [put]  [ ? ]  [del]  [put]
//!           └── chosen, executed ──┘      │      └ voted for here, by whom else is open
//!                                 │       └ chosen, and waits for 4
//!                                 └ a hole: the next leader fills it with a no-op, or with what was voted
//! ```
//!
//! Phase 1 is run once, for all slots from the first that is not known to be chosen; phase 2 once per slot.
mod types;
pub use types::{RoleName, Slot, Value, Vote};

mod request;
pub use request::{Reconfiguration, Refusal, Request, Response};

mod schedule;
pub use schedule::{Era, Schedule};

mod message;
pub use message::{Accept, Accepted, MultiPaxosMessage, Promise};

mod record;
pub use record::{Acceptor, Record, Snapshot};

mod config;
pub use config::{Config, ConfigError, LeaseConfig};

mod node;
pub use node::{MultiPaxos, Timer};

mod election;
mod proposer;
mod acceptor;
mod learner;
mod catch_up;
mod client;
mod read;
mod lease;

mod event;
pub use event::{MultiPaxosEvent, View};

pub mod invariants;

mod watch;
pub use watch::Watch;
