//! Paxos, readable beside the papers: the synod that chooses one value, and Multi-Paxos, which chooses one
//! per slot of a log.
#![no_std]
extern crate alloc;

mod ballot;
pub use ballot::Ballot;

mod quorums;
pub use quorums::{QuorumError, QuorumSizes};

mod history;

pub mod single;
pub mod multi;
