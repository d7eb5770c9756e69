//! Raft: a replicated log with a strong leader, readable beside the paper.
//!
//! Clients see one state machine that does not fail while a majority of the servers is up. Every command
//! that was answered took effect exactly once, in an order that all servers share and that agrees with
//! real time; reads too.
//!
//! ```
//! use synod_kv::{Command, Output, Store, Value};
//! use synod_protocol::{Answer, Caller, ClientId, Effect, Effects, Input, Node, NodeId, Time};
//! use synod_raft::{Config, Raft, Timer};
//!
//! // A cluster of one: it elects itself, and commits alone.
//! let config = Config::new([NodeId(1)]);
//! let mut out = Effects::default();
//! let mut server: Raft<Store> = out.boot(Time::ZERO, NodeId(1), &config, Default::default());
//! out.step(Time::ZERO, &mut server, &Input::Timer(Timer::Election));
//! assert!(server.is_leader());
//!
//! let caller = Caller { client: ClientId(1), number: 1, via: NodeId(1) };
//! let put = Command::Put { key: 7, value: Value::Number(42) };
//! out.step(Time::ZERO, &mut server, &Input::Request(caller, put));
//! assert!(out.as_slice().contains(&Effect::Reply(caller, Answer::Done(Output::Done))));
//! assert_eq!(server.state_machine().get(7), Some(&Value::Number(42)));
//! ```
//!
//! # How it works
//!
//! 1. **Terms** are a logical clock (§5.1). Each message carries its sender's; whoever sees a later one
//!    than its own takes it over and follows. One function does that for all messages: `Raft::on_message`.
//! 2. **One leader a term** (§5.2): a server votes once in a term, on disk before it answers, and a
//!    candidate needs a majority. Before it begins a new term it asks whether it could win (pre-vote), so
//!    that nobody disturbs a leader who works.
//! 3. **The log** (§5.3): the leader appends commands and sends them on. A follower takes entries only
//!    behind one that it has in common with the leader; by induction, logs that agree anywhere agree up to
//!    there. Where they do not, the leader's log wins, one conflicting term at a time.
//! 4. **Commitment** (§5.4): an entry *of the leader's own term* that a majority stores is committed, and
//!    everything before it. A later leader has it, because no majority votes for a log that lacks it.
//! 5. **Clients** (§8): the state that is replicated includes, per client, the latest call and its result,
//!    so that a call which is tried again takes effect once. Reads stay out of the log: the leader asks a
//!    majority whether it still leads, and answers from its state machine.
//!
//! # Invariants
//!
//! Figure 3 as code: [`invariants`] compares all servers at one moment, and [`Watch`] follows a run.
//!
//! | | property | |
//! |---|---|---|
//! | 1 | Election Safety | at most one leader is elected in a term |
//! | 2 | Leader Append-Only | a leader never overwrites or deletes entries in its log |
//! | 3 | Log Matching | logs that share an entry's index and term are equal up to it |
//! | 4 | Leader Completeness | what is committed is in the log of every later leader |
//! | 5 | State Machine Safety | no two servers apply different entries at an index |
//!
//! # What is left out
//!
//! Membership changes (§6) and snapshots (§7) have no room yet: the members are fixed, and the log grows
//! for ever. Sessions do not expire (dissertation §6.3). There is no leadership transfer (dissertation
//! §3.10), no lease for reads (§6.4.1: it needs a clock), and the leader writes to its disk before it
//! replicates, not beside it (§10.2.1).
#![no_std]
extern crate alloc;

mod types;
pub use types::{Entry, Index, Payload, RoleName, Term};

mod message;
pub use message::{AppendEntries, Body, LastLog, Outcome, RaftMessage};

mod log;
pub use log::Log;

mod record;
pub use record::{Persistent, Record};

mod config;
pub use config::{Config, ConfigError};

mod node;
pub use node::{Raft, Timer};

mod election;
mod followers;
mod replication;
mod commit;

mod client;
mod read;

mod renamed;

mod event;
pub use event::{RaftEvent, View};

pub mod invariants;

mod watch;
pub use watch::Watch;
