//! One binary: links once, and runs what no single crate can test.

// The rules of the house.
mod architecture;
mod comparison;
mod mutants;
mod tidy;

// Compositions.
mod raft_swarm;
mod raft_contract;
mod raft_spans;
mod raft_queues;
mod paxos_swarm;
mod paxos_check;
mod commit_swarm;
mod chain_swarm;
mod chain_check;
mod chain_spans;
mod stories;
// Code and TLA+ spec: what every algorithm has to show, and then each.
mod spec_link;
mod raft_spec;
mod conform;
mod raft_conform;
mod raft_dialogues;
mod paxos_conform;
mod paxos_spec;
mod commit_check;
mod commit_conform;
mod commit_dialogues;
mod commit_spans;
mod commit_spec;
mod chain_conform;
mod chain_spec;
mod chain_dialogues;
