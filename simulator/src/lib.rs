//! A deterministic simulator for any [`synod_protocol::Node`]: virtual time, faulty links, disks and clocks.
//!
//! A [`Simulation`] runs a cluster and its clients in one thread and in no real time. Everything that can
//! go wrong is decided by keyed draws ([`Draws`]), so one [`Config`] gives one run, to the bit, on every
//! machine and in every build.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use synod_protocol::*;
//! use synod_simulator::{Config, Fault, Simulation};
//!
//! /// Each node counts for itself: no algorithm, but it never forgets what it answered.
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct Counter(Stable<Count>);
//! #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
//! struct Count(u64);
//! #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
//! struct Counted;
//!
//! impl Durable for Count {
//!     type Record = Counted;
//!     fn apply(&mut self, _: &Counted) { self.0 += 1 }
//! }
//! # impl Node for Counter {
//! #     type Config = (); type Message = Never; type Timer = Never; type Request = (); type Response = u64;
//! #     type Event = Never; type Record = Counted; type Durable = Count; type View = u64;
//! #     fn boot(_: NodeId, _: &(), durable: Count, _: &mut Effects<Self>) -> Self {
//! #         Counter(Stable::recovered(durable))
//! #     }
//! #     fn on_message(&mut self, _: NodeId, message: &Never, _: &mut Effects<Self>) { match *message {} }
//! #     fn on_timer(&mut self, timer: Never, _: &mut Effects<Self>) { match timer {} }
//! #     fn on_request(&mut self, from: Caller, _: &(), out: &mut Effects<Self>) {
//! #         self.0.write(Counted, out);
//! #         out.reply(from, self.0.0);
//! #     }
//! #     fn view(&self) -> u64 { self.0.0 }
//! # }
//! // impl Node for Counter { … }
//!
//! let config = Config::new(7).with_faults(&Fault::ALL);
//! println!("{config}"); // every knob, one a line
//! let checker = contract::Checker::new(()); // any observer: invariants, recorders, or several in a tuple
//! let outcome = Simulation::<Counter, _, _>::new(config, (), |_, _, _: &mut _| (), checker)?.run();
//!
//! assert_eq!(outcome.violation, None);
//! assert!(!outcome.liveness.is_stuck());
//! assert!(outcome.counts.crashes > 0 && outcome.counts.ok > 1_000);
//! # Ok::<(), synod_simulator::ConfigError>(())
//! ```
//!
//! # How a run goes
//!
//! 1. **Safety.** Nodes boot, clients call, and the faults of the [`Config`] strike, until enough calls
//!    have ended or the time is over. Every [`Step`](synod_protocol::Step) goes to the trace hash and to the
//!    observer; the first violation, an assertion of a node among them, ends the run.
//! 2. **Liveness.** Nothing strikes any more. A drawn majority is healed and up, the others are cut off, and
//!    clients go on: some new calls must return within a stated time, or the cluster is
//!    [stuck](Liveness::Stuck).
//!
//! # What a fault can do
//!
//! - **Links.** A packet can be lost, repeated, held up and overtaken; a link can be cut in one direction or in
//!   both, flap, clog and release, have a bandwidth, or lose one kind of message. Instead of delays, messages
//!   can be [delivered by priority](Priorities).
//! - **Nodes** crash, crash in loops, pause, and get slow. A crash keeps a prefix of the records and lets out a
//!   prefix of the outputs (rule 2 of the contract): it may fall in a step that writes, and between two outputs
//!   that the same sync released.
//! - **Disks.** A sync takes time and covers what was written before it began, and outputs wait for the records
//!   before them (rule 1). In runs with faults of bytes, records are framed, checksummed, written to sectors and
//!   read back at each boot: a torn end is cut off, and damage (bit rot, unreadable sectors, writes that went
//!   astray) is found and ends the node for good, as a failed sync does (rule 3); of no more nodes than a
//!   minority, unless the run asks for it.
//! - **Clocks** drift, start with an offset, jump forward, and are strobed.
//!
//! The [`Fault`] classes own disjoint knobs; [`Config::swarm_of_all`] lets the seed draw them, and a
//! [`Scenario`] says what strikes when, and whom. What a run should come into sometimes is [counted](Sometimes).
//!
//! # Why one seed is one run
//!
//! Events are ordered by time and then by the order in which they were asked for. No draw comes from a
//! common stream: each is a function of the seed and of its place (the k-th packet from n1 to n2), so that
//! what is switched off leaves all else as it was. No library's generator, logarithm or map order is in the
//! way. `tests/it/determinism.rs` pins a hash.

mod config;
pub use config::{
    Client, Clock, Config, ConfigError, Delay, Disk, KnobError, LivenessGoal, Nemesis, Network, Priorities,
    Process, Strikes, Tolerance, Turned,
};

mod fault;
pub use fault::{Fault, UnknownFault};

mod simulation;
pub use simulation::{Simulation, Workload};

mod alarm;
mod assertion;
mod client;
mod server;
mod timers;
mod stall;

mod clock;
mod network;
mod packets;
mod traffic;
mod storage;
mod syncing;
mod store;

mod deed;
mod nemesis;
mod scenario;
pub use scenario::{Action, Moment, Predicates, Rule, Scenario, ScenarioError, Vocabulary, When, Who};
mod partition;
pub use partition::Shape;
mod phase;

mod swarm;

mod sometimes;
pub use sometimes::{Counting, Sometimes, Tally};
mod outcome;
pub use outcome::{ClientCall, Counts, Liveness, Outcome};

pub mod keyed;
pub mod untimed;

mod time_travel;
pub use time_travel::{Machine, Replay, TimeTravel};

mod journal;
pub use journal::{Divergence, Entry, Journal, SharedRecording};

mod stream;

mod tail;
pub use tail::{Brief, Line, Tail};

mod hash;

mod near;

mod draw;
pub use draw::{Draws, Site, mix};

mod queue;
pub use queue::QueueKind;
