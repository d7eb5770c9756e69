//! Single-decree Paxos: a set of servers chooses one value, once (*Paxos Made Simple* §2).
//!
//! Each server is proposer, acceptor and learner. A client proposes a value and is told which value was
//! chosen: its own, or the one of somebody who was first.
//!
//! ```text
//!   proposer                      acceptors                     learners
//!      │ Prepare(b) ────────────────▶│ promise b, on disk            │
//!      │◀──────── Promise(b, latest vote) │                          │
//!      │   a phase-1 quorum promised:     │                          │
//!      │   the value is now decided by    │                          │
//!      │   the votes, or free             │                          │
//!      │ Accept(b, v) ──────────────▶│ vote for v in b, on disk      │
//!      │                             │ Accepted(b, v) ──────────────▶│ a phase-2 quorum voted in b:
//!      │                             │                               │ v is chosen
//! ```
mod message;
pub use message::{PaxosMessage, Vote};

mod record;
pub use record::{Acceptor, Record};

mod config;
pub use config::{Config, ConfigError};

mod node;
pub use node::{Paxos, Timer};

mod proposer;
pub use proposer::Phase;
mod acceptor;
mod learner;

mod event;
pub use event::{PaxosEvent, View};

pub mod invariants;

mod watch;
pub use watch::Watch;
