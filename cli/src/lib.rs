//! What the binary `synod` is made of. The compositions of floor 3 are here, so that tests and benches
//! drive the very same ones.
pub mod algorithm;
pub mod atomic_commit;
pub mod chain;
pub mod chain_raft;
pub mod promise;
pub mod raft;
pub mod paxos;
pub mod multipaxos;
mod node_knobs;
pub mod registry;

pub mod args;
pub mod exit;
pub mod files;
pub mod report;
pub mod run;
pub mod clients;
pub mod compare;
pub mod lin;
pub mod load;
pub mod spec;
pub mod conform;
pub mod story;

pub mod judge;
pub mod swarm;
pub mod sweep;
pub mod finding;
pub mod replay_file;
pub mod diagram;
pub mod replay;
pub mod walk;
pub mod rust_test;
pub mod shrink;
pub mod check;
pub mod doctor;
pub mod verbs;
