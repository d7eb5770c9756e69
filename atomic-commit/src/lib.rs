//! Atomic commit over partitioned data: two-phase commit, three-phase commit and Paxos Commit, readable beside the
//! papers.
//!
//! Keys are spread over the nodes. A transaction appends to lists and reads them, wherever they are, and takes effect
//! as a whole or not at all: whatever crashes, no node commits what another aborts. Transactions seem to happen one
//! after the other, in an order that agrees with real time, and a call that is tried again takes effect once.
//!
//! ```
//! use synod_atomic_commit::{Config, Key, MicroOp, Response, Transaction, two_phase::TwoPhase};
//! use synod_protocol::{Answer, Caller, ClientId, Effect, Effects, Input, NodeId, Time};
//!
//! // A cluster of one: it coordinates, takes part, and sends itself what others would send it.
//! let config = Config::new([NodeId(1)]);
//! let mut out = Effects::default();
//! let mut node: TwoPhase = out.boot(Time::ZERO, NodeId(1), &config, Default::default());
//! let caller = Caller { client: ClientId(1), number: 1, via: NodeId(1) };
//! let ops = vec![MicroOp::Append { key: Key(3), value: 7 }, MicroOp::Read { key: Key(3) }];
//! let mut inputs = vec![Input::Request(caller, Transaction(ops))];
//! let mut answer = None;
//! while let Some(input) = inputs.pop() {
//!     out.step(Time::ZERO, &mut node, &input);
//!     for effect in out.drain() {
//!         match effect {
//!             Effect::Send(_, message) => inputs.push(Input::Message(NodeId(1), message)),
//!             Effect::Reply(_, Answer::Done(response)) => answer = Some(response),
//!             _ => {}
//!         }
//!     }
//! }
//! let Some(Response::Committed { reads }) = answer else { panic!("nothing is in its way") };
//! assert_eq!(*reads[0], [7]);
//! ```
//!
//! # Three protocols
//!
//! | | [`two_phase`] | [`three_phase`] | [`paxos_commit`] |
//! |---|---|---|---|
//! | network | any | **synchronous** | any |
//! | if the coordinator crashes | participants in doubt wait for it | the others finish | any other finishes |
//! | to come to an end it needs | the coordinator back, or one who was told | whoever is up | a majority |
//! | who knows the decision | the coordinator's disk | all, before anybody commits | a majority of disks |
//! | one-way delays until the client knows | 2 | 4 | 3 |
//! | messages, n participants, m acceptors | 4n | 6n | n + n·m + n·m + 2n + m |
//!
//! (Delays and messages without failures, for a commit, acknowledgements and a forgetting included; a node's messages
//! to itself count.)
//!
//! # What they share
//!
//! A participant is the same in all three: its [lists and locks](Locks), and what it has [promised](Branches). So are
//! their clients, [events](CommitEvent), and properties. A node plays all roles at once; where it needs to talk to
//! itself it sends itself a message, so that no rule has a case for "the coordinator is also a participant".
//!
//! # Invariants
//!
//! AC1 to AC5 of Bernstein, Hadzilacos & Goodman, as code: [`invariants`] names them, and [`Watch`] follows a run by
//! what nodes write. Each run of a call refines `tla/atomic-commit/TCommit.tla`, where a participant is "prepared" while
//! its branch is in [`Branches::prepared`], "committed" or "aborted" as it was closed, and "working" before.
//!
//! # What is left out
//!
//! Locks are no-wait: there is no queue for them, and no deadlock. There are no savepoints and no reads of a snapshot;
//! read-only participants take part in both phases, since to let a read lock go before everybody has prepared would
//! break two-phase locking. No tree of coordinators, no heuristic decisions, no presumed commit. The members are fixed.
//! Sessions do not expire; in Paxos Commit, an acceptor that misses a `Forget` keeps those votes until the client's next
//! call that it hears the end of.
#![no_std]
extern crate alloc;

mod run;
pub use run::Run;

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
