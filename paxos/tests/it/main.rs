//! Paxos beside its papers: a test per claim, dialogues, laws.
mod servers;

mod paper_single;
mod paper_multi;
mod paper_reconfiguration;
mod paper_replicas;
mod laws;
mod bad_input;
mod far_slots;
mod stage;
mod dialogues;
