//! The waist of Synod: one trait that a model checker, a simulator and a real runtime can all drive.
//!
//! A distributed algorithm is written once, as a [`Node`]: plain data that is handed one input and fills
//! an **ordered list of effects**. It never does anything itself: no clock, no random number, no thread,
//! no I/O. This crate is `no_std`, and so is every algorithm on it, so that the compiler keeps that promise.
//!
//! # A node in thirty lines
//!
//! A register that counts pings and never forgets one that it answered:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use synod_protocol::*;
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct Counter { pings: Stable<Pings> }
//!
//! /// What a crash leaves.
//! #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
//! struct Pings(u64);
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
//! struct Counted;
//!
//! impl Durable for Pings {
//!     type Record = Counted;
//!     fn apply(&mut self, _: &Counted) { self.0 += 1 }
//! }
//!
//! impl Node for Counter {
//!     type Config = ();
//!     type Message = Never;
//!     type Timer = Never;
//!     type Request = ();
//!     type Response = u64;
//!     type Event = Never;
//!     type Record = Counted;
//!     type Durable = Pings;
//!     type View = u64;
//!
//!     fn boot(_: NodeId, _: &(), durable: Pings, _: &mut Effects<Self>) -> Self {
//!         Counter { pings: Stable::recovered(durable) }
//!     }
//!     fn on_message(&mut self, _: NodeId, message: &Never, _: &mut Effects<Self>) { match *message {} }
//!     fn on_timer(&mut self, timer: Never, _: &mut Effects<Self>) { match timer {} }
//!     fn on_request(&mut self, from: Caller, _: &(), out: &mut Effects<Self>) {
//!         self.pings.write(Counted, out); // the record first: the reply waits until it is durable
//!         out.reply(from, self.pings.0);
//!     }
//!     fn view(&self) -> u64 { self.pings.0 }
//! }
//!
//! let mut out = Effects::default();
//! let mut node = Counter::boot(NodeId(1), &(), Pings::default(), &mut out);
//! let caller = Caller { client: ClientId(1), number: 1, via: NodeId(1) };
//! out.step(Time::ZERO, &mut node, &Input::Request(caller, ()));
//! assert_eq!(out.as_slice(), [Effect::Persist(Counted), Effect::Reply(caller, Answer::Done(1))]);
//! ```
//!
//! # Where to read on
//!
//! [`Node`] states the **contract** between an algorithm and whatever drives it, in eight rules.
//! [`contract::Checker`] watches a harness keep it: it re-executes the whole run from the stream of
//! [`Step`]s that the harness emits. `tests/it/contract.rs` breaks each rule in a small harness and shows
//! that the checker sees it.
#![no_std]
extern crate alloc;

mod value;
pub use value::{Data, Never, Value};

mod digest;
pub use digest::{Digest, stir};

mod shared;
pub use shared::Shared;

mod ids;
pub use ids::{Answer, Caller, ClientId, NodeId};

mod time;
pub use time::Time;

mod durable;
pub use durable::{Durable, Stable};

mod node;
pub use node::{Event, Message, Node};

mod effects;
pub use effects::{Effect, Effects, Input};

mod state_machine;
pub use state_machine::StateMachine;
mod replicated;
pub use replicated::{Image, Replicated, Seen};

mod quorum;
pub use quorum::{Quorum, majority};

mod step;
pub use step::{Loss, Nodes, Observer, PacketId, Place, Step, Violation, What};

mod renamed;
pub use renamed::{Names, Renamed};

mod recording;
pub use recording::Recording;

pub mod contract;

pub mod by_hand;

/// The example of the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
