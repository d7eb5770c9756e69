//! One binary: links once, and runs what no single crate can test.
mod raft_swarm;
