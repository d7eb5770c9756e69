//! Runs without time: a list of actions, what it does, and the shortest one that does the same harm.
//!
//! A failing run of the simulator has thousands of steps, and its times say little: what matters is who
//! was handed what, in which order. [`Extract`] watches a run and writes that order down, as [`Action`]s;
//! a [`World`] carries such a list out under the whole contract; [`minimise`] removes what the harm does
//! not need.
//!
//! # Why it shrinks
//!
//! 1. *An action that cannot happen is skipped.* So every part of a list is a list again, and nothing
//!    has to be repaired after a removal.
//! 2. *Addresses are relative.* "The newest RequestVote from n1 to n2" still names a message when an
//!    earlier election is gone, and with it the term in all later messages. Addressing by content does not
//!    shrink at all (`docs/decisions.md` has the figures).
//! 3. *Nothing is decided that need not be.* A message that is never delivered is a lost one; a disk
//!    syncs when a delivery needs it to (rule 1 of the contract), so that a crash may lose all that nobody
//!    relied on.
//!
//! # Is it a run?
//!
//! Yes: one with perfect clocks and very uneven delays. The world's time goes on by a millisecond for each
//! action, and to the earliest moment that the contract allows when a timer fires (rule 4). So a node that
//! reads `now()` may be replayed too. What needs clocks that are *wrong* is not: then the list does not
//! fail, and the caller has to say that the violation needs timing.

mod action;
pub use action::{Action, Address};

mod world;
pub use world::World;

mod flights;

mod extract;
pub use extract::Extract;

mod judge;
pub use judge::{Judge, Tale, is_same, play};

mod minimise;
pub use minimise::{Minimised, minimise};

pub(crate) mod removal;
mod rounds;
mod consequences;

mod polish;
pub use polish::named_by_age;
