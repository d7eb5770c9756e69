//! Chain replication, and CRAQ: a state machine on a chain of servers, readable beside the two papers.
//!
//! Updates enter at the head and are answered by the tail; reads are answered by the tail (van Renesse & Schneider,
//! OSDI 2004), or by every server (CRAQ, Terrace & Freedman, USENIX ATC 2009). What was answered is on every server of
//! the chain, so one of them is enough to go on. Every answer is as if there were one state machine; each call takes
//! effect once.
//!
//! ```
//! use synod_chain_replication::{Chain, Config};
//! use synod_kv::{Command, Output, Store, Value};
//! use synod_protocol::{Answer, Caller, ClientId, Effect, Effects, Input, Node, NodeId, Time};
//!
//! // A chain of one that is its own master: it is head and tail.
//! let config = Config::new([NodeId(1)], NodeId(1));
//! let mut out = Effects::default();
//! let mut server: Chain<Store> = out.boot(Time::ZERO, NodeId(1), &config, Default::default());
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
//! 1. **Updates** (§2, §3.1): each server takes them in the order of their places, writes them down, and sends them
//!    on. So `Hist` of a server is a beginning of its predecessor's, and what the tail has, all have: the tail
//!    answers it. Word of that goes up the chain, and what it covers is applied (`update`).
//! 2. **Failures** (§3.2–3.4): a *master* says who the chain is, one configuration an epoch. The servers that are left
//!    keep their order, and each sends its successor what that one lacks. Only the same epoch is listened to, so
//!    whoever was taken for dead and lives does no harm (`reconfigure`, `master`).
//! 3. **A new tail** (§3.5) is given the state while the old one goes on answering. Near the end the old one *hands over*:
//!    from then on it answers only what the new one has as well. Then the new one may be the tail (`reconfigure`).
//! 4. **Reads** (§2): a tail asks the master, after the reads came, whether its epoch is the latest. No clock is
//!    trusted (`read`).
//! 5. **CRAQ** (§2.3): every server answers reads of objects that have no update under way (*clean*), and asks the tail
//!    how far that is about others (*dirty*) (`read`).
//!
//! # Invariants
//!
//! [`invariants`] compares all servers at one moment, and [`Watch`] follows a run.
//!
//! | | property | |
//! |---|---|---|
//! | 1 | Update Propagation | a server's history is a beginning of its predecessor's |
//! | 2 | In-process Requests | nobody takes for answered what no tail had |
//! | 3 | One Configuration per Epoch | |
//! | 4 | No Reply before All Have It | what a tail answers is in the history of each server of its chain |
//! | 5 | Same State | servers that applied as many updates have the same state |
//!
//! # What is left out
//!
//! The [`Master`] here is one node that does not fail; what it decides is a [`Configurations`], a state machine that
//! a replicated log can carry as well (and does, in `synod run chain-raft`). It hears servers, not links: a link that is cut between two servers whom it
//! hears stops the chain until it is whole. Sessions do not expire. There is no lease for reads, no chain across
//! several objects or data centres (CRAQ §3), no multicast of updates (CRAQ §4.2), and the eventual mode has no bound on
//! staleness (CRAQ §2.4).
#![no_std]
extern crate alloc;

mod types;
pub use types::{Entry, Epoch, Index, RoleName, Round};

mod configuration;
pub use configuration::Configuration;

mod message;
pub use message::{Body, ChainMessage};

mod record;
pub use record::{Persistent, Record};

mod config;
pub use config::{Config, ConfigError, Reads};

mod node;
pub use node::{Chain, Timer};

mod client;
mod update;
mod read;
mod reconfigure;

mod master;
pub use master::{Change, Configurations, Detector, Master};

mod decisions;
pub use decisions::Ask;

mod event;
pub use event::{ChainEvent, View};

pub mod invariants;

mod watch;
pub use watch::Watch;
