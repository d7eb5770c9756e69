//! Paxos beside its papers: a test per claim, dialogues, laws.
mod cluster;
mod servers;

mod paper_single;
