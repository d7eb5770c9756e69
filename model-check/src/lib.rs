//! Every behaviour of a cluster within a budget of faults: a bridge from any [`synod_protocol::Node`] to stateright.
//!
//! The node is the real one: the source that is simulated and read is the one that is explored. A [`Cluster`] is a
//! `stateright::Model` of some such nodes, their disks, a network, and clients that follow scripts; a [`Watch`] says
//! what must hold, and a [`Scope`] how far to look.
//!
//! ```
//! # use serde::{Deserialize, Serialize};
//! # use synod_protocol::*;
//! # #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! # struct Echo;
//! # impl Node for Echo {
//! #     type Config = (); type Message = Never; type Timer = (); type Request = u8; type Response = u8;
//! #     type Event = Never; type Record = Never; type Durable = (); type View = ();
//! #     fn boot(_: NodeId, _: &(), _: (), _: &mut Effects<Self>) -> Self { Echo }
//! #     fn on_message(&mut self, _: NodeId, message: &Never, _: &mut Effects<Self>) { match *message {} }
//! #     fn on_timer(&mut self, _: (), _: &mut Effects<Self>) {}
//! #     fn on_request(&mut self, from: Caller, said: &u8, out: &mut Effects<Self>) { out.reply(from, *said) }
//! #     fn view(&self) {}
//! # }
//! use synod_model_check::{Budget, Cluster, Engine, Limits, Promise, Scope};
//!
//! let budget: Budget = "crashes=1,requests=1,retries=1".parse()?;
//! let scope = Scope::<Echo> { scripts: vec![vec![7]], ..Scope::new("echo", "one call", 2, (), budget) };
//! let promise = Promise {
//!     name: "Echo",
//!     judge: |calls| calls.iter().find_map(|call| {
//!         let wrong = call.returned.is_some_and(|(_, said)| said != call.request);
//!         wrong.then(|| Violation::new("Echo", "another word came back"))
//!     }),
//! };
//! let checked = Cluster::<_, ()>::new(scope, Some(promise)).check(Engine::Bfs, 1, &Limits::default(), &|_| true)?;
//! assert!(checked.is_exhausted && checked.counterexample.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What can happen
//!
//! [`Action`]s: a packet arrives (and a copy may stay), is lost; any armed timer fires, at any time
//! (unless the scope's network is synchronous: [`Scope::due`]); a client makes the
//! next call of its script or tries its open one again, at any node that is up; a node goes down, and comes back.
//!
//! # Disks, and where a crash cuts
//!
//! When a disk syncs is not decided before somebody could tell: a record is durable *for certain* once something that
//! waited for it has arrived (rule 1 of the contract). So all policies of syncing, group commit among them, are
//! explored at once, and a crash loses any suffix of the records that are not certain, of the last step or of earlier
//! ones, and with them the outputs that waited for them. That is a crash inside a step, or inside `boot`, and the
//! first cursor of rule 2. The second one, outputs that never left although later records survive, can be told from a
//! message that never arrives only by asking whether something is still on its way: [`Cursors`].
//!
//! # What keeps the numbers small, and why it may
//!
//! 1. *The network is a multiset in the order of digests.* Links keep no order (rule 5).
//! 2. *Timers and requests without effect are pruned, deliveries never*: a delivery takes the packet away, and makes
//!    durable what it waited for.
//! 3. *Of equal packets the one that waits for the fewest records is delivered*: it can do all that the others can.
//! 4. *Answers that nobody awaits, and redirections, are not sent*: a client may go anywhere at any time.
//! 5. *Of the history only the order between calls and returns is kept*, which is all that linearizability asks for.
//! 6. *After the last crash of the budget there are no disks*: nobody will boot from one that is not down already.

mod budget;
pub use budget::{Budget, BudgetError};

mod scope;
pub use scope::{Cursors, Opening, Scope};

mod watch;
pub use watch::{Moment, Seen, Watch};

mod cluster;
pub use cluster::{ASSERTION, Cluster, READS_THE_CLOCK};
mod step;
mod crash;

mod action;
pub use action::Action;

mod state;
pub use state::State;
mod server;
mod bag;
pub use bag::{Content, Packet};
mod history;
pub use history::{Call, Promise};

mod memo;
mod symmetry;
pub use symmetry::Symmetry;

mod properties;
mod assertion;

mod engine;
pub use engine::{CameAbout, CheckError, Checked, Counterexample, Counts, Engine, Limits, Progress};
mod bfs;
